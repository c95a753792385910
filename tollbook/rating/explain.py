"""Why a record costs what it costs: kept as JSON, read by people, enough to compute the price again."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any, Self

import numpy as np
import polars as pl

from tollbook.money import NANOS_PER_UNIT, Rounding
from tollbook.rating.explain_table import SECOND, explanation_table
from tollbook.rating.frames import CALLS, TariffSettings
from tollbook.rating.included import INCLUDED
from tollbook.rating.outcome import Outcome
from tollbook.rating.platform_price import rate_by_platform
from tollbook.rating.price import BASIS_POINTS, rounded_nanos
from tollbook.rating.tariff import Tariff
from tollbook.records import KINDS, Measure, table

_COUNTED_IN = {Measure.TIME: "s", Measure.MESSAGES: "messages", Measure.BYTES: "bytes"}
_WHY = {
    "unreadable": "the line is no record",
    "bad_time": "its start is missing or cannot be true",
    "bad_quantity": "its duration or quantity is missing, negative or too large",
    "unknown_kind": "its kind is not known",
    "unanswered": "it was not answered, or lasted 0 s",
    "correction_undone": "the correction that replaced it was undone",
    "hidden": "a rule excludes it from billing, and from what is shown",
    "excluded": "a rule excludes it from billing",
    "emergency": "emergency calls are free",
    "no_account": "it belongs to no account",
    "ambiguous_account": "it fits several accounts",
    "account_closed": "its account was not active then",
    "bad_number": "its number cannot be read",
    "not_billed": "the product does not bill this kind",
    "no_tariff": "the product names no tariff for this kind",
    "on_net": "both ends belong to one customer",
    "no_platform_price": "the tariff takes the platform's price, and it came without one",
    "unpaired_customer": "the platform's customer is paired with nobody here",
    "other_customer": "the account found belongs to another customer than the platform's customer does",
    "fee": "the platform's record of a fee",
    "payment": "the platform's record of a payment",
    "adjustment": "the platform's record of an adjustment",
    "tax": "the platform's record of a tax",
    "leg": "it is a leg of another call, not a call of its own",
    "no_rate": "the price list has no price for it",
    "forbidden_destination": "the price list forbids the destination",
    "currency_mismatch": "the tariff is in another currency",
    "grace": "it is not longer than the grace period",
    "allowance": "an allowance covers it",
}


@dataclass(frozen=True, slots=True)
class Step:
    """Time or units charged at one price."""

    line: int  # of the price list
    window: str | None  # its hours, where it has any
    begun: int  # second or unit of the call
    billed: int
    price: str  # per minute, or per unit


@dataclass(frozen=True, slots=True)
class Taken:
    """What an allowance covers of a record, from its beginning on."""

    allowance: str
    amount: int  # seconds, messages or bytes


@dataclass(frozen=True, slots=True)
class TierStep:
    """Units priced by one tier."""

    begun: int  # units counted before them
    units: int  # seconds, messages or bytes
    price: str
    per: str  # what the price is for


@dataclass(frozen=True, slots=True)
class TierPrices:
    """What tiers make of the units that allowances left, in place of the prices of the rate."""

    name: str
    mode: str
    steps: tuple[TierStep, ...]  # none where the tiers are others by now
    value: str  # exactly, as `Explanation.exact`


@dataclass(frozen=True, slots=True)
class Explanation:
    """One record's way to its price. Amounts are decimal text; null where a record got no further."""

    outcome: str
    reason: str | None
    kind: str | None
    number: str | None
    cli: str | None
    start: str | None  # ISO, in the tariff's zone
    quantity: str | None  # as it came: seconds, messages or bytes
    currency: str
    is_gross: bool
    timezone: str
    fraction: str
    line: int | None  # of the price list, where its rate begins
    prefix: str | None
    cli_prefix: str | None
    destination: str | None
    unit: str | None  # what is billed: s, or a unit of the price list
    billed: int | None
    steps: tuple[Step, ...]
    connect_fee: str | None
    minimum_charge: str | None
    maximum_charge: str | None
    bound: str | None  # "minimum" or "maximum", if one replaced the sum
    exact: str | None  # before rounding; a fraction like 3.66/60 where decimals would not end
    decimals: int
    rounding: str
    price: str | None
    platform_price: str | None = None  # where it was taken
    markup_percent: str | None = None  # put on the platform's price, or on what the rates come to
    allowances: tuple[Taken, ...] = ()
    tiers: TierPrices | None = None

    def to_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        fields = json.loads(text)
        fields["steps"] = tuple(Step(**step) for step in fields["steps"])
        fields["allowances"] = tuple(Taken(**taken) for taken in fields.get("allowances", ()))
        if tiers := fields.get("tiers"):
            fields["tiers"] = TierPrices(**tiers | {"steps": tuple(TierStep(**step) for step in tiers["steps"])})
        return cls(**fields)

    def as_text(self) -> str:
        """The explanation in a few lines of English."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield self._verdict()
        told = [
            f"{self.kind or 'no kind'} to {self.number or 'no number'}",
            f"from {self.cli}" if self.cli else "",
        ]
        told += [
            f"on {self.start}" if self.start else "",
            f"{self.quantity} {self._counted_in()}" if self.quantity else "",
        ]
        yield ", ".join(part for part in told if part)
        if self.prefix is not None:
            origin = f" from {self.cli_prefix}" if self.cli_prefix else ""
            name = f" ({self.destination})" if self.destination else ""
            yield f"prefix {self.prefix or 'any number'}{origin}{name}, price list line {self.line}"
        if self.platform_price is not None:
            yield f"the platform's price is {self.platform_price}, taken with a markup of {self.markup_percent} %"
        yield from self._allowance_lines()
        for step in self.steps:
            hours = f", {step.window}" if step.window else ""
            per = "minute" if self.unit == SECOND else self.unit
            yield f"  from {step.begun}: {step.billed} {self.unit} at {step.price} per {per} (line {step.line}{hours})"
        yield from self._tier_lines()
        if self.connect_fee not in {None, "0"}:
            yield f"  connect fee {self.connect_fee}"
        if self.bound:
            yield f"  {self.bound} charge {getattr(self, f'{self.bound}_charge')} instead of the sum"
        if self.platform_price is None and self.markup_percent is not None:
            yield f"  a markup of {self.markup_percent} % on that"
        if self.exact is not None:
            yield f"exactly {self.exact}, rounded {self.rounding} to {self.decimals} decimals"

    def _allowance_lines(self) -> Iterator[str]:
        for taken in self.allowances:
            yield f"  {taken.amount} {self._counted_in()} are included: {taken.allowance}"

    def _tier_lines(self) -> Iterator[str]:
        if self.tiers:
            yield f"  tiers {self.tiers.name} ({self.tiers.mode}) instead of the rate's prices: {self.tiers.value}"
            for tier in self.tiers.steps:
                yield (
                    f"  after {tier.begun} {self._counted_in()}: {tier.units} {self._counted_in()}"
                    f" at {tier.price} per {tier.per}"
                )

    def _verdict(self) -> str:
        why = _WHY.get(self.reason or "", "")
        if self.outcome == Outcome.CHARGED:
            return f"charged {self.price} {self.currency} {'with' if self.is_gross else 'without'} tax"
        return f"{self.outcome.replace('_', ' ')}: {why} ({self.reason})"

    def _counted_in(self) -> str:
        return _COUNTED_IN[KINDS.get(self.kind or "", Measure.TIME)]


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What an explanation comes to."""

    outcome: str
    price_nanos: int | None


