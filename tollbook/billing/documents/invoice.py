"""The invoice as a document: everything printed on it, and nothing looked up.

Amounts are Decimal in the invoice's currency, at that currency's decimals. An invoice that does not add up is
refused here, so that what is rendered or exported can be trusted. The checks follow EN 16931: a line's net and tax
make its gross, the tax summary sums the lines of its rate (BR-S-08), the totals sum the tax summary
(BR-CO-10, BR-CO-14).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import polars as pl

from tollbook.errors import BadInput
from tollbook.records import KINDS, UTC_TIME, conform

DEFAULT_DECIMALS = 2
OTHER_DECIMALS = {"CLP": 0, "ISK": 0, "JPY": 0, "KRW": 0, "BHD": 3, "JOD": 3, "KWD": 3, "OMR": 3, "TND": 3}
MAX_LOGO_BYTES = 256 * 1024


# The itemised calls, in the order printed; all rows of an account belong together.
CALL_LIST = pl.Schema(
    {
        "account": pl.String(),  # number, extension or SIM that made the call
        "account_name": pl.String(),  # as the customer knows it; null = none
        "kind": pl.String(),  # usage kind, key of records.KINDS
        "start": UTC_TIME,
        "cli": pl.String(),  # digits of E.164 without plus, or as the platform wrote it
        "cld": pl.String(),
        "destination": pl.String(),
        "duration_s": pl.Int64(),  # talked time; null for kinds that are not counted in time
        "quantity": pl.Int64(),  # messages or bytes; null for calls
        "price_nanos": pl.Int64(),  # in the invoice's currency and price basis; 0 = free
    }
)


def currency_decimals(currency: str) -> int:
    """Decimals of an amount that can be paid (ISO 4217)."""
    return OTHER_DECIMALS.get(currency, DEFAULT_DECIMALS)


class TaxIdKind(StrEnum):
    """Which register a number is from. Each language has its name for it."""

    NIP = "nip"  # Polish tax number
    VAT = "vat"  # VAT number with country letters, as PL5260001246
    COMPANY = "company"  # company register, REGON


@dataclass(frozen=True, slots=True)
class TaxId:
    """A number by which an authority knows a company."""

    kind: TaxIdKind
    number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Seller or buyer, as the law wants them named."""

    name: str
    address: tuple[str, ...]  # its lines, as on an envelope
    tax_ids: tuple[TaxId, ...] = ()
    contact: tuple[str, ...] = ()  # telephone, e-mail, web address; printed for the seller


class PaymentMethod(StrEnum):
    """How the invoice is paid."""

    TRANSFER = "transfer"
    CARD = "card"
    DIRECT_DEBIT = "direct_debit"
    CASH = "cash"
    PREPAID = "prepaid"


@dataclass(frozen=True, slots=True, kw_only=True)
class BankAccount:
    """Where a transfer goes."""

    bank_name: str
    iban: str
    bic: str | None = None


class TaxCategory(StrEnum):
    """Why a rate is what it is."""

    STANDARD = "standard"  # the percentage is printed
    EXEMPT = "exempt"
    REVERSE_CHARGE = "reverse_charge"
    OUT_OF_SCOPE = "out_of_scope"


@dataclass(frozen=True, slots=True)
class TaxRate:
    """A rate of VAT in per cent: `TaxRate(Decimal("23"))`."""

    percent: Decimal
    category: TaxCategory = TaxCategory.STANDARD


class Unit(StrEnum):
    """What a line's quantity counts."""

    CALL = "call"
    MESSAGE = "message"
    MONTH = "month"
    DAY = "day"
    PIECE = "piece"
    MEGABYTE = "megabyte"
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceLine:
    """One service, for calls one destination of it, for a fee its plan and days. A credit has negative amounts."""

    service: str
    destination: str | None = None  # lines of one service that have one are printed under its name
    quantity: Decimal | None = None
    unit: Unit = Unit.CALL
    duration_s: int | None = None  # billed time of calls
    net: Decimal
    tax_rate: TaxRate
    tax: Decimal
    gross: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxTotal:
    """What the lines of one tax rate come to, tax computed by the rule of the seller's country."""

    tax_rate: TaxRate
    net: Decimal
    tax: Decimal
    gross: Decimal


