"""Starts one program and tells how long it took and its peak memory; run with `-I -S`, as a process that is small itself.

The kernel counts the memory of the process that starts another one into the other's peak: measured from a large process, every small
program would look large. Arguments: the file for the answer, then the command.
"""

import os
import sys
import time

answer, command = sys.argv[1], sys.argv[2:]
began = time.perf_counter()
child = os.posix_spawn(command[0], command, os.environ)
_, status, usage = os.wait4(child, 0)
seconds = time.perf_counter() - began
with open(answer, "w") as file:
    file.write(f"{os.waitstatus_to_exitcode(status)} {seconds} {usage.ru_maxrss * 1024 / 1e6}")
