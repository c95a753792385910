"""Extensions from a file: the empty sheet, and many at once or none."""

from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from tollbook.api.portabilling.caller import Caller
from tollbook.api.portabilling.faults import missing
from tollbook.api.portabilling.fields import Id, Switch
from tollbook.api.portabilling.method import OWNERS, Attachment, Request, Upload, method
from tollbook.customers.extension_template import template_csv, template_xlsx
from tollbook.customers.models import Account
from tollbook.customers.spreadsheet import BadSheet
from tollbook.jobs.upload_extensions import upload_extensions as take

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class UploadExtensions(Request):
    """Whose extensions the file has; `validate_only` 1: say what would be made, and make nothing."""

    i_customer: Id | None = None
    validate_only: Switch | None = None


class WhichTemplate(Request):
    """As what."""

    format: Literal["csv", "xlsx"] = "csv"


class Extension(msgspec.Struct, kw_only=True):
    """An extension that was made, or would be."""

    line: int
    id: str
    account_id: str
    i_account: int | UnsetType = UNSET
    product_name: str


class Problem(msgspec.Struct):
    """A cell that cannot be used."""

    line: int
    column: str
    value: str
    problem: str


class Uploaded(msgspec.Struct, kw_only=True):
    """What became of the file: all of it, or nothing and `errors`, one for each cell that cannot be used."""

    success: int
    extensions_list: list[Extension] = []
    notes: list[str] = []
    errors: list[Problem] = []


@method("Customer/upload_extensions", realms=OWNERS, writes=True)
def upload_extensions(caller: Caller, asked: UploadExtensions, upload: Upload | None) -> Uploaded:
    """Make the extensions of a CSV or XLSX with their accounts: all of them, or none."""
    customer = caller.customer(asked.i_customer)
    if upload is None:
        raise missing(caller.method, "file", "a multipart request")
    is_trial = bool(asked.validate_only)
    try:
        report = take(
            actor=caller.actor,
            customer=customer,
            file_name=upload.name,
            content=upload.content,
            now=caller.now,
            dry_run=is_trial,
        )
    except BadSheet as bad:
        caller.made(f"customer {customer.pk}", {"file": upload.name, "refused": len(bad.rows)})
        problems = [Problem(one.line, one.column, one.value, one.reason) for one in bad.rows]
        return Uploaded(success=0, errors=problems)
    caller.made(
        f"customer {customer.pk}", {"file": upload.name, "extensions": 0 if is_trial else len(report.made)}
    )
    codes = [] if is_trial else [one.account for one in report.made]
    made = dict(Account.objects.filter(code__in=codes).values_list("code", "pk"))
    listed = [
        Extension(
            line=one.line,
            id=one.extension,
            account_id=one.account,
            i_account=made.get(one.account, UNSET),
            product_name=one.product,
        )
        for one in report.made
    ]
    return Uploaded(success=1, extensions_list=listed, notes=list(report.notes))


@method("Customer/get_upload_extensions_template", realms=OWNERS)
def get_upload_extensions_template(_caller: Caller, asked: WhichTemplate) -> Attachment:
    """Download the empty sheet of extensions."""
    if asked.format == "xlsx":
        return Attachment(name="extensions.xlsx", media_type=XLSX, content=template_xlsx())
    return Attachment(name="extensions.csv", media_type="application/csv", content=template_csv())
