"""Random price lists with every feature in them, and random calls that run into those features."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from tollbook.money import Rounding
from tollbook.rating.frames import CALLS, RATES, REASONS, Fraction, TariffSettings

Lengths = tuple[int | None, int | None]

HOLIDAYS: Mapping[str, frozenset[date]] = {
    "PL": frozenset(
        {date(2026, 3, 28), date(2026, 5, 1), date(2026, 5, 3), date(2026, 10, 24), date(2026, 10, 25)}
    ),
    "US": frozenset({date(2026, 3, 8), date(2026, 7, 4), date(2026, 11, 1)}),
}
ZONES = ("UTC", "Europe/Warsaw", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns")
# Moments at which something changes: daylight saving, the prices, a month, a holiday.
TURNS = [
    datetime(2026, 3, 29, 1, tzinfo=UTC),
    datetime(2026, 10, 25, 1, tzinfo=UTC),
    datetime(2026, 3, 8, 7, tzinfo=UTC),
    datetime(2026, 11, 1, 6, tzinfo=UTC),
    datetime(2026, 4, 4, 15, tzinfo=UTC),
    datetime(2026, 10, 3, 15, 30, tzinfo=UTC),
    datetime(2026, 5, 1, tzinfo=UTC),
    datetime(2026, 7, 1, tzinfo=UTC),
    datetime(2026, 12, 31, 23, 59, 30, tzinfo=UTC),
]
CHANGES = [
    datetime(2026, 5, 1, tzinfo=UTC),
    datetime(2026, 7, 1, tzinfo=UTC),
    datetime(2026, 10, 25, 1, tzinfo=UTC),
]
KIND_SHARES = ["voice_out"] * 14 + ["voice_in", "video_out", "sms_out", "mms_out", "data", "data"]
MEASURED_IN: dict[str, list[str | None]] = {
    "sms_out": ["message", None],
    "mms_out": ["message"],
    "data": ["byte", "kB", "MB", "KiB", "MiB", "GiB"],
}
NO_WINDOW = {"weekdays": None, "from_time_s": None, "until_time_s": None, "holiday": None}
EVENING, MORNING = 20 * 3600, 8 * 3600
WORKDAYS, WEEKEND = 0b0011111, 0b1100000

# Lengths a number must have. Those of one prefix never claim the same number.
ANY_LENGTH: list[Lengths] = [(None, None)]
LENGTHS: list[list[Lengths]] = [*[ANY_LENGTH] * 4, [(None, 9), (11, None)], [(11, 12)], [(None, 10)]]
# From when the rates of one prefix hold, one after the other.
VERSIONS: list[list[datetime | None]] = [
    [None],
    [None],
    [None, CHANGES[1]],
    [None, CHANGES[0], CHANGES[2]],
    [CHANGES[0]],
]
# What is known before a price is looked up.
KNOWN = [
    reason
    for reason in REASONS
    if reason not in {"no_rate", "forbidden_destination", "currency_mismatch", "grace", "allowance"}
]

# Windows of one rate that never claim the same second. Some leave gaps.
SCHEMES: list[list[dict[str, Any]]] = [
    [{}],
    [{}, {"from_time_s": EVENING, "until_time_s": MORNING}],
    [{}, {"weekdays": WEEKEND}],
    [{}, {"weekdays": WORKDAYS, "from_time_s": MORNING, "until_time_s": EVENING}, {"holiday": "PL"}],
    [
        {"weekdays": WORKDAYS, "from_time_s": MORNING, "until_time_s": EVENING},
        {"weekdays": WORKDAYS, "from_time_s": EVENING, "until_time_s": MORNING},
        {"weekdays": 0b0100000, "from_time_s": MORNING, "until_time_s": 0},
        {"weekdays": 0b1000000, "until_time_s": 86400},
        {"weekdays": 0b0000001, "until_time_s": MORNING},
    ],
    [
        {},
        {"holiday": "US", "from_time_s": EVENING, "until_time_s": MORNING},
        {"from_time_s": 3600, "until_time_s": 9000},
    ],
    [{"from_time_s": 5400, "until_time_s": 7200}, {"from_time_s": 7200, "until_time_s": 5400}],
    [{"weekdays": WORKDAYS, "from_time_s": 0, "until_time_s": 86400}],
    [{}, {"weekdays": 0b1000000, "from_time_s": 9000, "until_time_s": 9000}],
]


@dataclass
class RandomTariff:
    settings: TariffSettings
    rows: list[dict[str, Any]]
    calls: list[dict[str, Any]]

    def rates_frame(self) -> pl.DataFrame:
        return pl.DataFrame(self.rows, schema=RATES, orient="row")

    def calls_frame(self) -> pl.DataFrame:
        return pl.DataFrame(self.calls, schema=CALLS, orient="row")


def random_tariff(seed: int, calls: int) -> RandomTariff:
    random = Random(seed)
    rows = [row | {"line": line} for line, row in enumerate(_rates(random), start=2)]
    random.shuffle(rows)
    settings = TariffSettings(
        timezone=random.choice(ZONES),
        decimals=random.choice([0, 2, 2, 4, 4, 4, 6, 9]),
        rounding=random.choice(list(Rounding)),
        fraction=random.choice([Fraction.UP, Fraction.UP, *Fraction]),
    )
    return RandomTariff(settings, rows, [_call(random, rows, settings) for _ in range(calls)])


def _rates(random: Random) -> Iterator[dict[str, Any]]:
    numbers = ["".join(random.choices("0148", k=11)) for _ in range(4)]
    prefixes = {number[: random.randint(1, 7)] for number in numbers for _ in range(3)}
    if random.random() < 0.4:
        prefixes.add("")
    clis = sorted({number[: random.randint(1, 3)] for number in numbers})
    for kind in sorted(set(KIND_SHARES)):
        for prefix in sorted(prefixes):
            if kind != "voice_out" and prefix and random.random() < 0.7:
                continue
            origins = (
                {"", *random.sample(clis, min(random.choice([0, 0, 1, 2]), len(clis)))}
                if random.random() < 0.9
                else {clis[0]}
            )
            for cli_prefix in sorted(origins):
                for lengths in random.choice(LENGTHS):
                    yield from _versions(
                        random, {"kind": kind, "prefix": prefix, "cli_prefix": cli_prefix}, lengths
                    )


def _versions(random: Random, key: dict[str, Any], lengths: Lengths) -> Iterator[dict[str, Any]]:
    for since in random.choice(VERSIONS):
        later = [change for change in CHANGES if since is None or change > since]
        dates = {"active_from": since, "active_until": random.choice([None, None, None, *later])}
        common = key | dates | dict(zip(("min_digits", "max_digits"), lengths, strict=True))
        common |= (
            {"unit": random.choice(MEASURED_IN[key["kind"]])} if key["kind"] in MEASURED_IN else {"unit": None}
        )
        is_forbidden = random.random() < 0.04
        for window in random.choice(SCHEMES if random.random() < 0.6 else SCHEMES[:1]):
            is_credit = random.random() < 0.06
            per_call = _per_call(random, is_credit) | {"is_forbidden": is_forbidden or random.random() < 0.02}
            for from_s in random.choice([[0], [0], [0], [0, 60], [0, 45, 180], [0, 7, 8, 100]]):
                yield (
                    common
                    | NO_WINDOW
                    | window
                    | per_call
                    | _prices(random, key["kind"], is_credit)
                    | {"from_s": from_s}
                )


def _per_call(random: Random, is_credit: bool) -> dict[str, Any]:
    fee = random.choice([0, 0, 10**7, 123_456_789])
    minimum = random.choice([0, 0, 0, 5 * 10**7])
    return {
        "destination": None,
        "connect_fee_nanos": -fee if is_credit else fee,
        "minimum_charge_nanos": 0 if is_credit else minimum,
        "maximum_charge_nanos": random.choice([None, None, None, 3 * 10**8, minimum]),
        "grace_period_s": random.choice([0, 0, 0, 3, 10]),
        "minimum_s": random.choice([0, 0, 0, 30, 100]),
        "recorded_at": None,
    }


def _prices(random: Random, kind: str, is_credit: bool) -> dict[str, Any]:
    sign = -1 if is_credit else 1
    first, following = (
        sign * random.choice([0, random.randint(1, 500) * 10**6, random.randint(1, 10**10), 25 * 10**6])
        for _ in range(2)
    )
    timed = kind not in MEASURED_IN
    return {
        "first_per_min_nanos": first if timed else None,
        "next_per_min_nanos": random.choice([first, following]) if timed else None,
        "per_unit_nanos": None if timed else following,
        "first_increment": random.choice([1, 1, 30, 60, 60, random.randint(1, 200)]),
        "next_increment": random.choice([1, 6, 60, 60, random.randint(1, 200)]),
    }


def _call(random: Random, rows: list[dict[str, Any]], settings: TariffSettings) -> dict[str, Any]:
    kind = random.choice(KIND_SHARES) if random.random() < 0.995 else random.choice(["pigeon", None])
    return {
        "kind": kind,
        "start": _start(random, settings),
        "answered": random.random() < 0.93 or random.choice([False, None]),
        "duration_us": _duration_us(random),
        "quantity": random.choice(
            [0, 1, 1, 2, 1000, 1024, 1025, 5 * 10**6, random.randint(1, 10**9), 2**62, -1, None]
        ),
        "cld": _number(random, rows, "prefix"),
        "cli": _number(random, rows, "cli_prefix"),
        "known_reason": random.choice(KNOWN) if random.random() < 0.03 else None,
    }


def _start(random: Random, settings: TariffSettings) -> datetime | None:
    how = random.random()
    if how < 0.004:
        return random.choice(
            [None, datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)]
        )
    if how < 0.5:
        moment = random.choice(TURNS) + timedelta(seconds=random.randint(-4000, 4000))
    else:
        moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=random.randint(0, 365 * 86400))
    if how > 0.8:  # just around an edge of a window
        edge = random.choice([0, 3600, 5400, 7200, 9000, MORNING, EVENING])
        day = moment.astimezone(ZoneInfo(settings.timezone)).date()
        wall = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(settings.timezone)) + timedelta(seconds=edge)
        moment = wall.astimezone(UTC) + timedelta(seconds=random.choice([0, 0, -1, 1, -30, -200]))
    return moment + timedelta(microseconds=random.choice([0, 0, 1, 250_000, 999_999]))


def _duration_us(random: Random) -> int | None:
    how = random.random()
    if how < 0.01:
        return random.choice([None, -1, 366 * 86400 * 10**6 + 1, 2**63 - 1])
    if how < 0.3:
        return random.choice([0, 1, 3, 7, 10, 29, 30, 31, 59, 60, 61, 100, 180, 181]) * 10**6
    if how < 0.3005:
        return random.randint(0, 20 * 3600) * 10**6
    return int(random.expovariate(1 / 150) * 10**6)


def _number(random: Random, rows: list[dict[str, Any]], of: str) -> str | None:
    how = random.random()
    if how < 0.01:
        return random.choice([None, "", "+48221234567", "-0", "anonymous", "1" * 19, "0" * 18, " 48", "48 "])
    prefix = random.choice(rows)[of] if how < 0.97 else ""
    length = random.choice([3, 9, 10, 11, 11, 11, 12, 18])
    return str(prefix) + "".join(random.choices("0148", k=max(length - len(prefix), 0)))
