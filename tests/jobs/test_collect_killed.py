"""A collect that dies, wherever it is, and is run again gives the books of one that was left in peace."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.jobs.books import books
from tests.jobs.simulated import undone
from tests.jobs.toy_office import Toy
from tests.jobs.toy_platform import Call, Killed
from tollbook.jobs import collect_period, import_usage, post_usage
from tollbook.jobs.check_ledger import check_ledger
from tollbook.usage.models import CollectRun, CollectState, ImportRun

FIRST, THEN = "2017-06-20T12:00", "2017-06-20T13:00"
CALLS = [
    Call(
        id=number,
        customer=f"c{1 + number % 3}",
        start=f"2017-06-{19 + number % 2}T{number:02d}:00:00+00:00",
        cli=f"4822100000{1 + number % 3}",
        seconds=60 * number,
    )
    for number in range(1, 12)
]


def while_fetching(toy: Toy, _: pytest.MonkeyPatch) -> None:
    toy.platform.kill_after_pieces = 3


def once_it_is_evidence(_: Toy, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(collect_period, "import_evidence", dying())


def in_the_middle_of_the_import(_: Toy, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(import_usage, "READ_ROWS", 2)
    patch.setattr(import_usage, "post_batch", dying(post_usage.post_batch, after=2))


def before_the_cursors_move(_: Toy, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(collect_period, "move_cursors", dying())


def dying(does: Callable[..., Any] | None = None, *, after: int = 0) -> Callable[..., Any]:
    calls = []

    def step(*words: Any, **named: Any) -> Any:
        calls.append(1)
        if len(calls) > after or does is None:
            raise Killed
        return does(*words, **named)

    return step


@pytest.mark.parametrize(
    "death", [while_fetching, once_it_is_evidence, in_the_middle_of_the_import, before_the_cursors_move]
)
def test_killed_and_run_again_the_books_are_the_same(
    toy: Toy, monkeypatch: pytest.MonkeyPatch, death: Callable[[Toy, pytest.MonkeyPatch], None]
) -> None:
    toy.platform.calls = CALLS
    undisturbed = undone(lambda: toy.collect(FIRST))
    with monkeypatch.context() as patch:
        death(toy, patch)
        with pytest.raises(Killed):
            toy.collect(FIRST)
    toy.platform.kill_after_pieces = None
    # What dies at once leaves its run as it was.
    CollectRun.objects.update(state=CollectState.RUNNING, finished_at=None, problems=[])
    assert toy.collected() == dict.fromkeys(("c1", "c2", "c3"), "nothing")

    run = toy.collect(THEN)

    assert run.state == "done"
    assert books() == undisturbed
    assert toy.collected() == dict.fromkeys(("c1", "c2", "c3"), "2017-06-20 13:00")
    died = CollectRun.objects.exclude(pk=run.pk).get()
    assert (died.state, died.problems[0]["error"].partition(";")[0]) == ("failed", "it was interrupted")
    assert not ImportRun.objects.filter(state="running").exists()
    assert [finding for finding in check_ledger() if finding.problems] == []
