# SPDX-License-Identifier: GPL-2.0
"""Reads the figures that in-dom0.sh wrote: BOOT/figures/PART.MIB.IMAGE.CASE/ROUND.*"""

import json
import statistics

import dom0trace

# Members of a line of XEN_THAW_STATS: times, and counts that are the same in all rounds.
TIMES = ["scan_s", "populate_s", "fill_s", "total_s"]
COUNTS = ["pages", "zero_pages", "superpages", "bytes", "extents", "hypercalls", "copy_ops"]


def spread_of(values):
    return {"median": statistics.median(values), "min": min(values), "max": max(values),
            "all": values}


def json_lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def read_case(path):
    """All rounds of a case, as a dict of spreads and counts."""
    times, case = {}, {}

    def add(name, value):
        times.setdefault(name, []).append(round(value, 6))

    for file in sorted(path.iterdir(), key=lambda f: int(f.stem)):
        if file.suffix == ".helper":
            lines = json_lines(file)
            for key in TIMES:
                for line in lines:
                    add(key, line[key])
            case.update({key: lines[0][key] for key in COUNTS})
        elif file.suffix == ".xl":
            start, end = file.read_text().split()
            add("xl_s", float(end) - float(start))
        elif file.suffix == ".started":
            add("started", int(file.read_text()))
        elif file.suffix == ".ends":
            waits = [float(line) - float(file.with_suffix(".xl").read_text().split()[0])
                     for line in file.read_text().splitlines()]
            add("last_to_median", max(waits) / statistics.median(waits))
        elif file.suffix == ".trace":
            for part, share in dom0trace.parts(file).items():
                add(part, share)
        elif file.suffix == ".cached":
            add("cached_kib", int(file.read_text()))
        elif file.suffix == ".limit":
            line = json_lines(file)[0]
            add("seconds", line["seconds"])
            case["bytes"] = line["bytes"]
        elif file.suffix == ".kib":
            case["disk_kib"] = int(file.read_text())
        elif file.suffix == ".counts":
            case["processes"] = json_lines(file)
    case.update({key: spread_of(values) for key, values in times.items()})
    return case


class Boot:
    """All figures of one boot. Only these can be compared with each other."""

    def __init__(self, path):
        settings = dict(line.split("=", 1) for line in (path / "boot").read_text().splitlines())
        self.name = path.name
        self.settings = settings
        self.dom0 = settings["dom0"]
        self.cases = {}
        for directory in sorted((path / "figures").glob("*.*.*.*")):
            part, mib, image, case = directory.name.split(".")
            self.cases[part, int(mib), image, case] = read_case(directory)

    @property
    def counts_insns(self):
        """True if the clock counts instructions: a second is 10^9 of them."""
        return self.name.endswith("-insns")

    @property
    def title(self):
        cpus = "1 vCPU" if self.settings["smp"] == "1" else f"{self.settings['smp']} vCPUs"
        return (f"{self.dom0.upper()} dom0, {cpus}, Linux {self.settings['kernel']}, "
                f"{self.settings['rounds']} rounds")

    def sizes(self):
        return sorted({key[1] for key in self.cases})

    def case(self, part, mib, image, case):
        return self.cases.get((part, mib, image, case))

    def has(self, *parts):
        return any(key[0] in parts for key in self.cases)

    def median(self, part, mib, image, case, key):
        """None if it was not measured."""
        found = self.case(part, mib, image, case)
        if not found or key not in found:
            return None
        return found[key]["median"] if isinstance(found[key], dict) else found[key]

    def as_json(self):
        return {"name": self.name, **self.settings, "cases": [
            dict(zip(("part", "mib", "image", "case"), key), **value)
            for key, value in self.cases.items()]}


def load(out):
    order = [f"{dom0}{kind}" for dom0 in ("pv", "pvh")
             for kind in ("", "-insns", "-scale", "-2", "-whole", "-whole-insns",
                          "-streams", "-streams-2")]
    return [Boot(out / name) for name in order if (out / name / "figures").is_dir()]


def counts(boot, mib):
    """Yields the counts of each restore, per 1000 pages."""
    pages = boot.median("counts", mib, "plain", "module", "pages")
    for image, case in (("plain", "stock"), ("plain", "module"), ("aligned", "module"),
                        ("packed", "module"), ("plain", "mmapbatch"), ("plain", "gntdev")):
        found = boot.case("counts", mib, image, case)
        if not found or not pages:
            continue
        processes = found["processes"]
        ours = [p for p in processes if p["program"].startswith("xen-thaw")]
        stock = [p for p in processes if p not in ours]
        # The stock helper that ours starts is a process with its own name.
        calls = sum(p["hypercall_ioctls"] + p["grant_copy_ioctls"] for p in processes)
        yield {
            "name": case if image == "plain" else f"{case}, {image}",
            "case": case, "image": image,
            "hypercalls": (calls + found["hypercalls"]) * 1000 / pages,
            "copy_ops": found["copy_ops"] * 1000 / pages,
            "maps": sum(p["map_ioctls"] for p in processes) * 1000 / pages,
            "syscalls": sum(p["syscalls"] for p in processes) * 1000 / pages,
            "page_faults": sum(p["page_faults"] for p in processes) * 1000 / pages,
            "rss_kib": max((p["peak_rss_kib"] for p in ours), default=0),
            "stock_rss_kib": max((p["peak_rss_kib"] for p in stock), default=0),
        }


CHART = [("stock", "plain"), ("mmapbatch", "plain"), ("gntdev", "plain"), ("module", "plain"),
         ("module", "packed"), ("memcpy", "plain")]


def chart(boots):
    """Rows for gnuplot: a label, then value, min and max of each bar, relative to stock."""
    rows = []
    for boot in boots:
        for mib in boot.sizes() if boot.name in ("pv", "pvh") else []:
            stock = boot.median("engines", mib, "plain", "stock", "total_s")
            if not stock:
                continue
            row = [f"{boot.dom0.upper()} dom0\\n{mib} MiB"]
            for case, image in CHART:
                found = boot.case("engines", mib, image, case) or {}
                figure = found.get("total_s") or found.get("seconds")
                row += [f"{figure[k] / stock:.4f}" if figure else "?"
                        for k in ("median", "min", "max")]
            rows.append(row)
    return rows
