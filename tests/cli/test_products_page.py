"""What the page about products shows is what happens; and what its commands refuse."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings

from tests.cli.test_operator_docs import PAGES, follow
from tollbook.cli.allowances import read_window
from tollbook.errors import BadInput

Tollbook = Callable[..., Any]

pytestmark = pytest.mark.usefixtures("db")


def test_the_examples_print_what_the_page_shows(
    tollbook: Tollbook, tmp_path: Path, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings.TOLLBOOK_HOME = tmp_path
    follow((PAGES / "products.md").read_text(encoding="utf-8"), 12, tollbook, tmp_path)

    shown = json.loads(tollbook("plans", "show", "cloud-pbx", "--json").stdout)
    assert [(one["name"], one["units"], one["windows"], one["carry_over"]) for one in shown["allowances"]] == [
        ("minutes", 30_000, "", "100 min"),
        ("evenings", 72_000, "1-5 18:00-24:00, 6,7", ""),
    ]
    listed = json.loads(tollbook("products", "list", "--json").stdout)
    assert [(one["code"], one["addon"], one["goes_with"], one["plan"], one["tiers"]) for one in listed] == [
        ("cloud-pbx", False, "", "cloud-pbx", "national"),
        ("recording", True, "cloud-pbx", "recording", ""),
    ]
    groups = json.loads(tollbook("destinations", "list", "--json").stdout)
    assert groups == [{"name": "home", "prefixes": "48", "count": 1, "allowances": 1, "tiers": 1}]
    assert len(json.loads(tollbook("plans", "list", "--json").stdout)) == 2
    assert len(json.loads(tollbook("allowances", "list", "--plan", "recording", "--json").stdout)) == 0
    assert tollbook("allowances", "remove", "cloud-pbx", "evenings").status == 0
    assert tollbook("tiers", "remove", "cloud-pbx", "national").status == 0


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (
            ("plans", "set", "x", "--name", "X", "--currency", "USD", "--fee", "ten"),
            "--fee 'ten' is not an amount",
        ),
        (("plans", "show", "x"), "there is no plan 'x'"),
        (("products", "show", "x"), "there is no product 'x'"),
        (("products", "set", "x", "--name", "X", "--feature", "loud"), "--feature 'loud': write name and value"),
        (("allowances", "set", "x", "y", "--amount", "5GB"), "--amount: '5GB' is no amount of voice_out"),
        (("allowances", "set", "x", "y", "--amount", "5", "--kind", "fax"), "unknown kind 'fax'"),
        (("allowances", "set", "x", "y", "--amount", "500"), "--amount '500' has no unit; write it as 500min"),
        (("allowances", "set", "x", "y", "--amount", "5", "--kind", "data"), "write it as 5GB"),
        (("allowances", "set", "x", "y", "--amount", "5", "--kind", "sms_out"), "there is no plan 'x'"),
        (("tiers", "set", "x", "y", "--mode", "volume", "--step", "0"), "--step '0': write from how much on"),
        (("tiers", "set", "x", "y", "--mode", "volume", "--step", "0=1/XB"), "'XB' is not a unit"),
        (("destinations", "set", "home"), "0 prefixes"),
        (("destinations", "set", "home", "--file", "gone.txt"), "gone.txt cannot be read"),
    ],
)
def test_a_command_that_makes_no_sense_says_why(
    tollbook: Tollbook, command: tuple[str, ...], message: str
) -> None:
    run = tollbook(*command)
    assert (run.status, message in run.stderr) == (2, True), run.stderr


def test_prefixes_from_a_file(tollbook: Tollbook, tmp_path: Path) -> None:
    (tmp_path / "eu.txt").write_text("31 32;33\n+352,48\n")
    assert (
        tollbook("destinations", "set", "eu", "--file", tmp_path / "eu.txt").stdout
        == "destinations eu: 5 prefixes\n"
    )


@pytest.mark.parametrize(
    ("text", "window"),
    [
        ("1-5 08:00-20:00", {"weekdays": "1-5", "from_time": "08:00", "until_time": "20:00"}),
        ("20:00-08:00", {"from_time": "20:00", "until_time": "08:00"}),
        ("6,7", {"weekdays": "6,7"}),
    ],
)
def test_windows_as_people_write_them(text: str, window: dict[str, str]) -> None:
    assert read_window(text) == window


@pytest.mark.parametrize("text", ["08:00", "1-5 6,7", "08:00-09:00 10:00-11:00"])
def test_windows_that_are_none(text: str) -> None:
    with pytest.raises(BadInput, match="write days and times"):
        read_window(text)


def test_a_plan_says_when_it_is_charged(tollbook: Tollbook) -> None:
    plan = ("plans", "set", "x", "--name", "X", "--currency", "USD", "--fee", "6")
    assert tollbook(*plan).stdout == "plan x: USD 6 a month, in advance\n"
    assert tollbook(*plan, "--advance-periods", "3").stdout == "plan x: USD 6 a month, 3 periods in advance\n"
    assert tollbook(*plan, "--charged", "in_arrears").stdout == "plan x: USD 6 a month, in arrears\n"
    assert tollbook(*plan, "--charged", "by_day").stdout == "plan x: USD 6 a month, charged by day\n"
