"""What is read inside `one_moment` is from one moment, while others go on posting."""

import psycopg
import pytest
from django.db import connection
from django.db.utils import InternalError

from tollbook.database import one_moment, stream

ACCOUNTS = "SELECT count(*) FROM ledger_ledgeraccount"
OPEN_ONE = "INSERT INTO ledger_ledgeraccount (kind, detail, currency) VALUES ('rounding', '', 'EUR')"


def test_what_others_commit_meanwhile_is_not_seen(fresh_database: dict[str, str]) -> None:
    with one_moment():
        assert list(stream(ACCOUNTS)) == [(0,)]
        with psycopg.connect(fresh_database["DATABASE_URL"]) as somebody_else:
            somebody_else.execute(OPEN_ONE)
        assert list(stream(ACCOUNTS)) == [(0,)]

    assert list(stream(ACCOUNTS)) == [(1,)]


def test_nothing_is_written_while_looking(fresh_database: dict[str, str]) -> None:
    with pytest.raises(InternalError, match="read-only transaction"), one_moment(), connection.cursor() as cursor:
        cursor.execute(OPEN_ONE)


def test_a_fresh_database_is_empty_each_time(fresh_database: dict[str, str]) -> None:
    assert list(stream(ACCOUNTS)) == [(0,)]
