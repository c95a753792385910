"""What DATABASE_URL may say. libpq's manual, "Connection URIs", has the rules."""

import pytest

from tollbook.config.database_url import database_from_url
from tollbook.errors import BadInput


def test_every_part_of_a_url_has_its_place() -> None:
    assert database_from_url(
        "postgresql://anna:wonder@db.example:5433/billing?sslmode=require&connect_timeout=5"
    ) == {
        "NAME": "billing",
        "USER": "anna",
        "PASSWORD": "wonder",
        "HOST": "db.example",
        "PORT": "5433",
        "OPTIONS": {"sslmode": "require", "connect_timeout": "5"},
    }


@pytest.mark.parametrize(
    ("url", "part", "value"),
    [
        ("postgresql://anna:p%40ss%2Fword%3A@db/billing", "PASSWORD", "p@ss/word:"),
        ("postgres://db/billing", "HOST", "db"),
        ("postgresql://%2Frun%2Fpostgresql/billing", "HOST", "/run/postgresql"),
        ("postgresql:///billing?host=/run/postgresql", "HOST", "/run/postgresql"),
        ("postgresql:///billing", "HOST", ""),
        ("postgresql://[::1]:5432/billing", "HOST", "::1"),
        ("postgresql://first:1,second:2/billing", "PORT", "1,2"),
        ("postgresql://db/bill%20ing", "NAME", "bill ing"),
        ("postgresql:///?service=billing", "OPTIONS", {"service": "billing"}),
    ],
)
def test_a_url_means_what_it_means_to_psql(url: str, part: str, value: object) -> None:
    assert database_from_url(url)[part] == value


@pytest.mark.parametrize(
    ("url", "mistake"),
    [
        ("mysql://db/billing", "PostgreSQL only, and it begins with mysql://"),
        ("host=db dbname=billing", "it is not a URL"),
        ("postgresql://db", "names no database"),
        ("postgresql://db/", "names no database"),
        ("postgresql://db:many/billing", "the port is 'many', not a number"),
        ("postgresql://db/billing?sslmod=require", 'invalid URI query parameter: "sslmod"'),
        ("postgresql://db/bill%zzing", 'invalid percent-encoded token: "bill%zzing"'),
        ("postgresql://db/bill ing", "use percent-encoded spaces"),
        ("postgresql://[::1/billing", 'looking for matching "]"'),
    ],
)
def test_a_mistake_is_named_with_an_example_of_what_is_right(url: str, mistake: str) -> None:
    with pytest.raises(BadInput) as refused:
        database_from_url(url)

    assert mistake in str(refused.value)
    assert "postgresql://user:password@host:5432/tollbook?sslmode=require" in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://anna:sec@ret@db/billing",
        "postgresql://anna:sec/ret@db/billing",
        "postgresql://anna:sec%zzret@db/billing",
        "postgresql://anna:secret ret@db/billing",
        "postgresql://db/billing?password=sec%zzret",
        "postgresql://sec@ret:many/billing",
    ],
)
def test_no_message_shows_a_piece_of_the_password(url: str) -> None:
    with pytest.raises(BadInput) as refused:
        database_from_url(url)

    assert "sec" not in str(refused.value)
    assert "ret" not in str(refused.value)
