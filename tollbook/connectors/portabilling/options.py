"""The settings of a PortaBilling installation. What its documents leave open has a name here, and a default."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from tollbook.connectors import http, settings
from tollbook.connectors.base import Setting, Site
from tollbook.connectors.http import Patience
from tollbook.errors import BadInput

REALM_PORTS: Mapping[str, int] = {"admin": 443, "reseller": 8442, "customer": 8444, "account": 8445}
ENCODINGS = ("form", "json")
MAX_PARALLEL = 10
MAX_PAGE = 10_000
MAX_OVERLAP_HOURS = 31 * 24

SETTINGS = (
    Setting(
        name="url",
        help="Address of the web interface's host, as https://billing.example.com; a port in it overrules the realm's",
        is_required=True,
    ),
    Setting(
        name="realm",
        help="Whose login it is; it decides the port (443, 8442, 8444, 8445)",
        default="admin",
        choices=tuple(REALM_PORTS),
    ),
    Setting(name="login", help="Login of the API user", is_required=True),
    Setting(name="token", help="API token of that user; it does not expire as passwords do", is_secret=True),
    Setting(name="password", help="Password of that user; not needed with a token", is_secret=True),
    *http.SETTINGS,
    Setting(
        name="encoding",
        help="How requests are written: form (every release) or json (about MR101 and later)",
        default="form",
        choices=ENCODINGS,
    ),
    Setting(name="refresh_margin_s", help="Seconds before its end at which a session is renewed", default="60"),
    Setting(name="parallel", help="Customers whose usage is fetched at the same time, 1 to 10", default="4"),
    Setting(name="page_size", help="Records asked for at once, 1 to 10000", default="1000"),
    Setting(
        name="overlap_hours",
        help="Hours before the last fetch from which usage is asked for again: records may be billed late",
        default="24",
    ),
    Setting(name="with_unsuccessful", help="Fetch unanswered calls, too: yes or no", default="yes"),
    Setting(
        name="customer_types",
        help="Which customers are customers here, by the platform's numbers (1 retail, 2 reseller, 3 distributor)",
        default="1",
    ),
    Setting(
        name="new_accounts",
        help="What accounts made there are: credit or debit",
        default="credit",
        choices=("credit", "debit"),
    ),
    Setting(name="voice_services", help="Services that are calls, by number or name", default="3"),
    Setting(name="sms_services", help="Services that are outgoing messages, by number or name"),
    Setting(name="data_services", help="Services that are data, by number or name"),
    Setting(name="data_unit_bytes", help="Bytes in one unit of the data services' used quantity", default="1"),
    Setting(
        name="adjustment_services",
        help="Services that are credits and corrections, by number or name",
        default="2",
    ),
    Setting(name="payment_services", help="Services that are payments, by number or name", default="Payments"),
    Setting(
        name="fee_services", help="Services that are fees, by number or name", default="Subscriptions,DID Usage"
    ),
    Setting(name="tax_services", help="Services that are taxes, by number or name", default="Taxes"),
    Setting(
        name="calls_without_direction",
        help="What a call is taken for that says neither outgoing nor incoming: out, in, or ask (it is set aside)",
        default="ask",
        choices=("out", "in", "ask"),
    ),
    Setting(
        name="change_password_method",
        help="Service and method by which the API user's password is changed",
        default="Session/change_password",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """How the platform's services are read: each a number or a name, names in small letters."""

    voice: tuple[str, ...] = ("3",)
    sms: tuple[str, ...] = ()
    data: tuple[str, ...] = ()
    adjustment: tuple[str, ...] = ("2",)
    payment: tuple[str, ...] = ("payments",)
    fee: tuple[str, ...] = ("subscriptions", "did usage")
    tax: tuple[str, ...] = ("taxes",)
    data_unit_bytes: int = 1
    calls_without_direction: str = "ask"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The settings, checked."""

    url: str  # scheme, host and port
    realm: str
    login: str
    verify: str
    patience: Patience
    encoding: str
    refresh_margin_s: float
    parallel: int
    page_size: int
    overlap_hours: float
    with_unsuccessful: bool
    customer_types: tuple[int, ...]
    billing_model: int  # of accounts made there
    services: Services
    change_password_method: str


def options_of(site: Site) -> Options:
    """What a site says.

    Raises:
        BadInput: one of the settings makes no sense.
    """

    def text(name: str) -> str:
        return settings.text(site, SETTINGS, name)

    def names(name: str) -> tuple[str, ...]:
        return tuple(part.strip().lower() for part in text(name).split(",") if part.strip())

    realm = text("realm")
    return Options(
        url=_with_port(text("url"), realm),
        realm=realm,
        login=text("login"),
        verify=text("verify"),
        patience=Patience.of(site),
        encoding=text("encoding"),
        refresh_margin_s=settings.number(site, SETTINGS, "refresh_margin_s", least=0, most=3600),
        parallel=settings.whole(site, SETTINGS, "parallel", least=1, most=MAX_PARALLEL),
        page_size=settings.whole(site, SETTINGS, "page_size", least=1, most=MAX_PAGE),
        overlap_hours=settings.number(site, SETTINGS, "overlap_hours", least=0, most=MAX_OVERLAP_HOURS),
        with_unsuccessful=settings.flag(site, SETTINGS, "with_unsuccessful"),
        customer_types=settings.wholes(site, SETTINGS, "customer_types"),
        billing_model={"credit": 1, "debit": -1}[text("new_accounts")],
        services=Services(
            voice=names("voice_services"),
            sms=names("sms_services"),
            data=names("data_services"),
            adjustment=names("adjustment_services"),
            payment=names("payment_services"),
            fee=names("fee_services"),
            tax=names("tax_services"),
            data_unit_bytes=settings.whole(site, SETTINGS, "data_unit_bytes", least=1, most=1 << 30),
            calls_without_direction=text("calls_without_direction"),
        ),
        change_password_method=_method(site, text("change_password_method")),
    )


def _with_port(url: str, realm: str) -> str:
    """The address with the realm's port, unless it names one itself."""
    address = url if "://" in url else f"https://{url}"
    try:
        parts = urlsplit(address)
        has_port = parts.port is not None
    except ValueError:
        has_port = True  # a bad one; who opens the address says so
    if has_port or realm not in REALM_PORTS or not parts.hostname:
        return address.rstrip("/")
    return f"{parts.scheme}://{parts.netloc}:{REALM_PORTS[realm]}{parts.path.rstrip('/')}"


def _method(site: Site, written: str) -> str:
    service, _, method = written.partition("/")
    if not service.isidentifier() or not method.isidentifier():
        raise BadInput(
            f"{site.name}: setting change_password_method is {written!r}; write it as Session/change_password"
        )
    return written
