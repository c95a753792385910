"""Random calls in random order and batches take random allowances and tiers, as the oracle says."""

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from django.db import transaction

from tests.jobs import included_oracle as oracle
from tests.jobs.office import NOON, Office
from tests.rating.oracle import Left, Settings, Verdict, by_prefix, rate, rounded
from tests.rating.random_tariffs import HOLIDAYS, ZONES, random_tariff
from tollbook.billing.models import AllowancePool, Subscription, TierCount
from tollbook.catalog.models import Product, SubscriptionPlan, TariffVersion
from tollbook.catalog.operations import import_tariff_version, plans, set_product
from tollbook.catalog.operations.tiers import TierPrice, set_tiers
from tollbook.customers.models import Account, Customer
from tollbook.jobs.post_usage import Batch, post_batch
from tollbook.jobs.reverse_usage import undo_import
from tollbook.ledger.models import Posting, Transaction
from tollbook.rating.engine import compile_tariff, rate_calls
from tollbook.rating.frames import CALLS as CALL_FIELDS
from tollbook.records import KINDS
from tollbook.usage.evidence import keep_evidence
from tollbook.usage.frames import RECORDS
from tollbook.usage.operations import begin_or_continue_run
from tollbook.usage.queries import select_records

UNITS = {"voice_out": "", "sms_out": "message", "data": "MB"}
MOST_QUANTITY = 100_000  # what more would cost does not fit in a posting
CALLS = 500


WHAT_HAPPENS = {
    *("covered", "covered in part", "tiered", "tiered in part"),
    *("own", "shared", "carried over", "difference posted", "undone", "part of a period", "several pools"),
}


def test_3_000_random_calls_take_what_the_oracle_says(office: Office) -> None:
    assert compare(office, range(6)).keys() >= WHAT_HAPPENS


@pytest.mark.full
def test_300_000_random_calls_take_what_the_oracle_says(office: Office) -> None:
    assert compare(office, range(100, 200), calls=3_000).keys() >= WHAT_HAPPENS


