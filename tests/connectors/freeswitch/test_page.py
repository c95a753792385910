"""docs/connectors/freeswitch.md: the tests and settings that it names are there, and none is missing."""

import re
from pathlib import Path

from tollbook.connectors.freeswitch.options import SETTINGS

CHECKOUT = Path(__file__).parents[3]
PAGE = (CHECKOUT / "docs/connectors/freeswitch.md").read_text(encoding="utf-8")


def test_every_test_that_the_page_names_is_there() -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in (CHECKOUT / "tests").rglob("*.py"))
    named = re.findall(r"`(test_\w+)`", PAGE)
    assert len(named) > 20
    assert [name for name in named if f"def {name}(" not in code] == []


def test_every_setting_is_on_the_page_with_its_default() -> None:
    table = PAGE.partition("## Settings")[2].partition("## How it is read")[0].replace(r"\|", "\0")
    said: dict[str, str] = {}
    for line in re.findall(r"^\| `.*$", table, re.MULTILINE):
        names, defaults = (re.findall(r"`(.*?)`", cell) for cell in line.split("|")[1:3])
        defaults = [default.replace("\0", "|") for default in defaults]
        said |= dict(zip(names, defaults or [""] * len(names), strict=True))
    assert said == {setting.name: setting.default for setting in SETTINGS}
