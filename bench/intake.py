"""From a file of calls to posted rows, against PostgreSQL's COPY of finished files with the same rows."""

from collections.abc import Iterator

from bench.goals import Comparison, Finding, Goal
from bench.office import Copied, Office
from bench.workshop import Workshop

_MEANING = (
    "Ours: `import_usage` of a CSV file with growing record ids, {index} the account index, in batches of a million,"
    " each committed: the file kept as evidence and read, numbers read, accounts of 50,000 found, prices of 60,000"
    " prefixes, duplicates looked for, usage, identity, transactions, postings and counts written. The other side:"
    " one COPY each of finished CSV files into the same empty usage and identity tables with the same indexes, rows"
    " in the order of the file. The embedded server with its durable settings; server and client share the cores."
)
_MORE = (
    "Our own work on a call (reading, matching, pricing, turning into text) takes about as much processor time as the"
    " server's, so both cores are busy all the time, while a COPY of a finished file has them for itself. And the other"
    " side writes no transactions and no postings: the column of figures has the ratio against COPY of them too."
)
WITH_INDEX = Goal(
    name="intake-indexed",
    what="file of 5 M calls to posted rows, against bare COPY of usage and identity",
    limit=0.8,
    meaning=_MEANING.format(index="with"),
    if_missed=_MORE,
)
WITHOUT_INDEX = Goal(
    name="intake-plain",
    what="the same without the account index on both sides",
    limit=0.8,
    meaning=_MEANING.format(index="without"),
    if_missed=_MORE,
)

# Table and the order of its rows in the file of calls: record ids have one length, so their order as text is theirs.
COMPARED = (("usage_usagerecord", "line"), ("usage_usageidentity", "connection_id, key"))
FURTHER = (("ledger_transaction", "id"), ("ledger_posting", "transaction_id, leg"))


def intake(shop: Workshop) -> Iterator[Finding]:
    """Import and COPY in turns, with and without the account index; the best of each counts."""
    shop.say("intake: making the file and the office")
    office, calls = Office(shop), shop.calls_file()
    with office.copy("first"):
        seconds = office.import_file(calls)
        shop.say(f"intake: imported in {seconds:.0f} s, saving what was written")
        compared = [office.save(*table) for table in COMPARED]
        further = [office.save(*table) for table in FURTHER]
    for goal, account_index in ((WITH_INDEX, True), (WITHOUT_INDEX, False)):
        imported, copied, copied_all = [], [], []
        for _ in range(shop.rounds(2)):
            shop.say(f"intake: {'with' if account_index else 'without'} account index")
            with office.copy("ours", account_index=account_index):
                imported.append(office.import_file(calls))
            with office.copy("bare", account_index=account_index):
                office.execute("SELECT usage_ensure_month('2026-01-01')")
                copied.append(sum(map(office.load, compared)))
                copied_all.append(copied[-1] + sum(map(office.load, further)))
        yield _finding(goal, min(imported), min(copied), min(copied_all), [*compared, *further])
    for file in (*compared, *further):
        file.path.unlink()


def _finding(goal: Goal, imported: float, copied: float, copied_all: float, files: list[Copied]) -> Finding:
    usage, _, transactions, postings = (file.rows for file in files)
    detail = (
        f"{imported:.1f} s ({usage / imported / 1000:.0f} k calls/s) against {copied:.1f} s; against COPY of all we"
        f" wrote, {transactions:,} transactions and {postings:,} postings too: {copied_all / imported:.2f}"
        f" ({copied_all:.1f} s)"
    )
    return Finding(goal, copied / imported, detail)


INTAKE = Comparison("intake", (WITH_INDEX, WITHOUT_INDEX), intake)
