"""What an installation may say about Vodia. Whatever is inferred or not publicly known about it is a setting."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tollbook.connectors import http, settings
from tollbook.connectors.base import Setting, Site
from tollbook.connectors.push_gate import PUSH_SETTINGS
from tollbook.errors import BadInput

MAX_PAGE = 500
MAX_OVERLAP_H = 24 * 31
MOST_EXTENSION_DIGITS = 9
NO_MEMORY = "-"
LEG_FIELDS = (
    *("System", "PrimaryCallID", "CallID", "From", "To", "Direction", "RemoteParty", "LocalParty", "TrunkName"),
    *("TrunkID", "Cost", "Domain", "TimeStart", "TimeConnected", "TimeEnd", "Duration", "Type", "Extension"),
)
# A leg inside a webcdr: its fields by the names of LEG_FIELDS. Not documented.
WEBCDR_LEG = (
    "CallID=callid,Direction=direction,RemoteParty=remote,LocalParty=local,TrunkName=name,TrunkID=id,Cost=cost,"
    "TimeStart=start,TimeConnected=connect,TimeEnd=end,Duration=duration,Type=type,Extension=id"
)

SETTINGS = (
    Setting(name="url", help="Address of the PBX, as https://pbx.example.ca", is_required=True),
    Setting(name="login", help="admin, or admin@TENANT for one tenant alone", is_required=True),
    Setting(name="password", help="Its password", is_secret=True, is_required=True),
    Setting(
        name="login_style",
        help="How one logs in: basic; session (two steps, release 70); old (releases of 2015 to 2020). "
        "`tollbook connection test` says which one is taken",
        default="basic",
        choices=("basic", "session", "old"),
    ),
    Setting(
        name="usage_from",
        help="How calls come: rest (Tollbook asks for them) or push (the PBX sends them). Never both",
        default="rest",
        choices=("rest", "push"),
    ),
    Setting(
        name="rest_since",
        help="Calls that ended before this moment are not asked for, as 2026-11-01T00:00:00Z: when calls were pushed "
        "until then",
    ),
    Setting(name="page_size", help="Calls asked for at once, 1 to 500", default="500"),
    Setting(name="first_page", help="Number of the first page", default="auto", choices=("auto", "0", "1")),
    Setting(
        name="order",
        help="newest: the list begins with the newest call; any: it does not, so all pages are read each time",
        default="newest",
        choices=("newest", "any"),
    ),
    Setting(
        name="cdr_dates",
        help="Days sent with the question for calls: none, or yyyymmdd",
        default="none",
        choices=("none", "yyyymmdd"),
    ),
    Setting(
        name="overlap_hours",
        help="Hours before where reading left off that are read again: at least as long as the longest call",
        default="24",
    ),
    Setting(
        name="record_key",
        help="What tells a record from others of its tenant: id, or call_id where ids do not last",
        default="id",
        choices=("id", "call_id"),
    ),
    Setting(
        name="did_of_account",
        help="What an incoming call is rated as that shows an account in place of the DID: the account's DID if it "
        "has just one, or its first",
        default="one",
        choices=("one", "first"),
    ),
    Setting(
        name="unknown_did",
        help="Number that incoming calls are rated as whose DID cannot be told; empty = they wait",
    ),
    Setting(
        name="forwarded",
        help="Calls that came in by one trunk and went out by another, whose outgoing part REST does not tell: wait, "
        "or in (billed as incoming alone)",
        default="wait",
        choices=("wait", "in"),
    ),
    Setting(
        name="account_types",
        help="Kinds of accounts that are listed as accounts, as extensions,hunts,attendants,acds",
        default="extensions",
    ),
    Setting(
        name="extension_digits", help="Digits that an extension has at most; a longer one is a number", default="6"
    ),
    Setting(
        name="leg_timezone",
        help="Zone of times in pushed legs that do not say theirs, as Europe/London",
        default="UTC",
    ),
    Setting(
        name="duration_from",
        help="Talked time of pushed legs: times (end minus connect), or field (Duration)",
        default="times",
        choices=("times", "field"),
    ),
    Setting(
        name="leg_fields",
        help="Fields of pushed legs that have other names there, as CallID=Id,TrunkID=Trunk: ours first",
    ),
    Setting(name="webcdr_trunks", help="List of the trunk legs in a webcdr", default="trunks"),
    Setting(name="webcdr_extensions", help="List of the extension legs in a webcdr", default="extensions"),
    Setting(name="webcdr_fields", help="Fields of a leg in a webcdr, ours first", default=WEBCDR_LEG),
    Setting(
        name="cost_is_price",
        help="Whether Cost in pushed legs is kept as the platform's price: the PBX has rates of its own",
        default="no",
    ),
    Setting(name="currency", help="Of Cost, as CAD"),
    Setting(
        name="suspend_by",
        help="How a customer is suspended: accounts (its extensions), trunk (its own trunks), dial_plan (outgoing "
        "calls only)",
        default="accounts",
        choices=("accounts", "trunk", "dial_plan"),
    ),
    Setting(
        name="restricted_plan",
        help="Name of a dial plan that allows emergency calls only; without it outgoing calls alone cannot be stopped",
    ),
    Setting(name="account_name_key", help="Where an account made there has its name", default="display_name"),
    Setting(name="account_email_key", help="Where an account made there has its e-mail", default="email_address"),
    Setting(
        name="account_password_key", help="Where an account made there has its password", default="sip_password"
    ),
    Setting(name="number_prefix", help="What is written before numbers in international form", default="+"),
    Setting(name="account_plan_key", help="Where an account has its dial plan", default="dial_plan"),
    Setting(name="tenant_plan_key", help="Where a tenant has its dial plan", default="default_dialplan"),
    Setting(
        name="memory_key",
        help="Setting of accounts and tenants in which is kept, on the PBX, how they stood before they were suspended; "
        "- keeps nothing: everything is enabled again, with usual_plan",
        default="tollbook",
    ),
    Setting(name="usual_plan", help="Dial plan that is given back where none was kept"),
    Setting(
        name="drop_registrations", help="Whether a suspended account's telephones are signed off", default="no"
    ),
    *PUSH_SETTINGS,
    *http.SETTINGS,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The settings of a site, read as what they mean."""

    is_pushed: bool
    rest_since: datetime | None
    page_size: int
    first_page: int | None  # None: to be found out
    is_newest_first: bool
    sends_days: bool
    overlap: timedelta
    key_field: str
    takes_first_did: bool
    unknown_did: str
    bills_forwarded: bool
    account_types: frozenset[str]
    extension_digits: int
    zone: ZoneInfo
    is_duration_field: bool
    leg_names: Mapping[str, str]  # ours → theirs
    webcdr_trunks: str
    webcdr_extensions: str
    webcdr_names: Mapping[str, str]  # ours → theirs
    currency: str  # "" = Cost is left alone
    suspend_by: str
    restricted_plan: str
    account_name_key: str
    account_email_key: str
    account_password_key: str
    number_prefix: str
    account_plan_key: str
    tenant_plan_key: str
    memory_key: str  # "" = nothing is kept
    usual_plan: str
    drops_registrations: bool

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

        first_page, memory = text("first_page"), text("memory_key")
        if text("suspend_by") == "dial_plan" and not text("restricted_plan"):
            raise BadInput(
                f"{site.name}: suspend_by is dial_plan, but there is no restricted_plan; make a dial plan on the PBX "
                "that allows emergency calls only, and give its name by `--set restricted_plan=…`"
            )
        return cls(
            is_pushed=text("usage_from") == "push",
            rest_since=_moment(site, "rest_since", text("rest_since")),
            page_size=whole("page_size", 1, MAX_PAGE),
            first_page=None if first_page == "auto" else int(first_page),
            is_newest_first=text("order") == "newest",
            sends_days=text("cdr_dates") == "yyyymmdd",
            overlap=timedelta(hours=whole("overlap_hours", 0, MAX_OVERLAP_H)),
            key_field=text("record_key"),
            takes_first_did=text("did_of_account") == "first",
            unknown_did=text("unknown_did"),
            bills_forwarded=text("forwarded") == "in",
            account_types=frozenset(text("account_types").replace(",", " ").split()),
            extension_digits=whole("extension_digits", 1, MOST_EXTENSION_DIGITS),
            zone=_zone(site, text("leg_timezone")),
            is_duration_field=text("duration_from") == "field",
            leg_names={name: name for name in LEG_FIELDS} | _names(site, "leg_fields"),
            webcdr_trunks=text("webcdr_trunks"),
            webcdr_extensions=text("webcdr_extensions"),
            webcdr_names=_names(site, "webcdr_fields"),
            currency=_currency(site),
            suspend_by=text("suspend_by"),
            restricted_plan=text("restricted_plan"),
            account_name_key=text("account_name_key"),
            account_email_key=text("account_email_key"),
            account_password_key=text("account_password_key"),
            number_prefix=text("number_prefix"),
            account_plan_key=text("account_plan_key"),
            tenant_plan_key=text("tenant_plan_key"),
            memory_key="" if memory == NO_MEMORY else memory,
            usual_plan=text("usual_plan"),
            drops_registrations=settings.flag(site, SETTINGS, "drop_registrations"),
        )


