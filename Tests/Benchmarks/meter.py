"""Runs a program and tells what it took: meter.py DESCRIPTOR CORES PROGRAM ARGUMENT...

Confines the program to so many processors, and writes one JSON object to the file descriptor.
This is a process of its own because Linux counts, as part of a program's peak memory, what the
process that started it held at that moment; this one holds almost nothing. Python's standard
library is all it needs.
"""

import json
import os
import sys
import time


def busy_seconds():
    """Seconds that all processors together have worked, or that a host took from them."""
    try:
        with open("/proc/stat") as file:
            user, nice, system, _, _, irq, softirq, steal = file.readline().split()[1:9]
    except OSError:
        return 0
    ticks = sum(map(int, (user, nice, system, irq, softirq, steal)))
    return ticks / os.sysconf("SC_CLK_TCK")


descriptor, cores, command = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
os.set_inheritable(descriptor, False)
os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])
busy = busy_seconds()
start = time.perf_counter()
child = os.posix_spawnp(command[0], command, os.environ)
_, status, usage = os.wait4(child, 0)
seconds = time.perf_counter() - start
own = usage.ru_utime + usage.ru_stime
with open(descriptor, "w") as answer:
    json.dump(
        {
            "seconds": seconds,
            "processor_seconds": own,
            "exit_code": os.waitstatus_to_exitcode(status),
            "peak_megabytes": usage.ru_maxrss * 1024 / 1e6,
            "foreign_seconds": max(0, busy_seconds() - busy - own),
        },
        answer,
    )
