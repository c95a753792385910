"""What `tollbook demo` shows: what came in, who was paired and who was not, what waits, the money, and the orders."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from decimal import Decimal

from django.db.models import Q
from rich.table import Table

from tollbook.billing.models import Invoice
from tollbook.cli.next_steps import NEXT_STEP
from tollbook.credit.models import SuspensionOrder
from tollbook.customers.models import Account, ForeignCustomer, Number
from tollbook.jobs.demo_agreement import CUSTOMER, PLANS, agreed
from tollbook.jobs.demo_month import DemoMonth
from tollbook.ledger.queries import balance
from tollbook.usage.models import ImportRun
from tollbook.usage.queries import outcomes_of, set_aside_by_reason

INVOICES_OF_A_CURRENCY = 2  # shown by name
OUTCOMES = ("charged", "free", "set_aside", "not_usage")


def tables(result: DemoMonth) -> Iterator[Table]:
    """The demo's tables, in the order in which things happened."""
    yield _pairing(result)
    yield _not_paired(result)
    yield _usage(result)
    yield _set_aside()
    yield _agreement()
    yield _money(result.invoices)
    if result.orders:
        yield _orders(result.orders)


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
        counts = (there.count(), paired, accounts.count(), numbers)
        if any(counts):
            table.add_row(visit.connection.name, *map(_count, counts))
    return table


def _not_paired(result: DemoMonth) -> Table:
    """Why, and who: names of one reason together, the next step once."""
    table = Table("platform", "who", "why", title="Not paired, and why", title_justify="left")
    table.caption, table.caption_justify = "What to do about each: bin/tollbook pairing list PLATFORM", "left"
    for visit in result.visits:
        open_ones = ForeignCustomer.objects.filter(connection=visit.connection).exclude(standing="paired")
        by_reason: defaultdict[str, list[str]] = defaultdict(list)
        for one in open_ones.order_by("standing", "foreign_id"):
            # A remark ends with its next step, which names each customer: too long for here.
            why = one.remark.rpartition("; ")[0] or one.remark or one.standing
            by_reason[why].append(str(one))
        shown = visit.connection.name
        for reason, names in by_reason.items():
            table.add_row(shown, "\n".join(names), reason)
            shown = ""
        table.add_section()
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
    """By reason, with all sources of each."""
    table = Table("reason", "source", "records", "what to do", title="Set aside", title_justify="left")
    table.columns[2].justify = "right"
    by_reason: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for source, reason, count, _, _ in set_aside_by_reason():
        by_reason[reason].append((source, _count(count)))
    for reason, found in sorted(by_reason.items()):
        sources, counts = ("\n".join(column) for column in zip(*found, strict=True))
        table.add_row(reason.replace("_", " "), sources, counts, NEXT_STEP.get(reason, ""))
        table.add_section()
    return table


def _agreement() -> Table:
    table = _table(f"What {CUSTOMER} may have, and has", "product", "agreed", "used", "EUR a month each")
    for one in agreed():
        fee = PLANS.get(one.product.code)
        table.add_row(
            one.product.name,
            "unlimited" if one.quantity is None else str(one.quantity),
            str(one.used),
            "" if fee is None else _money_text(fee),
        )
    return table


def _money(invoices: list[Invoice]) -> Table:
    """Of each currency the largest by name, the others as one row."""
    table = Table(title="Invoices of June 2017", title_justify="left")
    for name in ("customer", "invoice"):
        table.add_column(name)
    for name in ("net", "tax", "to pay", "balance"):
        table.add_column(name, justify="right")
    table.add_column("")
    for currency in sorted({one.currency for one in invoices}):
        largest_first = sorted(
            (one for one in invoices if one.currency == currency), key=lambda one: one.gross, reverse=True
        )
        for one in largest_first[:INVOICES_OF_A_CURRENCY]:
            table.add_row(one.customer.code, one.number, *_amounts([one]), currency)
        if rest := largest_first[INVOICES_OF_A_CURRENCY:]:
            table.add_row(f"{len(rest)} more", "", *_amounts(rest), currency)
        table.add_section()
    return table


def _amounts(invoices: list[Invoice]) -> Iterator[str]:
    """Net, tax, to pay and balance of invoices in one currency."""
    for name in ("net", "tax", "gross"):
        yield _money_text(sum((getattr(one, name) for one in invoices), Decimal(0)))
    yield _money_text(sum((balance(one.customer, one.currency).amount for one in invoices), Decimal(0)))


def _orders(orders: list[SuspensionOrder]) -> Table:
    """What a platform was told, and what it said of itself afterwards."""
    table = Table("order", "platform", "customer", "told to be", "read back", "why", title="Orders")
    table.title_justify = "left"
    for order in orders:
        said = order.read_word or order.read_state or order.reason or order.state
        table.add_row(str(order.pk), order.connection.name, order.customer.code, order.wanted, said, order.why)
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
