"""The rating rules again, as slowly and plainly as they are written, to check the engine against.

One call at a time, second by second, in fractions. It shares no code with the engine: both were written from the
rules, so a mistake would have to be made twice.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

Row = Mapping[str, Any]
Call = Mapping[str, Any]
PriceList = Mapping[tuple[str, str], Sequence[Row]]  # by kind and prefix

COUNTED_IN = {
    "voice_out": "time",
    "voice_in": "time",
    "video_out": "time",
    "video_in": "time",
    "sms_out": "messages",
    "sms_in": "messages",
    "mms_out": "messages",
    "mms_in": "messages",
    "data": "bytes",
}
UNIT_SIZE = {
    "message": 1,
    "byte": 1,
    "kB": 1000,
    "MB": 1000**2,
    "GB": 1000**3,
    "KiB": 1024,
    "MiB": 1024**2,
    "GiB": 1024**3,
}
FREE = {"unanswered", "hidden", "excluded", "emergency", "not_billed", "on_net", "grace", "allowance"}
ORDER = (
    "unreadable",
    "fee",
    "payment",
    "adjustment",
    "tax",
    "leg",
    "bad_time",
    "bad_quantity",
    "unknown_kind",
    "hidden",
    "unanswered",
    "correction_undone",
    "excluded",
    "emergency",
    "unpaired_customer",
    "other_customer",
    "no_account",
    "ambiguous_account",
    "account_closed",
    "not_billed",
    "bad_number",
    "no_tariff",
    "on_net",
    "no_platform_price",
)
NOT_USAGE = {"fee", "payment", "adjustment", "tax", "leg"}
LARGEST_SIXTIETHS = 2**63 - 1 - 60 * 10**9


@dataclass
class Settings:
    timezone: str
    decimals: int
    rounding: str
    fraction: str
    calendars: Mapping[str, frozenset[date]]


@dataclass
class Left:
    """What allowances and tiers leave of a call for its rate to price."""

    covered: int = 0  # seconds or units at the beginning that cost nothing
    pays_fee: bool = True
    tier_value: Fraction | None = None  # nano-units for the rest, in place of the rate's steps


@dataclass
class Verdict:
    outcome: str
    reason: str | None
    line: int | None = None
    billed: int | None = None
    exact: Fraction | None = None  # nano-units before rounding
    price: int | None = None  # nano-units
    features: set[str] = field(default_factory=set)  # which rules had a say, to see that all are tried
    unit: int = 1  # bytes of what data is billed in


def by_prefix(rows: Sequence[Row]) -> PriceList:
    pages: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        pages.setdefault((row["kind"], row["prefix"]), []).append(row)
    return pages


def rate(call: Call, rows: PriceList, settings: Settings, left: Left | None = None) -> Verdict:
    amount, reasons = look_at_the_record(call, settings)
    if call["known_reason"]:
        reasons.append(call["known_reason"])
    if reasons:
        return not_charged(min(reasons, key=ORDER.index))
    return look_at_the_prices(call, amount, rows, settings, left or Left())


def not_charged(reason: str, line: int | None = None, features: Iterable[str] = ()) -> Verdict:
    if reason in FREE:
        return Verdict("free", reason, line, 0, Fraction(0), 0, set(features))
    outcome = "not_usage" if reason in NOT_USAGE else "set_aside"
    return Verdict(outcome, reason, line, features=set(features))


def look_at_the_record(call: Call, settings: Settings) -> tuple[int, list[str]]:
    """The seconds, messages or bytes, and all that the record alone shows."""
    reasons = []
    if call["start"] is None or not 1970 <= call["start"].year < 2200:
        reasons.append("bad_time")
    counted = COUNTED_IN.get(call["kind"])
    if counted is None:
        return 0, [*reasons, "unknown_kind"]
    unanswered = call["answered"] is False
    given = call["duration_us"] if counted == "time" else call["quantity"]
    amount = 0
    if given is None:
        if not unanswered:
            reasons.append("bad_quantity")
    elif given < 0 or (counted == "time" and given > 366 * 86400 * 10**6):
        reasons.append("bad_quantity")
    else:
        amount = whole_seconds(given, settings.fraction) if counted == "time" else given
    if unanswered or (given is not None and amount == 0):
        reasons.append("unanswered")
    if counted != "bytes" and not digits(call["cld"]):
        reasons.append("bad_number")
    return amount, reasons


def whole_seconds(microseconds: int, fraction: str) -> int:
    seconds, rest = divmod(microseconds, 10**6)
    if fraction == "up":
        return seconds + (rest > 0)
    if fraction == "nearest":
        return seconds + (rest >= 500_000)
    return seconds


def digits(number: str | None) -> str:
    """The number if it is one; else nothing."""
    if number and len(number) <= 18 and all(sign in "0123456789" for sign in number):
        return number
    return ""


def look_at_the_prices(call: Call, amount: int, rows: PriceList, settings: Settings, left: Left) -> Verdict:
    rate_rows = rows_in_force(call, rows)
    opening = row_at(rate_rows, call["start"], 0, settings)
    if opening is None:
        return not_charged("no_rate", features={"gap in windows at start"} if rate_rows else set())
    line = min(row["line"] for row in rate_rows)
    if opening["is_forbidden"]:
        return not_charged("forbidden_destination", line)
    if COUNTED_IN[call["kind"]] != "time":
        unit = UNIT_SIZE[opening["unit"] or "message"]
        amount = amount // unit + (amount % unit > 0)
    if amount <= opening["grace_period_s"]:
        return not_charged("grace", line)
    if too_large(rate_rows, amount):
        return not_charged("bad_quantity", line)
    verdict = walk(call, amount, rate_rows, opening, settings, left)
    verdict.unit = UNIT_SIZE[opening["unit"] or "message"]
    verdict.line = None if verdict.reason == "no_rate" else line
    return verdict


def rows_in_force(call: Call, rows: PriceList) -> list[Row]:
    """The rows of the rate: longest prefix, then longest CLI prefix, then the latest date."""
    number, cli = digits(call["cld"]), digits(call["cli"])

    def fits(row: Row) -> bool:
        return (
            cli.startswith(row["cli_prefix"])
            and (row["active_from"] is None or row["active_from"] <= call["start"])
            and (row["active_until"] is None or call["start"] < row["active_until"])
            and (row["min_digits"] is None or row["min_digits"] <= len(number))
            and (row["max_digits"] is None or len(number) <= row["max_digits"])
        )

    def rank(row: Row) -> tuple[int, datetime]:
        return len(row["cli_prefix"]), row["active_from"] or datetime.min.replace(tzinfo=UTC)

    for length in range(len(number), -1, -1):
        fitting = [row for row in rows.get((call["kind"], number[:length]), []) if fits(row)]
        if fitting:
            return [row for row in fitting if rank(row) == max(map(rank, fitting))]
    return []


def row_at(rate_rows: Sequence[Row], moment: datetime, elapsed: int, settings: Settings) -> Row | None:
    """The row for the increment that begins at this moment, `elapsed` seconds or units into the call."""
    wall = moment.astimezone(ZoneInfo(settings.timezone)).replace(tzinfo=None)
    claiming = [row for row in rate_rows if row["holiday"] is not None and claims(row, wall, settings)]
    claiming = claiming or [
        row for row in rate_rows if has_window(row) and not row["holiday"] and claims(row, wall, settings)
    ]
    claiming = claiming or [row for row in rate_rows if not has_window(row)]
    begun = [row for row in claiming if row["from_s"] <= elapsed]
    return max(begun, key=lambda row: int(row["from_s"]), default=None)


def has_window(row: Row) -> bool:
    return any(row[name] is not None for name in ("weekdays", "from_time_s", "until_time_s", "holiday"))


def claims(row: Row, wall: datetime, settings: Settings) -> bool:
    for days_ago in (0, 1):  # the window may have begun yesterday
        day = wall.date() - timedelta(days=days_ago)
        if row["weekdays"] is not None and not row["weekdays"] & (1 << day.weekday()):
            continue
        if row["holiday"] is not None and day not in settings.calendars[row["holiday"]]:
            continue
        midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001  the wall clock has no zone
        begin = midnight + timedelta(seconds=row["from_time_s"] or 0)
        end = midnight + timedelta(seconds=86400 if row["until_time_s"] is None else row["until_time_s"])
        if end <= begin:
            end += timedelta(days=1)
        if begin <= wall < end:
            return True
    return False


def unit_price(row: Row, which: str) -> Fraction:
    """Nano-units for one second or unit."""
    if row["per_unit_nanos"] is not None:
        return Fraction(row["per_unit_nanos"])
    return Fraction(row[f"{which}_per_min_nanos"] or 0, 60)  # a forbidden row may come without


def too_large(rate_rows: Sequence[Row], amount: int) -> bool:
    """Whether the price might not fit 64 bits, were all of it at the dearest step, the last increment overrun."""
    dearest = max(abs(unit_price(row, which)) for row in rate_rows for which in ("first", "next"))
    longest = max(row[f"{which}_increment"] for row in rate_rows for which in ("first", "next"))
    fee = max(abs(row["connect_fee_nanos"]) for row in rate_rows)
    return bool(60 * (max(dearest, Fraction(1, 60)) * (amount + longest) + fee) > LARGEST_SIXTIETHS)


def walk(
    call: Call, amount: int, rate_rows: Sequence[Row], opening: Row, settings: Settings, left: Left
) -> Verdict:
    """Increment by increment to the end of the call."""
    features = {f"rounding {settings.rounding}", f"fraction {settings.fraction}"}
    if amount < opening["minimum_s"]:
        amount = opening["minimum_s"]
        features.add("lifted to minimum time")
    in_time = COUNTED_IN[call["kind"]] == "time"
    fee = Fraction(opening["connect_fee_nanos"]) if left.pays_fee else Fraction(0)
    elapsed, exact, rows_met = 0, fee, [opening]
    while elapsed < amount:
        now = call["start"].astimezone(UTC) + timedelta(seconds=elapsed if in_time else 0)
        row = row_at(rate_rows, now, elapsed, settings)
        if row is None:
            return not_charged("no_rate", features={"gap in windows on the way"})
        if row["is_forbidden"]:
            return not_charged("forbidden_destination", features={"forbidden window on the way"})
        is_first = elapsed < row["from_s"] + row["first_increment"]
        increment = row["first_increment" if is_first else "next_increment"]
        alike = 1
        if not in_time and not is_first and all(other["from_s"] <= elapsed for other in rate_rows):
            alike = max((amount - elapsed) // increment, 1)  # nothing changes any more: a GB of bytes at once
        charged = max(elapsed + increment * alike - max(elapsed, left.covered), 0)
        exact += unit_price(row, "first" if is_first else "next") * charged
        elapsed += increment * alike
        rows_met.append(row)
    if left.covered >= elapsed and fee == 0:
        return Verdict("free", "allowance", billed=elapsed, exact=Fraction(0), price=0, features={"covered"})
    if left.tier_value is not None:
        exact = fee + left.tier_value
    features |= {f"unit {opening['unit']}"} | features_of(rows_met, call, elapsed, settings)
    exact = within_bounds(exact, opening, features)
    price = rounded(exact, settings)
    if price != exact:
        features.add("rounded")
    if price < 0:
        features.add("credit")
    return Verdict("charged", None, billed=elapsed, exact=exact, price=price, features=features)


def within_bounds(exact: Fraction, opening: Row, features: set[str]) -> Fraction:
    if opening["minimum_charge_nanos"] and exact < opening["minimum_charge_nanos"]:
        exact = Fraction(opening["minimum_charge_nanos"])
        features.add("minimum charge")
    if opening["maximum_charge_nanos"] is not None and exact > opening["maximum_charge_nanos"]:
        exact = Fraction(opening["maximum_charge_nanos"])
        features.add("maximum charge")
    return exact


def rounded(exact: Fraction, settings: Settings) -> int:
    step = 10 ** (9 - settings.decimals)
    whole, rest = divmod(abs(exact) / step, 1)
    half = Fraction(1, 2)
    goes_up = {
        "half_up": rest >= half,
        "half_even": rest > half or (rest == half and whole % 2 == 1),
        "up": rest > 0,
        "down": False,
    }[settings.rounding]
    size: int = (int(whole) + int(goes_up)) * step
    return size if exact >= 0 else -size


def features_of(rows_met: Sequence[Row], call: Call, elapsed: int, settings: Settings) -> set[str]:
    """The rules these rows show at work."""
    windows = {
        tuple(row[name] for name in ("weekdays", "from_time_s", "until_time_s", "holiday")) for row in rows_met
    }
    shown = {
        "crossed windows": len(windows) > 1,
        "crossed steps": len({row["line"] for row in rows_met}) > len(windows),
        "holiday window": any(row["holiday"] for row in rows_met),
        "window over midnight": any(runs_over_midnight(row) for row in rows_met),
        "CLI prefix": any(row["cli_prefix"] for row in rows_met),
        "required length": any(row["min_digits"] or row["max_digits"] for row in rows_met),
        "dated": any(row["active_from"] or row["active_until"] for row in rows_met),
        "connect fee": any(row["connect_fee_nanos"] for row in rows_met),
    }
    if COUNTED_IN[call["kind"]] == "time":
        zone, begin = ZoneInfo(settings.timezone), call["start"].astimezone(UTC)
        end = begin + timedelta(seconds=elapsed)
        shown["daylight saving changed during the call"] = (
            begin.astimezone(zone).utcoffset() != end.astimezone(zone).utcoffset()
        )
    return {feature for feature, is_shown in shown.items() if is_shown}


def runs_over_midnight(row: Row) -> bool:
    begin, end = row["from_time_s"] or 0, 86400 if row["until_time_s"] is None else row["until_time_s"]
    return has_window(row) and bool(0 < end <= begin)
