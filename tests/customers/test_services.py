"""Services from another billing system become accounts that are recognised at a platform."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

import pytest

from tollbook.connections.models import Connection
from tollbook.connectors import registry
from tollbook.connectors.base import AccountMarks, Connector, Feature, Setting
from tollbook.customers.models import Account, AccountMark, Customer, Number, Pairing
from tollbook.customers.operations import (
    ServicesReport,
    describe_account,
    end_mark,
    import_services,
)
from tollbook.customers.service_sheet import read_service_sheet
from tollbook.customers.spreadsheet import BadSheet
from tollbook.errors import BadInput

JUNE = datetime(2017, 6, 1, tzinfo=UTC)
JULY = datetime(2017, 7, 1, tzinfo=UTC)


class DeskConnector(Connector):
    """A switch with tenants, extensions and DIDs."""

    kind = "desk"
    title = "Desk"
    offers: ClassVar[frozenset[Feature]] = frozenset({Feature.CUSTOMERS})
    account_fields = (Setting(name="domain", help="tenant | DID"), Setting(name="username", help="extensions"))

    @classmethod
    def marks(cls, fields: Mapping[str, str]) -> AccountMarks:
        tenant, _, did = fields["domain"].partition(" | ")
        extensions = [one for one in fields.get("username", "").split(" | ") if one]
        if not all(one.isdigit() for one in extensions):
            raise BadInput(f"username: {fields['username']!r} is no list of extensions")
        return AccountMarks(
            tenant=tenant,
            accounts=tuple(f"{one}@{tenant}" for one in extensions),
            numbers=(did,) if did else (),
            texts=("Reception",) if tenant == "acme.example" else (),
        )


SHEET = """
    customer,account,product,domain,username
    acme,acme-office,office,acme.example | 5195550100,2112 | 2113
    beta,beta-desk,office,beta.example,2112
