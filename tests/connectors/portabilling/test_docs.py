"""The page about PortaBilling says what is so."""

import re
from pathlib import Path

from tollbook.connectors.portabilling.options import SETTINGS
from tollbook.connectors.portabilling.permissions import LATER, NEEDS

CHECKOUT = Path(__file__).parents[3]
PAGE = (CHECKOUT / "docs/connectors/portabilling.md").read_text("utf-8")
TESTS = "\n".join(path.read_text("utf-8") for path in (CHECKOUT / "tests").rglob("*.py"))


def test_every_test_it_names_is_there() -> None:
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    there = set(re.findall(r"def (test_\w+)\(", TESTS))
    assert len(named) > 30
    assert named - there == set()


def test_it_has_every_setting_with_its_default() -> None:
    rows = dict(
        re.findall(r"^\| `(\w+)` \| (.+?) \|", PAGE.split("## Settings")[1].split("## What")[0], re.MULTILINE)
    )
    said = {}
    for setting in SETTINGS:
        default = f"`{setting.default}`" if setting.default else "none"
        said[setting.name] = "secret" if setting.is_secret else "needed" if setting.is_required else default
    assert rows == said


def test_it_has_every_right_that_is_tried() -> None:
    rights = PAGE.split("## What the API user must be allowed")[1].split("## Settings")[0]
    assert all(f"`{need.method}`" in rights for need in (*NEEDS, *LATER))
