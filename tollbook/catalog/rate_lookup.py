"""Which rate is for this number? The answer is the rating engine's own, on the few rows that come into question."""

from datetime import datetime

import polars as pl

from tollbook.catalog.models import Tariff, TariffVersion
from tollbook.catalog.queries import rates_of_prefixes, version_holidays, version_settings
from tollbook.errors import BadInput
from tollbook.rating.engine import compile_tariff, rate_calls
from tollbook.rating.frames import CALLS

SAME_RATE = ("kind", "prefix", "cli_prefix", "active_from", "active_until", "min_digits", "max_digits")
ASKED_US = 60_000_000  # the question is about a call of one minute, a message, or a byte


def version_in_force(name: str, *, at: datetime, known_at: datetime | None = None) -> TariffVersion:
    """The version that prices calls which start `at`; with `known_at` as it would have been chosen then.

    Raises:
        BadInput: there is no such tariff, or no version of it was in force, or known, then.
    """
    tariff = Tariff.objects.filter(name=name).first()
    if tariff is None:
        names = ", ".join(Tariff.objects.order_by("name").values_list("name", flat=True)) or "none yet"
        raise BadInput(
            f"there is no tariff {name!r} (there are: {names}); import it with `tollbook tariff import`"
        )
    versions = tariff.versions.select_related("tariff", "base_version__tariff")
    if known_at is not None:
        versions = versions.filter(recorded_at__lte=known_at)
    begun = [version for version in versions if version.active_from is None or version.active_from <= at]
    if not begun:
        known = f" that was known at {known_at:%F %T %Z}" if known_at else ""
        raise BadInput(f"tariff {name!r} has no version in force at {at:%F %T %Z}{known}")
    return max(begun, key=lambda version: (version.active_from is not None, version.active_from, version.number))


def rate_for_number(
    version: TariffVersion, digits: str, *, kind: str, at: datetime, cli: str = ""
) -> pl.DataFrame:
    """The rows (RATES) of the rate that a call to `digits` would get: its steps and windows. Empty = no rate."""
    prefixes = [digits[:length] for length in range(len(digits) + 1)]
    rates = rates_of_prefixes(version, prefixes)
    tariff = compile_tariff(rates, version_settings(version), holidays=version_holidays(version))
    call = {
        "kind": kind,
        "start": at,
        "answered": True,
        "duration_us": ASKED_US,
        "quantity": 1,
        "cld": digits,
        "cli": cli,
        "known_reason": None,
    }
    line = rate_calls(pl.DataFrame([call], schema=CALLS), tariff)["rate_line"][0]
    chosen = rates.filter(pl.col("line").eq_missing(line))
    return rates.join(chosen.select(SAME_RATE), on=SAME_RATE, how="semi", nulls_equal=True).sort("line")
