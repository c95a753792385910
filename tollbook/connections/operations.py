"""Connections: checked when they are added, so that an import does not find out that their settings make no sense."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import transaction
from django.db.models import ProtectedError

from tollbook.connections.models import Connection
from tollbook.connections.schedule import LONGEST, SHORTEST, Schedule
from tollbook.connections.secrets import OtherKey, decrypted, encrypted, usable, with_secrets
from tollbook.connections.sequence import FileSequence
from tollbook.connectors.base import Connector, Site, check_settings
from tollbook.connectors.files.layout_data import built_in_layouts, load_layout
from tollbook.connectors.registry import connector_class, connector_for
from tollbook.connectors.secret import Secret
from tollbook.errors import BadInput
from tollbook.phone import NumberRules

MAX_NAME_CHARACTERS = 100
WAYS = (
    "platform",
    "extension",
    "account",
    "number",
    "trunk",
    "link",
    "text",
)  # to find the account of a record: `usage.matching` knows how
WAYS_OF_PLATFORMS = ("platform", "number")


@transaction.atomic
def set_connection(
    *,
    name: str,
    kind: str | None = None,
    settings: Mapping[str, str] | None = None,
    secrets: Mapping[str, Secret] | None = None,
    layout: str | None = None,
    timezone: str | None = None,
    number_rules: Mapping[str, object] | None = None,
    match_by: Sequence[str] | None = None,
    may_change: bool = False,
    **more: Any,
) -> Connection:
    """Add a connection, or change what is given of one. Safe to repeat with the same settings.

    What is None is as usual for the kind when the connection is new, and stays as it was when it is changed.

    Args:
        name: what people call it.
        kind: the connector's name; "files" when it is new. It stays: cursors and pairings are that platform's.
        settings: of the connector, as text. In a change they join those there are; "" takes one out.
        secrets: of the connector; those not given stay as they were.
        layout: of files: a built-in layout's name, or the path of a mapping in TOML, whose text is kept.
        timezone: of times without a zone; "" = the layout's.
        number_rules: as `phone.NumberRules.from_mapping` reads them. In a change they join those there are; "" and
            [] take one out.
        match_by: the ways to find the account, in order.
        may_change: a connection of this name may get other settings.
        more: further fields of Connection by name (price_is, account_product, import_from …). `customer_defaults` is
            changed as settings are.

    Raises:
        BadInput: a setting makes no sense, or the name is taken by a connection with other settings.
    """
    if not name.strip() or len(name) > MAX_NAME_CHARACTERS:
        raise BadInput(f"connection {name!r}: a name has 1 to {MAX_NAME_CHARACTERS} characters")
    known = Connection.objects.select_for_update().filter(name=name).first()
    changed = known if may_change else None
    kind = kind or (changed.kind if changed else "files")
    if changed and kind != changed.kind:
        raise BadInput(
            f"connection {name!r} is of kind {changed.kind} and stays so; add one of kind {kind} by another name"
        )
    connector = connector_class(kind)
    fields = _as_it_is(changed) if changed else _as_usual(kind, connector)
    for field, given in (("settings", settings), ("number_rules", number_rules)):
        fields[field] = _joined(fields[field], given)
    if layout is not None:
        fields["layout"] = _layout_text(layout)
    if timezone is not None:
        fields["timezone"] = _checked_zone(name, timezone)
    if match_by is not None:
        fields["match_by"] = _checked_ways(name, match_by)
    if changed and "customer_defaults" in more:
        more["customer_defaults"] = _joined(changed.customer_defaults, more["customer_defaults"])
    return _written(
        known,
        name=name,
        fields=fields | more,
        connector=connector,
        secrets=secrets or {},
        may_change=may_change,
    )


def _written(
    known: Connection | None,
    *,
    name: str,
    fields: dict[str, Any],
    connector: type[Connector],
    secrets: Mapping[str, Secret],
    may_change: bool,
) -> Connection:
    """The row with these fields, once it is sure that they make sense together."""
    NumberRules.from_mapping(fields["number_rules"])
    kept = _kept_secrets(known, entered_again=bool(may_change and secrets)) if known else {}
    all_secrets = with_secrets(kept, secrets)
    _check_settings(
        name, connector, {**fields["settings"], **{key: "•" for key, text in usable(all_secrets).items() if text}}
    )
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


def remove_connection(connection: Connection) -> None:
    """Take a connection out that nothing came from and nobody is paired through, with the visits that brought nothing.

    Raises:
        BadInput: something refers to it; says what.
    """
    try:
        connection.delete()
    except ProtectedError as error:
        counts = Counter(str(row._meta.verbose_name_plural) for row in error.protected_objects)
        held = ", ".join(f"{count} {what}" for what, count in sorted(counts.items()))
        raise BadInput(
            f"connection {connection.name!r} stays: {held} refer to it; "
            f"`tollbook connection add {connection.quoted} --change --no-schedule` stops it from being collected"
        ) from None


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


def set_sequence_pattern(connection: Connection, pattern: str) -> None:
    """Say how its files are named, so that one that is missing is missed; "" = nobody knows. Safe to repeat.

    Raises:
        BadInput: the pattern has no place for a number or date.
    """
    if pattern:
        FileSequence.of(pattern)
    Connection.objects.filter(pk=connection.pk).update(sequence_pattern=pattern)
    connection.sequence_pattern = pattern


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
        secrets=usable(decrypted(connection.secrets, connection=connection.name)),
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


def _as_usual(kind: str, connector: type[Connector]) -> dict[str, Any]:
    """What a new connection of that kind has unless it says else."""
    return {
        "kind": kind,
        "settings": {},
        "layout": connector.default_layout,
        "timezone": "",
        "number_rules": {},
        "match_by": list(connector.ways or WAYS_OF_PLATFORMS),
        "price_is": connector.price_is,
        **({"stale_after": connector.stale_after} if connector.stale_after else {}),
    }


def _as_it_is(connection: Connection) -> dict[str, Any]:
    names = ("kind", "settings", "layout", "timezone", "number_rules", "match_by", "price_is")
    return {name: getattr(connection, name) for name in names}


def _kept_secrets(connection: Connection, *, entered_again: bool) -> dict[str, Secret]:
    """Those there are; none when their key is lost and a person enters them again."""
    try:
        return decrypted(connection.secrets, connection=connection.name)
    except OtherKey:
        if entered_again:
            return {}
        raise


def _joined(there: Mapping[str, object], given: Mapping[str, object] | None) -> dict[str, Any]:
    """What there is with what is given; what is given empty is taken out."""
    return {key: value for key, value in {**there, **(given or {})}.items() if value not in ("", [])}


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
