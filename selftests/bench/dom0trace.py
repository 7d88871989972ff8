# SPDX-License-Identifier: GPL-2.0
"""Reads traces of dom0's kernel: who started whom, and who had the processor."""

import collections
import re

LINE = re.compile(r"\s*(.+)-(\d+)\s+\[\d+\]\s+\S+\s+([\d.]+): (\w+): ?(.*)")
SWITCH = re.compile(r"prev_comm=(.*) prev_pid=(\d+) .*next_comm=(.*) next_pid=\d+ ")
EXEC = re.compile(r"filename=(\S+) pid=(\d+)")
CHILD = re.compile(r"child_pid=(\d+)")

Event = collections.namedtuple("Event", "pid ms name text")
# Who had the processor until then.
Switch = collections.namedtuple("Switch", "ms comm pid")

PARTS = ["xl", "scripts", "our helper", "stock helper", "xenstored", "waiting, others"]


def read_trace(path):
    """Events, and the switches among them."""
    events, switches = [], []
    for line in path.read_text(errors="replace").splitlines():
        found = LINE.match(line)
        if not found:
            continue
        _, pid, seconds, name, text = found.groups()
        ms = float(seconds) * 1000
        if name == "sched_switch":
            comm, prev = SWITCH.match(text).group(1, 2)
            switches.append(Switch(ms, comm, int(prev)))
        else:
            events.append(Event(int(pid), ms, name, text))
    return events, switches


def part_of(program):
    """The part that a program belongs to, with all that it starts; None: that of its parent."""
    if program.startswith("/etc/xen/scripts/"):
        return "scripts"
    return {"xl": "xl", "xen-thaw-helper": "our helper",
            "libxl-save-helper": "stock helper"}.get(program.split("/")[-1])


def owners(events):
    """The part that each process belongs to; what scripts start is theirs."""
    found = {}
    for e in events:
        if e.name == "sched_process_fork":
            found[int(CHILD.search(e.text).group(1))] = found.get(e.pid)
        elif e.name == "sched_process_exec":
            program, pid = EXEC.match(e.text).groups()
            if part_of(program) and found.get(int(pid)) != "scripts":
                found[int(pid)] = part_of(program)
    return found


def parts(path):
    """The share of each of PARTS in the time from the start of xl to its end."""
    events, switches = read_trace(path)
    xl = next(e for e in events if e.name == "sched_process_exec" and
              part_of(EXEC.match(e.text).group(1)) == "xl")
    end = next(e.ms for e in events if e.name == "sched_process_exit" and e.pid == xl.pid)
    owner, sums, last = owners(events), collections.Counter(), xl.ms
    for s in switches:
        if xl.ms < s.ms <= end:
            sums[owner.get(s.pid) or s.comm] += s.ms - last
            last = s.ms
    sums["xl"] += end - last
    shares = {part: sums[part] / (end - xl.ms) for part in PARTS[:-1]}
    shares[PARTS[-1]] = 1 - sum(shares.values())
    return shares
