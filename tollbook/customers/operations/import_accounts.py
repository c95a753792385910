"""Accounts from a sheet, with their numbers over time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from tollbook.catalog.models import Product
from tollbook.catalog.price_list import BadRow
from tollbook.customers.account_sheet import AccountEntry, Payer, account_entries
from tollbook.customers.models import Account, Customer, Number
from tollbook.customers.number_plan import Holding, NumberPlan, plan_numbers
from tollbook.customers.report import FieldChange, ImportReport, shown, shown_period
from tollbook.customers.spreadsheet import BadSheet, Sheet
from tollbook.database import lock_table

NEXT_STEP = "correct them and import the sheet again"
ROWS_PER_STATEMENT = 5_000


@dataclass(slots=True)
class AccountsReport(ImportReport):
    """What an import of accounts did to them, and to their numbers."""

    numbers: NumberPlan = field(default_factory=NumberPlan)
    numbers_are_listed: bool = True  # the sheet has a column for them


@transaction.atomic
def import_accounts(
    *, sheet: Sheet, now: datetime, dry_run: bool = False, end_missing_numbers: date | None = None
) -> AccountsReport:
    """Make or change the accounts of a sheet; an account is known by its code.

    Only columns that the sheet has are changed. Numbers that an account has and the sheet does not list are kept
    and reported, or end when `end_missing_numbers` begins in the customer's zone. Safe to repeat.

    Raises:
        BadSheet: rows cannot be used, or a number would be on two accounts at one time. It names all of them;
            nothing was written.
    """
    lock_table(Account._meta.db_table)
    lock_table(Number._meta.db_table)
    payers = {code: Payer(pk, zone) for pk, code, zone in Customer.objects.values_list("pk", "code", "timezone")}
    products = dict(Product.objects.values_list("code", "pk"))
    entries, problems = account_entries(sheet, payers, products)
    stored = _stored_accounts([entry.code for entry in entries])
    problems += [*_changes_of_customer(entries, stored, payers), *_empty_periods(entries, stored)]
    report = AccountsReport(numbers_are_listed="numbers" in sheet.columns)
    report.numbers = _number_plan(sheet, entries, now=now, end_missing_numbers=end_missing_numbers)
    problems = [*sheet.problems, *problems, *report.numbers.clashes]
    if problems:
        raise BadSheet(sheet.path, problems, NEXT_STEP)
    changed = _compare(entries, stored, {pk: code for code, pk in products.items()}, report)
    if not dry_run:
        _write(entries, stored, changed, report.numbers)
    return report


def _changes_of_customer(
    entries: list[AccountEntry], stored: Mapping[str, Account], payers: Mapping[str, Payer]
) -> list[BadRow]:
    """What an account used before is its customer's to pay, so it does not move to another one."""
    codes = {payer.customer_id: code for code, payer in payers.items()}
    return [
        BadRow(
            entry.line,
            "customer",
            entry.customer,
            f"account {entry.code!r} is customer {codes[account.customer_id]!r}'s; end it there (active_until) and "
            "give the new account another code",
        )
        for entry in entries
        if (account := stored.get(entry.code)) is not None and account.customer_id != entry.fields["customer_id"]
    ]


def _empty_periods(entries: list[AccountEntry], stored: Mapping[str, Account]) -> list[BadRow]:
    """A sheet with only one of the dates may contradict the other one, which is stored."""
    problems = []
    for entry in entries:
        account = stored.get(entry.code)
        since, until = (
            entry.fields.get(name, getattr(account, name, None)) for name in ("active_from", "active_until")
        )
        if isinstance(since, datetime) and isinstance(until, datetime) and until <= since:
            column = "active_until" if "active_until" in entry.fields else "active_from"
            period = shown_period(since, until, entry.zone)
            reason = f"leaves account {entry.code!r} active from {period}, which is never"
            problems.append(BadRow(entry.line, column, shown(entry.fields[column], entry.zone), reason))
    return problems


