"""Customers from a sheet: new ones made, known ones changed where the sheet says something else."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from django.db import transaction

from tollbook.catalog.price_list import BadRow
from tollbook.customers.identities import SCHEMES
from tollbook.customers.models import Customer, Identity, TaxTreatment
from tollbook.customers.report import FieldChange, ImportReport, shown
from tollbook.customers.spreadsheet import BadSheet, Row, Sheet
from tollbook.database import lock_table

NEXT_STEP = "correct them, or leave them out with --skip-bad-rows"
ROWS_PER_STATEMENT = 5_000

Identities = Mapping[int, Mapping[str, list[str]]]  # customer id → scheme → values


@transaction.atomic
def import_customers(*, sheet: Sheet, dry_run: bool = False, skip_bad_rows: bool = False) -> ImportReport:
    """Make or change the customers of a sheet; a customer is known by its code.

    Only columns that the sheet has are changed; an empty cell empties the field or sets its default. Safe to
    repeat: the same sheet again changes nothing.

    Raises:
        BadSheet: rows cannot be used and were not to be skipped. It names all of them; nothing was written.
    """
    lock_table(Customer._meta.db_table)
    stored = {customer.code: customer for customer in Customer.objects.all()}
    problems = [
        *sheet.problems,
        *_repeated_codes(sheet),
        *_other_currencies(sheet, stored),
        *_taxed_without_tax(sheet, stored),
    ]
    if problems and not skip_bad_rows:
        raise BadSheet(sheet.path, problems, NEXT_STEP)
    bad_lines = {problem.line for problem in problems}
    rows = [row for row in sheet.rows if row.line not in bad_lines]
    plan = _Plan(rows, stored)
    plan.report.skipped = sorted(problems, key=lambda problem: problem.line)
    if not dry_run:
        plan.write(sheet.columns)
    return plan.report


def _repeated_codes(sheet: Sheet) -> list[BadRow]:
    times = Counter(row.text("code") for row in sheet.rows)
    lines = defaultdict(list)
    for row in sheet.rows:
        if times[row.text("code")] > 1:
            lines[row.text("code")].append(row.line)
    return [
        BadRow(line, "code", code, f"is on the lines {', '.join(map(str, its_lines))}; a customer has one row")
        for code, its_lines in lines.items()
        for line in its_lines
    ]


def _other_currencies(sheet: Sheet, stored: Mapping[str, Customer]) -> list[BadRow]:
    """What a customer owes is kept in one currency from the first entry on."""
    return [
        BadRow(
            row.line,
            "currency",
            row.text("currency"),
            f"customer {customer.code!r} is kept in {customer.currency}; give them a new code for another currency",
        )
        for row in sheet.rows
        if (customer := stored.get(row.text("code"))) is not None and customer.currency != row.text("currency")
    ]


def _taxed_without_tax(sheet: Sheet, stored: Mapping[str, Customer]) -> Iterator[BadRow]:
    for row in sheet.rows:
        known = stored.get(row.text("code"), Customer())
        treatment = row.values.get("tax_treatment", known.tax_treatment)
        rate = row.values.get("tax_rate", known.tax_rate)
        if treatment != TaxTreatment.STANDARD and rate:
            yield BadRow(row.line, "tax_rate", str(rate), f"must be 0 when tax_treatment is {treatment}")


class _Plan:
    """What a sheet changes, found out before anything is written."""

    def __init__(self, rows: list[Row], stored: Mapping[str, Customer]) -> None:
        self.report = ImportReport()
        self._to_make: list[Customer] = []
        self._to_change: list[Customer] = []
        self._identities: list[tuple[Customer, str, str]] = []  # a scheme's only value from now on; "" = none
        identities = _stored_identities()
        for row in rows:
            customer = stored.get(row.text("code"))
            if customer is None:
                self._make(row)
            else:
                self._change(customer, row, identities.get(customer.pk, {}))

    def _make(self, row: Row) -> None:
        customer = Customer(**{name: value for name, value in row.values.items() if name not in SCHEMES})
        self._to_make.append(customer)
        self._identities += [(customer, scheme, row.text(scheme)) for scheme in SCHEMES if row.text(scheme)]
        self.report.new.append(customer.code)

    def _change(self, customer: Customer, row: Row, identities: Mapping[str, list[str]]) -> None:
        changes: list[FieldChange] = []
        for name, value in row.values.items():
            if name in SCHEMES:
                was = identities.get(name, [])
                if was == ([value] if value else []):
                    continue
                self._identities.append((customer, name, str(value)))
                changes.append(FieldChange(customer.code, name, ", ".join(was), str(value)))
            elif (old := getattr(customer, name)) != value:
                changes.append(FieldChange(customer.code, name, shown(old), shown(value)))
                setattr(customer, name, value)
        if changes:
            self._to_change.append(customer)
        (self.report.changed if changes else self.report.unchanged).append(customer.code)
        self.report.changes += changes

    def write(self, columns: frozenset[str]) -> None:
        Customer.objects.bulk_create(self._to_make, batch_size=ROWS_PER_STATEMENT)
        fields = sorted(columns - {"code", *SCHEMES})
        # An insert that finds its row is many times faster than bulk_update, which writes a CASE for each field.
        Customer.objects.bulk_create(
            self._to_change,
            batch_size=ROWS_PER_STATEMENT,
            update_conflicts=True,
            unique_fields=["id"],
            update_fields=fields,
        )
        for scheme in SCHEMES:
            replaced = [customer.pk for customer, name, _ in self._identities if name == scheme]
            Identity.objects.filter(scheme=scheme, customer_id__in=replaced).delete()
        given = [identity for identity in self._identities if identity[2]]
        Identity.objects.bulk_create(
            (Identity(customer=customer, scheme=scheme, value=value) for customer, scheme, value in given),
            batch_size=ROWS_PER_STATEMENT,
        )


def _stored_identities() -> Identities:
    found: dict[int, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    known = Identity.objects.filter(scheme__in=SCHEMES).order_by("value")
    for customer_id, scheme, value in known.values_list("customer_id", "scheme", "value"):
        found[customer_id][scheme].append(value)
    return found
