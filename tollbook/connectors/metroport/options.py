"""What an installation may say about Metroport. Whatever is not publicly known about it is a setting."""

import re
from dataclasses import dataclass
from typing import Self
from zoneinfo import ZoneInfo

from tollbook.connectors import http, settings
from tollbook.connectors.base import Setting, Site
from tollbook.errors import BadInput

API_URL = "https://api.mmsc.metroport.pl"
USUAL_ZONE = "Europe/Warsaw"
MAX_DAYS = 400  # of a chunk, or of an overlap
MAX_SESSION_S = 7 * 86_400
MAX_DATA_UNIT_BYTES = 1 << 30
TYPES = ("call", "sms", "mms", "data", "video")  # of traffic, in Metroport's words

SETTINGS = (
    Setting(name="api_url", help="Address of the API", default=API_URL),
    Setting(name="login", help="Login of the API user", is_required=True),
    Setting(name="password", help="Password of the API user", is_secret=True, is_required=True),
    Setting(name="usertype", help="Sent when users are listed; - sends none", default="2"),
    Setting(
        name="mode",
        help="How records are asked for: customer by customer, or all of the provider at once",
        default="customer",
        choices=("customer", "provider"),
    ),
    Setting(name="chunk_days", help="Days of records asked for at once; 0 asks for all days", default="7"),
    Setting(
        name="incremental",
        help="How late records are found: id (higher ids among older days), or time (older days read again, which "
        "also finds records changed under their id)",
        default="id",
        choices=("id", "time"),
    ),
    Setting(name="overlap_days", help="How many days back late records are looked for", default="40"),
    Setting(name="session_seconds", help="How long a session lasts after its login", default="1200"),
    Setting(name="renewal_seconds", help="How long before its end a session is renewed", default="30"),
    Setting(
        name="session_statuses",
        help="Statuses that may mean an ended session; each request that gets one logs in again, once",
        default="401,403",
    ),
    Setting(name="country_code", help="Of subscribers' numbers, which come without it", default="48"),
    Setting(name="currency", help="Of prices", default="PLN"),
    Setting(name="data_unit_bytes", help="Bytes in one unit of datatransfer", default="1024"),
    Setting(
        name="traffic_types",
        help="Types that Metroport does not list or names otherwise, as 9=call,fax=sms; the id or the word first",
    ),
    Setting(
        name="corrections",
        help="Records with a negative price: credit (money back, and no usage), or adjustment (kept, never charged)",
        default="credit",
        choices=("credit", "adjustment"),
    ),
    Setting(
        name="vat_check",
        help="Whether records are set aside whose retail_vat is no multiplier from 1.00 to 1.50",
        default="yes",
    ),
    *http.SETTINGS,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The settings of a site, read as what they mean."""

    usertype: str
    by_customer: bool
    chunk_days: int  # 0 = all at once
    by_id: bool
    overlap_days: int
    session_s: int
    renewal_s: int
    session_statuses: frozenset[int]
    country_code: str
    currency: str
    data_unit_bytes: int
    traffic_types: dict[str, str]  # id or word → one of TYPES
    is_credit: bool  # a negative price gives money back
    checks_vat: bool
    zone: ZoneInfo

    @classmethod
    def of(cls, site: Site) -> Self:
        """What the site says, and the defaults for the rest.

        Raises:
            BadInput: a setting makes no sense.
        """

        def whole(name: str, least: int, most: int) -> int:
            return settings.whole(site, SETTINGS, name, least=least, most=most)

        def text(name: str) -> str:
            return settings.text(site, SETTINGS, name)

        usertype, session_s = text("usertype"), whole("session_seconds", 1, MAX_SESSION_S)
        return cls(
            usertype="" if usertype == "-" else usertype,
            by_customer=text("mode") == "customer",
            chunk_days=whole("chunk_days", 0, MAX_DAYS),
            by_id=text("incremental") == "id",
            overlap_days=whole("overlap_days", 0, MAX_DAYS),
            session_s=session_s,
            renewal_s=whole("renewal_seconds", 0, MAX_SESSION_S),
            session_statuses=frozenset(settings.wholes(site, SETTINGS, "session_statuses")),
            country_code=_checked(site, "country_code", text("country_code"), r"\d{1,3}", "digits, as 48"),
            currency=_checked(site, "currency", text("currency"), "[A-Z]{3}", "three letters, as PLN"),
            data_unit_bytes=whole("data_unit_bytes", 1, MAX_DATA_UNIT_BYTES),
            traffic_types=_traffic_types(site, text("traffic_types")),
            is_credit=text("corrections") == "credit",
            checks_vat=settings.flag(site, SETTINGS, "vat_check"),
            zone=ZoneInfo(site.timezone or USUAL_ZONE),
        )


def _checked(site: Site, name: str, value: str, pattern: str, expected: str) -> str:
    if not re.fullmatch(pattern, value, re.ASCII):
        raise BadInput(f"{site.name}: setting {name} is {value!r}; it is {expected}")
    return value


def _traffic_types(site: Site, text: str) -> dict[str, str]:
    found = {}
    for part in filter(None, text.replace(" ", "").split(",")):
        name, _, kind = part.partition("=")
        if not name or kind not in TYPES:
            raise BadInput(
                f"{site.name}: setting traffic_types: {part!r}; write an id or a word, =, "
                f"and one of {', '.join(TYPES)}, as 9=call"
            )
        found[name.lower()] = kind
    return found