def _number_plan(
    sheet: Sheet, entries: list[AccountEntry], *, now: datetime, end_missing_numbers: date | None
) -> NumberPlan:
    if "numbers" not in sheet.columns:
        return NumberPlan()
    zones = {entry.code: entry.zone for entry in entries}
    wanted = [holding for entry in entries for holding in entry.numbers]
    return plan_numbers(
        wanted,
        _stored_holdings(list(zones), sorted({holding.digits for holding in wanted})),
        accounts=zones,
        says_from="numbers_from" in sheet.columns,
        says_until="numbers_until" in sheet.columns,
        now=now,
        end_missing=_first_moments(end_missing_numbers, zones) if end_missing_numbers else None,
    )


def _first_moments(day: date, zones: Mapping[str, str]) -> dict[str, datetime]:
    return {code: datetime.combine(day, time(), ZoneInfo(zone)) for code, zone in zones.items()}


# One array instead of a placeholder per row: a statement with a hundred thousand placeholders takes seconds to write.
def _stored_accounts(codes: list[str]) -> dict[str, Account]:
    found = Account.objects.raw(f"SELECT * FROM {Account._meta.db_table} WHERE code = ANY(%s)", [codes])
    return {account.code: account for account in found}


def _stored_holdings(codes: list[str], digits: list[int]) -> list[Holding]:
    query = """
        SELECT n.digits, a.code, n.active_from, n.active_until, c.timezone, n.id
          FROM customers_number n
          JOIN customers_account a ON a.id = n.account_id
          JOIN customers_customer c ON c.id = a.customer_id
         WHERE a.code = ANY(%s) OR n.digits = ANY(%s)
         ORDER BY n.active_from NULLS FIRST, n.id
    """
    with connection.cursor() as cursor:
        cursor.execute(query, [codes, digits])
        return [
            Holding(number, account, since, until, zone, pk=pk)
            for number, account, since, until, zone, pk in cursor.fetchall()
        ]


def _compare(
    entries: list[AccountEntry],
    stored: Mapping[str, Account],
    product_codes: Mapping[int, str],
    report: AccountsReport,
) -> list[Account]:
    """Fill the report; the stored accounts that change come back with their new values."""
    changed: list[Account] = []
    numbers = report.numbers
    touched = {holding.account for holding in numbers.new}
    touched |= {after.account for _, after in (*numbers.changed, *numbers.ended)}
    for entry in entries:
        account = stored.get(entry.code)
        if account is None:
            report.new.append(entry.code)
            continue
        was_product = product_codes[account.product_id]
        differing = {name: value for name, value in entry.fields.items() if getattr(account, name) != value}
        for name, value in differing.items():
            was, becomes = shown(getattr(account, name), entry.zone), shown(value, entry.zone)
            if name == "product_id":
                name, was, becomes = "product", was_product, product_codes[value]  # type: ignore[index]  # noqa: PLW2901
            report.changes.append(FieldChange(entry.code, name, was, becomes))
        for name, value in differing.items():
            setattr(account, name, value)
        if differing:
            changed.append(account)
        (report.changed if differing or entry.code in touched else report.unchanged).append(entry.code)
    return changed


def _write(
    entries: list[AccountEntry], stored: Mapping[str, Account], changed: list[Account], numbers: NumberPlan
) -> None:
    made = Account.objects.bulk_create(
        [Account(code=entry.code, **entry.fields) for entry in entries if entry.code not in stored],
        batch_size=ROWS_PER_STATEMENT,
    )
    # An insert that finds its row is many times faster than bulk_update, which writes a CASE for each field.
    Account.objects.bulk_create(
        changed,
        batch_size=ROWS_PER_STATEMENT,
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["product_id", "name", "active_from", "active_until"],
    )
    ids = {account.code: account.pk for account in (*stored.values(), *made)}
    # The constraint looks at every statement by itself: all old periods go before the new ones come.
    redated = [after for _, after in (*numbers.changed, *numbers.ended)]
    Number.objects.filter(pk__in=[after.pk for after in redated]).delete()
    Number.objects.bulk_create(
        (
            Number(
                pk=holding.pk,
                account_id=ids[holding.account],
                digits=holding.digits,
                active_from=holding.since,
                active_until=holding.until,
            )
            for holding in (*redated, *numbers.new)
        ),
        batch_size=ROWS_PER_STATEMENT,
    )
