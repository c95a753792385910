"""An invoice that does not add up never becomes paper."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from tollbook.billing.documents.invoice import MAX_LOGO_BYTES, InvoiceDocument
from tollbook.billing.documents.render import render_invoice
from tollbook.errors import BadInput, FrameMismatch

MakeInvoice = Callable[..., InvoiceDocument]
MakeCalls = Callable[[int], pl.DataFrame]


def test_totals_are_the_sums_of_the_tax_totals(invoice: MakeInvoice) -> None:
    document: InvoiceDocument = invoice(paid=Decimal("36.73"))

    assert document.total_net == Decimal("113.03")
    assert document.total_tax == Decimal("23.70")
    assert document.total_gross == Decimal("136.73")
    assert document.to_pay == Decimal("100.00")


def test_lines_that_come_to_something_else_are_refused(invoice: MakeInvoice) -> None:
    short = "\n".join(
        [
            "Abonament | - | 1 | month | - | 103.02 | 23  | 23.69 | 126.71",
            "Szkolenie | - | 1 | piece | - | 10.00  | zw. | 0.00  | 10.00",
        ]
    )
    with pytest.raises(
        BadInput, match=r"lines of 23 % \(standard\) come to 103.02 net, its tax total says 103.03"
    ):
        invoice(lines=short)


def test_a_line_whose_tax_does_not_make_its_gross_is_refused(invoice: MakeInvoice) -> None:
    with pytest.raises(BadInput, match=r"line 'Abonament': 10.00 \+ 2.30 is not 12.00"):
        invoice(lines="Abonament | - | 1 | month | - | 10.00 | 23 | 2.30 | 12.00")


def test_fractions_of_a_cent_are_refused(invoice: MakeInvoice) -> None:
    with pytest.raises(BadInput, match=r"0\.005 cannot be paid in PLN; round it first"):
        invoice(lines="Abonament | - | 1 | month | - | 0.005 | 23 | 0.00 | 0.005")


def test_each_tax_rate_has_one_total(invoice: MakeInvoice) -> None:
    vat, exempt = invoice().tax_totals
    with pytest.raises(BadInput, match="a tax rate has two totals"):
        invoice(tax_totals=(vat, exempt, replace(exempt)))
    with pytest.raises(BadInput, match=r"0 % \(exempt\) is used by a line and has no tax total"):
        invoice(tax_totals=(vat,))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"number": " "}, "an invoice without number"),
        ({"period_until": date(2017, 6, 1)}, "the period 2017-06-01 to 2017-06-01 is empty"),
        ({"timezone": "Mars/Olympus"}, "time zone 'Mars/Olympus' is unknown"),
        ({"logo": b"<svg" + b" " * MAX_LOGO_BYTES}, "the logo has 262148 bytes, at most 262144"),
    ],
)
def test_facts_that_cannot_be_are_refused(invoice: MakeInvoice, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        invoice(**changes)


def test_calls_of_an_unknown_kind_are_refused(invoice: MakeInvoice, many_calls: MakeCalls) -> None:
    with pytest.raises(BadInput, match="calls of the kind 'fax' cannot be listed"):
        invoice(calls=many_calls(1).with_columns(kind=pl.lit("fax")))


def test_a_table_that_is_no_call_list_is_refused(invoice: MakeInvoice) -> None:
    with pytest.raises(FrameMismatch, match="column 'account' is missing"):
        invoice(calls=pl.DataFrame({"cld": ["112"]}))


@pytest.mark.parametrize(
    ("logo", "message"),
    [(b"GIF89a", "neither PNG nor SVG"), (b"\x89PNG\r\n\x1a\nno picture", "cannot be printed")],
)
def test_a_logo_that_is_no_picture_is_refused(invoice: MakeInvoice, logo: bytes, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        render_invoice(invoice(logo=logo), language="en")
