# SPDX-License-Identifier: GPL-2.0
"""xl restore and xl destroy as a whole, with disks and an interface: tables, and bars for the
chart."""

import dom0trace
from cells import ratio, seconds, spread

KINDS = {"none": "no devices", "disks": "4 disks", "disks-and-vif": "4 disks, 1 vif"}
WHO = {"stock": "stock", "xen-thaw": "ours"}


LINE = "{:<24}{:>17}{:>7}{:>7}{:>20}{:>7}{:>7}"


def cases():
    for kind, devices in KINDS.items():
        for who, name in WHO.items():
            yield kind, who, f"{devices}, {name}"


def whole_table(boot, mib):
    lines = []
    for kind, who, name in cases():
        restore, destroy = (boot.case(what, mib, kind, who) for what in ("restore", "destroy"))
        if not restore:
            continue
        cells = []
        for what, case in ("restore", restore), ("destroy", destroy):
            cells += [spread(case["xl_s"]),
                      ratio(case["xl_s"]["median"], boot.median(what, mib, kind, "stock", "xl_s")),
                      f"{case['started']['median']:.0f}"]
        lines.append(LINE.format("  " + name, *cells))
    return [LINE.format(f"{mib} MiB, all of xl:", "xl restore", "/stock", "proc.", "xl destroy",
                        "/stock", "proc.")] + lines if lines else []


def trace_table(boot, mib):
    """In percent, as the lengths of the restores differ a lot."""
    line = "{:<24}" + "{:>10}" * len(dom0trace.PARTS)
    lines = []
    for kind, who, name in cases():
        case = boot.case("trace", mib, kind, who)
        if case:
            lines.append(line.format("  " + name, *(
                f"{100 * case[part]['median']:.1f}" for part in dom0trace.PARTS)))
    heads = [part.split(",")[0].replace(" helper", " h.") for part in dom0trace.PARTS]
    return [f"{mib} MiB: who has the processor in xl restore, percent of the time:",
            line.format("", *heads)] + lines if lines else []


def eight_table(boot, mib):
    lines = []
    for how, number, name in (("at-once", 1, "1 guest"), ("in-turns", 8, "8 guests, in turns"),
                              ("at-once", 8, "8 guests, at once")):
        case = boot.case("eight_disks", mib, how, str(number))
        if case and "xl_s" in case:
            last = spread(case["last_to_median"]) if (how, number) == ("at-once", 8) else ""
            lines.append(LINE.format("  " + name, spread(case["xl_s"]), "",
                                     seconds(case["total_s"]["median"]), last, "", "").rstrip())
    return [LINE.format(f"{mib} MiB, 4 disks each:", "all of xl", "", "helper", "last / median",
                        "", "").rstrip()] + lines if lines else []


def tables(boot, mib):
    yield from whole_table(boot, mib)
    yield from trace_table(boot, mib)
    yield from eight_table(boot, mib)


def chart(boots):
    """Rows for gnuplot: a label, the ratio to stock, and the length of each part."""
    rows = []
    for boot in boots:
        if boot.name != "pv-whole":
            continue
        for mib in boot.sizes():
            for kind, who, name in cases():
                case = boot.case("trace", mib, kind, who)
                ours, stock = (boot.median("restore", mib, kind, w, "xl_s")
                               for w in (who, "stock"))
                if not case or not stock:
                    continue
                shares = [case[part]["median"] * ours / stock for part in dom0trace.PARTS]
                label = f"{name}: {seconds(ours)} s"
                rows.append([label, f"{ours / stock:.4f}"] + [f"{s:.4f}" for s in shares])
    return rows
