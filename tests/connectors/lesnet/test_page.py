"""The page about Les.net says what is so."""

import re
from pathlib import Path

from tollbook.connectors.lesnet.fields import FIELDS
from tollbook.connectors.lesnet.options import SETTINGS

CHECKOUT = Path(__file__).parents[3]
PAGE = (CHECKOUT / "docs/connectors/lesnet.md").read_text("utf-8")
TESTS = "\n".join(path.read_text("utf-8") for path in (CHECKOUT / "tests").rglob("*.py"))


def test_every_test_it_names_is_there() -> None:
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    there = set(re.findall(r"def (test_\w+)\(", TESTS))
    assert len(named) > 15
    assert named - there == set()


def test_it_has_every_setting_with_its_default() -> None:
    table = PAGE.partition("## Settings")[2].partition("## The layout")[0]
    said: dict[str, str] = {}
    for line in re.findall(r"^\| `.*$", table, re.MULTILINE):
        names, defaults = (re.findall(r"`(.+?)`", cell) for cell in line.split("|")[1:3])
        said |= dict(zip(names, defaults or [""] * len(names), strict=True))
    assert said == {setting.name: setting.default for setting in SETTINGS}


def test_it_has_every_field_of_an_account() -> None:
    fields = PAGE.split("## Accounts")[1].split("## Settings")[0]
    assert re.findall(r"^\| `(\w+)` \|", fields, re.MULTILINE) == [field.name for field in FIELDS]
