"""Connections: checked when they are added, so that an import does not find out that their settings make no sense."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import transaction

from tollbook.connectors.files.layout_data import built_in_layouts, load_layout
from tollbook.errors import BadInput
from tollbook.phone import NumberRules
from tollbook.usage.matching import DEFAULT_WAYS, WAYS
from tollbook.usage.models import Connection

MAX_NAME_CHARACTERS = 100


@transaction.atomic
def set_connection(
    *,
    name: str,
    layout: str,
    timezone: str = "",
    number_rules: Mapping[str, object] | None = None,
    match_by: Sequence[str] = DEFAULT_WAYS,
    may_change: bool = False,
) -> Connection:
    """Add a connection that reads files. Safe to repeat with the same settings.

    Args:
        name: what people call it.
        layout: a built-in layout's name, or the path of a mapping in TOML, whose text is kept.
        timezone: of times without a zone; "" = the layout's.
        number_rules: as `phone.NumberRules.from_mapping` reads them.
        match_by: the ways to find the account, in order.
        may_change: a connection of this name may get other settings.

    Raises:
        BadInput: a setting makes no sense, or the name is taken by a connection with other settings.
    """
    if not name.strip() or len(name) > MAX_NAME_CHARACTERS:
        raise BadInput(f"connection {name!r}: a name has 1 to {MAX_NAME_CHARACTERS} characters")
    NumberRules.from_mapping(number_rules or {})
    settings = {
        "kind": "files",
        "layout": _layout_text(layout),
        "timezone": _checked_zone(name, timezone),
        "number_rules": dict(number_rules or {}),
        "match_by": _checked_ways(name, match_by),
    }
    known = Connection.objects.select_for_update().filter(name=name).first()
    if known is None:
        return Connection.objects.create(name=name, **settings)
    differing = [key for key, value in settings.items() if getattr(known, key) != value]
    if differing and not may_change:
        raise BadInput(
            f"there is a connection {name!r} already, with other settings ({', '.join(differing)}); "
            "give --change to change them, or take another name"
        )
    for key in differing:
        setattr(known, key, settings[key])
    known.save(update_fields=differing)
    return known


def named_connection(name: str) -> Connection:
    """The connection of that name.

    Raises:
        BadInput: there is none; the names there are are named.
    """
    found = Connection.objects.filter(name=name).first()
    if found is None:
        names = ", ".join(Connection.objects.order_by("name").values_list("name", flat=True)) or "none yet"
        raise BadInput(
            f"there is no connection {name!r} (there are: {names}); add it with `tollbook connection add`"
        )
    return found


def _layout_text(layout: str) -> str:
    """What is kept: the name of a built-in layout, or the text of a mapping."""
    load_layout(layout)
    if layout in built_in_layouts():
        return layout
    return Path(layout).read_text("utf-8-sig").rstrip() + "\n"  # with a line end it is a mapping, not a name


def _checked_zone(name: str, timezone: str) -> str:
    try:
        ZoneInfo(timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadInput(
            f"connection {name!r}: {timezone!r} is not a time zone; write it as Europe/Warsaw or UTC"
        ) from None
    return timezone


def _checked_ways(name: str, ways: Sequence[str]) -> list[str]:
    for way in ways:
        if way not in WAYS or list(ways).count(way) > 1:
            raise BadInput(
                f"connection {name!r}: {way!r} in {','.join(ways)!r}; name some of {', '.join(WAYS)}, each once"
            )
    if not ways:
        raise BadInput(f"connection {name!r}: no way to find the account; name some of {', '.join(WAYS)}")
    return list(ways)
