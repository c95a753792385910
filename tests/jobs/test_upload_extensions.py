"""Extensions from one file: twelve at once, everything that is wrong at once, and all or nothing."""

from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from tollbook.billing.models import Subscription
from tollbook.catalog.models import Product
from tollbook.catalog.operations import set_plan, set_product
from tollbook.catalog.price_list import BadRow
from tollbook.customers.actors import Actor, Realm, staff
from tollbook.customers.errors import NotTheirs
from tollbook.customers.extension_template import template_csv, template_xlsx
from tollbook.customers.models import (
    Account,
    AccountEvent,
    Customer,
    Extension,
    HuntGroup,
    HuntGroupMember,
    Number,
    NumberGrant,
    StockNumber,
)
from tollbook.customers.operations.agreements import set_agreement
from tollbook.customers.operations.extensions import add_hunt_group
from tollbook.customers.spreadsheet import BadSheet
from tollbook.errors import BadInput
from tollbook.jobs.open_account import open_account
from tollbook.jobs.upload_extensions import UploadReport, upload_extensions

NOW = datetime(2026, 6, 1, 8, tzinfo=UTC)
TODAY = "2026-06-01"
FIRST_NUMBER = 12094555940
TITLES = "Extension number*,Name,DID numbers,Published (Y/N),Email for notifications,Timezone,Product*,Huntgroup\n"


@pytest.fixture
def acme(db: None, settings: LazySettings, tmp_path: Path) -> Customer:
    """Customer 46170: ten numbers, hunt group Sales, an agreement of 12 lines and 1 attendant, and of no fax."""
    settings.TOLLBOOK_HOME = tmp_path
    set_plan(code="line", name="Line", currency="USD", fee=Decimal(6))
    line = set_product(code="pbx", name="PBX line", tariffs={}, plan="line", end_user_name="Cloud PBX")
    attendant = set_product(code="aa", name="Auto attendant", tariffs={})
    set_product(code="fax", name="Fax", tariffs={})
    customer = Customer.objects.create(pk=46170, code="acme", name="Acme", currency="USD", timezone="UTC")
    set_agreement(customer=customer, conditions={line: 12, attendant: 1}, by="ann", now=NOW)
    for digits in range(FIRST_NUMBER, FIRST_NUMBER + 10):
        stock = StockNumber.objects.create(digits=digits, added_at=NOW)
        NumberGrant.objects.create(number=stock, customer=customer, active_from=NOW)
    add_hunt_group(actor=staff("ann"), customer=customer, name="Sales", number="900", now=NOW)
    return customer


def boss(customer: Customer) -> Actor:
    return Actor(realm=Realm.CUSTOMER, name="boss", customer_id=customer.pk)


def upload(customer: Customer, sheet: str | bytes, **more: Any) -> UploadReport:
    content = sheet if isinstance(sheet, bytes) else (TITLES + sheet).encode()
    given = {"actor": boss(customer), "file_name": "extensions.csv", "now": NOW, **more}
    return upload_extensions(customer=customer, content=content, **given)


def problems(customer: Customer, sheet: str | bytes, **more: Any) -> list[BadRow]:
    accounts, extensions = Account.objects.count(), Extension.objects.count()
    with pytest.raises(BadSheet) as refused:
        upload(customer, sheet, **more)
    assert (Account.objects.count(), Extension.objects.count()) == (accounts, extensions)
    return sorted(refused.value.rows, key=lambda row: (row.line, row.column))


TWELVE = """\
4661,Ann,"12094555940, +1 209 455 5941",Y,ann@example.com,America/Chicago,Cloud PBX,Sales
4662,Bob,12094555942,y,bob@example.com,,Cloud PBX,sales
4663,Cid,,N,,,cloud pbx,
4664,Dan,,,,,PBX line,
4665,Eve,12094555948,,,,pbx,Sales
4666,Fay,,,,,Cloud PBX,
4667,Gus,,,,,Cloud PBX,
4668,Hal,,,,,Cloud PBX,
4669,Ida,,,,,Cloud PBX,
4670,Jan,,,,,Cloud PBX,
4671,Kim,,,,,Cloud PBX,
4672,Łucja,,,,,Cloud PBX,
"""


