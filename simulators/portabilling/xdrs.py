"""What a query for xDRs picks.

It chooses by the time a record was billed: `from_date` included, `to_date` not. When the call was made does not
matter to it, which is why a client that asks day by day for calls misses some.
"""

from simulators.portabilling.bulk import BulkXdrs
from simulators.portabilling.call import Call
from simulators.portabilling.calls import VOICE
from simulators.portabilling.lists import bounds, matching
from simulators.portabilling.transport import Record
from simulators.web import JSON, Answer

# With only these a page of the bulk mode needs no record looked at.
PLAIN = {"i_customer", "from_date", "to_date", "limit", "offset", "get_total", "i_service", "show_unsuccessful"}
SPREADSHEET = (
    "i_xdr",
    "account_id",
    "CLI",
    "CLD",
    "connect_time",
    "charged_quantity",
    "charged_amount",
    "description",
)


def list_xdrs(call: Call, i_customer: int, i_account: int | None = None) -> Record | Answer:
    """The xDRs of a customer, or of one of its accounts."""
    since, until = call.moment("from_date"), call.moment("to_date")
    if since is None:
        call.missing("from_date")
    if until is None:
        call.missing("to_date")
    offset, limit = bounds(call)
    xdrs = call.books.xdrs
    if isinstance(xdrs, BulkXdrs) and i_account is None and set(call.params) <= PLAIN:
        return _bulk_page(call, xdrs, i_customer, since, until, offset, limit)
    rows = [one for one in xdrs.of(i_customer, since, until) if i_account in {None, one["i_account"]}]
    rows = _filtered(call, rows)
    if call.text("format") == "csv":
        return _spreadsheet(rows)
    first = offset - 1 if offset and call.books.switches.repeats_at_page_ends else offset
    answer: Record = {"xdr_list": rows[first : first + limit]}
    if call.flag("get_total"):
        answer["total"] = len(rows)
    return answer


def _filtered(call: Call, rows: list[Record]) -> list[Record]:
    rows = matching(call, rows, patterns=(), exact=("i_service", "call_id", "h323_conf_id"))
    for name, column in (("cli", "CLI"), ("cld", "CLD")):
        if (wanted := call.text(name)) is not None:
            rows = [one for one in rows if one[column] == wanted]
    if not call.flag("show_unsuccessful"):
        rows = [one for one in rows if not one["failed"]]
    if (entity := call.text("cdr_entity")) is not None:
        rows = [one for one in rows if bool(one["account_id"]) == (entity == "A")]
    if (after := call.moment("connect_time_after")) is not None:
        rows = [one for one in rows if str(one["connect_time"]) >= after]
    if (before := call.moment("connect_time_before")) is not None:
        rows = [one for one in rows if str(one["connect_time"]) < before]
    return rows


def _bulk_page(
    call: Call, xdrs: BulkXdrs, i_customer: int, since: str, until: str, offset: int, limit: int
) -> Record | Answer:
    if call.integer("i_service") not in {None, VOICE}:
        return {"xdr_list": []} | ({"total": 0} if call.flag("get_total") else {})
    inside, total = xdrs.page(i_customer, since, until, offset, limit)
    end = b'],"total":%d}' % total if call.flag("get_total") else b"]}"
    return Answer(200, (("Content-Type", JSON),), b'{"xdr_list":[' + inside + end)


def _spreadsheet(rows: list[Record]) -> Answer:
    lines = [",".join(SPREADSHEET), *(",".join(str(row.get(name, "")) for name in SPREADSHEET) for row in rows)]
    return Answer.file("\r\n".join([*lines, ""]).encode(), name="xdrs.csv", content_type="application/csv")
