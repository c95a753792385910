"""What an installation may say about its Kamailio. Which columns there are is decided in its own configuration."""

import ipaddress
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Self
from zoneinfo import ZoneInfo

import polars as pl

from tollbook.connectors import http, settings
from tollbook.connectors.base import Setting, Site
from tollbook.connectors.postgres import DATABASE_SETTINGS
from tollbook.errors import BadInput

USUAL_ZONE = "UTC"
NONE = "-"  # a table that is not there
MAX_HOURS = 31 * 24
MAX_DAYS = 400
_NAME = r"[a-z_][a-z0-9_]{0,62}"

SETTINGS = (
    *DATABASE_SETTINGS,
    Setting(name="database", help="Name of Kamailio's database", default="kamailio"),
    Setting(name="db_user", help="User of the database", default="tollbook"),
    Setting(
        name="table",
        help="Where calls are: acc_cdrs (one row a call, needs its dialog module), or acc (a row for each INVITE and "
        "BYE, paired here)",
        default="acc_cdrs",
        choices=("acc_cdrs", "acc"),
    ),
    Setting(name="table_name", help="The table's name where it has another one, as billing.cdrs"),
    Setting(name="caller_column", help="The number or user who calls: caller in acc_cdrs, src_user in acc"),
    Setting(name="callee_column", help="The number or user called: callee in acc_cdrs, dst_user in acc"),
    Setting(name="callid_column", help="The SIP Call-ID", default="callid"),
    Setting(name="account_column", help="Who is charged, where that is not who calls: the user who logged in"),
    Setting(name="domain_column", help="The SIP domain of that user"),
    Setting(
        name="source_column", help="Where the INVITE came from; not used where there is none", default="src_ip"
    ),
    Setting(name="trunk_column", help="The trunk or gateway, where the source does not say it"),
    Setting(name="direction_column", help="out, in or local, where the routing script writes it down"),
    Setting(
        name="inbound_from",
        help="Sources and trunks whose calls come in from carriers: addresses, networks, names, with commas",
    ),
    Setting(
        name="local_callees", help="Pattern of those called who are on this proxy, as 1[0-9]{2}: such calls stay"
    ),
    Setting(
        name="account_form",
        help="How accounts are named: by user, or by user@domain",
        default="user",
        choices=("user", "user@domain"),
    ),
    Setting(
        name="key",
        help="What a call is known by: its dialog (Call-ID and tags), or the row's id and time",
        default="call",
        choices=("call", "id"),
    ),
    Setting(
        name="longest_call_hours",
        help="In acc: a call that nobody hung up in so long is set aside as one without an end",
        default="24",
    ),
    Setting(name="overlap_hours", help="How far back rows that come late are looked for", default="2"),
    Setting(name="chunk_days", help="Days of calls asked for at once", default="7"),
    Setting(
        name="flags_table",
        help="Who is suspended, read by the routing script; - if it reads none",
        default="tollbook_flags",
    ),
    Setting(name="flags_key_column", help="In it: who", default="key"),
    Setting(name="flags_word_column", help="In it: suspended or outbound_only", default="flag"),
    Setting(
        name="subscriber_table",
        help="Users who may be suspended, if it is there; - lets anybody be named",
        default="subscriber",
    ),
    Setting(
        name="keeps_emergency",
        help="Whether the routing script lets emergency calls of suspended accounts through",
        default="yes",
    ),
    Setting(
        name="rpc_url",
        help="Of its JSON-RPC over HTTP, as http://HOST:PORT/RPC: then calls in progress can be ended",
    ),
    Setting(name="emergency_callees", help="To whom calls are never ended, with commas", default="112,911,999"),
    *http.SETTINGS,
)

