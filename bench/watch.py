"""Print as JSON how long a command took and how large it grew: watch.py MOST_SECONDS and the command."""

import json
import resource
import subprocess
import sys
import time

most_s, *command = sys.argv[1:]
began = time.perf_counter()
status = subprocess.run(command, stdout=subprocess.DEVNULL, timeout=float(most_s), check=False).returncode
seconds = time.perf_counter() - began
peak_bytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
print(json.dumps({"seconds": seconds, "peak_bytes": peak_bytes}))
sys.exit(status)
