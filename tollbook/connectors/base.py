"""What Tollbook asks of a platform.

A connector is a class with the name of its kind, the settings it understands and the parts it offers. Each part is
optional: what is not in `offers` raises NotOffered. Everything that can be long is a stream.

Usage comes in two steps. `usage` fetches it as raw lines, which are kept as evidence before anybody looks into them;
`read_usage` makes plain records of such a file. So whatever was fetched can be read again, and a mistake in reading
loses nothing.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar

import polars as pl

from tollbook.connectors.errors import ConnectorError, NotOffered
from tollbook.connectors.pushed import Pushed
from tollbook.connectors.secret import Secret
from tollbook.connectors.wanted import AccountThere, WantedAccount
from tollbook.errors import BadInput, TollbookError


class Feature(StrEnum):
    """A part of a connector."""

    CUSTOMERS = "customers"
    ACCOUNTS = "accounts"
    NUMBERS = "numbers"
    USAGE = "usage"  # records of a period, by `usage`
    FILES = "files"  # whole files, by `files` and `fetch`
    TOTALS = "totals"
    PRICE_LIST = "price list"
    UPLOAD_PRICE_LIST = "upload price list"
    PUSH = "push"  # the platform sends records by itself; they are kept, and read by `read_usage`
    ORDERS = "orders"
    MAKE_ACCOUNTS = "make accounts"  # accounts are made and changed there as they are here
    CHANGE_PASSWORD = "change password"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One thing that an installation may say. Values come as text and are checked by the connector."""

    name: str
    help: str
    default: str = ""
    is_secret: bool = False
    is_required: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One installation of a platform, as its connector needs to know it."""

    name: str  # of the connection, named in errors
    settings: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, Secret] = field(default_factory=dict)
    timezone: str = ""  # IANA; of times that do not say theirs; "" = as the platform usually is
    layout: str = ""  # of files: a built-in layout's name, or a mapping's text


class State(StrEnum):
    """How a customer or an account stands at the platform."""

    ACTIVE = "active"
    INACTIVE = "inactive"  # there, never or not yet in use
    BLOCKED = "blocked"
    SUSPENDED = "suspended"
    CLOSED = "closed"
    UNKNOWN = "unknown"  # a word we do not know: left alone and reported


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformCustomer:
    """A customer as the platform has them."""

    foreign_id: str  # what its records and accounts refer to
    code: str = ""  # another name by which people know them there
    name: str = ""
    state: State = State.UNKNOWN
    state_word: str = ""  # the platform's own word for it
    identities: tuple[tuple[str, str], ...] = ()  # (scheme, value as written): nip, pesel, id_card, vat_id
    email: str = ""
    street: str = ""
    postcode: str = ""
    city: str = ""
    country: str = ""  # ISO 3166 alpha-2, when said
    currency: str = ""  # ISO 4217, when said
    timezone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformAccount:
    """An account (extension, SIM, line) as the platform has it."""

    foreign_id: str
    customer_id: str  # foreign id of the customer it belongs to
    code: str  # its name there: a number, a login
    name: str = ""
    state: State = State.UNKNOWN
    state_word: str = ""
    is_settled: bool = True  # false: the platform has accepted the state but not carried it out yet
    numbers: tuple[str, ...] = ()  # as written, with what the connector knows of country codes
    product: str = ""  # the platform's name of what was sold


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformNumber:
    """A DID as the platform has it."""

    number: str
    customer_id: str = ""  # "" = in stock
    account_id: str = ""  # "" = no account


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What to fetch: one customer's usage, or everything, in `[since, until)`, after `cursor`."""

    customer_id: str = ""  # foreign id; "" = everything there is
    since: datetime
    until: datetime
    cursor: str = ""  # as `Finished` gave it last time; "" = from `since`
    # Where collecting began: an overlap reaches back from `since` or the cursor, at most to here. None: no overlap.
    earliest: datetime | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """Raw records as received, whole lines with their ends. All pieces of one fetching become one evidence."""

    body: bytes