@pytest.mark.req("P4")
def test_twelve_extensions_from_one_file(acme: Customer) -> None:
    planned = upload(acme, TWELVE, dry_run=True)
    assert (len(planned.made), {one.state for one in planned.made}, Account.objects.count()) == (12, {""}, 0)

    report = upload(acme, template_csv() + TWELVE.encode())

    assert [(one.line, one.extension, one.account) for one in report.made][:2] == [
        (2, "4661", "ph46170x4661"),
        (3, "4662", "ph46170x4662"),
    ]
    assert (len(report.made), {one.state for one in report.made}) == (12, {"active"})
    ann, eve = Account.objects.get(code="ph46170x4661"), Account.objects.get(code="ph46170x4665")
    assert (ann.name, ann.email, ann.timezone, ann.role) == (
        "Ann",
        "ann@example.com",
        "America/Chicago",
        "universal",
    )
    assert {one.product.code for one in Account.objects.all()} == {"pbx"}
    assert list(Number.objects.order_by("digits").values_list("digits", "account__code")) == [
        (12094555940, "ph46170x4661"),
        (12094555941, "ph46170x4661"),
        (12094555942, "ph46170x4662"),
        (12094555948, "ph46170x4665"),
    ]
    published = Extension.objects.filter(is_published=True).order_by("number")
    assert list(published.values_list("number", "name")) == [("4661", "Ann"), ("4662", "Bob")]
    members = HuntGroupMember.objects.order_by("place").values_list("extension__number", flat=True)
    assert list(members) == ["4661", "4662", "4665"]
    assert eve.events.filter(what="created", by="boss").count() == 1
    # Each pays its fee from now on: 12 times $6.
    assert Subscription.objects.filter(starts_on=TODAY, plan__code="line").count() == 12
    # The agreement is used up now.
    assert [(bad.line, bad.column) for bad in problems(acme, "4673,Moe,,,,,Cloud PBX,\n")] == [(2, "Product")]

    everything_wrong_is_said_at_once(acme)


WRONG = """\
4661,Ann,,,,,Cloud PBX,
46x,Bob,12345,maybe,bob,Mars/Base,Cloud PBY,Sails
,Cid,,,,,,
4675,Dan,19995550000,,,,Fax,
4676,Eve,12094555948,,,,Auto attendant,
4677,Fay,12094555949,,,,Auto attendant,
4677,Gus,12094555949,,,,Auto attendant,
900,Hal,,,,,Auto attendant,
4678,"=1+1",,,,,Cloud PBX,
4679,Jan,1.20946E+10,,,,Recording,
"""


def everything_wrong_is_said_at_once(acme: Customer) -> None:
    found = [(bad.line, bad.column, bad.value, bad.reason) for bad in problems(acme, WRONG)]
    said = {(line, column): f"{value}: {reason}" for line, column, value, reason in found}

    expected = {
        (2, "Extension number"): "4661: is there already; choose another number",
        (2, "Product"): "Cloud PBX: is agreed for 12, 12 are used, and this would be number 13;",
        (3, "Extension number"): "46x: is not an extension; write digits only, as 4665",
        (3, "DID numbers"): "+12345: is not one of your numbers;",
        (3, "Published"): "maybe: is neither Y nor N",
        (3, "Email for notifications"): "bob: is not an e-mail address",
        (3, "Timezone"): "Mars/Base: is not a time zone; write it as Europe/Warsaw",
        (3, "Product"): "Cloud PBY: is no product of your agreement; did you mean 'Cloud PBX'?",
        (3, "Huntgroup"): "Sails: is no hunt group of yours; did you mean 'Sales'?",
        (4, "Extension number"): ": is empty; every row needs it",
        (4, "Product"): ": is empty; every row needs it",
        (5, "DID numbers"): "+19995550000: is not one of your numbers;",
        (5, "Product"): "Fax: is no product of your agreement",
        (6, "DID numbers"): "+12094555948: is on your account ph46170x4665;",
        (7, "Product"): "Auto attendant: is agreed for 1, 0 are used, and this would be number 2;",
        (8, "Extension number"): "4677: is in line 7 already; use each once",
        (8, "DID numbers"): "+12094555949: is in line 7 already; use each once",
        (8, "Product"): "Auto attendant: is agreed for 1, 0 are used, and this would be number 3;",
        (9, "Extension number"): "900: is the number of hunt group 'Sales'; choose another number",
        (9, "Product"): "Auto attendant: is agreed for 1, 0 are used, and this would be number 4;",
        (10, "Product"): "Cloud PBX: is agreed for 12, 12 are used, and this would be number 14;",
        (11, "DID numbers"): "1.20946E+10: was shortened by a spreadsheet, and digits are lost;",
        (11, "Product"): "Recording: is no product of your agreement",
    }
    assert list(said) == sorted(expected)
    for where, begin in expected.items():
        assert said[where].startswith(begin), (where, said[where])


