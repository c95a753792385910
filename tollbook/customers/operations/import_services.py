"""Services from another billing system: each an account here, recognised at a platform by what was written there."""

from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from tollbook.catalog.price_list import BadRow
from tollbook.connections.models import Connection
from tollbook.customers.models import Account, AccountEvent
from tollbook.customers.operations.describe_account import Described, describe_account
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
    report = ServicesReport()
    try:
        with transaction.atomic():
            lock_table(Account._meta.db_table)
            for service in found:
                problems += _take(service, connection, report, by=by, now=now)
            if problems:
                raise BadSheet(sheet.path, problems, NEXT_STEP)
            if dry_run:
                raise _DryRun
    except _DryRun:
        pass
    return report


def _take(
    service: Service, connection: Connection, report: ServicesReport, *, by: str, now: datetime
) -> list[BadRow]:
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
    except BadInput as error:
        return [BadRow(service.line, "", service.code, str(error))]
    report.described.append(described)
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
