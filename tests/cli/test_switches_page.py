"""What docs/operator/switches.md shows is what happens, on a simulated FusionPBX, tables and all."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection

from simulators.fusionpbx import Simulator
from tests.cli.test_operator_docs import BLOCK, PAGES
from tests.cli.test_orders_docs import lines
from tollbook.cli.simulated_sites import server

PAGE = (PAGES / "switches.md").read_text(encoding="utf-8")
# What is another each time, or when the simulator has more to tell: ids, moments, versions, counts.
COUNTED = re.compile(
    r"^(collect) \d+|\d{4}-\d\d-\d\d( \d\d:\d\d)?( UTC)?|PostgreSQL [\d.]+|\d[\d,]*(\.\d+)?(?= |$)"
)


@pytest.mark.usefixtures("db")
def test_the_examples_print_what_the_page_shows(
    tollbook: Callable[..., Any], tmp_path: Path, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with connection.cursor() as cursor:  # numbers as on the page, after whatever tests
        cursor.execute("ALTER SEQUENCE credit_suspensionorder_id_seq RESTART")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LOGNAME", "clerk")
    settings.TOLLBOOK_HOME = tmp_path
    examples = []
    for language, name, text in BLOCK.findall(PAGE):
        if language == "console":
            examples += [example.partition("\n") for example in text.removeprefix("$ ").split("\n$ ")]
        else:
            (tmp_path / name).write_text(text, encoding="utf-8")
    assert len(examples) == 11

    with Simulator(server(), name="switches_page") as pbx:
        for name, secret in {
            "DB_PASSWORD": pbx.password,
            "CONTROL_PASSWORD": pbx.control_password,
            "ESL_PASSWORD": pbx.event_socket.password,
        }.items():
            monkeypatch.setenv(f"TOLLBOOK_SECRET_{name}", secret)
        here = {
            "host=pbx.example.ca": f"host={pbx.host} --set port={pbx.port} --set database={pbx.database}",
            "db_user=tollbook": f"db_user={pbx.user}",
            "control_user=tollbook_control": f"control_user={pbx.control_user}",
            "esl_host=127.0.0.1": f"esl_host=127.0.0.1 --set esl_port={pbx.event_socket.port}",
        }
        for command, _, expected in examples:
            words = " ".join(here.get(word, word) for word in command.split(" "))
            run = tollbook(*shlex.split(words)[1:])
            assert (run.status, run.stderr) == (0, ""), run.stdout + run.stderr
            assert masked(run.stdout) == masked(expected), command


def masked(printed: str) -> list[str]:
    return [COUNTED.sub("N", line) for line in lines(printed)]