class PriceBasis(StrEnum):
    """Whether the prices, and so the column from which tax is computed, are without or with tax."""

    NET = "net"
    GROSS = "gross"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class InvoiceDocument:
    """One invoice.

    Raises:
        BadInput: it does not add up, or a date, zone or logo cannot be used.
    """

    number: str
    seller: Party
    buyer: Party
    issue_date: date
    due_date: date
    period_since: date  # what is billed: [since, until)
    period_until: date
    currency: str  # ISO 4217
    lines: tuple[InvoiceLine, ...]
    tax_totals: tuple[TaxTotal, ...]
    price_basis: PriceBasis = PriceBasis.NET
    paid: Decimal = Decimal(0)  # received before the invoice was issued
    payment_method: PaymentMethod = PaymentMethod.TRANSFER
    bank_account: BankAccount | None = None
    payment_reference: str | None = None  # None = the invoice's number
    notes: tuple[str, ...] = ()  # reason of an exemption, reverse charge, thanks
    logo: bytes | None = None  # SVG or PNG; None = the seller's name stands in its place
    calls: pl.DataFrame = field(default_factory=CALL_LIST.to_frame)  # CALL_LIST, in the order printed
    show_free_calls: bool = True  # list them at 0.00, else leave them out and say how many
    timezone: str = "UTC"  # the customer's, for dates and times of calls

    @property
    def total_net(self) -> Decimal:
        return _sum(total.net for total in self.tax_totals)

    @property
    def total_tax(self) -> Decimal:
        return _sum(total.tax for total in self.tax_totals)

    @property
    def total_gross(self) -> Decimal:
        return _sum(total.gross for total in self.tax_totals)

    @property
    def to_pay(self) -> Decimal:
        """Negative when the seller owes the buyer."""
        return self.total_gross - self.paid

    def __post_init__(self) -> None:
        self._check_facts()
        self._check_calls()
        for line in self.lines:
            self._check_amounts(f"line {line.service!r} {line.destination or ''}".rstrip(), line)
        for total in self.tax_totals:
            self._check_amounts(f"tax total of {_name(total.tax_rate)}", total)
        self._check_tax_totals()

    def _check_facts(self) -> None:
        if not self.number.strip():
            raise BadInput("an invoice without number cannot be printed; take the next number of its series")
        if self.period_since >= self.period_until:
            raise BadInput(
                f"invoice {self.number}: the period {self.period_since} to {self.period_until} is empty; "
                "its end is the first day that is no longer billed"
            )
        try:
            ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError):
            raise BadInput(
                f"invoice {self.number}: time zone {self.timezone!r} is unknown; use a name such as Europe/Warsaw"
            ) from None
        if self.logo is not None and len(self.logo) > MAX_LOGO_BYTES:
            raise BadInput(
                f"invoice {self.number}: the logo has {len(self.logo)} bytes, at most {MAX_LOGO_BYTES}; "
                "it is in every PDF, so make it smaller"
            )

    def _check_calls(self) -> None:
        calls = conform(self.calls, CALL_LIST)
        unknown = set(calls["kind"].unique()) - KINDS.keys()
        if unknown:
            raise BadInput(
                f"invoice {self.number}: calls of the kind {', '.join(map(repr, unknown))} cannot be listed; "
                f"there are {', '.join(KINDS)}"
            )

    def _check_amounts(self, what: str, of: InvoiceLine | TaxTotal) -> None:
        quantum = Decimal(1).scaleb(-currency_decimals(self.currency))
        for amount in (of.net, of.tax, of.gross):
            if amount != amount.quantize(quantum):
                raise BadInput(
                    f"invoice {self.number}, {what}: {amount} cannot be paid in {self.currency}; round it first"
                )
        if of.net + of.tax != of.gross:
            raise BadInput(f"invoice {self.number}, {what}: {of.net} + {of.tax} is not {of.gross}")

    def _check_tax_totals(self) -> None:
        by_rate = {total.tax_rate: total for total in self.tax_totals}
        if len(by_rate) != len(self.tax_totals):
            raise BadInput(f"invoice {self.number}: a tax rate has two totals; each rate has one")
        for rate in {line.tax_rate for line in self.lines} | by_rate.keys():
            if rate not in by_rate:
                raise BadInput(f"invoice {self.number}: {_name(rate)} is used by a line and has no tax total")
            basis = self.price_basis.value
            summed = _sum(getattr(line, basis) for line in self.lines if line.tax_rate == rate)
            stated = getattr(by_rate[rate], basis)
            if summed != stated:
                raise BadInput(
                    f"invoice {self.number}: the lines of {_name(rate)} come to {summed} {basis}, "
                    f"its tax total says {stated}; give the difference a line of its own"
                )


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, Decimal(0))


def _name(rate: TaxRate) -> str:
    return f"{rate.percent} % ({rate.category})"
