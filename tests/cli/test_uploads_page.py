"""What the page about uploads shows is what happens; and the commands of extensions from a file."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings

from tests.cli.test_operator_docs import PAGES, follow
from tollbook.catalog.operations import set_product
from tollbook.customers import cells, extension_sheet, grid, workbook
from tollbook.customers.models import Account, Customer

Tollbook = Callable[..., Any]

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings.TOLLBOOK_HOME = tmp_path


def test_the_examples_print_what_the_page_shows(tollbook: Tollbook, tmp_path: Path) -> None:
    follow((PAGES / "uploads.md").read_text(encoding="utf-8"), 6, tollbook, tmp_path)

    acme = Customer.objects.get()
    assert set(Account.objects.values_list("code", flat=True)) == {
        f"ph{acme.pk}x4661",
        f"ph{acme.pk}x4662",
        f"ph{acme.pk}x4665",
    }
    again = tollbook("extensions", "upload", "extensions.csv", "--customer", "acme")
    assert (again.status, again.stderr) == (2, (tmp_path / "refused.txt").read_text())


def test_the_page_names_every_column_and_limit() -> None:
    page = (PAGES / "uploads.md").read_text(encoding="utf-8")
    assert [title for title in extension_sheet.TITLES if f"| {title} |" not in page] == []
    limits = [
        *(f"{grid.MAX_FILE_BYTES >> 20} MB", f"{cells.MAX_ROWS:,} rows", f"{cells.MAX_COLUMNS} columns"),
        *(f"{cells.MAX_CELL_CHARACTERS:,} characters", f"{extension_sheet.MAX_NUMBERS} numbers"),
        *(f"{workbook.MAX_UNPACKED_BYTES >> 20} MB", f"{workbook.LAST_LINE:,}"),
    ]
    assert [limit for limit in limits if limit not in page] == []


def test_for_programs(tollbook: Tollbook, tmp_path: Path) -> None:
    acme = Customer.objects.create(code="acme", name="Acme", currency="USD", timezone="UTC")
    set_product(code="pbx", name="Cloud PBX", tariffs={})
    (tmp_path / "two.csv").write_text("ext,product\n1,pbx\n2,pbz\n")
    wrong = tollbook("extensions", "upload", "two.csv", "--customer", "acme", "--json")
    assert wrong.status == 2
    assert json.loads(wrong.stdout)["problems"] == [
        {
            "line": 3,
            "column": "Product",
            "value": "pbz",
            "problem": "is no product there is; there are Cloud PBX",
        }
    ]
    bound = tollbook("extensions", "upload", "two.csv", "--customer", "acme", "--as-customer", "--json")
    assert [one["problem"] for one in json.loads(bound.stdout)["problems"]] == [
        "is no product of your agreement; there are none"
    ] * 2

    (tmp_path / "one.csv").write_text("ext,product\n1,pbx\n")
    made = json.loads(tollbook("extensions", "upload", "one.csv", "--customer", "acme", "--json").stdout)
    assert [(one["line"], one["account"], one["state"]) for one in made["made"]] == [
        (2, f"ph{acme.pk}x1", "active")
    ]


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (("extensions", "upload", "gone.csv", "--customer", "acme"), "gone.csv cannot be read"),
        (("extensions", "upload", "customers.csv", "--customer", "acne"), "there is no customer 'acne'"),
        (("extensions", "template", "sheet.xls"), "a template is .csv or .xlsx"),
        (("extensions", "template", "customers.csv"), "is there already"),
    ],
)
def test_what_cannot_be_done_is_said(
    tollbook: Tollbook, tmp_path: Path, command: tuple[str, ...], message: str
) -> None:
    (tmp_path / "customers.csv").write_text("x")
    run = tollbook(*command)
    assert (run.status, message in run.stderr) == (2, True), run.stderr