def test_a_filled_in_workbook_template(acme: Customer) -> None:
    workbook = load_workbook(BytesIO(template_xlsx()))
    workbook.worksheets[0].append([4665, "=SUM(1)", 12094555948, True, None, "Europe/Warsaw", "Cloud PBX", None])
    workbook.worksheets[0]["B2"].data_type = "s"
    content = BytesIO()
    workbook.save(content)

    made = upload(acme, content.getvalue(), file_name="extensions.xlsx").made
    assert [(one.extension, one.numbers, one.product) for one in made] == [("4665", (12094555948,), "Cloud PBX")]
    account = Account.objects.get(code="ph46170x4665")
    assert (account.name, account.extension.is_published) == ("=SUM(1)", True)  # a text, as it was typed


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("product;ext;did", "Cloud PBX;101;12094555940"),
        ("PRODUCT *,Extension (digits),DID Number(s)", "Cloud PBX,101,12094555940"),
        ("Time zone\tProduct name\tExtension\tDIDs\t", "\tCloud PBX\t101\t+1 (209) 455-5940\t"),
    ],
)
def test_columns_in_any_order_and_by_their_usual_names(acme: Customer, header: str, row: str) -> None:
    made = upload(acme, f"{header}\n{row}\n".encode()).made
    assert [(one.extension, one.numbers) for one in made] == [("101", (FIRST_NUMBER,))]


