"""Connections: checked when they are added, so that an import does not find out that their settings make no sense."""

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import transaction

from tollbook.connections.models import Connection
from tollbook.connections.schedule import LONGEST, SHORTEST, Schedule
from tollbook.connections.secrets import decrypted, encrypted
from tollbook.connectors.base import Connector, Site, check_settings
from tollbook.connectors.files.layout_data import built_in_layouts, load_layout
from tollbook.connectors.registry import connector_class, connector_for
from tollbook.connectors.secret import Secret
from tollbook.errors import BadInput
from tollbook.phone import NumberRules

MAX_NAME_CHARACTERS = 100
WAYS = ("platform", "account", "number")  # to find the account of a record: `usage.matching` knows how
DEFAULT_WAYS: Mapping[str, Sequence[str]] = {"files": ("account", "number")}
WAYS_OF_PLATFORMS = ("platform", "number")


@transaction.atomic
def set_connection(
    *,
    name: str,
    kind: str = "files",
    settings: Mapping[str, str] | None = None,
    secrets: Mapping[str, Secret] | None = None,
    layout: str = "tollbook",
    timezone: str = "",
    number_rules: Mapping[str, object] | None = None,
    match_by: Sequence[str] | None = None,
    may_change: bool = False,
    **more: Any,
) -> Connection:
    """Add a connection. Safe to repeat with the same settings.

    Args:
        name: what people call it.
        kind: the connector's name.
        settings: of the connector, as text.
        secrets: of the connector; those not given stay as they were.
        layout: of files: a built-in layout's name, or the path of a mapping in TOML, whose text is kept.
        timezone: of times without a zone; "" = the layout's.
        number_rules: as `phone.NumberRules.from_mapping` reads them.
        match_by: the ways to find the account, in order; None = as usual for the kind.
        may_change: a connection of this name may get other settings.
        more: further fields of Connection by name (price_is, account_product, collect_at …).

    Raises:
        BadInput: a setting makes no sense, or the name is taken by a connection with other settings.
    """
    if not name.strip() or len(name) > MAX_NAME_CHARACTERS:
        raise BadInput(f"connection {name!r}: a name has 1 to {MAX_NAME_CHARACTERS} characters")
    NumberRules.from_mapping(number_rules or {})
    known = Connection.objects.select_for_update().filter(name=name).first()
    kept = decrypted(known.secrets, connection=name) if known else {}
    all_secrets = {**kept, **(secrets or {})}
    connector = connector_class(kind)
    _check_settings(
        name, connector, {**(settings or {}), **{key: "•" for key, text in all_secrets.items() if text}}
    )
    fields: dict[str, Any] = {
        "kind": kind,
        "settings": dict(settings or {}),
        "layout": _layout_text(layout),
        "timezone": _checked_zone(name, timezone),
        "number_rules": dict(number_rules or {}),
        "match_by": _checked_ways(
            name, DEFAULT_WAYS.get(kind, WAYS_OF_PLATFORMS) if match_by is None else match_by
        ),
        "price_is": connector.price_is,
        **more,
    }
    if all_secrets != kept:
        fields["secrets"] = encrypted(all_secrets)
    if known is None:
        return Connection.objects.create(name=name, **fields)
    differing = [key for key, value in fields.items() if getattr(known, key) != value]
    if differing and not may_change:
        raise BadInput(
            f"there is a connection {name!r} already, with other settings ({', '.join(differing)}); "
            "give --change to change them, or take another name"
        )
    for key in differing:
        setattr(known, key, fields[key])
    known.save(update_fields=differing)
    return known


@transaction.atomic
def keep_secret(connection: Connection, name: str, secret: Secret) -> None:
    """Put one secret in place of what was there: a password that has just been changed at the platform."""
    locked = Connection.objects.select_for_update().get(pk=connection.pk)
    secrets = decrypted(locked.secrets, connection=locked.name)
    locked.secrets = connection.secrets = encrypted({**secrets, name: secret})
    locked.save(update_fields=["secrets"])


@transaction.atomic
def set_schedule(
    connection: Connection, *, now: datetime, is_on: bool, at: time | None = None, every: timedelta | None = None
) -> Connection:
    """Say when usage is collected: daily at a time in the connection's zone, or every so often. Safe to repeat.

    Counted from now: a time of today that has passed is not made up for. `at` None keeps the time of day.

    Raises:
        BadInput: more often than once a minute, or seldomer than once a month.
    """
    if every is not None and not SHORTEST <= every <= LONGEST:
        raise BadInput(
            f"connection {connection.name!r}: every {every} is not between {SHORTEST} and {LONGEST}; "
            "give an interval as 30m, 6h or 2d"
        )
    locked = Connection.objects.select_for_update().get(pk=connection.pk)
    was = schedule_of(locked)
    locked.is_scheduled, locked.collect_every = is_on, every
    locked.collect_at = at or locked.collect_at
    if schedule_of(locked) != was or locked.scheduled_at is None:
        locked.scheduled_at = now
    locked.save(update_fields=["is_scheduled", "collect_every", "collect_at", "scheduled_at"])
    return locked


def schedule_of(connection: Connection) -> Schedule:
    """When it is collected, as plain values."""
    return Schedule(
        is_on=connection.is_scheduled,
        at=connection.collect_at,
        every=connection.collect_every,
        timezone=connection.timezone,
    )


def site_of(connection: Connection) -> Site:
    """What the connector needs to know of it."""
    return Site(
        name=connection.name,
        settings=connection.settings,
        secrets=decrypted(connection.secrets, connection=connection.name),
        timezone=connection.timezone,
        layout=connection.layout,
    )


def open_connector(connection: Connection) -> Connector:
    """The connector of a connection, ready to be asked. Close it when done (`contextlib.closing`)."""
    return connector_for(connection.kind, site_of(connection))


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


def _check_settings(name: str, connector: type[Connector], given: Mapping[str, str]) -> None:
    wrong = list(check_settings(connector, given))
    if wrong:
        raise BadInput(f"connection {name!r}: {'; '.join(wrong)}")


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
