"""The same rows in four generations of tables, for a reader and for somebody who gives orders."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from simulators.fusionpbx import GENERATIONS, Simulator
from tests.simulators.fusionpbx.conftest import WORKER


@pytest.fixture(scope="module", params=GENERATIONS)
def generation(request: pytest.FixtureRequest, server_dsn: str) -> Iterator[Simulator]:
    name = f"fusionpbx_generation_{WORKER}"
    with Simulator(server_dsn, generation=request.param, name=name) as simulator:
        yield simulator


def read(dsn: str, query: str) -> list[dict[str, Any]]:
    with psycopg.connect(dsn, row_factory=dict_row) as connection:
        return connection.execute(query.encode()).fetchall()


def columns_of(simulator: Simulator, table: str) -> dict[str, str]:
    rows = read(
        simulator.dsn,
        f"SELECT column_name, data_type FROM information_schema.columns WHERE table_name = '{table}'",
    )
    return {row["column_name"]: row["data_type"] for row in rows}


def test_the_newest_call_table_has_81_columns(fusionpbx: Simulator) -> None:
    columns = columns_of(fusionpbx, "v_xml_cdr")
    assert len(columns) == 81
    assert (columns["call_disposition"], columns["processed"]) == ("text", "boolean")


def test_older_call_tables_lack_what_came_later(generation: Simulator) -> None:
    columns = columns_of(generation, "v_xml_cdr").keys()
    is_newest = generation.generation == "2026"
    assert ("call_disposition" in columns, "processed" in columns) == (is_newest, is_newest)
    is_oldest = generation.generation == "5.2"
    assert ("insert_date" in columns) is not is_oldest
    assert bool(columns_of(generation, "v_xml_cdr_json")) is not is_oldest


@pytest.mark.parametrize("table", ["v_extensions", "v_gateways"])
def test_enabled_is_text_until_5_5(generation: Simulator, table: str) -> None:
    kind, off = {"5.2": ("text", "false"), "5.3": ("text", "false")}.get(generation.generation, ("boolean", False))
    assert columns_of(generation, table)["enabled"] == kind
    gateway = generation.switchboard.tenants[6].gateway  # of the tenant that is switched off
    rows = read(generation.dsn, f"SELECT enabled FROM v_gateways WHERE gateway_uuid = '{gateway.uuid}'")
    assert rows == [{"enabled": off}]


def test_a_domain_is_enabled_by_a_boolean_everywhere(generation: Simulator) -> None:
    assert columns_of(generation, "v_domains")["domain_enabled"] == "boolean"
    disabled = read(generation.dsn, "SELECT domain_name FROM v_domains WHERE NOT domain_enabled")
    assert disabled == [{"domain_name": "tamarack.example.ca"}]


def test_all_generations_have_the_same_rows(generation: Simulator, fusionpbx: Simulator) -> None:
    names = ", ".join(sorted(columns_of(generation, "v_xml_cdr")))
    query = f"SELECT {names} FROM v_xml_cdr ORDER BY xml_cdr_uuid"
    assert read(generation.dsn, query) == read(fusionpbx.dsn, query)
    assert generation.billable() == fusionpbx.billable()


def test_the_reader_may_only_read(generation: Simulator) -> None:
    with (
        psycopg.connect(generation.dsn) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("UPDATE v_gateways SET profile = 'internal'")


def test_the_control_role_changes_what_is_controlled_and_no_calls(generation: Simulator) -> None:
    with psycopg.connect(generation.control_dsn) as connection:
        changed = connection.execute("UPDATE v_domains SET domain_description = 'x'").rowcount
        assert changed == 9
        connection.rollback()
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("UPDATE v_xml_cdr SET billsec = 0")


def test_a_hand_switches_in_the_type_of_the_generation(generation: Simulator) -> None:
    gateway = generation.switchboard.tenants[0].gateway.uuid
    query = f"SELECT enabled FROM v_gateways WHERE gateway_uuid = '{gateway}'"
    generation.set_gateway(gateway, False)
    assert read(generation.dsn, query)[0]["enabled"] in {"false", False}
    generation.set_gateway(str(gateway), True)
    assert read(generation.dsn, query)[0]["enabled"] in {"true", True}


def test_the_connection_is_told_in_parts_too(fusionpbx: Simulator) -> None:
    with psycopg.connect(
        host=fusionpbx.host,
        port=fusionpbx.port,
        user=fusionpbx.user,
        password=fusionpbx.password,
        dbname=fusionpbx.database,
    ) as connection:
        assert connection.execute("SELECT current_user").fetchone() == (fusionpbx.user,)


def test_the_database_and_its_roles_go_away_unless_kept(server_dsn: str) -> None:
    name = f"fusionpbx_kept_{WORKER}"
    there = f"""SELECT (SELECT count(*) FROM pg_database WHERE datname = '{name}') AS databases,
                       (SELECT count(*) FROM pg_roles WHERE rolname LIKE '{name}%') AS roles"""
    with Simulator(server_dsn, name=name, keep=True):
        pass
    assert read(server_dsn, there) == [{"databases": 1, "roles": 2}]
    with Simulator(server_dsn, name=name) as again:
        assert again.count_calls() > 2_900
    assert read(server_dsn, there) == [{"databases": 0, "roles": 0}]


def test_a_generation_that_never_was_is_refused(server_dsn: str) -> None:
    with pytest.raises(ValueError, match=r"no generation '4\.4'; there are 5\.2, 5\.3, 5\.5, 2026"):
        Simulator(server_dsn, generation="4.4")


def test_a_database_of_somebody_else_is_left_alone(server_dsn: str) -> None:
    name = f"fusionpbx_foreign_{WORKER}"
    with psycopg.connect(server_dsn, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}".encode())
        try:
            with pytest.raises(ValueError, match=f"{name} is not a simulator's"), Simulator(server_dsn, name=name):
                pass
            there = server.execute("SELECT count(*) FROM pg_database WHERE datname = %s", [name]).fetchone()
        finally:
            server.execute(f"DROP DATABASE {name}".encode())
    assert there == (1,)