@pytest.mark.parametrize(
    ("sheet", "says"),
    [
        (b"4665,Eve\n4666,Fay\n", "line 1: unknown column '4665'"),
        (b"Extension,Product,Colour\n1,pbx,red\n", "unknown column 'Colour'"),
        (b"Extension,Name\n1,Ann\n", "has no column 'Product'"),
        (b"Extension,Ext,Product\n1,1,pbx\n", "column 'Extension number' is there twice"),
    ],
)
def test_the_first_row_names_the_columns(acme: Customer, sheet: bytes, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        upload(acme, sheet)


def test_a_second_header_and_cells_beyond_it_are_named(acme: Customer) -> None:
    sheet = b"Ext,Product\n1,pbx\nExt,Product\n2,pbx,red\n"
    assert [(bad.line, bad.column, bad.reason[:40]) for bad in problems(acme, sheet)] == [
        (3, "", "is the row of column names once more; re"),
        (4, "", "is in a cell beyond the 2 columns that h"),
    ]


def test_an_extension_that_is_nobodys_is_taken_and_an_account_in_the_way_is_named(acme: Customer) -> None:
    Extension.objects.create(customer=acme, number="4670")
    product = Product.objects.get(code="aa")
    open_account(actor=staff("ann"), customer=acme, product=product, code="ph46170x4671", now=NOW)

    assert [bad.reason[:46] for bad in problems(acme, "4671,Eve,,,,,pbx,\n")] == [
        "would be account ph46170x4671, which is there "
    ]
    upload(acme, "4670,Eve,,,,,pbx,\n")
    assert Extension.objects.get(number="4670").account == Account.objects.get(code="ph46170x4670")


def test_staff_are_bound_by_numbers_and_not_by_the_agreement(acme: Customer) -> None:
    rows = "".join(f"{extension},,,,,,fax,\n" for extension in range(100, 120))
    assert len(upload(acme, rows, actor=staff("ann")).made) == 20
    assert [bad.reason for bad in problems(acme, "1,,19995550000,,,,fax,\n", actor=staff("ann"))] == [
        "was not given to acme; give it, or choose one that was"
    ]


def test_two_products_of_one_name_are_told_apart_by_code(acme: Customer) -> None:
    twin = set_product(code="pbx2", name="Cloud PBX", tariffs={})
    set_agreement(customer=acme, conditions={twin: None}, by="ann", now=NOW)
    assert [bad.reason for bad in problems(acme, "1,,,,,,Cloud PBX,\n")] == [
        "are several products; write one of pbx, pbx2"
    ]
    assert len(upload(acme, "1,,,,,,pbx2,\n").made) == 1


def test_a_product_in_another_currency_is_named_in_each_row(acme: Customer) -> None:
    set_plan(code="euro", name="Euro", currency="EUR", fee=Decimal(1))
    set_product(code="fax", name="Fax", tariffs={}, plan="euro")
    found = problems(acme, "1,,,,,,fax,\n2,,,,,,fax,\n", actor=staff("ann"))
    assert [(bad.line, bad.reason[:33]) for bad in found] == [
        (2, "cannot be had: fax costs EUR, and"),
        (3, "cannot be had: fax costs EUR, and"),
    ]


def test_accounts_wait_for_staff_when_the_product_says_so(acme: Customer) -> None:
    set_product(code="aa", name="Auto attendant", tariffs={}, needs_approval=True, checklist=["Emergency address"])
    assert [one.state for one in upload(acme, "1,,,,,,Auto attendant,\n").made] == ["inactive"]
    assert Account.objects.get().approval.checklist[0]["text"] == "Emergency address"


def test_nobody_uploads_for_another_customer(acme: Customer) -> None:
    with pytest.raises(NotTheirs):
        upload(acme, TWELVE, actor=Actor(realm=Realm.CUSTOMER, name="eve", customer_id=acme.pk + 1))
    account = Actor(realm=Realm.ACCOUNT, name="eve", customer_id=acme.pk, account_id=1)
    with pytest.raises(NotTheirs):
        upload(acme, TWELVE, actor=account)
    assert not Account.objects.exists()


def many(customer: Customer, rows: int) -> str:
    set_agreement(customer=customer, conditions={Product.objects.get(code="pbx"): None}, by="ann", now=NOW)
    stock = StockNumber.objects.bulk_create(StockNumber(digits=4822000000 + n, added_at=NOW) for n in range(rows))
    NumberGrant.objects.bulk_create(NumberGrant(number=one, customer=customer, active_from=NOW) for one in stock)
    cells = "Y,a@example.com,Europe/Warsaw,Cloud PBX"
    return "".join(
        f"{10_000 + n},User {n},{4822000000 + n},{cells},{'Sales' if n < 900 else ''}\n" for n in range(rows)
    )


def test_five_thousand_rows_come_whole(acme: Customer) -> None:
    assert len(upload(acme, many(acme, 5_000)).made) == 5_000

    assert (Number.objects.count(), HuntGroupMember.objects.count()) == (5_000, 900)
    assert AccountEvent.objects.filter(what="created").count() == 5_000
    assert Subscription.objects.count() == 5_000
    assert HuntGroup.objects.count() == 1


def test_statements_do_not_grow_with_the_rows(acme: Customer) -> None:
    rows = many(acme, 1_000).splitlines(keepends=True)
    asked = []
    for part in (rows[:100], rows[100:]):
        with CaptureQueriesContext(connection) as statements:
            upload(acme, "".join(part))
        asked.append(len(statements))
    assert asked[1] <= asked[0] < 80
