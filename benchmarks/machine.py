"""What the figures were measured on, without any name of a machine or a person."""

import os
import platform
from pathlib import Path


def describe_machine() -> str:
    """Return cores, processor, memory, system and Python in one line."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    system = f"{platform.system()} {platform.release().split('-')[0]}"
    return (f"{len(os.sched_getaffinity(0))} cores, {_processor()}, {memory:.0f} GiB; {system}; "
            f"{platform.python_implementation()} {platform.python_version()}")


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
