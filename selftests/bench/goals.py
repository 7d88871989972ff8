# SPDX-License-Identifier: GPL-2.0
"""The goals, as ratios of medians within one boot. Missing measurements are left out."""

import figures
import streams


def memory_time(boot, mib, part, image, engine):
    """Time to fill; of a PVH guest also to populate: Xen may clear pages in either."""
    fill, populate = (boot.median(part, mib, image, engine, key)
                      for key in ("fill_s", "populate_s"))
    return fill + populate if fill and part == "zeros" else fill


def zero_to_data(boot, mib, part, engine, data_image, zero_image):
    """Time of a zero page relative to a page with data, from two images of one guest."""
    all_data, some_zero = (memory_time(boot, mib, part, image, engine)
                           for image in (data_image, zero_image))
    pages = boot.median(part, mib, data_image, engine, "pages")
    zeros = boot.median(part, mib, "holes", engine, "zero_pages")
    if not all_data or not some_zero or not zeros:
        return None
    data = all_data / pages
    return (some_zero - data * (pages - zeros)) / zeros / data


def zero_goals(boot):
    """What a zero page costs: never more than a page with data."""
    wanted = {"pv": 0.30, "pvh": 0.12}[boot.dom0]
    for mib in boot.sizes():
        for name, part, engine, images, goal in (
                ("zero page", "zeros", "module", ("full", "holes"), wanted),
                ("zero page, gntdev", "zeros", "gntdev", ("full", "holes"), None),
                ("zero page, mmapbatch", "zeros", "mmapbatch", ("full", "holes"), None),
                ("unmarked zero page", "zeros", "module", ("full", "plain"), None),
                ("unmarked zero page, gntdev", "zeros", "gntdev", ("full", "plain"), None),
                ("unmarked zero page, mmapbatch", "zeros", "mmapbatch", ("full", "plain"), None),
                ("PV guest, zero page", "pv_zeros", "module", ("plain", "holes"),
                 {"pv": 0.40, "pvh": None}[boot.dom0]),
                ("PV guest, zero page, gntdev", "pv_zeros", "gntdev", ("plain", "holes"), None),
                ("PV guest, zero page, mmapbatch", "pv_zeros", "mmapbatch", ("plain", "holes"),
                 None)):
            value = zero_to_data(boot, mib, part, engine, *images)
            if value is not None:
                yield f"{name} / data page", goal or 1, mib, value


def engine_goals(boot):
    def add(name, goal, part, mib, *pair):
        top, bottom = (boot.median(part, mib, *where) for where in pair)
        if top and bottom:
            yield name, goal, mib, top / bottom

    wall = {"pv": (0.30, 0.35, 0.8, None, 0.19),
            "pvh": (0.20, 0.12, None, 0.40, 0.07)}[boot.dom0]
    memcpy = ("plain", "memcpy", "seconds")
    stock = ("plain", "stock", "total_s")
    for mib in boot.sizes():
        yield from add("fill / memcpy, page-aligned image", 1.3, "engines", mib,
                       ("aligned", "module", "fill_s"), memcpy)
        full = boot.median("zeros", mib, "full", "module", "fill_s")
        limit = boot.median("engines", mib, *memcpy)
        if full and limit:
            yield "fill / memcpy, no zero page", 1.5, mib, full / limit
        for name, goal, image, engine in (("module / stock", wall[0], "plain", "module"),
                                          ("module / stock, aligned", wall[1], "aligned", "module"),
                                          ("module / stock, packed", wall[4], "packed", "module"),
                                          ("mmapbatch / stock", wall[2], "plain", "mmapbatch"),
                                          ("gntdev / stock", wall[3], "plain", "gntdev")):
            if goal:
                yield from add(name, goal, "engines", mib, (image, engine, "total_s"), stock)
        yield from add("PV guest: module / stock", {"pv": 0.6, "pvh": 0.3}[boot.dom0],
                       "pv_guest", mib, ("plain", "module", "total_s"), stock)
        yield from add("fill, 2 threads / 1 thread", 0.6, "threads", mib,
                       ("plain", "threads-2", "fill_s"), ("plain", "threads-1", "fill_s"))