@dataclass(frozen=True, slots=True)
class Finished:
    """Everything of a scope has been given. `cursor` is where to go on next time, in the connector's own words."""

    scope: Scope
    cursor: str = ""
    records: int = 0  # as the platform counts them


@dataclass(frozen=True, slots=True)
class Failed:
    """A scope could not be read to its end. The others go on; this one is asked for again next time."""

    scope: Scope
    error: ConnectorError


UsageEvent = Piece | Finished | Failed


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteFile:
    """A file at a source. The same name, size and time mean that it has not changed."""

    name: str  # with its folder below the source's, so that it is told apart from others
    size_bytes: int | None = None  # None: the source does not say
    modified_at: datetime | None = None
    is_complete: bool = True  # false: it may still grow, its last line may be half
    account_ref: str = ""  # the account that all of it belongs to, where a source is one account's
    version: str = ""  # the source's own mark of this state of it (an ETag): the same one means the same bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageBatch:
    """A run of records in the order of the file. There is always at least one batch, if only an empty one."""

    usage: pl.DataFrame  # schema records.USAGE
    bytes_read: int  # of the file as stored, for a progress bar
    is_last: bool
    unfinished: bytes | None = None  # last batch of a growing file: its last line, not ended and not read yet


@dataclass(frozen=True, slots=True, kw_only=True)
class DayTotal:
    """What the platform says it had on a day (of its zone), for one customer or all."""

    day: str  # ISO date
    customer_id: str = ""
    kind: str = ""
    records: int
    quantity: int  # seconds, messages or bytes
    amount_nanos: int
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """One step of a connection test."""

    name: str  # "reach", "log in", "customers" …
    is_ok: bool
    says: str  # what was found, or what is wrong
    next_step: str = ""  # what a person does about it


def failed_check(name: str, error: TollbookError, *, platform: str) -> Check:
    """A step that failed. Errors say whose they are, what is wrong, and after a semicolon what to do."""
    says, _, next_step = str(error).removeprefix(f"{platform}: ").partition("; ")
    return Check(name, is_ok=False, says=says, next_step=next_step or "correct it and test again")


class Verb(StrEnum):
    """What a platform can be told."""

    SUSPEND = "suspend"
    RESUME = "resume"
    CREATE = "create"
    CHANGE = "change"


class Target(StrEnum):
    """Whom an order is about."""

    CUSTOMER = "customer"
    ACCOUNT = "account"
    TRUNK = "trunk"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Something the platform is told to do. Telling it twice does no more than telling it once."""

    verb: Verb
    target: Target
    foreign_id: str = ""  # "" when it is to be created
    is_outbound_only: bool = False  # suspend: calls in and emergency calls go on
    cuts_calls: bool = False  # suspend: calls in progress are ended too
    attributes: Mapping[str, Any] = field(default_factory=dict)  # for create and change


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPowers:
    """What a site can be told about suspension, as its settings have it."""

    targets: frozenset[Target] = frozenset()
    outbound_only: bool = False  # outgoing calls can be stopped while others go on
    cuts_calls: bool = False  # calls in progress can be ended
    keeps_emergency: bool = False  # emergency calls go on even when everything is suspended
    # Telling is more than one thing, of which `standing` may see the first alone: what broke off is told once more.
    is_told_in_steps: bool = False
    remark: str = ""  # what a person should know: "takes effect when the switch's cache expires"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How something stands at the platform, as just asked of it."""

    state: State
    state_word: str = ""  # the platform's own word
    is_outbound_only: bool = False  # suspended for outgoing calls only
    is_settled: bool = True  # false: accepted, but not carried out everywhere yet; ask again later
    says: str = ""  # what a person should know: "suspended at next cache expiry"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountMarks:
    """By what the records of one account are recognised at a platform, as people describe it there.

    Numbers are as written; the other values are exactly as the connector puts them in its records.
    """

    tenant: str = ""  # `tenant_ref`; the foreign id of the customer
    accounts: tuple[str, ...] = ()  # `account_ref`s: extensions with their tenant
    numbers: tuple[str, ...] = ()  # DIDs
    trunks: tuple[str, ...] = ()  # `trunk_ref`s: trunks, peers
    texts: tuple[str, ...] = ()  # words in `display_text`
    links: tuple[str, ...] = ()  # sources that belong to this account alone: the address of a file

    @property
    def is_recognisable(self) -> bool:
        """Whether any record is the account's by them: a tenant alone says whose customer it is, not which account."""
        return bool(self.accounts or self.numbers or self.trunks or self.texts or self.links)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """The beginning of a file as it stands there and as it would be read, for a person to compare."""

    source: str  # which file
    says: str  # how it is taken to be written
    lines: tuple[str, ...]  # as they stand there
    usage: pl.DataFrame  # schema records.USAGE
    settings: Mapping[str, str]  # what is written down when the person says that it is right


