"""Services from another billing system: each an account here, recognised at a platform by what was written there."""

from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from tollbook.catalog.price_list import BadRow
from tollbook.connections.models import Connection
from tollbook.customers.models import Account, AccountEvent
from tollbook.customers.operations.describe_account import Described, MarkTaken, describe_account
from tollbook.customers.service_sheet import Service, services
from tollbook.customers.spreadsheet import BadSheet, Sheet
from tollbook.database import lock_table
from tollbook.errors import BadInput

NEXT_STEP = "correct them and import the sheet again"


@dataclass(slots=True)
class ServicesReport:
    """What an import of services did, or would do."""

    made: list[str] = field(default_factory=list)  # codes of accounts
    described: list[Described] = field(default_factory=list)
    unmarked: list[str] = field(default_factory=list)  # accounts that the sheet says nothing of but the tenant


class _DryRun(Exception):
    """Ends the transaction of a rehearsal."""


def import_services(
    *, sheet: Sheet, connection: Connection, by: str, now: datetime, dry_run: bool = False
) -> ServicesReport:
    """Make the accounts that are not here yet, and describe all of them. All rows or none. Safe to repeat.

    Raises:
        BadSheet: rows cannot be used; it names all of them, and nothing was written.
    """
    found, problems = services(sheet, connection)
    report = ServicesReport(unmarked=[one.code for one in found if not one.marks.is_recognisable])
    lines: dict[str, int] = {}
    try:
        with transaction.atomic():
            lock_table(Account._meta.db_table)
            for service in found:
                problems += _take(service, connection, report, lines, by=by, now=now)
            if problems:
                raise BadSheet(sheet.path, problems, NEXT_STEP)
            if dry_run:
                raise _DryRun
    except _DryRun:
        pass
    return report


def _take(
    service: Service,
    connection: Connection,
    report: ServicesReport,
    lines: dict[str, int],
    *,
    by: str,
    now: datetime,
) -> list[BadRow]:
    """Make and describe one. `lines`: of the accounts described so far."""
    if service.code in lines:
        why = f"is on line {lines[service.code]} too; one row is one account, so put both into one"
        return [BadRow(service.line, "account", service.code, why)]
    account = Account.objects.select_related("customer").filter(code=service.code).first()
    if account is not None and account.customer_id != service.customer.pk:
        why = f"is an account of {account.customer.code}, not of {service.customer.code}"
        return [BadRow(service.line, "account", service.code, why)]
    try:
        with transaction.atomic():  # so that the next row can be tried when this one fails
            if account is None:
                account = _made(service, connection, by=by, now=now)
                report.made.append(account.code)
            described = describe_account(
                account=account, connection=connection, marks=service.marks, by=by, now=now, since=service.since
            )
    except MarkTaken as error:
        holder = lines.get(error.mark.account.code)
        why = f"{error.mark.kind} {error.mark.value} is on line {holder} too, and one account's alone"
        return [BadRow(service.line, "", service.code, str(error) if holder is None else why)]
    except BadInput as error:
        return [BadRow(service.line, "", service.code, str(error))]
    report.described.append(described)
    lines[service.code] = service.line
    return []


def _made(service: Service, connection: Connection, *, by: str, now: datetime) -> Account:
    if service.product is None:
        raise BadInput("is no account here; name its product, so that it can be made")
    account = Account.objects.create(
        customer=service.customer,
        product=service.product,
        code=service.code,
        name=service.name,
        active_from=service.since,
    )
    detail = f"a service at {connection.name}"
    AccountEvent.objects.create(account=account, what="created", detail=detail, by=by, at=now)
    return account