def _moment(site: Site, name: str, text: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput(f"{site.name}: setting {name} is {text!r}; write it as 2026-11-01T00:00:00Z") from None
    if moment.tzinfo is None:
        raise BadInput(f"{site.name}: setting {name} is {text!r}, without its zone; write it as {text}Z")
    return moment.astimezone(UTC)


def _zone(site: Site, name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadInput(f"{site.name}: setting leg_timezone is {name!r}; it is a zone, as Europe/London") from None


def _names(site: Site, name: str) -> dict[str, str]:
    found = {}
    for part in filter(None, settings.text(site, SETTINGS, name).replace(" ", "").split(",")):
        ours, _, theirs = part.partition("=")
        if ours not in LEG_FIELDS or not theirs:
            raise BadInput(
                f"{site.name}: setting {name}: {part!r}; write our name, =, theirs. Ours are {', '.join(LEG_FIELDS)}"
            )
        found[ours] = theirs
    return found


def _currency(site: Site) -> str:
    """Of Cost, when that is a price at all."""
    currency = settings.text(site, SETTINGS, "currency")
    if not settings.flag(site, SETTINGS, "cost_is_price"):
        return ""
    if not re.fullmatch("[A-Z]{3}", currency):
        raise BadInput(
            f"{site.name}: cost_is_price is yes, and currency is {currency!r}; give its three letters, as CAD"
        )
    return currency
