"""Accounts and their numbers over time, as a diary of sheets. 1 January in Warsaw is 31 December 23:00 UTC."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F

from tollbook.customers.account_sheet import read_account_sheet
from tollbook.customers.models import Account, Customer, Number
from tollbook.customers.operations import AccountsReport, import_accounts
from tollbook.customers.spreadsheet import BadSheet

pytestmark = pytest.mark.usefixtures("two_customers")
NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
Import = Callable[..., AccountsReport]


@pytest.fixture
def import_text(sheet_file: Callable[[str], Path]) -> Import:
    def run(text: str, *, now: datetime = NOW, dry_run: bool = False, end: date | None = None) -> AccountsReport:
        sheet = read_account_sheet(sheet_file(text))
        return import_accounts(sheet=sheet, now=now, dry_run=dry_run, end_missing_numbers=end)

    return run


def numbers() -> list[str]:
    """Every number as `account +digits since until`, times in UTC."""
    found = Number.objects.order_by("digits", F("active_from").asc(nulls_first=True))
    return [
        f"{account} +{digits} {_day(since)} {_day(until)}"
        for account, digits, since, until in found.values_list(
            "account__code", "digits", "active_from", "active_until"
        )
    ]


def _day(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%dT%H:%M}" if moment else "-"


def test_accounts_with_several_numbers_however_they_are_separated(import_text: Import) -> None:
    report = import_text("""
        customer;code;product;name;numbers
        acme;100;office;Reception;+48221234567, 48221234568 +48221234569
        acme;101;mobile;;"48601234567;48601234568"
        beta;102;office;No number;
    """)

    assert report.new == ["100", "101", "102"]
    assert numbers() == [
        "100 +48221234567 - -",
        "100 +48221234568 - -",
        "100 +48221234569 - -",
        "101 +48601234567 - -",
        "101 +48601234568 - -",
    ]
    account = Account.objects.get(code="100")
    assert (account.customer.code, account.product.code, account.name) == ("acme", "office", "Reception")


def test_dates_are_days_in_the_customers_zone(import_text: Import) -> None:
    import_text("""
        customer,code,product,numbers,numbers_from,numbers_until,active_from,active_until
        acme,100,office,+48221234567,2026-01-01,2026-07-01,2026-01-01,2027-01-01
        beta,102,office,+442079460000,2026-01-01,2026-07-01T12:00+00:00,,
    """)

    assert numbers() == [
        "100 +48221234567 2025-12-31T23:00 2026-06-30T22:00",
        "102 +442079460000 2026-01-01T00:00 2026-07-01T12:00",
    ]
    assert Account.objects.get(code="100").active_from == datetime(2025, 12, 31, 23, tzinfo=UTC)


def test_further_rows_of_an_account_give_it_numbers_at_other_dates(import_text: Import) -> None:
    report = import_text("""
        customer,code,product,numbers,numbers_from,numbers_until
        beta,100,office,+442079460000,,2026-03-01
        beta,100,office,+442079460001,2026-03-01,
        beta,101,office,+442079460000,2026-03-01,
    """)

    assert report.new == ["100", "101"]
    assert numbers() == [
        "100 +442079460000 - 2026-03-01T00:00",
        "101 +442079460000 2026-03-01T00:00 -",
        "100 +442079460001 2026-03-01T00:00 -",
    ]


def test_the_same_sheet_again_changes_nothing(import_text: Import) -> None:
    sheet = """
        customer,code,product,name,numbers,numbers_from,numbers_until,active_from
        beta,100,office,Desk,+442079460000,,2026-03-01,2026-01-01
        beta,100,office,Desk,+442079460001,2026-03-01,,2026-01-01
    """
    import_text(sheet)
    before = list(Number.objects.order_by("pk").values()), list(Account.objects.values())

    report = import_text(sheet)

    assert (report.new, report.changed, report.unchanged, report.changes) == ([], [], ["100"], [])
    assert (report.numbers.new, report.numbers.changed, report.numbers.missing) == ([], [], [])
    assert (list(Number.objects.order_by("pk").values()), list(Account.objects.values())) == before


def test_what_changes_is_reported_field_by_field(import_text: Import) -> None:
    import_text("customer,code,product,name,active_from\nacme,100,office,Desk,2026-01-01\n")

    report = import_text("customer,code,product,name,active_until\nacme,100,mobile,Desk,2026-12-01\n")

    assert [str(change) for change in report.changes] == [
        "100: product office → mobile",
        "100: active_until (nothing) → 2026-12-01",
    ]
    account = Account.objects.get(code="100")
    assert account.product.code == "mobile"
    assert account.active_from == datetime(2025, 12, 31, 23, tzinfo=UTC)  # the second sheet has no such column


def test_a_number_moves_when_it_ends_on_one_account_and_begins_on_the_other(import_text: Import) -> None:
    import_text("customer,code,product,numbers\nbeta,100,office,+442079460000\nbeta,101,office,\n")

    report = import_text("""
        customer,code,product,numbers,numbers_from,numbers_until
        beta,101,office,+442079460000,2026-07-01,
        beta,100,office,+442079460000,,2026-07-01
    """)

    assert [(was.period, becomes.period) for was, becomes in report.numbers.changed] == [
        ("always to open end", "always to 2026-07-01")
    ]
    assert numbers() == [
        "100 +442079460000 - 2026-06-30T23:00",  # British summer time
        "101 +442079460000 2026-06-30T23:00 -",
    ]


def test_numbers_that_are_no_longer_listed_are_kept_and_reported(import_text: Import) -> None:
    import_text("customer,code,product,numbers\nbeta,100,office,+442079460000 +442079460001\n")

    report = import_text("customer,code,product,numbers\nbeta,100,office,+442079460000\n")

    assert [f"{holding.account} +{holding.digits}" for holding in report.numbers.missing] == ["100 +442079460001"]
    assert numbers() == ["100 +442079460000 - -", "100 +442079460001 - -"]


def test_numbers_that_are_no_longer_listed_end_on_the_day_that_is_given(import_text: Import) -> None:
    import_text("customer,code,product,numbers\nacme,100,office,+48221234567 +48221234568\n")

    report = import_text(
        "customer,code,product,numbers\nacme,100,office,+48221234567\nacme,101,office,\n", end=date(2026, 7, 1)
    )

    assert (report.new, report.changed) == (["101"], ["100"])
    assert numbers() == ["100 +48221234567 - -", "100 +48221234568 - 2026-06-30T22:00"]  # midnight in Warsaw
    later = import_text(
        "customer,code,product,numbers\nacme,100,office,+48221234567\n", now=datetime(2026, 8, 1, tzinfo=UTC)
    )
    assert later.numbers.missing == []  # it has ended: that is history


def test_a_sheet_without_dates_leaves_the_dates_of_a_number_alone(import_text: Import) -> None:
    import_text("customer,code,product,numbers,numbers_from\nbeta,100,office,+442079460000,2026-03-01\n")

    report = import_text("customer,code,product,numbers\nbeta,100,office,+442079460000\n")

    assert report.unchanged == ["100"]
    assert numbers() == ["100 +442079460000 2026-03-01T00:00 -"]


def test_a_number_on_two_accounts_inside_the_sheet_names_both_with_their_dates(import_text: Import) -> None:
    with pytest.raises(BadSheet) as refused:
        import_text("""
            customer,code,product,numbers,numbers_from,numbers_until
            acme,100,office,+48221234567,2026-01-01,2026-07-01
            beta,101,office,+48221234567,2026-06-30,
        """)

    assert [str(row) for row in refused.value.rows] == [
        "line 3, numbers '+48221234567': is given to account '101' from 2026-06-30 to open end, while account '100' "
        "has it from 2026-01-01 to 2026-07-01 (on line 2); end it there or let it begin later"
    ]
    assert not Account.objects.exists()


def test_every_account_that_gets_the_number_of_a_longer_holding_is_named(import_text: Import) -> None:
    with pytest.raises(BadSheet) as refused:
        import_text("""
            customer,code,product,numbers,numbers_from,numbers_until
            beta,100,office,+442079460000,2026-01-01,
            beta,101,office,+442079460000,2026-02-01,2026-03-01
            beta,102,office,+442079460000,2026-04-01,2026-05-01
        """)

    assert [row.line for row in refused.value.rows] == [3, 4]
    assert all("while account '100' has it" in row.reason for row in refused.value.rows)


def test_a_number_that_another_account_has_is_found_before_the_database_refuses_it(import_text: Import) -> None:
    import_text("customer,code,product,numbers\nbeta,100,office,+442079460000 +442079460001\n")

    with pytest.raises(BadSheet) as refused:
        import_text("""
            customer,code,product,numbers,numbers_from
            beta,101,office,+442079460000,2026-07-01
            beta,102,office,+442079460001,2026-07-01
        """)

    assert [(row.line, row.value) for row in refused.value.rows] == [(2, "+442079460000"), (3, "+442079460001")]
    assert "account '100' has it from always to open end (in the database)" in refused.value.rows[0].reason


def test_the_database_itself_keeps_a_number_to_one_account(import_text: Import) -> None:
    import_text("customer,code,product,numbers\nbeta,100,office,+442079460000\nbeta,101,office,\n")

    with pytest.raises(IntegrityError, match="number_has_one_owner_at_a_time"), transaction.atomic():
        Number.objects.create(account=Account.objects.get(code="101"), digits=442079460000)


def test_all_bad_cells_are_named_at_once_and_nothing_is_written(import_text: Import) -> None:
    with pytest.raises(BadSheet) as refused:
        import_text("""
            customer,code,product,name,numbers,numbers_from,active_from,active_until
            acme,100,office,,+48221234567,,,
            acne,101,ofice,,+48 22 1234568,,,
            beta,102,office,,02079460000,,,
            beta,103,office,,,2026-13-01,2026-05-01,2026-05-01
            beta,,office,,,,,
            beta,100,office,,+48221234567,,,
        """)

    assert [(row.line, row.column) for row in refused.value.rows] == [
        (3, "numbers"),
        (4, "numbers"),
        (5, "numbers_from"),
        (5, "active_until"),
        (6, "code"),
        (7, "customer"),
    ]
    assert not Account.objects.exists()


def test_unknown_customers_and_products_are_named_with_what_was_probably_meant(import_text: Import) -> None:
    with pytest.raises(BadSheet) as refused:
        import_text("customer,code,product\nacne,101,ofice\nbeta,102,internet\n")

    assert [f"{row.column} {row.value}: {row.reason}" for row in refused.value.rows] == [
        "customer acne: is no customer here; did you mean 'acme'?",
        "product ofice: is no product here; did you mean 'office'?",
        "product internet: is no product here; add the product first",
    ]


def test_an_account_stays_with_its_customer(import_text: Import) -> None:
    import_text("customer,code,product\nacme,100,office\n")

    with pytest.raises(BadSheet, match="account '100' is customer 'acme''s; end it there"):
        import_text("customer,code,product\nbeta,100,office\n")


def test_a_date_may_not_contradict_the_stored_one(import_text: Import) -> None:
    import_text("customer,code,product,active_from\nbeta,100,office,2026-05-01\n")

    with pytest.raises(
        BadSheet, match="leaves account '100' active from 2026-05-01 to 2026-04-01, which is never"
    ):
        import_text("customer,code,product,active_until\nbeta,100,office,2026-04-01\n")


def test_a_dry_run_writes_nothing(import_text: Import) -> None:
    report = import_text("customer,code,product,numbers\nbeta,100,office,+442079460000\n", dry_run=True)

    assert (report.new, len(report.numbers.new)) == (["100"], 1)
    assert not Account.objects.exists()


def test_statements_do_not_grow_with_the_rows(import_text: Import) -> None:
    """3,000 accounts take as many statements as 30: no query per row."""

    def statements(count: int, first: int) -> int:
        rows = "".join(f"beta,{n},office,+44{2_000_000_000 + n}\n" for n in range(first, first + count))
        connection.force_debug_cursor = True
        connection.queries_log.clear()
        import_text("customer,code,product,numbers\n" + rows)
        connection.force_debug_cursor = False
        return len(connection.queries_log)

    assert statements(30, 0) == statements(3_000, 1_000)
    assert Account.objects.filter(customer=Customer.objects.get(code="beta")).count() == 3_030
