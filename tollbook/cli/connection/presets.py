"""What is known of files as a platform writes them, so that nobody has to find it out again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

import typer

from tollbook.cli.listing import print_list
from tollbook.connectors.files import presets as files
from tollbook.errors import BadInput


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """What goes before what a person says; without a preset that is nothing."""

    layout: str | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    match_by: tuple[str, ...] | None = None
    number_rules: str = ""  # what to say about them, for people


def presets(as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """Files as platforms write them: what `connection add --preset NAME` fills in.

    Example: tollbook connection presets
    """
    rows = [
        {
            "preset": preset.name,
            "files": preset.title,
            "layout": preset.layout,
            "settings": dict(preset.settings) if as_json else _written(preset.settings),
            "match_by": list(preset.match_by) if as_json else ",".join(preset.match_by),
            "needs_timezone": preset.needs_timezone,
            "number_rules": preset.number_rules,
        }
        for preset in files.presets()
    ]
    print_list(
        rows, as_json=as_json, empty="there are no presets", only_json=("layout", "match_by", "number_rules")
    )


def begin_with(name: str | None, *, kind: str | None, timezone: str) -> Beginning:
    """What the preset fills in.

    Raises:
        BadInput: there is none of that name; it is of files; its times need a zone and there is none.
    """
    if name is None:
        return Beginning()
    preset = files.preset(name)
    if kind not in {None, "files"}:
        raise BadInput(f"--preset {name}: it is for files, not for {kind}")
    if preset.needs_timezone and not timezone:
        raise BadInput(
            f"--preset {name}: its times do not say their zone; give --timezone, as Europe/Warsaw, or UTC where the "
            "platform is set so"
        )
    return Beginning(
        layout=preset.layout,
        settings=preset.settings,
        match_by=preset.match_by,
        number_rules=preset.number_rules,
    )


def _written(settings: Mapping[str, str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in settings.items())
