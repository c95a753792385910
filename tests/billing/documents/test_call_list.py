import csv
import io
from collections.abc import Callable

import polars as pl

from tollbook.billing.documents.call_list import call_list_csv
from tollbook.billing.documents.invoice import InvoiceDocument

MakeInvoice = Callable[..., InvoiceDocument]
ReadCalls = Callable[[str], pl.DataFrame]

# In Warsaw the clock went from 3:00 back to 2:00 on 29 October 2017: 0:30 UTC and 1:30 UTC are both half past two.
CALLS = """
48225550100 | Recepcja       | 2017-10-29 00:30:00 | 48601234567 | Polska, komórkowe | 61   | 0.029
48225550100 | Recepcja       | 2017-10-29 01:30:00 | 112         | Alarmowe          | 30   | 0
48225550101 | =1+2           | 2017-10-30 12:00:00 | anonymous   | @SUM(A1)          | 3600 | -1234.000000001
"""


def rows(document: InvoiceDocument) -> list[dict[str, str]]:
    text = call_list_csv(document).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_every_call_is_a_row_with_its_exact_price(invoice: MakeInvoice, call_list: ReadCalls) -> None:
    first, second, third = rows(invoice(calls=call_list(CALLS)))

    assert first == {
        "invoice": "FV/2017/06/0001",
        "account": "48225550100",
        "account_name": "Recepcja",
        "kind": "voice_out",
        "start": "2017-10-29T02:30:00+02:00",
        "cli": "48225550100",
        "cld": "48601234567",
        "destination": "Polska, komórkowe",
        "duration_s": "61",
        "quantity": "",
        "price": "0.029",
        "currency": "PLN",
    }
    assert second["start"] == "2017-10-29T02:30:00+01:00"
    assert second["price"] == "0.00"
    assert third["price"] == "-1234.000000001"


def test_no_text_is_run_as_a_formula(invoice: MakeInvoice, call_list: ReadCalls) -> None:
    third = rows(invoice(calls=call_list(CALLS)))[2]

    assert third["account_name"] == "'=1+2"
    assert third["destination"] == "'@SUM(A1)"


def test_free_calls_are_left_out_as_on_paper(invoice: MakeInvoice, call_list: ReadCalls) -> None:
    document = invoice(calls=call_list(CALLS), show_free_calls=False)

    assert [row["destination"] for row in rows(document)] == ["Polska, komórkowe", "'@SUM(A1)"]


def test_spreadsheets_are_told_the_encoding(invoice: MakeInvoice, call_list: ReadCalls) -> None:
    assert call_list_csv(invoice(calls=call_list(CALLS))).startswith(b"\xef\xbb\xbf")
