# SPDX-License-Identifier: GPL-2.0
"""Tables and goals of streams: from a pipe, and from a compressed image."""

from cells import ratio, row, seconds, spread

PIPE = [("plain", "stock", "stock, pipe"), ("plain", "module", "module, pipe"),
        ("plain", "mmapbatch", "mmapbatch, pipe"), ("plain", "gntdev", "gntdev, pipe"),
        ("plain-file", "module", "module, file")]
ZSTD = [("stock", "zstd -dc | stock"), ("module-pipe", "zstd -dc | module"),
        ("module", "xen-thaw restore")]


def tables(boot, mib):
    stock = boot.median("pipe", mib, "plain", "stock", "total_s")
    lines = []
    for image, case, name in PIPE:
        found = boot.case("pipe", mib, image, case)
        if found:
            wall = found["total_s"]
            lines.append(row("  " + name, spread(wall), ratio(wall["median"], stock),
                             seconds(found["xl_s"]["median"])))
    if lines:
        yield f"{mib} MiB, a pipe that cat feeds; helper wall, /stock, xl:"
        yield from lines
    stock = boot.median("zstd", mib, "plain", "stock", "xl_s")
    lines = []
    for case, name in ZSTD:
        found = boot.case("zstd", mib, "plain", case)
        if found:
            lines.append(row("  " + name, spread(found["xl_s"]),
                             ratio(found["xl_s"]["median"], stock)))
    if lines:
        yield f"{mib} MiB, zstd image in frames; all of the restore, /stock:"
        yield from lines


def goals(boot):
    wanted = {"pv": 0.50, "pvh": 0.20}[boot.dom0]
    for mib in boot.sizes():
        for name, goal, part, key in (("pipe, helper wall: module / stock", wanted, "pipe",
                                       "total_s"),
                                      ("zstd image: xen-thaw restore / zstd | stock", 0.45, "zstd",
                                       "xl_s")):
            ours, stock = (boot.median(part, mib, "plain", case, key)
                           for case in ("module", "stock"))
            if ours and stock:
                yield name, goal, mib, ours / stock
