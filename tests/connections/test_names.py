"""A connection's name in commands that people copy."""

import pytest

from tollbook.connections.models import Connection


@pytest.mark.parametrize(("name", "quoted"), [("metroport", "metroport"), ("demo switch", "'demo switch'")])
def test_a_name_with_a_blank_is_quoted(name: str, quoted: str) -> None:
    assert Connection(name=name).quoted == quoted
