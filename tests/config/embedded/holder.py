"""A command that uses the database: holder.py HOME SYSTEM_FOLDER [UID].

It says where the socket is, waits for the end of its standard input, and ends. With a UID it becomes that user
first; it does so after its start, because root's Python is often where others cannot run it.
"""

import os
import sys
from pathlib import Path

from tollbook.config.embedded import DatabaseUnavailable, EmbeddedServer, patience

patience.QUIET_S = 0  # a test has no minutes to crash a server that is slow to come back

home, system_folder, *uid = sys.argv[1:]
if uid:
    os.setgroups([])
    os.setgid(int(uid[0]))
    os.setuid(int(uid[0]))
server = EmbeddedServer(Path(home), durable=False, system_folder=Path(system_folder))
try:
    print(server.hold(), flush=True)
except DatabaseUnavailable as why:
    raise SystemExit(f"tollbook: {why}") from None
sys.stdin.read()
server.release()
