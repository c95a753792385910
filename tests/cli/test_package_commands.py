"""Packages, special lists and how products read numbers, from the command line."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tollbook.catalog.models import Product, Tariff
from tollbook.customers.models import SpecialTariff

Tollbook = Callable[..., Any]

SHEETS = {
    "retail": "prefix,destination,price,connect_fee\n44,UK,0.0120,0.0200\n",
    "numbers": "prefix,destination,price,connect_fee\n441300,1300,0,0.25\n",
    "deal": "prefix,destination,price\n4420,London,0.0050\n",
}
CUSTOMERS = "code,name,currency,timezone\nacme,Acme,PLN,Europe/Warsaw\n"
ACCOUNTS = "customer,code,product,numbers\nacme,100,office,+48221234567\n"
OFFICE = ("products", "set", "office", "--name", "Office", "--tariff", "voice_out=retail")


@pytest.fixture(autouse=True)
def shop(db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tollbook: Tollbook) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in SHEETS.items():
        (tmp_path / f"{name}.csv").write_text(text)
        tollbook("tariff", "import", f"{name}.csv", "--name", name, "--currency", "PLN", "--yes")
    (tmp_path / "customers.csv").write_text(CUSTOMERS)
    (tmp_path / "accounts.csv").write_text(ACCOUNTS)


def accounts(tollbook: Tollbook) -> None:
    tollbook("customers", "import", "customers.csv")
    assert tollbook("accounts", "import", "accounts.csv").status == 0


def test_a_derived_tariff_shows_the_prices_it_comes_to(tollbook: Tollbook) -> None:
    run = tollbook("tariff", "derive", "gold", "--from", "retail", "--markup", "12.34")
    assert run.stdout == "tariff gold: the prices of retail with a markup of 12.34 %, 1 version\n"

    shown = json.loads(tollbook("tariff", "show", "gold", "--prefix", "442079460000", "--json").stdout)
    assert (shown["derived_from"], shown["markup"]) == ("retail, version 1", "+12.34 %, in the prices shown")
    # 0.012 × 1.1234 and 0.02 × 1.1234
    assert (shown["rates"][0]["per minute"], shown["rates"][0]["connect fee"]) == ("0.0134808", "0.022468")
    listed = {row["name"]: row for row in json.loads(tollbook("tariff", "list", "--json").stdout)}
    assert (listed["gold"]["derived_from"], listed["gold"]["rates"]) == ("retail +12.34 %", 1)
    refused = tollbook("tariff", "import", "deal.csv", "--name", "gold", "--currency", "PLN", "--yes")
    assert (refused.status, "follows its versions" in refused.stderr) == (2, True)
    assert (
        "'ten' is not a number" in tollbook("tariff", "derive", "x", "--from", "retail", "--markup", "ten").stderr
    )


def test_a_package_is_one_command(tollbook: Tollbook) -> None:
    run = tollbook(
        *(*OFFICE, "--markup", "15", "--special", "voice_out=numbers", "--special", "voice_out=deal"),
        *("--not-billed", "voice_in", "--exclude", "1800*, [local]", "--hide", "*xx"),
        *("--country", "GB", "--no-add-country-code", "--extension-length", "3", "--exit-code", "00"),
    )

    assert run.stdout.splitlines() == [
        "product office: voice_out=retail +15 %, voice_in=not billed; on-net calls charged",
        "special lists, which come first: voice_out=numbers, voice_out=deal",
        "not billed: 1800*, [local]",
        "not billed and not shown: *xx",
        "numbers called: country GB, exit_codes ['00'], add_country_code False, extension_lengths [3]",
    ]
    listed = json.loads(tollbook("products", "list", "--json").stdout)[0]
    assert listed["tariffs"] == "voice_in=not billed, voice_out=retail +15 %"
    assert listed["special"] == "voice_out=numbers, voice_out=deal"
    assert (listed["excluded"], listed["hidden"]) == ("1800*, [local]", "*xx")
    assert listed["number_rules"]["country"] == "GB"
    # What is not named any more is taken out of it.
    assert tollbook(*OFFICE).stdout == "product office: voice_out=retail; on-net calls charged\n"
    product = Product.objects.get()
    assert (product.specials.count(), product.exclusions, product.number_rules) == (0, [], {})


def test_each_kind_may_have_its_markup(tollbook: Tollbook) -> None:
    more = ("--tariff", "voice_in=retail", "--markup", "voice_in=-2.5", "--markup", "15")
    assert tollbook(*OFFICE, *more).stdout.startswith(
        "product office: voice_out=retail +15 %, voice_in=retail -2.5 %; "
    )


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--markup", "voice_in=5"), "markup of voice_in: the kind has no tariff"),
        (("--markup", "-101"), "markup -101 %; write -100 to 10000"),
        (("--special", "numbers"), "--special 'numbers': write the kind and the tariff's name"),
        (("--special", "voice_out=numbres"), "there is no tariff 'numbres'"),
        (("--exclude", "home"), "exclusion 'home'"),
        (("--country", "XX"), "there is no country 'XX'"),
    ],
)
def test_a_package_that_makes_no_sense_makes_nothing(
    tollbook: Tollbook, more: tuple[str, ...], message: str
) -> None:
    tariffs = Tariff.objects.count()
    run = tollbook(*OFFICE, "--markup", "15", *more)

    assert (run.status, message in run.stderr) == (2, True), run.stderr
    assert not Product.objects.exists()
    assert Tariff.objects.count() == tariffs


def test_customers_and_accounts_have_lists_of_their_own(tollbook: Tollbook) -> None:
    tollbook(*OFFICE, "--markup", "15", "--special", "voice_out=numbers", "--not-billed", "voice_in")
    accounts(tollbook)
    run = tollbook(
        "customers", "special", "acme", "voice_out=deal", "--from", "2026-03-01", "--until", "2026-07-01"
    )
    assert run.status == 0
    tollbook("accounts", "special", "100", "voice_out=deal")

    asked = json.loads(tollbook("accounts", "special", "100", "--json").stdout)
    assert [(row["of"], row["kind"], row["tariff"], row["from"]) for row in asked] == [
        ("account", "voice_out", "deal", None),
        ("customer", "voice_out", "deal", "2026-02-28T23:00:00+00:00"),  # midnight in Warsaw
        ("product", "voice_out", "numbers", None),
        ("product's tariff", "voice_in", "not billed", None),
        ("product's tariff", "voice_out", "retail +15 %", None),
    ]
    assert [row["until"] for row in json.loads(tollbook("customers", "special", "acme", "--json").stdout)] == [
        "2026-06-30T22:00:00+00:00"
    ]
    assert (
        "acme has no special lists"
        in tollbook("customers", "special", "acme", "voice_out=deal", "--remove").stdout
    )
    assert SpecialTariff.objects.get().account is not None


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (("customers", "special", "acne"), "there is no customer 'acne'"),
        (("accounts", "special", "101"), "there is no account '101'"),
        (("customers", "special", "acme", "deal"), "'deal': write the kind and the tariff's name"),
        (("customers", "special", "acme", "--until", "2026-01-01"), "which list?"),
        (("customers", "special", "acme", "voice_out=deal", "--from", "March"), "--from 'March'"),
        (
            ("customers", "special", "acme", "voice_out=deal", "--from", "2026-03-01", "--until", "2026-03-01"),
            "would end before it begins",
        ),
    ],
)
def test_what_is_meant_must_be_clear(tollbook: Tollbook, command: tuple[str, ...], message: str) -> None:
    tollbook(*OFFICE)
    accounts(tollbook)
    run = tollbook(*command)
    assert (run.status, message in run.stderr) == (2, True), run.stderr
