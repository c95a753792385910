"""The simulator as a program: it says where it is, and stops when it is told to."""

import signal
import subprocess
import sys
from pathlib import Path

import httpx

CHECKOUT = Path(__file__).parents[3]
SERVE = "from simulators.vodia import serve; serve(0, seed=3, month='2017-10')"


def test_it_runs_until_it_is_interrupted() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SERVE], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True
    ) as program:
        assert program.stdout is not None
        said = program.stdout.readline()
        url = said.split()[4].rstrip(";")
        status = httpx.get(url + "/rest/system/session", timeout=10).status_code
        program.send_signal(signal.SIGINT)
        rest = program.stdout.read()
        code = program.wait(timeout=10)
    assert said.startswith("Vodia is simulated at http://127.0.0.1:")
    assert status == 200
    assert (rest, code) == ("stopped\n", 0)
