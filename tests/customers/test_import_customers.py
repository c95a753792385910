"""Customers from a sheet: made, changed, left alone, refused."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from tollbook.customers.customer_sheet import read_customer_sheet
from tollbook.customers.models import Customer, Identity
from tollbook.customers.operations import import_customers
from tollbook.customers.report import ImportReport
from tollbook.customers.spreadsheet import BadSheet
from tollbook.errors import BadInput

SheetFile = Callable[[str | bytes], Path]
Import = Callable[..., ImportReport]

TWO = """
    code;name;currency;street;postcode;city;country;tax_rate;timezone;language;nip;pesel;vat_id;payment_days;is_prepaid;credit_limit
    acme;Żółw Sp. z o.o.;PLN;Długa 1;00-238;Warszawa;PL;23;Europe/Warsaw;pl;123-456-32-18;;PL1234563218;30;no;1000
    beta;Beta Ltd;GBP;;;London;GB;8,5;Europe/London;;;44051401359;;;yes;
"""


@pytest.fixture
def import_text(db: None, sheet_file: SheetFile) -> Import:
    def run(text: str | bytes, **options: bool) -> ImportReport:
        return import_customers(sheet=read_customer_sheet(sheet_file(text)), **options)

    return run


def test_every_column_becomes_its_field_and_an_empty_cell_the_default(import_text: Import) -> None:
    report = import_text(TWO)

    assert (report.new, report.changed, report.unchanged) == (["acme", "beta"], [], [])
    acme, beta = Customer.objects.order_by("code")
    assert (acme.name, acme.street, acme.postcode, acme.city, acme.country) == (
        "Żółw Sp. z o.o.",
        "Długa 1",
        "00-238",
        "Warszawa",
        "PL",
    )
    assert (acme.currency, acme.language, acme.timezone, acme.tax_rate) == (
        "PLN",
        "pl",
        "Europe/Warsaw",
        Decimal(23),
    )
    assert (acme.payment_days, acme.is_prepaid, acme.credit_limit) == (30, False, Decimal(1000))
    assert (beta.language, beta.tax_rate, beta.payment_days) == ("en", Decimal("8.5"), 14)
    assert (beta.is_prepaid, beta.credit_limit) == (True, None)
    assert list(Identity.objects.order_by("scheme").values_list("customer__code", "scheme", "value")) == [
        ("acme", "nip", "1234563218"),
        ("beta", "pesel", "44051401359"),
        ("acme", "vat_id", "PL1234563218"),
    ]


def test_the_same_sheet_again_changes_nothing(import_text: Import) -> None:
    import_text(TWO)
    before = list(Customer.objects.order_by("pk").values())

    report = import_text(TWO)

    assert (report.new, report.changed, report.unchanged) == ([], [], ["acme", "beta"])
    assert list(Customer.objects.order_by("pk").values()) == before
    assert Identity.objects.count() == 3


def test_only_columns_of_the_sheet_change_and_the_report_says_from_what_to_what(import_text: Import) -> None:
    import_text(TWO)

    report = import_text("""
        code,name,currency,tax_rate,credit_limit,pesel
        acme,Żółw S.A.,PLN,8,,
        beta,Beta Ltd,GBP,8.50,250.5,
        gamma,Gamma,EUR,0,,
    """)

    assert (report.new, report.changed, report.unchanged) == (["gamma"], ["acme", "beta"], [])
    assert [str(change) for change in report.changes] == [
        "acme: name Żółw Sp. z o.o. → Żółw S.A.",
        "acme: tax_rate 23 → 8",
        "acme: credit_limit 1000 → (nothing)",
        "beta: credit_limit (nothing) → 250.5",
        "beta: pesel 44051401359 → (nothing)",
    ]
    acme = Customer.objects.get(code="acme")
    assert (acme.name, acme.tax_rate, acme.credit_limit, acme.city) == ("Żółw S.A.", Decimal(8), None, "Warszawa")
    assert Identity.objects.filter(customer=acme).count() == 2  # the sheet has no column nip or vat_id


def test_all_bad_cells_are_named_at_once_and_nothing_is_written(import_text: Import) -> None:
    with pytest.raises(BadSheet) as refused:
        import_text("""
            code,name,currency,tax_rate,timezone,nip,payment_days,language,email,credit_limit
            good,Good,EUR,23,UTC,,,,,
            ,Nameless,EUR,123,Mars/Base,1234563219,366,de,at.example,"1,234"
            open,"Open,EUR,,,,,,,
            twice,Twice,euro,,,,,,,-1
            same,Same,EUR,,,,,,,
            same,Same,EUR,,,,,,,
        """)

    assert [(row.line, row.column, row.value) for row in refused.value.rows] == [
        (3, "code", ""),
        (3, "tax_rate", "123"),
        (3, "timezone", "Mars/Base"),
        (3, "nip", "1234563219"),
        (3, "payment_days", "366"),
        (3, "language", "de"),
        (3, "email", "at.example"),
        (3, "credit_limit", "1,234"),
        (4, "", 'open,"Open,EUR,,,,,,,'),
        (5, "currency", "euro"),
        (5, "credit_limit", "-1"),
        (6, "code", "same"),
        (7, "code", "same"),
    ]
    assert "is on the lines 6, 7; a customer has one row" in str(refused.value)
    assert not Customer.objects.exists()


def test_bad_rows_are_left_out_when_that_is_wanted(import_text: Import) -> None:
    report = import_text("code,name,currency\na,A,EUR\nb,B,€\n", skip_bad_rows=True)

    assert report.new == ["a"]
    assert [str(row) for row in report.skipped] == [
        "line 3, currency '€': is not a currency; write three capital letters like EUR"
    ]
    assert Customer.objects.count() == 1


def test_a_dry_run_says_the_same_and_writes_nothing(import_text: Import) -> None:
    assert import_text(TWO, dry_run=True).new == ["acme", "beta"]
    assert not Customer.objects.exists()


def test_a_customer_keeps_the_currency_they_owe_in(import_text: Import) -> None:
    import_text(TWO)

    with pytest.raises(BadSheet, match="customer 'acme' is kept in PLN; give them a new code"):
        import_text("code,name,currency\nacme,Acme,EUR\n")


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("code,name,currency,tax_rat", "unknown column 'tax_rat'; did you mean 'tax_rate'?"),
        ("code,name", "has no column 'currency'"),
        ("code,name,currency,name", "column 'name' is there twice"),
    ],
)
def test_a_header_that_is_not_ours_is_refused(sheet_file: SheetFile, header: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        read_customer_sheet(sheet_file(f"{header}\na,A,EUR,x\n"))


def test_other_encodings_and_empty_files_are_refused_with_the_line(sheet_file: SheetFile) -> None:
    with pytest.raises(BadInput, match=r"line 2: not UTF-8 text; save the sheet as CSV UTF-8"):
        read_customer_sheet(sheet_file("code,name,currency\na,Żółw,EUR\n".encode("cp1250")))
    with pytest.raises(BadInput, match="no rows below the column names on line 1"):
        read_customer_sheet(sheet_file("code,name,currency\n,,\n"))


def test_a_sheet_as_spreadsheets_write_it(import_text: Import) -> None:
    report = import_text('\ufeffCode;Name;Currency\r\na;"A; B ""Ltd""";EUR\r\n;;\r\n'.encode())

    assert report.new == ["a"]
    assert Customer.objects.get().name == 'A; B "Ltd"'
