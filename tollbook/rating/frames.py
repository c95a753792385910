"""The tables of the rating engine, and the words of its answers.

Prices are Int64 nano-units (1e-9 of the tariff's currency); times are UTC; a prefix is digits.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import polars as pl

from tollbook.money import Rounding
from tollbook.records import UTC_TIME, table

NANOS = pl.Int64
LONGEST_CALL_S = 366 * 86_400  # a longer one is a defect of the record


class Fraction(StrEnum):
    """What happens to a fraction of a second, once per call, before anything else."""

    UP = "up"
    NEAREST = "nearest"
    DOWN = "down"


@dataclass(frozen=True, slots=True, kw_only=True)
class TariffSettings:
    """What holds for every rate of a tariff."""

    currency: str = "EUR"
    timezone: str = "UTC"  # of windows, and of dates without a zone in the price list
    decimals: int = 4  # of a price, at most 9
    rounding: Rounding = Rounding.HALF_UP
    fraction: Fraction = Fraction.UP
    is_gross: bool = False  # prices contain tax
    country: str | None = None  # ISO 3166; numbers written locally are read as this country's
    # Not null: the platform's own price is taken, with this markup (1250 = 12.5 %); the price list is empty.
    platform_markup_basis_points: int | None = None
    # Put on what the rates come to, fee and bounds included, before the one rounding (1250 = 12.5 %).
    rate_markup_basis_points: int = 0


# One row of a price list. Rows that share prefix, kind, CLI prefix, dates and window and differ in `from_s` are
# the steps of one rate; rows that differ in their window are the windows of one rate.
RATES = table(
    {
        "line": pl.Int64,  # line of the price list, named in errors and explanations
        "prefix": pl.String,  # leading digits of the number rated; "" = any number
        "cli_prefix": pl.String,  # leading digits of the CLI; "" = any
        "destination": pl.String,  # shown to people
        "category": pl.String,  # of destinations: national, mobile …; shown, and chosen by; prices do not depend on it
        "kind": pl.String,  # usage kind
        "from_s": pl.Int64,  # second of the call from which this step holds
        "first_per_min_nanos": NANOS,  # price of 60 s inside the first increment
        "next_per_min_nanos": NANOS,  # price of 60 s after it
        "first_increment": pl.Int64,  # least charged: seconds, or units for messages and data
        "next_increment": pl.Int64,  # step after the first increment, at least 1
        "per_unit_nanos": NANOS,  # messages and data: price of one `unit`; null for prices per minute
        "unit": pl.String,  # key of UNITS; null for prices per minute
        "connect_fee_nanos": NANOS,  # once per charged call
        "minimum_charge_nanos": NANOS,  # least price of a charged call
        "maximum_charge_nanos": NANOS,  # cap; null = none
        "grace_period_s": pl.Int64,  # a call up to this long is free
        "minimum_s": pl.Int64,  # a shorter charged call is lifted to this
        "active_from": UTC_TIME,  # null = always was
        "active_until": UTC_TIME,  # null = open end
        "recorded_at": UTC_TIME,  # when the row became known; null = always was
        "weekdays": pl.Int16,  # window: bit 0 = Monday … bit 6 = Sunday; null = every day
        "from_time_s": pl.Int32,  # window: seconds after local midnight; null = 0
        "until_time_s": pl.Int32,  # window: at most 86400; at or before from_time_s = over midnight
        "holiday": pl.String,  # window: only on holidays of this calendar
        "is_forbidden": pl.Boolean,
        "min_digits": pl.Int64,  # length the number must have; null = any
        "max_digits": pl.Int64,
    }
)

UNITS: Mapping[str, int] = {
    "message": 1,
    "byte": 1,
    "kB": 1_000,
    "MB": 1_000_000,
    "GB": 1_000_000_000,
    "KiB": 1 << 10,
    "MiB": 1 << 20,
    "GiB": 1 << 30,
}

# What the engine reads of each record; other columns are carried through untouched.
CALLS = table(
    {
        "kind": pl.String,
        "start": UTC_TIME,
        "answered": pl.Boolean,
        "duration_us": pl.Int64,  # kinds counted in time
        "quantity": pl.Int64,  # messages or bytes
        "cld": pl.String,  # the number rated: digits of E.164 without plus (CLD outgoing, DID incoming)
        "cli": pl.String,  # digits; only read where a rate has a CLI prefix
        # What is known before any price is looked up, as one of REASONS (or null): a defect of the record, an
        # exclusion, an emergency number, no account … . See `outcome.py` for the order in which reasons win.
        "known_reason": pl.String,
    }
)

FREE_REASONS = ("unanswered", "hidden", "excluded", "emergency", "not_billed", "on_net", "grace", "allowance")
SET_ASIDE_REASONS = (
    "bad_time",
    "bad_quantity",
    "unknown_kind",
    "unreadable",  # a line that is no record at all: too long, cut, not in the layout
    "unpaired_customer",  # the platform's customer belongs to nobody here
    "other_customer",  # the account found belongs to another customer than the platform's customer does
    "no_account",
    "ambiguous_account",
    "account_closed",
    "bad_number",
    "no_tariff",
    "no_platform_price",  # the tariff takes the platform's price, and the record came without one
    "no_rate",
    "forbidden_destination",
    "currency_mismatch",
    "correction_undone",  # the correction that replaced it was undone; retrying rates it again
)
# Kept, so that the platform's books can be rebuilt, and never charged: records of money, and of a leg of a call that is
# no call of its own.
NOT_USAGE_REASONS = ("fee", "payment", "adjustment", "tax", "leg")
REASONS = FREE_REASONS + SET_ASIDE_REASONS + NOT_USAGE_REASONS

# What comes back, appended to the columns given: exactly one outcome per record, in the order of the rows given.
VERDICT = table(
    {
        "outcome": pl.String,  # charged, free, set_aside, not_usage
        "reason": pl.String,  # one of REASONS; null when charged
        "rate_line": pl.Int64,  # line of the first row of the rate in force: with the tariff it rebuilds all
        "billed": pl.Int64,  # seconds, or units for messages and data; null when set aside
        "exact_sixtieths": pl.Int64,  # price before rounding, in 1/60 nano-units; null when set aside, or with a markup
        "price_nanos": NANOS,  # null when set aside, 0 when free
    }
)