def image_goals(boot):
    """Images: their size, the stock helper's time on them, and their time on a disk."""
    for mib in boot.sizes():
        for name, goal, *pair in (
                ("disk use, packed / xl's", 0.45, ("disk", "packed", "file", "disk_kib"),
                 ("disk", "plain", "file", "disk_kib")),
                ("stock helper, packed / xl's", 1.05,
                 ("save", "packed", "stock", "total_s"), ("save", "plain", "stock", "total_s")),
                ("xl save, packed / stock", 1.3,
                 ("save", "xl", "packed", "xl_s"), ("save", "xl", "stock", "xl_s")),
                ("uncached / dd iflag=direct", 1.3,
                 ("uncached", "disk", "module", "total_s"), ("uncached", "disk", "dd", "xl_s"))):
            top, bottom = (boot.median(part, mib, image, case, key)
                           for part, image, case, key in pair)
            if top and bottom:
                yield name, goal, mib, top / bottom


def other_goals(boot):
    for mib in boot.sizes():
        small = boot.median("scale", 256, "plain", "module", "total_s")
        large = boot.median("scale", mib, "plain", "module", "total_s")
        if small and large and mib != 256:
            yield "seconds per GiB / those at 256 MiB", 1.15, mib, large / small * 256 / mib
        for c in figures.counts(boot, mib):
            if c["case"] == "module":
                limit = 8192 + mib * 1024 / 1000
                yield "RSS / (8 MiB + 0.1%), " + c["name"], 1, mib, c["rss_kib"] / limit
        for engine in "stock", "module":
            one = boot.median("eight", mib, "plain", f"{engine}-1", "xl_s")
            eight = boot.median("eight", mib, "plain", f"{engine}-8", "xl_s")
            if one and eight:
                yield f"8 guests at once / 1, xl, {engine}", 8, mib, eight / one
        disk = boot.median("cold", mib, "disk", "dd", "xl_s")
        warm = boot.median("cold", mib, "cached", "module", "total_s")
        if disk and warm:
            cold = boot.median("cold", mib, "disk", "module", "total_s")
            yield "cold / max(dd, warm)", 1.1, mib, cold / max(disk, warm)


def whole_goals(boot):
    """xl as a whole, with devices, and with our scripts."""
    for mib in boot.sizes():
        for name, goal, what, kind in (
                ("xl restore, 4 disks, 1 vif: ours / stock", 0.12, "restore", "disks-and-vif"),
                ("xl destroy, 4 disks, 1 vif: ours / stock", 0.15, "destroy", "disks-and-vif"),
                ("xl restore, no devices: ours / stock", 0.55, "restore", "none")):
            ours, stock = (boot.median(what, mib, kind, who, "xl_s")
                           for who in ("xen-thaw", "stock"))
            if ours and stock:
                yield name, goal, mib, ours / stock
        started = boot.median("restore", mib, "disks-and-vif", "xen-thaw", "started")
        if started:
            yield "processes of xl restore, 4 disks, 1 vif", 14, mib, started
        one, turns, eight = (boot.median("eight_disks", mib, how, number, "xl_s") for how, number in
                             (("at-once", "1"), ("in-turns", "8"), ("at-once", "8")))
        if one and turns and eight:
            yield "8 guests, 4 disks: at once / 8 x one", 1, mib, eight / one / 8
            yield "8 guests, 4 disks: at once / in turns", 1, mib, eight / turns
            last = boot.median("eight_disks", mib, "at-once", "8", "last_to_median")
            yield "8 guests, 4 disks, at once: last / median", 1.5, mib, last


def judge(boots):
    """Ratio of times, and of instructions if these were counted for the same guest."""
    found = {}
    for boot in boots:
        for goals in (engine_goals, image_goals, zero_goals, other_goals, whole_goals,
                      streams.goals):
            for name, goal, mib, value in goals(boot):
                key = f"{boot.dom0.upper()}, {mib} MiB: {name}"
                g = found.setdefault(key, {"name": key, "goal": goal, "time": None, "insns": None})
                g["insns" if boot.counts_insns else "time"] = round(value, 3)
    for g in found.values():
        g["met"] = (g["insns"] if g["time"] is None else g["time"]) <= g["goal"]
    return list(found.values())
