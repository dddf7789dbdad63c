"""Starts the command given, and prints how long its first line of output took and its peak of resident memory."""

import json
import os
import subprocess
import sys
import time

start = time.perf_counter()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
assert process.stdout is not None and process.stderr is not None
line = process.stdout.readline()
elapsed = time.perf_counter() - start
process.stdout.read()
errors = process.stderr.read()
_, status, usage = os.wait4(process.pid, 0)
code = os.waitstatus_to_exitcode(status)
if code != 0 or not line:
    sys.stderr.buffer.write(errors)
    sys.exit(code if 0 < code < 256 else 1)
# Kilobytes on Linux, bytes on Darwin.
unit = 1 if sys.platform == "darwin" else 1024
print(json.dumps({"milliseconds": elapsed * 1000, "peakBytes": usage.ru_maxrss * unit}))
