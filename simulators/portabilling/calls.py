"""A month of calls, drawn with a seed: who called whom, when, how long, and what the platform charged."""

import math
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from random import Random

from simulators.portabilling.destinations import DESTINATIONS, UNIT, Destination
from simulators.portabilling.transport import Record

VOICE = 3
OUTGOING, INCOMING, FORWARDED, RECORDED = 4, 8, 12, 64  # bit_flags
CALLS = 16_000
HOURS = (1, 1, 1, 1, 1, 2, 6, 22, 60, 80, 85, 80, 70, 75, 80, 75, 60, 45, 30, 22, 16, 10, 5, 2)  # how busy each is
WEEKEND = 0.18  # of a weekday's calls
LONGEST = 5 * 3600  # seconds
CAUSES = ((19, "No answer"), (17, "User busy"), (16, "Caller hangup"), (1, "Unallocated number"))


def moment(when: datetime) -> str:
    return when.strftime("%Y-%m-%d %H:%M:%S")


def money(units: int) -> float:
    """As the platform's JSON writes it: a number of at most five decimals."""
    return units / UNIT


def draw_calls(
    random: Random, accounts: Sequence[Record], customers: dict[int, Record], since: datetime, until: datetime
) -> Iterator[Record]:
    """Voice xDRs without `i_xdr`. A call begins from four hours before the month to its last second."""
    open_accounts = [one for one in accounts if one["billing_model"] == 1]
    weights = [random.choice((1, 2, 3, 5, 8)) for _ in open_accounts]
    for account in random.choices(open_accounts, weights, k=CALLS):
        customer = customers[int(account["i_customer"])]
        began = _draw_moment(random, since, until)
        if began < _silent_from(account, customer, since):
            yield _draw_call(random, account, customer, began)
    account = next(one for one in open_accounts if str(one["id"]).startswith("ph46170x"))
    yield from _hand_made(account, customers[46170], since, until)


def call(
    account: Record,
    currency: str,
    began: datetime,
    seconds: int,
    to: Destination,
    *,
    nth: int = 0,
    billed_after: int = 90,
    direction: int = OUTGOING,
    cli: str | None = None,
) -> Record:
    """An answered call; an incoming one costs nothing."""
    own = account.get("did_number") or str(account["id"]).partition("@")[0].partition("-old")[0]
    far = to.number(nth)
    charged = to.charged_seconds(seconds)
    units = 0 if direction == INCOMING else to.charge(charged, currency)
    ended = began + timedelta(seconds=seconds)
    identity = f"{account['i_account']:08x}{int(began.timestamp()):x}{nth:04x}"
    return {
        "i_customer": account["i_customer"],
        "i_account": account["i_account"],
        "account_id": account["id"],
        "CLI": cli or (far if direction == INCOMING else own),
        "CLD": own if direction == INCOMING else far,
        "connect_time": moment(began),
        "disconnect_time": moment(ended),
        "bill_time": moment(ended + timedelta(seconds=billed_after)),
        "unix_connect_time": int(began.timestamp()),
        "unix_disconnect_time": int(ended.timestamp()),
        "setup_time": 1500 + nth % 4000,
        "charged_quantity": charged,
        "used_quantity": seconds,
        "charged_amount": money(units),
        "i_service": VOICE,
        "service": "Voice Calls",
        "country": to.country,
        "subdivision": "",
        "description": to.description,
        "i_dest": to.i_dest,
        "disconnect_cause": 16,
        "disconnect_reason": "Caller hangup",
        "failed": 0,
        "bill_status": "O",
        "bit_flags": direction,
        "call_id": f"{identity}@sip.example",
        "h323_conf_id": " ".join(f"{identity:0>32}"[at : at + 8].upper() for at in range(0, 32, 8)),
        "xdr_type": "CDR",
    }