class Connector:
    """A platform. Subclasses say what they offer and override just that."""

    kind: ClassVar[str]
    title: ClassVar[str]  # as people name the platform
    settings: ClassVar[tuple[Setting, ...]] = ()
    offers: ClassVar[frozenset[Feature]] = frozenset()
    # What people write down about one account there, read by `marks`: the fields of a service in their billing system.
    account_fields: ClassVar[tuple[Setting, ...]] = ()
    ways: ClassVar[tuple[str, ...]] = ()  # to find the account of a record, in order; () = as usual
    usage_by_customer: bool = False  # usage is asked for customer by customer; a setting may decide
    key_is_platform_id: bool = True  # `record_key` is the platform's own id: other content is a correction
    price_is: ClassVar[str] = ""  # what a platform's price means unless the connection says else: retail, cost
    default_layout: ClassVar[str] = "tollbook"  # of its files, unless the connection says else
    stale_after: ClassVar[timedelta | None] = None  # likewise: an alarm when nothing new came for so long
    made_accounts_have_products: ClassVar[bool] = True  # an account cannot be made there without one
    files_only_grow: bool = False  # a file that is the beginning of what it was has been cut short

    def __init__(self, site: Site) -> None:
        self.site = site

    def test(self) -> Iterator[Check]:
        """Try it out step by step: reach, log in, and whether each part may be used. Changes nothing there."""
        raise NotImplementedError

    def customers(self) -> Iterator[PlatformCustomer]:
        """Every customer."""
        raise self._not_offered(Feature.CUSTOMERS)

    def accounts(self, customer_ids: Sequence[str] | None = None) -> Iterator[PlatformAccount]:
        """Every account, or those of some customers (foreign ids)."""
        raise self._not_offered(Feature.ACCOUNTS)

    def numbers(self, customer_ids: Sequence[str] | None = None) -> Iterator[PlatformNumber]:
        """Every DID, or those of some customers."""
        raise self._not_offered(Feature.NUMBERS)

    def usage(self, scopes: Sequence[Scope]) -> Iterator[UsageEvent]:
        """Fetch raw usage. May repeat records given before: their keys say that they are the same ones.

        A scope that fails is reported as `Failed` and the others go on; only what makes every scope fail (no
        route, wrong password) is raised. Closing the iterator early stops all that is under way.
        """
        raise self._not_offered(Feature.USAGE)

    def files(self, known: Sequence[RemoteFile] = ()) -> Iterator[RemoteFile]:
        """The files that are there now and are wanted (name filter, minimum age), oldest first.

        `known`: those fetched before. A source that can ask only for what is new does; one that has not changed is
        given as it was known.
        """
        raise self._not_offered(Feature.FILES)

    def fetch(self, file: RemoteFile) -> Iterator[bytes]:
        """The bytes of a file, in blocks."""
        raise self._not_offered(Feature.FILES)

    def follow(self, links: Sequence[str]) -> None:
        """The sources there are, each with one account's usage alone: what `files` is to give, by this name.

        Raises:
            NotOffered: its files are not told apart by account.
        """
        raise NotOffered(f"{self.title} has no files of single accounts", platform=self.site.name)

    def unconfirmed(self) -> str:
        """What a person must look at before anything is collected, and how; "" = nothing."""
        return ""

    def preview(self) -> Preview:
        """What is to be looked at. Writes nothing."""
        raise self._not_offered(Feature.FILES)

    def read_usage(
        self, file: Path, *, name: str, batch_rows: int, is_complete: bool = True
    ) -> Iterator[UsageBatch]:
        """Plain records of a file that `usage` gave. Touches no network: the same bytes give the same records."""
        raise self._not_offered(Feature.USAGE)

    def totals(self, since: datetime, until: datetime, customer_ids: Sequence[str]) -> Iterator[DayTotal]:
        """What the platform says it had, per day, to hold against what was read."""
        raise self._not_offered(Feature.TOTALS)

    def price_list(self) -> Iterator[Mapping[str, str]]:
        """The platform's rates, row by row in its own columns."""
        raise self._not_offered(Feature.PRICE_LIST)

    def upload_price_list(self, file: Path) -> str:
        """Send a price list; what the platform answered comes back."""
        raise self._not_offered(Feature.UPLOAD_PRICE_LIST)

    def order_powers(self) -> OrderPowers:
        """What can be told. Asks nobody."""
        raise self._not_offered(Feature.ORDERS)

    def carry_out(self, order: Order) -> str:
        """Tell the platform; the foreign id of what it was about comes back. It is done when `standing` says so.

        Raises:
            ForAPerson: only somebody can do it; the message is what to do.
        """
        raise self._not_offered(Feature.ORDERS)

    def standing(self, target: Target, foreign_id: str) -> Standing:
        """How it stands now, asked of the platform."""
        raise self._not_offered(Feature.ORDERS)

    def account_there(self, wanted: WantedAccount, foreign_id: str = "") -> AccountThere | None:
        """The account as the platform has it, by its id there, or by its name when that is not known; None: none."""
        raise self._not_offered(Feature.MAKE_ACCOUNTS)

    def bring_account(self, wanted: WantedAccount, there: AccountThere | None) -> None:
        """Make the account, or change what differs. It is done when `account_there` says so.

        Told again after a lost answer it does no more: whoever does so asks `account_there` first.

        Raises:
            ForAPerson: only somebody can do it; the message is what to do.
        """
        raise self._not_offered(Feature.MAKE_ACCOUNTS)

    @classmethod
    def marks(cls, fields: Mapping[str, str]) -> AccountMarks:
        """What people write down about one account there (`account_fields`), read exactly.

        Raises:
            BadInput: a field that is not known, or one that cannot be read; names it and its value.
        """
        raise BadInput(f"{cls.title} has no fields that describe an account; give its number or code instead")

    def call_of(self, message: Pushed) -> str:
        """What binds together the messages about one call, so that they are read together; "" = this one is alone."""
        raise self._not_offered(Feature.PUSH)

    def change_password(self, new_password: Secret) -> None:
        """Give the API user another password. The caller keeps it: the old one is void from then on."""
        raise self._not_offered(Feature.CHANGE_PASSWORD)

    def close(self) -> None:
        """Let go of connections. Safe to repeat."""

    def _not_offered(self, feature: Feature) -> NotOffered:
        return NotOffered(f"{self.title} offers no {feature.value}", platform=self.site.name)


def check_settings(connector: type[Connector], given: Mapping[str, str]) -> Iterable[str]:
    """What is wrong with the names and choices of some settings, a sentence each; nothing when all is well."""
    known = {setting.name: setting for setting in connector.settings}
    for name in given:
        if name not in known:
            near = "".join(f", perhaps {one} is meant" for one in get_close_matches(name, known, 1))
            all_of_them = f"`tollbook connection settings {connector.kind}` lists them"
            yield f"{name!r} is no setting of {connector.kind}{near}; {all_of_them}"
    for setting in connector.settings:
        value = given.get(setting.name, "")
        if setting.is_required and not value:
            how = f"--secret {setting.name}" if setting.is_secret else f"--set {setting.name}=…"
            yield f"{setting.name} is missing ({setting.help}): give `{how}`"
        if value and setting.choices and value not in setting.choices:
            yield f"{setting.name} is {value!r}; it can be {', '.join(setting.choices)}"
