"""Progress of a visit to a platform: what is fetched, then what is read."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, SpinnerColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn

from tollbook.cli.progress import progress_bar
from tollbook.jobs.fetch_usage import FETCHING, Step


@contextmanager
def visit_progress(name: str) -> Iterator[Callable[[Step], None]]:
    """A bar over the steps of a visit to the connection of that name."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[count]:>14}"),
        TimeRemainingColumn(),
    )
    with progress_bar(*columns) as bar:
        task = bar.add_task(name, total=None, count="")

        def update(step: Step) -> None:
            count = f"{step.count:,} {'bytes' if step.doing == FETCHING else 'records'}"
            bar.update(task, description=f"{name}: {step.doing}", completed=step.done, total=step.of, count=count)

        yield update