def explanation(
    call: Mapping[str, Any], tariff: Tariff, allowances: Sequence[Taken] = (), tiers: TierPrices | None = None
) -> Explanation:
    """Explain one record, given with the fields of CALLS (others are ignored, missing ones are null).

    One that takes what is included comes with INCLUDED, too, and with what it took and how tiers price it.
    """
    fields = {name: call.get(name) for name in CALLS}
    if tariff.settings.platform_markup_basis_points is not None:
        return _by_platform(call, fields, tariff)
    if allowances or tiers:
        schema = table({**CALLS, **INCLUDED})
        rows = pl.DataFrame([{name: call.get(name) for name in schema}], schema=schema)
        found = Explanation.from_json(explanations(rows, tariff)[0])
        steps = () if tiers else found.steps
        return replace(found, steps=steps, allowances=tuple(allowances), tiers=tiers)
    return Explanation.from_json(explanations(pl.DataFrame([fields], schema=CALLS), tariff)[0])


def explanations(rated: pl.DataFrame, tariff: Tariff) -> pl.Series:
    """The explanations of records (CALLS; other columns are ignored), as JSON that `Explanation.from_json` reads."""
    told = explanation_table(rated, tariff).to_struct().struct.json_encode().alias("explanation")
    if tariff.settings.rate_markup_basis_points:
        marked_up = [_marked_up(Explanation.from_json(text), tariff.settings).to_json() for text in told]
        return pl.Series("explanation", marked_up, dtype=pl.String)
    return told


