"""The page about files names settings, defaults, presets and tests as they are."""

import re
from pathlib import Path

import pytest

from tollbook.connectors.base import Setting
from tollbook.connectors.files.presets import Preset, presets
from tollbook.connectors.files.sources.configured import SETTINGS

CHECKOUT = Path(__file__).parents[3]
PAGE = (CHECKOUT / "docs/connectors/files.md").read_text(encoding="utf-8")
ROWS = [line for line in PAGE.splitlines() if line.startswith("| `")]


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_every_setting_is_described_with_its_default(setting: Setting) -> None:
    rows = [row for row in ROWS if f"`{setting.name}`" in row.split("|")[1]]

    assert rows
    assert any(setting.default in row for row in rows)


@pytest.mark.parametrize("preset", presets(), ids=lambda preset: preset.name)
def test_every_preset_is_described(preset: Preset) -> None:
    (row,) = (row for row in ROWS if f"`{preset.name}`" in row.split("|")[1] and len(row.split("|")) == 6)

    for name in ("name_filter", "growing"):
        assert preset.settings.get(name, "") in row


def test_every_test_that_is_named_exists() -> None:
    tests = "\n".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.rglob("test_*.py"))
    named = re.findall(r"`(test_\w+)`", PAGE)

    assert named
    assert [name for name in named if f"def {name}(" not in tests] == []
