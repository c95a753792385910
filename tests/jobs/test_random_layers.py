"""20,000 random calls and random lists of every layer, against the rules done again, call by call, in fractions."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from math import floor
from random import Random

import polars as pl
import pytest

from tests.jobs.office import NOON, Office, price_tariff
from tollbook.catalog.models import Product, TariffVersion
from tollbook.catalog.operations import derive_tariff, set_product
from tollbook.customers.models import Account, Customer
from tollbook.customers.operations import set_special
from tollbook.jobs.rate_usage import PriceBook, Reading, rate_usage
from tollbook.phone import NumberRules
from tollbook.records import USAGE

CALLS = 20_000
JUNE = datetime(2017, 6, 1, tzinfo=UTC)
DAYS = 20
HEADER = "prefix,price,increment,connect_fee,minimum_charge,maximum_charge,forbidden,grace_period"
PRODUCTS = {"metered": 15_00, "thrifty": -2_34}  # markups in basis points


@dataclass
class Rate:
    price: Decimal
    first: int
    following: int
    fee: Decimal
    least: Decimal
    most: Decimal
    is_forbidden: bool
    grace_s: int


@dataclass
class PriceList:
    """A tariff as this test knows it: its versions with their first moment, the latest last."""

    name: str
    markup: Decimal = Decimal(0)
    versions: list[tuple[datetime, dict[str, Rate]]] = field(default_factory=list)


@dataclass
class Held:
    """A special list of somebody, and when."""

    prices: PriceList
    since: datetime | None = None
    until: datetime | None = None


def random_rates(random: Random, prefixes: int) -> dict[str, Rate]:
    found = {"".join(random.choice("123") for _ in range(random.randint(2, 5))) for _ in range(prefixes)}
    return {prefix: random_rate(random) for prefix in sorted(found)}


def random_rate(random: Random) -> Rate:
    least = Decimal(random.choice([0, 0, 0, 3])) / 10
    return Rate(
        price=Decimal(random.randint(0, 99_999)) / 100_000,
        first=random.choice([1, 6, 30, 60]),
        following=random.choice([1, 6, 60]),
        fee=Decimal(random.choice([0, 0, 25, 13])) / 100,
        least=least,
        most=least + Decimal(random.choice([1, 9])),
        is_forbidden=random.random() < 0.05,
        grace_s=random.choice([0, 0, 5]),
    )


def record(prices: PriceList, office: Office, rates: dict[str, Rate], begin: datetime | None) -> None:
    rows = [
        f"{prefix},{one.price},{one.first}/{one.following},{one.fee},{one.least},{one.most},"
        f"{'yes' if one.is_forbidden else 'no'},{one.grace_s}"
        for prefix, one in rates.items()
    ]
    price_tariff(prices.name, "\n".join([HEADER, *rows]), office.folder, begin)
    prices.versions.append((begin or datetime.min.replace(tzinfo=UTC), rates))


class World:
    """Lists, who has them, and what a call costs by them."""

    def __init__(self, office: Office, seed: int) -> None:
        self.random = Random(seed)
        self.office = office
        self.tariffs: dict[str, PriceList] = {}
        self.lists: dict[str, list[Held]] = {}  # by product, customer or account
        retail = self.price_list("retail", 120)
        for code, basis_points in PRODUCTS.items():
            markup = Decimal(basis_points) / 100
            derive_tariff(name=code, base="retail", markup_percent=markup, recorded_at=NOON)
            self.tariffs[code] = PriceList(code, markup, retail.versions)
            specials = [self.price_list(f"{code} {number}", 6) for number in range(2)]
            set_product(
                code=code,
                name=code,
                tariffs={"voice_out": code},
                specials=[("voice_out", one.name) for one in specials],
            )
            self.lists[code] = [Held(one) for one in specials]
        for code in ("ann", "bob"):
            self.give(Customer.objects.get(code=code))
        for account in Account.objects.order_by("code"):
            account.product = Product.objects.get(code=self.random.choice([*PRODUCTS]))
            account.save()
            self.give(account)

    def price_list(self, name: str, prefixes: int) -> PriceList:
        made = PriceList(name)
        record(made, self.office, random_rates(self.random, prefixes), None)
        record(
            made,
            self.office,
            random_rates(self.random, prefixes),
            JUNE + timedelta(days=self.random.randint(1, 19)),
        )
        return made

    def give(self, owner: Customer | Account) -> None:
        for number in range(self.random.randint(1, 3)):
            held = Held(self.price_list(f"{owner.code}'s {number}", 5))
            if self.random.random() < 0.5:
                held.since = JUNE + timedelta(days=self.random.randint(0, 9))
                held.until = held.since + timedelta(days=self.random.randint(1, 9))
            set_special(owner=owner, kind="voice_out", tariff=held.prices.name, since=held.since, until=held.until)
            self.lists.setdefault(owner.code, []).append(held)

    def asked(self, account: Account, start: datetime) -> Iterator[PriceList]:
        for owner in (account.code, account.customer.code, account.product.code):
            for held in self.lists.get(owner, []):
                if (held.since is None or held.since <= start) and (held.until is None or start < held.until):
                    yield held.prices
        yield self.tariffs[account.product.code]

    def cost(
        self, account: Account, number: str, start: datetime, seconds: int
    ) -> tuple[str | None, int | None, str]:
        """Reason, nano-units, and the list that said so."""
        for prices in self.asked(account, start):
            version = [rates for begin, rates in prices.versions if begin <= start][-1]
            fitting = [prefix for prefix in version if number.startswith(prefix)]
            if fitting:
                return *charged(version[max(fitting, key=len)], prices.markup, seconds), prices.name
        return "no_rate", None, ""


def charged(rate: Rate, markup: Decimal, seconds: int) -> tuple[str | None, int | None]:
    if rate.is_forbidden:
        return "forbidden_destination", None
    if seconds <= rate.grace_s:
        return "grace", 0
    billed = rate.first
    while billed < seconds:
        billed += rate.following
    exact = Fraction(rate.fee) + Fraction(rate.price) * billed / 60
    exact = min(max(exact, Fraction(rate.least)), Fraction(rate.most)) * (100 + Fraction(markup)) / 100
    return None, floor(exact * 10_000 + Fraction(1, 2)) * 100_000


@pytest.mark.req("X2")
def test_the_layers_give_what_the_rules_say(office: Office) -> None:
    world = World(office, seed=8)
    accounts = list(Account.objects.select_related("customer", "product").order_by("code"))
    calls = [
        (
            world.random.choice(accounts),
            "".join(world.random.choice("1234") for _ in range(9)),
            JUNE + timedelta(seconds=world.random.randint(0, DAYS * 86_400)),
            world.random.randint(1, 400),
        )
        for _ in range(CALLS)
    ]
    usage = pl.DataFrame(
        [
            dict.fromkeys(USAGE)
            | {
                "line": line,
                "record_key": str(line),
                "kind": "voice_out",
                "start": start,
                "answered": True,
                "duration_us": seconds * 1_000_000,
                "cli": "48220000000",
                "cld": number,
                "account_ref": account.code,
            }
            for line, (account, number, start, seconds) in enumerate(calls)
        ],
        schema=USAGE,
    )
    book = PriceBook.current(office.source)
    book.compile()
    reading = Reading(rules=NumberRules(), ways=["account"])
    rated = rate_usage(usage, book=book, reading=reading, received_at=NOON)

    names = dict(TariffVersion.objects.values_list("pk", "tariff__name"))
    said_by: Counter[str] = Counter()
    for call, row in zip(calls, rated.iter_rows(named=True), strict=True):
        reason, nanos, name = world.cost(*call)
        assert (row["reason"], row["price_nanos"]) == (reason, nanos), (call, name)
        if name:
            assert names[row["version_id"]] == name
        said_by[name or "nobody"] += 1
    assert said_by.keys() >= {
        "nobody",
        *PRODUCTS,
        *(held.prices.name for many in world.lists.values() for held in many),
    }