def _marked_up(found: Explanation, settings: TariffSettings) -> Explanation:
    """With the markup on what the rates come to: their prices, fee and bounds stay as the price list has them."""
    if found.exact is None:
        return found
    amount, slash, sixty = found.exact.partition("/")
    points = settings.rate_markup_basis_points
    exact = Fraction(amount) * (BASIS_POINTS + points) / BASIS_POINTS * NANOS_PER_UNIT
    return replace(found, exact=_text(exact) + slash + sixty, markup_percent=f"{Decimal(points) / 100:f}")


def _by_platform(call: Mapping[str, Any], fields: Mapping[str, Any], tariff: Tariff) -> Explanation:
    """The explanation of a price that was the platform's: what a list without rates says, and that price."""
    settings = replace(tariff.settings, platform_markup_basis_points=None)
    found = explanation(fields, replace(tariff, settings=settings))
    schema = table({**CALLS, "platform_price_nanos": pl.Int64})
    row = pl.DataFrame([{**fields, "platform_price_nanos": call.get("platform_price_nanos")}], schema=schema)
    verdict = rate_by_platform(row, tariff.settings).row(0, named=True)
    base, markup = call.get("platform_price_nanos"), tariff.settings.platform_markup_basis_points or 0
    return replace(
        found,
        outcome=verdict["outcome"],
        reason=verdict["reason"],
        billed=verdict["billed"],
        exact=_text(Fraction(base * (BASIS_POINTS + markup), BASIS_POINTS))
        if base is not None and markup
        else None,
        price=None if verdict["price_nanos"] is None else _text(Fraction(verdict["price_nanos"])),
        platform_price=None if base is None else _text(Fraction(base)),
        markup_percent=f"{Decimal(markup) / 100:f}",
    )


def _text(nanos: Fraction) -> str:
    """An amount of nano-units as decimal text, whole and without trailing zeros."""
    amount = Decimal(nanos.numerator) / Decimal(nanos.denominator)
    return f"{amount.scaleb(-9).normalize():f}"


def rebuild(explained: Explanation) -> Rebuilt:
    """The price again, from the explanation alone."""
    if explained.outcome != Outcome.CHARGED:
        return Rebuilt(explained.outcome, 0 if explained.outcome == Outcome.FREE else None)
    if explained.platform_price is not None:
        return Rebuilt(explained.outcome, _rebuilt_by_platform(explained))
    seconds_in_price = 60 if explained.unit == SECOND else 1
    total = _amount(explained.connect_fee) + sum(
        _amount(step.price) * step.billed / seconds_in_price for step in explained.steps
    )
    if explained.tiers:
        total += _exact(explained.tiers.value)
    minimum, maximum = explained.minimum_charge, explained.maximum_charge
    if minimum is not None and _amount(minimum) > 0:
        total = max(total, _amount(minimum))
    if maximum is not None:
        total = min(total, _amount(maximum))
    parts = total * (100 + _amount(explained.markup_percent)) * 6_000 * NANOS_PER_UNIT
    # Python's integers, because a markup may make them longer than 64 bits.
    exact: Any = np.array([int(parts)], dtype=object)
    rounding = Rounding(explained.rounding)
    return Rebuilt(
        explained.outcome, int(rounded_nanos(exact, explained.decimals, rounding, per_nano=60 * BASIS_POINTS)[0])
    )


def _rebuilt_by_platform(explained: Explanation) -> int:
    base = int(_amount(explained.platform_price) * NANOS_PER_UNIT)
    markup = int(Decimal(explained.markup_percent or 0) * 100)
    if not markup:
        return base
    parts = np.array([base * (BASIS_POINTS + markup)])
    rounding = Rounding(explained.rounding)
    return int(rounded_nanos(parts, explained.decimals, rounding, per_nano=BASIS_POINTS)[0])


def exact_text(sixtieths: int) -> str:
    """An amount of 1/60 nano-units as `Explanation.exact` has it."""
    return _text(Fraction(sixtieths, 60)) if sixtieths % 60 == 0 else f"{_text(Fraction(sixtieths))}/60"


def _exact(text: str) -> Fraction:
    amount, _, parts = text.partition("/")
    return Fraction(Decimal(amount)) / int(parts or 1)


def _amount(text: str | None) -> Fraction:
    return Fraction(Decimal(text or 0))
