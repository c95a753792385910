"""The simulator as a program: it says where it is, and stops when it is told to."""

import signal
import subprocess
import sys
from pathlib import Path

import httpx

from tests.simulators.fusionpbx.conftest import WORKER

CHECKOUT = Path(__file__).parents[3]


def test_it_runs_until_it_is_interrupted(server_dsn: str) -> None:
    call = f"serve({server_dsn!r}, generation='5.3', name='fusionpbx_served_{WORKER}')"
    with subprocess.Popen(
        [sys.executable, "-c", f"from simulators.fusionpbx import serve; {call}"],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        text=True,
    ) as program:
        assert program.stdout is not None
        said = program.stdout.readline()
        url = said.split()[5].rstrip(";")
        token = said.partition("token ")[2].partition(",")[0]
        answer = httpx.get(f"{url}/api/v1/domains", headers={"Authorization": f"Bearer {token}"}, timeout=10)
        program.send_signal(signal.SIGINT)
        rest = program.stdout.read()
        code = program.wait(timeout=10)
    assert said.startswith("FusionPBX 5.3 is simulated at http://127.0.0.1:")
    assert answer.status_code == 200
    assert (rest, code) == ("stopped\n", 0)
