"""What `tollbook demo` shows: what came in, who was paired and who was not, what waits, and the money."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from decimal import Decimal

from django.db.models import Q
from rich.table import Table

from tollbook.billing.models import Invoice
from tollbook.cli.next_steps import NEXT_STEP
from tollbook.customers.models import Account, ForeignCustomer, Number
from tollbook.jobs.demo_month import DemoMonth
from tollbook.ledger.queries import balance
from tollbook.usage.models import ImportRun
from tollbook.usage.queries import outcomes_of, set_aside_by_reason

SHOWN_INVOICES = 8
OUTCOMES = ("charged", "free", "set_aside", "not_usage")


def tables(result: DemoMonth) -> Iterator[Table]:
    """The demo's tables, in the order in which things happened."""
    yield _pairing(result)
    yield _not_paired(result)
    yield _usage(result)
    yield _set_aside()
    yield _money(result.invoices)


def came_in(result: DemoMonth) -> Iterator[str]:
    """One line for each source: what was read now, and how much of it was known."""
    yield _line(result.run.evidence.name, [result.run])
    for visit in result.visits:
        runs = list(visit.collected.runs.all())
        nothing = f"{visit.connection.name}: nothing new since the last visit"
        yield _line(visit.connection.name, runs) if runs else nothing


def _line(source: str, runs: list[ImportRun]) -> str:
    records, known = sum(run.records_in for run in runs), sum(run.duplicate for run in runs)
    files = f" of {len(runs)} files" if len(runs) > 1 else ""
    return f"{source}: {records:,} records{files} in, {records - known:,} new, {known:,} known from before"


def _pairing(result: DemoMonth) -> Table:
    table = _table("Customers of the platforms", "platform", "customers", "paired", "accounts here", "numbers")
    for visit in result.visits:
        there = ForeignCustomer.objects.filter(connection=visit.connection)
        at_platform = Q(links__connection=visit.connection) | Q(marks__connection=visit.connection)
        accounts = Account.objects.filter(at_platform).distinct()
        numbers = Number.objects.filter(account__in=accounts).count()
        paired = there.filter(standing="paired").count()
        table.add_row(visit.connection.name, *map(_count, (there.count(), paired, accounts.count(), numbers)))
    return table


def _not_paired(result: DemoMonth) -> Table:
    """Why, and who: names of one reason together."""
    table = Table("platform", "who", "why", title="Not paired, and why", title_justify="left")
    for visit in result.visits:
        open_ones = ForeignCustomer.objects.filter(connection=visit.connection).exclude(standing="paired")
        by_reason: defaultdict[str, list[str]] = defaultdict(list)
        for one in open_ones.order_by("standing", "foreign_id"):
            by_reason[one.remark or one.standing].append(str(one))
        for reason, names in by_reason.items():
            table.add_row(visit.connection.name, "\n".join(names), reason)
    return table


def _usage(result: DemoMonth) -> Table:
    table = _table(
        "What became of the records", "source", "records", *(name.replace("_", " ") for name in OUTCOMES)
    )
    total: Counter[str] = Counter()
    for connection in (result.run.connection, *(visit.connection for visit in result.visits)):
        counts: Counter[str] = Counter()
        for outcome, _, count, _ in outcomes_of(connection.pk):
            counts[outcome] += count
        total.update(counts)
        table.add_row(connection.name, _count(counts.total()), *(_count(counts[name]) for name in OUTCOMES))
    table.add_section()
    table.add_row("all", _count(total.total()), *(_count(total[name]) for name in OUTCOMES), style="bold")
    return table


def _set_aside() -> Table:
    table = Table("source", "reason", "records", "what to do", title="Set aside", title_justify="left")
    table.columns[2].justify = "right"
    for connection, reason, count, _, _ in set_aside_by_reason():
        table.add_row(connection, reason.replace("_", " "), _count(count), NEXT_STEP.get(reason, ""))
    return table


def _money(invoices: list[Invoice]) -> Table:
    """The largest invoices by name, the others as one row for each currency."""
    table = Table(title="Invoices of June 2017", title_justify="left")
    for name in ("customer", "invoice"):
        table.add_column(name)
    for name in ("net", "tax", "to pay", "balance"):
        table.add_column(name, justify="right")
    table.add_column("")
    largest = sorted(invoices, key=lambda one: one.gross, reverse=True)[:SHOWN_INVOICES]
    for invoice in largest:
        owed = balance(invoice.customer, invoice.currency).amount
        amounts = (invoice.net, invoice.tax, invoice.gross, owed)
        table.add_row(invoice.customer.code, invoice.number, *map(_money_text, amounts), invoice.currency)
    table.add_section()
    for currency in sorted({one.currency for one in invoices}):
        rest = [one for one in invoices if one.currency == currency and one not in largest]
        if not rest:
            continue
        sums = (sum((getattr(one, name) for one in rest), Decimal(0)) for name in ("net", "tax", "gross"))
        owed = sum((balance(one.customer, currency).amount for one in rest), Decimal(0))
        table.add_row(f"{len(rest)} more", "", *map(_money_text, (*sums, owed)), currency)
    return table


def _table(title: str, first: str, *figures: str) -> Table:
    table = Table(first, *figures, title=title, title_justify="left")
    for column in table.columns[1:]:
        column.justify = "right"
    return table


def _count(count: int) -> str:
    return f"{count:,}" if count else ""


def _money_text(amount: Decimal) -> str:
    return f"{amount:,.2f}"
