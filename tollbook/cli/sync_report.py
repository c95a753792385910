"""How a sync says what it did: counts, what changed, and what somebody has to look at, each with the next step."""

from collections import defaultdict
from collections.abc import Iterator

from tollbook.cli.import_report import SHOWN_CHANGES
from tollbook.jobs.sync_report import CHANGES, Deed, SyncLine, SyncReport

HEADINGS = {
    Deed.CONFLICT: "conflicts: nobody is paired until somebody says who is who",
    Deed.SUGGESTED: "may be the same: nobody is paired until somebody accepts",
    Deed.UNMATCHED: "nobody here",
}
MANY = {Deed.CONFLICT: "in conflict", Deed.UNMATCHED: "nobody here"}
DOES_NOT_STAND_ALONE = (Deed.SUGGESTED, Deed.UNMATCHED)  # their next step is the same for all: said once


def report_lines(report: SyncReport) -> Iterator[str]:
    """The report as people read it, line by line."""
    yield f"{report.connection} {report.part}: {_counted(report)}"
    if report.dry_run:
        yield "dry run: nothing was written"
    by_deed: defaultdict[Deed, list[SyncLine]] = defaultdict(list)
    for line in report.lines:
        by_deed[line.deed].append(line)
    for deed in Deed:
        if lines := by_deed.get(deed):
            yield f"{HEADINGS.get(deed, deed.value)}:"
            for line in lines[:SHOWN_CHANGES]:
                yield from _conflict(line) if deed == Deed.CONFLICT else _plain(line)
            if len(lines) > SHOWN_CHANGES:
                yield f"  … and {len(lines) - SHOWN_CHANGES:,} more (--json has all)"
            if deed in DOES_NOT_STAND_ALONE:
                yield f"  → {_for_all(lines)}"
    if report.error and not report.listed:
        yield f"{report.part} cannot be listed: {report.error}"
        yield "  nothing was changed here by it"
    elif report.error:
        yield f"the list of {report.part} is not whole: {report.error}"
        yield "  what came was taken; nothing was marked gone, and nobody was paired by it. Run the sync again"


def report_status(reports: list[SyncReport]) -> int:
    """0 when every list was whole, 1 when one was not, 2 when nothing could be read at all."""
    if all(report.is_complete for report in reports):
        return 0
    return 1 if any(report.is_complete or report.listed for report in reports) else 2


def _counted(report: SyncReport) -> str:
    counts = report.counts
    parts = [f"{report.listed:,} listed"]
    parts += [f"{counts[deed]:,} {deed}" for deed in Deed if counts[deed] and deed in CHANGES]
    parts += [f"{report.unchanged:,} as before"] if report.unchanged else []
    open_ones = [deed for deed in Deed if counts[deed] and deed not in CHANGES]
    parts += [f"{counts[deed]:,} {MANY.get(deed, deed)}" for deed in open_ones]
    parts += [f"{count:,} left out ({why})" for why, count in sorted(report.skipped.items())]
    return ", ".join(parts)


def _plain(line: SyncLine) -> Iterator[str]:
    yield f"  {line.who}" + (f": {line.why}" if line.why else "")
    if line.next_step and line.deed not in DOES_NOT_STAND_ALONE:
        yield f"    → {line.next_step}"


def _conflict(line: SyncLine) -> Iterator[str]:
    yield f"  {line.why}"
    for side, names in (("there", line.there), ("here", line.here)):
        for place, name in enumerate(names):
            yield f"    {side + ':' if place == 0 else '':<6} {name}"
    yield f"    → {line.next_step}"


def _for_all(lines: list[SyncLine]) -> str:
    """The next step; where each names another customer, the customer is left to be filled in."""
    steps = {line.next_step for line in lines}
    if len(steps) == 1:
        return steps.pop()
    words = lines[0].next_step.split()
    return " ".join([*words[:-2], "ID", words[-1]])
