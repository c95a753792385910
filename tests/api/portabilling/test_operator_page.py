"""What docs/operator/api.md shows is what happens: a real server by HTTPS, a real shell, a real curl."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from tests.cli.test_up import Up, home, start, wait_for
from tollbook.access.options import PREFIX

__all__ = ["home", "start"]

PAGE = Path(__file__).parents[3] / "docs/operator/api.md"
PORTS = ("8443", "8444", "8445")
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
END = "--- end of a command ---"


def free_ports(count: int) -> list[str]:
    with ExitStack() as open_ones:
        found = [open_ones.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [str(one.getsockname()[1]) for one in found]


def is_up(port: str) -> bool:
    words = ["curl", "--silent", "--insecure", f"https://127.0.0.1:{port}/health"]
    return subprocess.run(words, check=False, capture_output=True).returncode == 0


def test_the_examples_print_what_the_page_shows(
    start: Callable[..., Up], home: dict[str, str], tmp_path: Path
) -> None:
    ports = free_ports(3)
    start(home, "--portabilling-ports", ",".join(ports), "--tls-trial")
    for port in ports:
        wait_for(partial(is_up, port))
    text = PAGE.read_text(encoding="utf-8")
    for shown, real in zip(PORTS, ports, strict=True):
        text = text.replace(f":{shown}/", f":{real}/")
    examples = [
        one.partition("\n") for block in BLOCK.findall(text) for one in block.removeprefix("$ ").split("\n$ ")
    ]
    script = "".join(f"{command}\necho; echo '{END}'\n" for command, _, _ in examples)
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    run = subprocess.run(
        ["bash", "-e", "-c", script],
        cwd=tmp_path,
        env=os.environ | home | {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr
    printed = [one.strip() for one in run.stdout.split(END)]
    assert printed == [*(expected.strip() for _, _, expected in examples), ""]
    assert len(examples) > 12


def test_the_page_names_every_setting() -> None:
    text = PAGE.read_text(encoding="utf-8")
    code = (Path(__file__).parents[3] / "tollbook/access/options.py").read_text(encoding="utf-8")
    for name in re.findall(r'environment, "([A-Z_]+)"', code):
        assert f"`{PREFIX}{name}`" in text
