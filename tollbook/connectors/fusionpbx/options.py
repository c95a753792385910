"""What an installation may say about FusionPBX. Whatever is inferred or not known about it is a setting."""

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Self

from tollbook.connectors import http, settings
from tollbook.connectors.base import Setting, Site
from tollbook.connectors.esl import ESL_SETTINGS
from tollbook.connectors.postgres import DATABASE_SETTINGS
from tollbook.errors import BadInput

MAX_HOURS = 24 * 60  # of an overlap
MAX_PAGE = 500
NOT_CALLS = ("b", "lose_race", "double")
SUSPEND_BY = ("extension", "gateway", "domain")

SETTINGS = (
    Setting(
        name="usage_from",
        help="What is spoken to: its database, or FS PBX's REST API",
        default="database",
        choices=("database", "rest"),
    ),
    *(replace(one, is_required=False) for one in DATABASE_SETTINGS),
    Setting(name="database", help="name of the database", default="fusionpbx"),
    Setting(name="db_user", help="user who may read its tables", default="fusionpbx"),
    Setting(
        name="control_user", help="user who may also change extensions, gateways and domains; empty = db_user"
    ),
    Setting(name="control_password", help="of control_user", is_secret=True),
    Setting(name="rest_url", help="address of FS PBX, as https://pbx.example.ca, with its /api/v1 or without"),
    Setting(name="api_token", help="of FS PBX's REST API", is_secret=True),
    Setting(name="page_size", help="records asked for at once by REST, 1 to 500", default="500"),
    *http.SETTINGS,
    Setting(
        name="overlap_h",
        help="hours before where reading left off that are read again, for rows that were written late",
        default="2",
    ),
    Setting(
        name="undated_overlap_h",
        help="the same where rows do not say when they were written (no insert_date), only when the call ended",
        default="24",
    ),
    Setting(
        name="rest_overlap_h",
        help="the same by REST, where calls are chosen by their start and appear at their end",
        default="24",
    ),
    Setting(
        name="not_calls",
        help="rows that are no calls of their own: b (far legs), lose_race (telephones that others were faster than), "
        "double (legs of a ring group whose first leg has a row); - for none",
        default="b,lose_race,double",
    ),
    Setting(
        name="duration_from",
        help="the talked time: billmsec (with fractions of a second) where there is one, or billsec",
        default="billmsec",
        choices=("billmsec", "billsec"),
    ),
    Setting(
        name="short_calls",
        help="answered calls with a billsec of 0: unbilled, or billed by their milliseconds",
        default="unbilled",
        choices=("unbilled", "billed"),
    ),
    Setting(
        name="empty_direction",
        help="a call whose direction is empty: derive it (gateway, then number, else local), or take it for this",
        default="derive",
        choices=("derive", "outbound", "inbound", "local", "refuse"),
    ),
    Setting(
        name="forwarded_account",
        help="the account of outgoing calls that no extension is known of, as main@{tenant}; empty = they wait",
    ),
    Setting(
        name="suspend_by",
        help="what is switched off of a customer who is suspended wholly",
        default="extension",
        choices=SUSPEND_BY,
    ),
    Setting(
        name="toll_allow_routes",
        help="whether outbound routes test toll_allow: then outgoing calls alone can be stopped",
        default="no",
    ),
    Setting(name="restricted_toll_allow", help="toll_allow while outgoing calls are stopped", default="local"),
    *ESL_SETTINGS,
    Setting(name="sip_profile", help="the profile that telephones register with", default="internal"),
    Setting(name="gateway_profile", help="the profile of gateways that name none", default="external"),
    Setting(
        name="cache_command",
        help="what the event socket is told to forget a cached {key}; - where the cache cannot be reached so",
        default="memcache delete {key}",
    ),
    Setting(
        name="rest_suspend_field",
        help="what is set of an extension by REST",
        default="suspended",
        choices=("suspended", "enabled"),
    ),
    Setting(
        name="made_accountcode",
        help="accountcode of an extension that is made, with {extension} or {tenant} in it",
        default="{extension}",
    ),
    Setting(name="made_context", help="user_context of an extension that is made", default="{tenant}"),
    Setting(name="made_toll_allow", help="toll_allow of an extension that is made; empty = none"),
    Setting(
        name="made_caller_id",
        help="what an extension that is made shows outside where its account has one number: {number}, +{number}; "
        "empty = what the PBX shows",
    ),
    Setting(
        name="made_numbers",
        help="numbers of accounts that are made: routed by a person, or only put on the list (v_destinations)",
        default="person",
        choices=("person", "list"),
    ),
    Setting(
        name="made_number_context",
        help="destination_context of a number that is put on the list",
        default="public",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The settings of a site, read as what they mean."""

    by_rest: bool
    page_size: int
    overlap: timedelta
    undated_overlap: timedelta
    rest_overlap: timedelta
    not_calls: frozenset[str]  # of NOT_CALLS
    by_milliseconds: bool
    bills_short_calls: bool
    empty_direction: str
    forwarded_account: str  # with {tenant} in it, perhaps; "" = none
    suspend_by: str  # of SUSPEND_BY
    has_toll_allow_routes: bool
    restricted_toll_allow: str
    sip_profile: str
    gateway_profile: str
    cache_command: str  # "" = none
    suspends_by_flag: bool  # by REST: the field `suspended`, not `enabled`
    made_accountcode: str  # with {extension} or {tenant} in it
    made_context: str  # so, too
    made_toll_allow: str
    made_caller_id: str  # with {number} in it; "" = none
    lists_numbers: bool
    made_number_context: str

    @classmethod
    def of(cls, site: Site) -> Self:
        """What the site says, and the defaults for the rest.

        Raises:
            BadInput: a setting makes no sense.
        """

        def text(name: str) -> str:
            return settings.text(site, SETTINGS, name)

        def hours(name: str) -> timedelta:
            return timedelta(hours=settings.number(site, SETTINGS, name, least=0, most=MAX_HOURS))

        def word(name: str) -> str:
            value = text(name)
            if not re.fullmatch(r"[\w.-]{1,60}", value):
                raise BadInput(f"{site.name}: setting {name} is {value!r}; it is one word")
            return value

        cache_command = text("cache_command")
        return cls(
            by_rest=text("usage_from") == "rest",
            page_size=settings.whole(site, SETTINGS, "page_size", least=1, most=MAX_PAGE),
            overlap=hours("overlap_h"),
            undated_overlap=hours("undated_overlap_h"),
            rest_overlap=hours("rest_overlap_h"),
            not_calls=_not_calls(site, text("not_calls")),
            by_milliseconds=text("duration_from") == "billmsec",
            bills_short_calls=text("short_calls") == "billed",
            empty_direction=text("empty_direction"),
            forwarded_account=text("forwarded_account"),
            suspend_by=text("suspend_by"),
            has_toll_allow_routes=settings.flag(site, SETTINGS, "toll_allow_routes"),
            restricted_toll_allow=word("restricted_toll_allow"),
            sip_profile=word("sip_profile"),
            gateway_profile=word("gateway_profile"),
            cache_command="" if cache_command == "-" else cache_command,
            suspends_by_flag=text("rest_suspend_field") == "suspended",
            made_accountcode=text("made_accountcode"),
            made_context=text("made_context"),
            made_toll_allow=text("made_toll_allow"),
            made_caller_id=text("made_caller_id"),
            lists_numbers=text("made_numbers") == "list",
            made_number_context=text("made_number_context"),
        )


def _not_calls(site: Site, text: str) -> frozenset[str]:
    parts = frozenset(text.replace(" ", "").lower().split(",")) - {"", "-"}
    if unknown := sorted(parts - {*NOT_CALLS}):
        raise BadInput(
            f"{site.name}: setting not_calls: {', '.join(unknown)}; it is some of {', '.join(NOT_CALLS)}, or -"
        )
    return parts
