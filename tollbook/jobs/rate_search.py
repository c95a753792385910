"""Which rate is for this number, or this destination, for somebody: by the lists that would price their call."""

from dataclasses import dataclass, replace
from datetime import datetime

import polars as pl

from tollbook.catalog import queries as catalog
from tollbook.catalog.models import Product, TariffVersion
from tollbook.catalog.rate_choice import chosen_rates
from tollbook.catalog.rate_lookup import ASKED_US, rate_for_number
from tollbook.customers.models import Account, Customer
from tollbook.customers.products_over_time import (
    product_spans,
    with_addon_that_prices,
    with_product_of_start,
)
from tollbook.customers.queries import ACCOUNTS, LINKS, MARKS, NUMBERS, PAIRINGS, Directory
from tollbook.customers.special_queries import special_tariffs
from tollbook.jobs.price_book import PriceBook, version_in_force
from tollbook.jobs.special_prices import price_in_order
from tollbook.rating.engine import compile_tariff
from tollbook.rating.frames import CALLS

MAX_RATES = 200  # of a destination, from each list


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyer:
    """For whom a rate is looked up. Without an account or customer only what the product says counts."""

    product: Product
    customer: Customer | None = None
    account: Account | None = None

    @property
    def owners(self) -> dict[str, int | None]:
        """Who may have a special price list, by the column that names them."""
        return {
            "account_id": self.account.pk if self.account else None,
            "customer_id": self.customer.pk if self.customer else None,
            "product_id": self.product.pk,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundRates:
    """Rates of one list."""

    product: str
    version: TariffVersion
    rates: pl.DataFrame  # RATES; of a number the steps and windows of its rate
    counts: bool = True  # a call would be priced with it


def buyers_of(owner: Account | Customer | Product) -> list[Buyer]:
    """An account; a customer once for each product that their accounts have; or a product for itself."""
    if isinstance(owner, Product):
        return [Buyer(product=owner)]
    if isinstance(owner, Account):
        return [Buyer(product=owner.product, customer=owner.customer, account=owner)]
    products = Product.objects.filter(accounts__customer=owner).distinct().order_by("code")
    return [Buyer(product=product, customer=owner) for product in products]


def rate_for_buyer(buyer: Buyer, digits: str, *, kind: str, at: datetime, cli: str = "") -> FoundRates | None:
    """The rate of a call to `digits` (E.164) that begins `at`; None when no list has one.

    The lists are asked by what prices usage. Whether the call is free for another reason (an emergency number, an
    exclusion, a call between accounts) is decided before any list is asked, and not said here.
    """
    book = _book()
    buyer = _at(buyer, kind, at, book)
    versions = {version.pk: version for version in _versions(buyer, kind, at, book)}
    prefixes = [digits[:length] for length in range(len(digits) + 1)]
    for version in versions.values():
        rates = catalog.rates_of_prefixes(version, prefixes)
        # Only the few rates that come into question: a whole list takes seconds.
        book.compiled[version.pk] = compile_tariff(
            rates, catalog.version_settings(version), holidays=catalog.version_holidays(version)
        )
    call = {"kind": kind, "start": at, "answered": True, "duration_us": ASKED_US, "quantity": 1}
    asked = pl.DataFrame([{**call, "cld": digits, "cli": cli, "known_reason": None}], schema=CALLS).with_columns(
        *(pl.lit(pk, dtype=pl.Int64).alias(column) for column, pk in buyer.owners.items()),
        customer_currency=pl.lit(buyer.customer.currency if buyer.customer else None, dtype=pl.String),
        may_be_special=pl.lit(value=True),
    )
    asked = asked.join(book.product_tariffs, on=["product_id", "kind"], how="left")
    priced = price_in_order(version_in_force(asked, book.versions), book).row(0, named=True)
    if priced["rate_line"] is None:
        return None
    version = versions[priced["version_id"]]
    rates = rate_for_number(version, digits, kind=kind, at=at, cli=cli)
    return FoundRates(product=buyer.product.code, version=version, rates=rates)


def rates_of_every_list(buyer: Buyer, digits: str, *, kind: str, at: datetime, cli: str = "") -> list[FoundRates]:
    """What each list that may price a call to `digits` has for it, in the order they are asked; without rates, nothing.

    One of them counts, if any has a rate: the one of `rate_for_buyer`.
    """
    book = _book()
    buyer = _at(buyer, kind, at, book)
    chosen = rate_for_buyer(buyer, digits, kind=kind, at=at, cli=cli)
    return [
        FoundRates(
            product=buyer.product.code,
            version=version,
            rates=rate_for_number(version, digits, kind=kind, at=at, cli=cli),
            counts=chosen is not None and chosen.version.pk == version.pk,
        )
        for version in _versions(buyer, kind, at, book)
    ]


def rates_for_destination(
    buyer: Buyer, text: str, *, kind: str, at: datetime, category: str | None = None
) -> list[FoundRates]:
    """The rates whose destination has these words in its name, in any case, from each list in the order they are asked.

    `category`: only rates of this category of destinations. At most MAX_RATES of a list. What an earlier list has for
    a number is not taken from a later one.
    """
    found, book = [], _book()
    buyer = _at(buyer, kind, at, book)
    for version in _versions(buyer, kind, at, book):
        is_named = pl.col("destination").str.to_lowercase().str.contains(text.lower(), literal=True)
        is_in_force = (pl.col("active_from").is_null() | (pl.col("active_from") <= at)) & (
            pl.col("active_until").is_null() | (pl.col("active_until") > at)
        )
        chosen = chosen_rates(catalog.version_rates(version), category=category, kind=kind)
        rates = chosen.filter(is_named, is_in_force)
        if not rates.is_empty():
            found.append(FoundRates(product=buyer.product.code, version=version, rates=rates.head(MAX_RATES)))
    return found


def _at(buyer: Buyer, kind: str, at: datetime, book: PriceBook) -> Buyer:
    """The buyer with the product that prices usage of that kind at that moment: one had before, or an add-on."""
    if buyer.account is None or (spans := product_spans(buyer.account.pk)).is_empty():
        return buyer
    asked = pl.DataFrame(
        {"account_id": [buyer.account.pk], "product_id": [buyer.product.pk], "kind": [kind], "start": [at]},
        schema_overrides={"start": CALLS["start"]},
    )
    named = book.product_tariffs.select("product_id", "kind")
    asked = with_addon_that_prices(with_product_of_start(asked, spans), spans, named)
    return replace(buyer, product=Product.objects.get(pk=asked["product_id"].item()))


def _book() -> PriceBook:
    """What there is now, without whose number is whose: the buyer is known."""
    nobody = Directory(*(pl.DataFrame(schema=schema) for schema in (ACCOUNTS, NUMBERS, LINKS, PAIRINGS, MARKS)))
    specials = {**special_tariffs(), "product_id": catalog.product_specials()}
    return PriceBook(
        nobody,
        catalog.products(),
        catalog.product_tariffs(),
        catalog.tariff_versions(),
        specials={owner: lists for owner, lists in specials.items() if not lists.is_empty()},
    )


def _versions(buyer: Buyer, kind: str, at: datetime, book: PriceBook) -> list[TariffVersion]:
    """What is in force `at` of the buyer's lists for a kind, in the order they are asked; each once."""
    since, until = pl.col("special_from"), pl.col("special_until")
    specials = [
        lists.filter(
            pl.col("owner_id") == buyer.owners[owner],
            pl.col("kind") == kind,
            since.is_null() | (since <= at),
            until.is_null() | (until > at),
        ).sort("place")
        for owner, lists in book.specials.items()
        if buyer.owners[owner] is not None
    ]
    usual = book.product_tariffs.filter(product_id=buyer.product.pk, kind=kind)
    tariffs = pl.concat([lists.select("tariff_id") for lists in (*specials, usual)]).drop_nulls()
    begun = tariffs.unique(maintain_order=True).with_columns(pl.lit(at).cast(CALLS["start"]).alias("start"))
    ids = version_in_force(begun, book.versions)["version_id"].drop_nulls().to_list()
    versions = TariffVersion.objects.select_related("tariff", "base_version__tariff").in_bulk(ids)
    return [versions[pk] for pk in ids]
