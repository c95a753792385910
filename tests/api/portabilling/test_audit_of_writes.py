"""Every method that writes says for the audit what it changed, and what only reads is not made to."""

import inspect
from collections.abc import Callable, Iterator
from types import FunctionType
from typing import Any

import pytest

from tollbook.api.portabilling import services  # noqa: F401  serves the methods
from tollbook.api.portabilling.method import METHODS

NOTES = ("caller.made(", "caller.changing(", ".written.append(")
DEEPEST = 5  # a helper of a helper of a method


def parts_of(function: Callable[..., Any], depth: int = 0) -> Iterator[str]:
    """The source of a function, and of those of the API that it calls."""
    whole = inspect.unwrap(function)
    if not isinstance(whole, FunctionType) or depth > DEEPEST:
        return
    yield inspect.getsource(whole)
    for name in whole.__code__.co_names:
        called = whole.__globals__.get(name)
        if inspect.isfunction(called) and called.__module__.startswith("tollbook.api.portabilling"):
            yield from parts_of(called, depth + 1)


def notes(name: str) -> bool:
    return any(note in part for part in parts_of(METHODS[name].function) for note in NOTES)


@pytest.mark.parametrize("name", sorted(name for name, one in METHODS.items() if one.writes))
def test_what_writes_notes_what_it_changed(name: str) -> None:
    assert notes(name), f"{name} writes and notes nothing: use caller.changing or caller.made"


@pytest.mark.parametrize("name", sorted(name for name, one in METHODS.items() if not one.writes))
def test_what_is_noted_is_kept(name: str) -> None:
    assert not notes(name), f"{name} notes something and is not said to write, so it would be lost"