"""


@pytest.fixture
def desk(two_customers: None, monkeypatch: pytest.MonkeyPatch) -> Connection:
    monkeypatch.setitem(registry.CONNECTORS, "desk", f"{__name__}:DeskConnector")
    return Connection.objects.create(
        name="desk", kind="desk", number_rules={"country": "CA"}, match_by=["extension", "number"]
    )


@pytest.fixture
def take(desk: Connection, sheet_file: Callable[[str], Path]) -> Callable[..., ServicesReport]:
    def take(text: str, *, dry_run: bool = False) -> ServicesReport:
        sheet = read_service_sheet(sheet_file(text), desk)
        return import_services(sheet=sheet, connection=desk, by="a clerk", now=JUNE, dry_run=dry_run)

    return take


def marks() -> list[tuple[str, str, str, str]]:
    rows = AccountMark.objects.filter(active_until=None).order_by("account__code", "kind", "value")
    return list(rows.values_list("account__code", "kind", "tenant", "value"))


ALL_OF_IT = [
    ("acme-office", "account", "", "2112@acme.example"),
    ("acme-office", "account", "", "2113@acme.example"),
    ("acme-office", "text", "acme.example", "reception"),
    ("beta-desk", "account", "", "2112@beta.example"),
]


@pytest.mark.req("W1")
def test_a_sheet_of_services_makes_accounts_marks_numbers_and_pairings(
    take: Callable[..., ServicesReport],
) -> None:
    report = take(SHEET)
    assert report.made == ["acme-office", "beta-desk"]
    assert marks() == ALL_OF_IT
    assert list(Number.objects.values_list("account__code", "digits")) == [("acme-office", 15195550100)]
    pairings = Pairing.objects.order_by("foreign_id").values_list("customer__code", "foreign_id", "active_from")
    assert list(pairings) == [("acme", "acme.example", None), ("beta", "beta.example", None)]

    again = take(SHEET)
    assert again.made == []
    assert [(one.new, one.unchanged, one.kept) for one in again.described] == [([], 5, []), ([], 2, [])]
    assert marks() == ALL_OF_IT


def test_a_dry_run_says_the_same_and_writes_nothing(take: Callable[..., ServicesReport]) -> None:
    report = take(SHEET, dry_run=True)
    assert report.made == ["acme-office", "beta-desk"]
    assert (Account.objects.count(), AccountMark.objects.count(), Pairing.objects.count()) == (0, 0, 0)


def test_bad_rows_are_named_all_together_and_nothing_is_written(take: Callable[..., ServicesReport]) -> None:
    with pytest.raises(BadSheet) as refused:
        take(
            """
            customer,account,product,active_from,domain,username
            acme,acme-office,office,,acme.example,2112
            acmee,a2,office,,acme.example,2114
            beta,b1,,,beta.example,2112
            beta,b2,office,1 June,beta.example,2113
            beta,b3,office,,beta.example,2114 & 2115
            beta,b4,office,,acme.example,2112
            beta,b5,office,,beta.example | 555,2116
            """
        )
    said = {row.line: f"{row.column} {row.value}: {row.reason}" for row in refused.value.rows}
    assert sorted(said) == [3, 4, 5, 6, 7, 8]
    assert "is no customer here" in said[3]
    assert "name its product" in said[4]
    assert "active_from 1 June" in said[5]
    assert "'2114 & 2115' is no list of extensions" in said[6]
    assert "acme.example is paired with acme" in said[7]
    assert "number '555' of account b5 cannot be read as E.164" in said[8]
    assert Account.objects.count() == 0


def test_two_rows_of_a_sheet_that_want_the_same_are_told_by_their_lines(
    take: Callable[..., ServicesReport],
) -> None:
    take("customer,account,product,domain,username\nbeta,beta-old,office,beta.example,2119")
    with pytest.raises(BadSheet) as refused:
        take(
            """
            customer,account,product,domain,username
            acme,acme-office,office,acme.example,2112
            acme,acme-fax,office,acme.example,2112 | 2113
            acme,acme-office,office,acme.example,2114
            beta,beta-new,office,beta.example,2119
            """
        )
    said = {row.line: f"{row.column} {row.value}: {row.reason}" for row in refused.value.rows}
    assert said == {
        3: " acme-fax: account 2112@acme.example is on line 2 too, and one account's alone",
        4: "account acme-office: is on line 2 too; one row is one account, so put both into one",
        5: " beta-new: desk: account 2119@beta.example is a mark of account beta-old of beta; end it first "
        "(`tollbook accounts unmark beta-old desk 2119@beta.example`)",
    }


def test_a_service_of_whom_nothing_but_the_tenant_is_said_is_told(take: Callable[..., ServicesReport]) -> None:
    report = take(SHEET + "beta,beta-fax,office,beta.example,")
    assert report.made == ["acme-office", "beta-desk", "beta-fax"]
    assert report.unmarked == ["beta-fax"]


def test_an_extension_moves_from_one_account_to_another_on_a_day(
    take: Callable[..., ServicesReport], desk: Connection
) -> None:
    take(SHEET)
    office = Account.objects.get(code="acme-office")
    fax = Account.objects.create(
        customer=Customer.objects.get(code="acme"), code="acme-fax", product=office.product
    )
    as_fax = AccountMarks(tenant="acme.example", accounts=("2113@acme.example",))
    with pytest.raises(
        BadInput, match=r"is a mark of account acme-office of acme; end it first \(`tollbook accounts"
    ):
        describe_account(account=fax, connection=desk, marks=as_fax, by="a clerk", now=JULY, since=JULY)
    end_mark(account=office, connection=desk, value="2113@acme.example", by="a clerk", now=JULY, at=JULY)
    described = describe_account(account=fax, connection=desk, marks=as_fax, by="a clerk", now=JULY, since=JULY)
    assert described.new == ["account 2113@acme.example"]
    periods = AccountMark.objects.filter(value="2113@acme.example").order_by("pk")
    assert list(periods.values_list("account__code", "active_from", "active_until")) == [
        ("acme-office", None, JULY),
        ("acme-fax", JULY, None),
    ]
    assert [event.what for event in office.events.order_by("pk")] == ["created", "described", "mark ended"]
    with pytest.raises(BadInput, match=r"has no mark '2113' at desk; it has 2112@acme\.example, reception"):
        end_mark(account=office, connection=desk, value="2113", by="a clerk", now=JULY, at=JULY)


def test_what_is_not_named_any_more_stays_and_is_told(take: Callable[..., ServicesReport]) -> None:
    take(SHEET)
    fewer = take(SHEET.replace("2112 | 2113", "2112"))
    assert fewer.described[0].kept == ["account 2113@acme.example"]
    assert marks() == ALL_OF_IT


def test_a_main_number_is_written_into_all_services_and_is_on_one(take: Callable[..., ServicesReport]) -> None:
    both = SHEET.replace(
        "beta.example,2112",
        "beta.example | 5195550177,2112\n    beta,beta-night,office,beta.example | 5195550177,2120",
    )
    assert [one.elsewhere for one in take(both).described] == [[], [], ["+15195550177 is on beta-desk"]]
    with pytest.raises(BadSheet, match="is on account acme-office of acme at that time; end it there first"):
        take(SHEET.replace("beta.example,2112", "beta.example | 5195550100,2112"))