def compare(office: Office, seeds: range, calls: int = CALLS) -> Counter[str]:
    """Let each world live and be forgotten. What happened in them comes back."""
    met: Counter[str] = Counter()
    for seed in seeds:
        with transaction.atomic():
            met += World(office, Random(seed), calls=calls, batches=max(5, calls // 250)).compare()
            transaction.set_rollback(True)
    return met


class World:
    """An operator whose tariff, plans, tiers, customers and calls are random, here and in the oracle."""

    def __init__(self, office: Office, random: Random, *, calls: int, batches: int) -> None:
        self.office, self.random, self.batches = office, random, batches
        tariff = random_tariff(random.randint(0, 10**6), 5 * calls)
        self.tariff = replace(tariff, settings=replace(tariff.settings, currency="EUR"))
        self.compiled = compile_tariff(tariff.rates_frame(), tariff.settings, holidays=HOLIDAYS)
        self.settings = Settings(
            timezone=tariff.settings.timezone,
            decimals=tariff.settings.decimals,
            rounding=tariff.settings.rounding.value,
            fraction=tariff.settings.fraction.value,
            calendars=HOLIDAYS,
        )
        self._catalog()
        self.product = Product.objects.get(code="voice")
        self.by_key: dict[str, dict[str, Any]] = {}
        self._people()
        self.calls = [
            self._call(number, call) for number, call in enumerate(self._interesting(tariff.calls, calls))
        ]
        price_list = by_prefix(tariff.rows)

        def priced(call: Any, left: Left | None) -> Verdict:
            return rate(call, price_list, self.settings, left)

        self.oracle = oracle.Office(self.zones, self.allowances, self.subscriptions, self.schemes, priced)

    def compare(self) -> Counter[str]:
        """Post the calls in batches, undo some and post them again, and look at everything after each."""
        random = self.random
        random.shuffle(self.calls)
        size = len(self.calls) // self.batches + 1
        waiting = [self.calls[begin : begin + size] for begin in range(0, len(self.calls), size)]
        told: dict[str, Verdict] = {}
        number, runs = 0, []
        met: Counter[str] = Counter()
        while waiting:
            batch, number = waiting.pop(0), number + 1
            runs.append((self._post(batch, number), batch))
            told |= self.oracle.post(batch)
            if random.random() < 0.25:
                run, batch = runs.pop(random.randrange(len(runs)))
                undo_import(run, posted_at=NOON)
                self.oracle.undo([call["key"] for call in batch])
                told = {key: one for key, one in told.items() if key not in {call["key"] for call in batch}}
                met["undone"] += 1
                if random.random() < 0.7:
                    waiting.append(batch)
            self._look(told)
        return met + self._happened(told)

    def _happened(self, told: dict[str, Verdict]) -> Counter[str]:
        met: Counter[str] = Counter()
        for key, took in self.oracle.took.items():
            pools = [thing for thing, *_ in took if isinstance(thing, oracle.Pool)]
            is_tiered = len(took) > len(pools)
            rest = "covered" if told[key].outcome == "free" else "covered in part"
            met[rest] += bool(pools)
            met["tiered in part" if pools and is_tiered else "tiered"] += is_tiered
            met["several pools"] += len(pools) > 1
            for pool in pools:
                met["shared" if pool.allowance.is_shared or pool.subscription.account is None else "own"] += 1
        for pool in self.oracle.pools.values():
            met["carried over"] += pool.carried_out > 0
            met["part of a period"] += pool.allowance.prorates and pool.amount < pool.allowance.amount
        met["difference posted"] += sum(count.difference != 0 for count in self.oracle.counts.values())
        return +met

    def _look(self, told: dict[str, Verdict]) -> None:
        rows = select_records("outcome <> 'undone'", ()).iter_rows(named=True)
        seen = {row["record_key"]: _figures(row) for row in rows}
        assert seen == {key: (one.outcome, one.reason, one.billed, one.price) for key, one in told.items()}, (
            "records"
        )
        pools = {
            (pool.subscription_id, pool.allowance_id, pool.since): (
                pool.until,
                pool.amount,
                pool.taken,
                pool.carried_out,
            )
            for pool in AllowancePool.objects.all()
        }
        assert pools == {
            (pool.subscription.id, pool.allowance.id, pool.since): (
                pool.until,
                pool.amount,
                pool.taken,
                pool.carried_out,
            )
            for pool in self.oracle.pools.values()
        }, "pools"
        counts = {
            (count.scheme_id, count.customer_id, count.account_id, count.since): (
                count.units,
                int(count.value_sixtieths),
                count.difference_nanos,
            )
            for count in TierCount.objects.all()
        }
        assert counts == {
            key: (count.units, int(count.value * 60), rounded(count.difference, self.settings))
            for key, count in self.oracle.counts.items()
        }, "counts"
        posted = Posting.objects.filter(transaction__kind=Transaction.Kind.TIER, customer_id__isnull=False)
        assert sum(posted.values_list("amount_nanos", flat=True)) == sum(one[2] for one in counts.values())

    def _post(self, batch: list[dict[str, Any]], number: int) -> Any:
        path = self.office.folder / f"{number}.txt"
        path.write_text(f"{self.random.random()} {number}")
        run = begin_or_continue_run(
            source=self.office.source, evidence=keep_evidence(path, received_at=NOON), started_at=NOON
        )
        rows = pl.DataFrame([call["record"] for call in batch], schema=_SCHEMA, orient="row")
        rated = rate_calls(rows, self.compiled).with_columns(version_id=pl.lit(self.version_id, dtype=pl.Int64))
        rated = rated.sort("account_id", "start", "line").drop("known_reason")
        for place, key in enumerate(rated["record_key"]):
            self.by_key[key]["id"] = place
        post_batch(
            Batch(run, rated, may_be_corrected=False, compiled={self.version_id: self.compiled}), posted_at=NOON
        )
        run.refresh_from_db()
        return run

    def _catalog(self) -> None:
        random = self.random
        version = import_tariff_version(
            name="random",
            rates=self.tariff.rates_frame().sort("line").with_columns(destination=pl.lit("")),
            settings=self.tariff.settings,
            holidays={name: frozenset(days) for name, days in HOLIDAYS.items()},
            active_from=None,
            recorded_at=NOON,
            source_name="random.csv",
            source_sha256="0" * 64,
        )
        self.version_id = TariffVersion.objects.get(tariff__name="random").pk
        assert version
        set_product(code="voice", name="Voice", tariffs=dict.fromkeys(KINDS, "random"))
        prefixes = sorted({str(row["prefix"]) for row in self.tariff.rows})
        self.groups: dict[str, list[str]] = {}
        for number in range(4):
            chosen = random.sample(prefixes, min(random.randint(1, 4), len(prefixes)))
            self.groups[f"group {number}"] = [*chosen, random.choice(prefixes) + random.choice("0148")]
            plans.set_destination_group(name=f"group {number}", prefixes=self.groups[f"group {number}"])
        self.allowances = [
            self._allowance(f"plan {number}", f"allowance {place}")
            for number in range(4)
            for place in range(random.randint(1, 4))
        ]
        schemes = [self._scheme(kind, place) for kind in UNITS for place in range(random.choice([0, 1, 2]))]
        self.schemes = [scheme for _, _, scheme in sorted(schemes, key=lambda one: one[:2])]

    def _allowance(self, plan: str, name: str) -> oracle.Allowance:
        random = self.random
        if not SubscriptionPlan.objects.filter(code=plan).exists():
            plans.set_plan(code=plan, name=plan, currency="EUR", fee=Decimal(0))
        kind = random.choice([*UNITS, "voice_out", "voice_out"])
        group = random.choice([None, None, *self.groups])
        period = random.choice(["billing", "month", "day", "once"])
        carries = period in {"billing", "month"} or (period == "day" and random.random() < 0.1)
        windows = random.choice([[], [], [("1-5", "08:00", "20:00")], [("6-7", "20:00", "08:00"), ("3", "", "")]])
        stored = plans.set_allowance(
            plan=plan,
            name=name,
            kind=kind,
            amount=random.choice([1, 61, 600, 3_600, 36_000]) * (1000 if kind == "data" else 1),
            group=group,
            windows=[
                {
                    name: cell
                    for name, cell in zip(("weekdays", "from_time", "until_time"), one, strict=True)
                    if cell
                }
                for one in windows
            ],
            period=period,
            ends_on=random.choice([None, date(2026, 8, 1)]) if period == "once" else None,
            carry_over=random.choice([0, 0, 30, 4_000]) if carries else 0,
            place=random.randint(0, 2),
            prorates=random.random() < 0.5,
            is_shared=random.random() < 0.4,
            connect_fee=random.choice(["always", "when_charged", "never"]),
        )
        hours = {"1-5": {0, 1, 2, 3, 4}, "6-7": {5, 6}, "3": {2}}
        clock = {"08:00": 28_800, "20:00": 72_000, "": 0}
        return oracle.Allowance(
            id=stored.pk,
            plan=plan,
            kind=kind,
            amount=stored.amount,
            prefixes=None if group is None else self.groups[group],
            windows=[(hours[days], clock[begin], clock[end]) for days, begin, end in windows],
            period=period,
            ends_on=stored.ends_on,
            carry_over=stored.carry_over,
            place=stored.place,
            prorates=stored.prorates,
            is_shared=stored.is_shared,
            fee=stored.connect_fee,
        )

    def _scheme(self, kind: str, place: int) -> tuple[int, int, oracle.Scheme]:
        random = self.random
        group = random.choice([None, *self.groups])
        begins = [0, *sorted(random.sample([1, 2, 100, 3_000, 20_000], random.randint(0, 3)))]
        steps = [(begin, random.randint(0, 10**7), UNITS[kind]) for begin in begins]
        stored = set_tiers(
            product="voice",
            name=f"{kind} {place}",
            kind=kind,
            mode=random.choice(["graduated", "volume"]),
            steps=[TierPrice(begin, Decimal(nanos).scaleb(-9), unit) for begin, nanos, unit in steps],
            group=group,
            is_shared=random.random() < 0.5,
            place=random.randint(0, 1),
        )
        prefixes = None if group is None else self.groups[group]
        scheme = oracle.Scheme(stored.pk, kind, prefixes, stored.mode, stored.is_shared, steps)
        return stored.place, stored.pk, scheme

    def _people(self) -> None:
        random = self.random
        self.zones: dict[int, str] = {}
        self.accounts: list[tuple[int, int]] = []
        self.subscriptions: list[oracle.Subscription] = []
        for number in range(3):
            zone = random.choice(ZONES)
            customer = Customer.objects.create(
                code=f"c{number}", name="Customer", currency="EUR", timezone=zone, tax_rate=0, country="PL"
            )
            self.zones[customer.pk] = zone
            accounts = [
                Account.objects.create(customer=customer, code=f"{number}-{place}", product=self.product)
                for place in range(random.randint(1, 3))
            ]
            self.accounts += [(customer.pk, account.pk) for account in accounts]
            for _ in range(random.randint(1, 6)):
                self._subscribe(customer, random.choice([None, *accounts]))

    def _subscribe(self, customer: Customer, account: Account | None) -> None:
        random = self.random
        plan = SubscriptionPlan.objects.get(code=f"plan {random.randint(0, 3)}")
        since = date(2026, 1, 1) + timedelta(days=random.choice([0, 0, 31, 100, random.randint(0, 300)]))
        until = random.choice([None, None, since + timedelta(days=random.randint(1, 200))])
        stored = Subscription.objects.create(
            customer=customer, account=account, plan=plan, starts_on=since, ends_on=until, created_at=NOON
        )
        self.subscriptions.append(
            oracle.Subscription(stored.pk, plan.code, customer.pk, account.pk if account else None, since, until)
        )

    def _interesting(self, calls: list[dict[str, Any]], wanted: int) -> list[dict[str, Any]]:
        """Mostly calls that are charged, of the kinds that allowances and tiers are for."""
        outcomes = rate_calls(pl.DataFrame(calls, schema=CALL_FIELDS, orient="row"), self.compiled)["outcome"]
        charged = (outcomes == "charged").to_list()
        good = [
            call for call, is_charged in zip(calls, charged, strict=True) if is_charged and call["kind"] in UNITS
        ]
        others = [call for call, is_charged in zip(calls, charged, strict=True) if not is_charged]
        return (good + others[: wanted // 10])[:wanted]

    def _call(self, number: int, call: dict[str, Any]) -> dict[str, Any]:
        customer, account = self.random.choice(self.accounts)
        quantity = call["quantity"]
        fields = call | {"quantity": None if quantity is None else min(quantity, MOST_QUANTITY)}
        start = fields["start"]
        month = None
        if start is not None and start.year < 2200:
            month = start.astimezone(ZoneInfo(self.zones[customer])).date().replace(day=1)
        key = f"call {number}"
        record = dict.fromkeys(_SCHEMA) | fields
        record |= {"record_key": key, "line": number + 1, "account_id": account, "customer_id": customer}
        record |= {"month": month, "tax_basis_points": 0, "is_gross": False, "currency": "EUR"}
        record |= {"product_id": self.product.pk}
        told = fields | {"key": key, "customer": customer, "account": account, "record": record}
        self.by_key[key] = told
        return told


_EXTRA = {
    "known_reason": pl.String,
    "month": pl.Date,
    "tax_basis_points": pl.Int64,
    "is_gross": pl.Boolean,
    "product_id": pl.Int64,
    "defect_detail": pl.String,
}
_NOT_YET = {
    "id",
    "connection_id",
    "run_id",
    "outcome",
    "reason",
    "detail",
    "tariff_version_id",
    "rate_line",
    "billed",
}
_NOT_YET |= {"exact_sixtieths", "price_nanos", "transaction_id", "supersedes_id"}
_SCHEMA: dict[str, Any] = {name: dtype for name, dtype in RECORDS.items() if name not in _NOT_YET} | _EXTRA


def _figures(row: dict[str, Any]) -> tuple[object, ...]:
    return row["outcome"], row["reason"], row["billed"], row["price_nanos"]
