"""Progress on standard error: a bar with rate and time left, and only where somebody watches."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)


@contextmanager
def file_progress(path: Path) -> Iterator[Callable[[int, int], None]]:
    """A bar over the bytes of a file. What is yielded takes bytes read so far and records done so far."""
    size = path.stat().st_size if path.is_file() else None
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[records]:>12,} records"),
        TextColumn("{task.fields[rate]:>10,}/s"),
        TimeRemainingColumn(),
    )
    with progress_bar(*columns) as bar:
        task = bar.add_task(path.name, total=size, records=0, rate=0)

        def update(bytes_read: int, records: int) -> None:
            seconds = bar.tasks[task].elapsed or 0
            bar.update(task, completed=bytes_read, records=records, rate=int(records / seconds) if seconds else 0)

        yield update


@contextmanager
def count_progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar over things counted. What is yielded takes how many are done and how many there are."""
    with progress_bar(
        SpinnerColumn(), TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    ) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, count: bar.update(task, completed=done, total=count)


def progress_bar(*columns: ProgressColumn) -> Progress:
    """A bar with these columns, seen only where standard error is a terminal."""
    console = Console(stderr=True)
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
