"""xDRs as a file for spreadsheets."""

import csv
import io
from collections.abc import Iterator

import msgspec

from tollbook.api.portabilling.caller import Caller
from tollbook.api.portabilling.faults import invalid
from tollbook.api.portabilling.lists import LARGEST_PAGE, ListRequest, span
from tollbook.api.portabilling.method import Attachment
from tollbook.api.portabilling.xdrs.pages import page_from
from tollbook.api.portabilling.xdrs.shape import Xdr
from tollbook.api.portabilling.xdrs.wanted import Wanted

MOST_ROWS = 200_000  # of a file: it is answered in one piece
COLUMNS = (
    *("i_xdr", "account_id", "CLI", "CLD", "connect_time", "disconnect_time", "bill_time", "charged_quantity"),
    *("used_quantity", "charged_amount", "service", "country", "subdivision", "description", "failed", "call_id"),
)
# A spreadsheet runs a cell that begins so as a formula; numbers and names come from outside.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def csv_of(caller: Caller, asked: ListRequest, wanted: Wanted, name: str) -> Attachment:
    """The page that is asked for, or without limit all there is, with a line of column names; UTF-8 with BOM.

    Raises:
        Fault: it is more than MOST_ROWS.
    """
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    for number, row in enumerate(_rows(caller, asked, wanted), start=1):
        if number > MOST_ROWS:
            raise invalid(
                caller.method, "to_date", f"there are more than {MOST_ROWS} xDRs; ask for a shorter time"
            )
        writer.writerow([_harmless(getattr(row, column)) for column in COLUMNS])
    return Attachment(name=name, media_type="application/csv", content=file.getvalue().encode("utf-8-sig"))


def _rows(caller: Caller, asked: ListRequest, wanted: Wanted) -> Iterator[Xdr]:
    if asked.limit is not None:
        offset, limit = span(caller, asked)
        yield from _decoded(page_from(wanted, offset=offset, limit=limit).xdrs)
        return
    offset, count = 0, LARGEST_PAGE
    while count == LARGEST_PAGE:
        page = page_from(wanted, offset=offset, limit=LARGEST_PAGE)
        yield from _decoded(page.xdrs)
        count, offset = page.count, offset + page.count


def _decoded(xdrs: bytes) -> list[Xdr]:
    return msgspec.json.decode(xdrs, type=list[Xdr])


def _harmless(value: object) -> object:
    """A text that no spreadsheet runs; numbers as they are."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value
