# SPDX-License-Identifier: GPL-2.0
"""Cells and rows of the tables."""


def seconds(value):
    """Three digits, in four characters where they fit."""
    if value is None:
        return "-"
    text = f"{value:.3f}" if value < 1 else f"{value:.2f}" if value < 10 else f"{value:.1f}"
    return text.removeprefix("0")


def spread(figure):
    if not figure:
        return "-"
    return f"{seconds(figure['median'])} ({seconds(figure['min'])}-{seconds(figure['max'])})"


def ratio(a, b):
    return "-" if a is None or not b else f"{a / b:.2f}"


def row(*cells):
    widths = (19, -17, -7, -6, -17, -7, -6)
    line = "".join(f"{c:<{w}}" if w > 0 else f"{c:>{-w}}" for c, w in zip(cells, widths))
    return line.rstrip()
