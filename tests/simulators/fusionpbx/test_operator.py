"""The operator's own books beside the switch's."""

import csv
import io

import pytest

from simulators.fusionpbx import Simulator


def test_all_tenants_but_the_unknown_one_are_customers(fusionpbx: Simulator) -> None:
    rows = list(csv.DictReader(io.StringIO(fusionpbx.customers_csv())))
    assert len(rows) == 8
    assert "stranger" not in {row["code"] for row in rows}
    assert {(row["currency"], row["country"], row["timezone"], row["tax_rate"]) for row in rows} == {
        ("CAD", "CA", "America/Toronto", "13")
    }


def test_the_columns_are_those_of_the_demo(fusionpbx: Simulator, pytestconfig: pytest.Config) -> None:
    demo = (pytestconfig.rootpath / "demo" / "customers.csv").read_text(encoding="utf-8")
    assert fusionpbx.customers_csv().splitlines()[0] == demo.splitlines()[0]


def test_services_name_tenant_number_and_extensions(fusionpbx: Simulator) -> None:
    first = fusionpbx.services()[0]
    assert (first["customer"], first["account"]) == ("maple", "maple-01")
    assert first["domain"] == "maple.example.ca | 5195550100"
    assert first["username"] == "2112 | 2113 |2114|2115  | 2116\t| 2117"


def test_services_cover_every_extension_but_the_forgotten_one(fusionpbx: Simulator) -> None:
    covered = [
        (service["domain"].split("|")[0].strip(), extension.strip())
        for service in fusionpbx.services()
        for extension in service["username"].split("|")
    ]
    known = {
        (tenant.name, extension.extension)
        for tenant in fusionpbx.switchboard.tenants
        for extension in tenant.extensions
        if tenant.name != "stranger.example.ca"
    }
    assert len(covered) == len(set(covered))
    assert known - set(covered) == {("birch.example.ca", "211")}
    assert set(covered) <= known


def test_spaces_are_odd(fusionpbx: Simulator) -> None:
    names = [service["username"] for service in fusionpbx.services()]
    assert any(name != name.strip() for name in names)
    assert any("\t" in name for name in names)
    assert {service["domain"].count("|") for service in fusionpbx.services()} == {1}


def test_the_numbers_of_a_tenant_are_written_oddly(fusionpbx: Simulator) -> None:
    rows = fusionpbx.store.rows("SELECT * FROM v_destinations")
    forms = {
        (row["destination_prefix"], bool(row["destination_area_code"]), len(row["destination_number"]))
        for row in rows
    }
    assert forms == {
        (None, False, 11),
        ("1", False, 10),
        (None, False, 12),
        ("+1", False, 10),
        ("1", False, 11),
        ("1", True, 7),
        (None, False, 10),
    }


def test_extensions_differ_as_in_life(fusionpbx: Simulator) -> None:
    for tenant in fusionpbx.switchboard.tenants:
        assert 6 <= len(tenant.extensions) <= 12
        assert {len(each.extension) for each in tenant.extensions} <= {3, 4}
        assert any(each.number_alias for each in tenant.extensions)
        assert any(not each.outbound_number for each in tenant.extensions)
        assert any(each.toll_allow == "local,domestic" for each in tenant.extensions)
    everybody = [each for tenant in fusionpbx.switchboard.tenants for each in tenant.extensions]
    assert {len(each.extension) for each in everybody} == {3, 4}
    assert any(each.user_context == "rideau-internal" for each in everybody)


def test_one_gateway_each_and_one_for_all(fusionpbx: Simulator) -> None:
    rows = fusionpbx.store.rows("SELECT domain_uuid FROM v_gateways")
    owners = [row["domain_uuid"] for row in rows]
    assert owners.count(None) == 1
    assert set(owners) - {None} == {tenant.uuid for tenant in fusionpbx.switchboard.tenants}
    assert len(owners) == 10
