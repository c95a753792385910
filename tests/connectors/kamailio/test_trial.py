"""Trying a connection out: what is missing is named, with what to do."""

from collections.abc import Iterator

import pytest

from simulators.kamailio import Simulator
from tests.connectors.kamailio.sites import connector_at
from tollbook.connectors.base import Check


def trial(kamailio: Simulator, **settings: str) -> dict[str, Check]:
    connector = connector_at(kamailio, **settings)
    checks = {check.name: check for check in connector.test()}
    connector.close()
    return checks


def wrong(kamailio: Simulator, name: str, **settings: str) -> str:
    """What is said of a step that fails, and then what to do."""
    check = trial(kamailio, **settings)[name]
    assert not check.is_ok
    return f"{check.says}; {check.next_step}"


@pytest.fixture
def bare(kamailio: Simulator) -> Iterator[None]:
    """A table as Kamailio's own script makes it, and one that is no table of calls."""
    kamailio.rows("CREATE TABLE plain (id int, start_time timestamp, end_time timestamp, duration real)")
    kamailio.rows("CREATE TABLE nothing_of_it (name text)")
    kamailio.rows(f"GRANT SELECT ON plain, nothing_of_it TO {kamailio.user}")
    yield
    kamailio.rows("DROP TABLE plain, nothing_of_it")


def test_all_is_well(kamailio: Simulator) -> None:
    for table in ("acc_cdrs", "acc"):
        assert all(check.is_ok for check in trial(kamailio, table=table).values())


def test_what_is_not_there_is_named(kamailio: Simulator, bare: None) -> None:
    assert wrong(kamailio, "reach", database="nowhere") == (
        f"PostgreSQL at 127.0.0.1:{kamailio.port} has no database nowhere; check the setting database"
    )
    assert wrong(kamailio, "calls", table_name="cdrs").startswith("there is no table cdrs in database kamailio_")
    assert wrong(kamailio, "calls", table_name="nothing_of_it").startswith(
        "table nothing_of_it has no column id, as Kamailio's own acc_cdrs has; "
    )
    assert wrong(kamailio, "calls", table_name="plain") == (
        "table plain has no column callee for the callee; name the right one by the setting callee_column, or add it "
        "to cdr_extra of Kamailio's acc module"
    )
    assert wrong(kamailio, "calls", account_column="login").startswith(
        "table acc_cdrs has no column login for the account; "
    )
    assert wrong(kamailio, "flags", flags_table="elsewhere").startswith("there is no table elsewhere; make it")


def test_a_missing_right_is_named(kamailio: Simulator) -> None:
    kamailio.rows(f"REVOKE INSERT, DELETE ON tollbook_flags FROM {kamailio.user}")
    kamailio.rows(f"REVOKE SELECT ON acc_cdrs FROM {kamailio.user}")
    try:
        assert wrong(kamailio, "flags") == (
            f"user {kamailio.user} may not INSERT, DELETE on tollbook_flags; grant it there"
        )
        assert "may not do this: permission denied for table acc_cdrs; grant the right" in wrong(kamailio, "calls")
    finally:
        kamailio.rows(f"GRANT INSERT, DELETE ON tollbook_flags TO {kamailio.user}")
        kamailio.rows(f"GRANT SELECT ON acc_cdrs TO {kamailio.user}")


def test_what_is_not_configured_is_not_asked_for(kamailio: Simulator) -> None:
    checks = trial(kamailio, flags_table="-")
    assert checks["flags"].says == "no table of flags is set, so nobody can be suspended from here"
    assert all(check.is_ok for check in checks.values())