def unanswered(record: Record, cause: int, reason: str) -> Record:
    """The same attempt, nobody there."""
    return record | {
        "disconnect_time": record["connect_time"],
        "unix_disconnect_time": record["unix_connect_time"],
        "charged_quantity": 0,
        "used_quantity": 0,
        "charged_amount": money(0),
        "disconnect_cause": cause,
        "disconnect_reason": reason,
        "failed": 1,
    }


def _draw_call(random: Random, account: Record, customer: Record, began: datetime) -> Record:
    to = random.choices(DESTINATIONS, [one.weight for one in DESTINATIONS])[0]
    direction = random.choices((OUTGOING, INCOMING, FORWARDED), (64, 31, 5))[0]
    if direction == INCOMING and not to.country:
        direction = OUTGOING  # nobody is called from 112
    seconds = max(1, min(int(math.exp(random.gauss(4.4, 1.1))), LONGEST))
    if random.random() < 0.003:
        seconds = random.randint(2 * 3600, LONGEST)
    delay = random.randint(60, 900) if random.random() < 0.85 else random.randint(3600, 4 * 3600)
    nth = random.randrange(10_000)
    cli = DESTINATIONS[0].number(nth + 7) if direction == FORWARDED else None
    if direction == INCOMING and random.random() < 0.06:
        cli = "anonymous"
    currency = str(customer["iso_4217"])
    record = call(account, currency, began, seconds, to, nth=nth, billed_after=delay, direction=direction, cli=cli)
    return _roughened(random, record)


def _roughened(random: Random, record: Record) -> Record:
    if random.random() < 0.1:
        record = unanswered(record, *random.choice(CAUSES))
    elif random.random() < 0.05:
        record["bit_flags"] |= RECORDED
    if random.random() < 0.03:
        del record["call_id"]
    if random.random() < 0.1:
        record["unix_connect_time"] = str(record["unix_connect_time"])
        record["unix_disconnect_time"] = str(record["unix_disconnect_time"])
    return record


def _draw_moment(random: Random, since: datetime, until: datetime) -> datetime:
    days = (until - since).days
    while True:
        day = since + timedelta(days=random.randrange(-1, days))
        hour = random.choices(range(24), HOURS)[0]
        began = day + timedelta(hours=hour, seconds=random.randrange(3600))
        is_weekday = began.weekday() < 5
        if began >= since - timedelta(hours=4) and (is_weekday or random.random() < WEEKEND):
            return began


def _silent_from(account: Record, customer: Record, since: datetime) -> datetime:
    """When an account fell silent: closed before the month, others in its course."""
    if customer["bill_status"] == "C":
        return since - timedelta(hours=2)
    if account["bill_status"] == "C":
        return since + timedelta(days=10)
    if customer["blocked"] == "Y" or account["blocked"] == "Y":
        return since + timedelta(days=12)
    if customer["bill_status"] == "S":
        return since + timedelta(days=20)
    return datetime.max.replace(tzinfo=UTC)


def _hand_made(account: Record, customer: Record, since: datetime, until: datetime) -> Iterator[Record]:
    """The edges of days and months, and a call that somebody took back."""
    currency = str(customer["iso_4217"])
    landline = DESTINATIONS[0]
    day = timedelta(days=1)
    second = timedelta(seconds=1)
    edges = (
        (since, 60),  # the month's first second
        (since - timedelta(minutes=5), 900),  # begun in the month before, billed in this one
        (since + 14 * day - timedelta(minutes=2), 300),  # over midnight
        (until - timedelta(minutes=10), 1500),  # over the end of the month
        (until - second, 1),  # the month's last second
        (since + 4 * day + timedelta(hours=9), 4 * 3600 + 1),  # a long one
    )
    for nth, (began, seconds) in enumerate(edges):
        yield call(account, currency, began, seconds, landline, nth=nth)
    wrong = call(account, currency, since + 9 * day + timedelta(hours=11), 600, landline, nth=20)
    yield wrong
    taken_back = {"charged_amount": -wrong["charged_amount"], "charged_quantity": 0, "used_quantity": 0}
    yield wrong | taken_back | {"description": "Correction", "bill_time": moment(since + 11 * day)}