_COLUMNS = {
    "acc_cdrs": {"caller": "caller", "callee": "callee", "from_tag": "from_tag", "to_tag": "to_tag"},
    "acc": {"caller": "src_user", "callee": "dst_user", "from_tag": "from_tag", "to_tag": "to_tag"},
}
_NEEDED = frozenset({"caller", "callee", "callid"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The settings of a site, read as what they mean."""

    database: str
    db_user: str
    is_paired: bool  # of rows for INVITE and BYE
    table: str
    columns: dict[str, str]  # our name of a part of a call → the column's
    needed: frozenset[str]  # parts that have to be there: the others are looked for, and left out
    networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]  # calls come in from
    names: frozenset[str]  # likewise
    local_callees: str
    with_domain: bool
    by_id: bool
    longest: timedelta
    overlap: timedelta
    chunk: timedelta
    flags_table: str  # "" = none
    flags_key: str
    flags_word: str
    subscriber_table: str  # "" = none
    keeps_emergency: bool
    rpc_url: str  # "" = calls in progress cannot be ended
    emergency_callees: frozenset[str]
    zone: ZoneInfo

    @classmethod
    def of(cls, site: Site) -> Self:
        """What the site says, and the defaults for the rest.

        Raises:
            BadInput: a setting makes no sense.
        """

        def text(name: str) -> str:
            return settings.text(site, SETTINGS, name)

        def whole(name: str, least: int, most: int) -> int:
            return settings.whole(site, SETTINGS, name, least=least, most=most)

        table, by_id = text("table"), text("key") == "id"
        parts = ("caller", "callee", "callid", "account", "domain", "source", "trunk", "direction")
        given = {part: _column(site, f"{part}_column") for part in parts if text(f"{part}_column")}
        is_said = frozenset(part for part in given if site.settings.get(f"{part}_column", "").strip())
        networks, names = _sources(site, text("inbound_from"))
        return cls(
            database=text("database"),
            db_user=text("db_user"),
            is_paired=table == "acc",
            table=_table(site, "table_name") or table,
            columns=_COLUMNS[table] | given,
            needed=(_NEEDED - ({"callid"} if by_id and table != "acc" else set())) | is_said,
            networks=networks,
            names=names,
            local_callees=_pattern(site, "local_callees"),
            with_domain=text("account_form") == "user@domain",
            by_id=by_id,
            longest=timedelta(hours=whole("longest_call_hours", 1, MAX_HOURS)),
            overlap=timedelta(hours=whole("overlap_hours", 0, MAX_HOURS)),
            chunk=timedelta(days=whole("chunk_days", 1, MAX_DAYS)),
            flags_table=_table(site, "flags_table"),
            flags_key=_column(site, "flags_key_column"),
            flags_word=_column(site, "flags_word_column"),
            subscriber_table=_table(site, "subscriber_table"),
            keeps_emergency=settings.flag(site, SETTINGS, "keeps_emergency"),
            rpc_url=text("rpc_url"),
            emergency_callees=frozenset(filter(None, text("emergency_callees").replace(" ", "").split(","))),
            zone=ZoneInfo(site.timezone or USUAL_ZONE),
        )


def _column(site: Site, name: str) -> str:
    return _checked(site, name, _NAME, "the name of a column, as src_user")


def _table(site: Site, name: str) -> str:
    if settings.text(site, SETTINGS, name) in {"", NONE}:
        return ""
    return _checked(site, name, rf"(?:{_NAME}\.)?{_NAME}", "the name of a table, as acc_cdrs or billing.acc_cdrs")


def _checked(site: Site, name: str, pattern: str, expected: str) -> str:
    value = settings.text(site, SETTINGS, name)
    if not re.fullmatch(pattern, value):
        raise BadInput(f"{site.name}: setting {name} is {value!r}; it is {expected}")
    return value


def _pattern(site: Site, name: str) -> str:
    pattern = settings.text(site, SETTINGS, name)
    try:
        pl.Series([""]).str.contains(pattern)  # Polars reads it, which knows no look-around
    except pl.exceptions.ComputeError:
        raise BadInput(
            f"{site.name}: setting {name} is {pattern!r}, which is no pattern; write one as 1[0-9]{{2}}"
        ) from None
    return pattern


def _sources(
    site: Site, text: str
) -> tuple[tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...], frozenset[str]]:
    networks, names = [], set()
    for part in filter(None, text.replace(" ", "").split(",")):
        try:
            networks.append(ipaddress.ip_network(part))
        except ValueError:
            if re.fullmatch(r"[0-9a-fA-F:.]*/[0-9]*|[0-9.]+", part):
                raise BadInput(
                    f"{site.name}: setting inbound_from: {part!r} is no network; write one as 192.0.2.0/24"
                ) from None
            names.add(part.lower())
    return tuple(networks), frozenset(names)
