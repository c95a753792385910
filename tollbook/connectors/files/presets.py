"""What goes together for files of a platform, so that nobody has to find it out: layout, names, ways to the account."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from tollbook.errors import BadInput


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """Where a connection of files begins. What a person says besides goes before it."""

    name: str
    title: str
    layout: str  # a built-in one
    settings: Mapping[str, str]  # of the files connector
    match_by: tuple[str, ...]
    needs_timezone: bool  # its times do not say their zone, and the layout cannot know it
    number_rules: str  # what to say about how numbers are written, for people


def presets() -> tuple[Preset, ...]:
    """All there are, by name."""
    return tuple(_presets().values())


def preset(name: str) -> Preset:
    """The one of that name.

    Raises:
        BadInput: there is none.
    """
    if name not in _presets():
        raise BadInput(f"there is no preset {name!r}; there are {', '.join(_presets())}")
    return _presets()[name]


@cache
def _presets() -> Mapping[str, Preset]:
    text = (resources.files("tollbook.connectors.files") / "presets.toml").read_text("utf-8")
    return {
        name: Preset(
            name=name,
            title=said["title"],
            layout=said["layout"],
            settings=said.get("settings", {}),
            match_by=tuple(said["match_by"]),
            needs_timezone=said["needs_timezone"],
            number_rules=said["number_rules"],
        )
        for name, said in sorted(tomllib.loads(text).items())
    }
