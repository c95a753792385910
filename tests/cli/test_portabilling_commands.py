"""`tollbook portabilling`: records named as the API names them, listed, created, and whatever a method does."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from simulators.portabilling import Simulator

Tollbook = Callable[..., Any]


@pytest.fixture(scope="module")
def platform() -> Iterator[Simulator]:
    with Simulator() as simulator:
        yield simulator


@pytest.fixture
def api(platform: Simulator, tollbook: Tollbook, monkeypatch: pytest.MonkeyPatch) -> Tollbook:
    """`api("list", "Customer", "customer", …)` at the simulator, without a connection."""
    monkeypatch.setenv("TOLLBOOK_SECRET_TOKEN", platform.token)
    platform.faults.reset()

    def run(command: str, *arguments: object) -> Any:
        where = ("--url", platform.url(), "--login", platform.login)
        return tollbook("portabilling", command, *arguments, *where)

    return run


@pytest.mark.req("T2")
def test_a_list_comes_whole_page_by_page(api: Tollbook, platform: Simulator) -> None:
    run = api("list", "Account", "account")

    assert run.status == 0, run.stderr
    accounts = [json.loads(line) for line in run.stdout.splitlines()]
    assert len(accounts) == len({account["i_account"] for account in accounts}) > 300  # pages have 100


def test_a_list_is_filtered_and_limited(api: Tollbook) -> None:
    everybody = api("list", "Customer", "customer").stdout.splitlines()
    some = api("list", "Customer", "customer", "--limit", "3").stdout.splitlines()
    closed = api("list", "Customer", "customer", "--filter", "bill_status=C").stdout.splitlines()

    assert some == everybody[:3]
    assert {json.loads(line)["bill_status"] for line in closed} == {"C"}
    assert 0 < len(closed) < len(everybody)


def test_three_ways_to_write_the_same_records(api: Tollbook) -> None:
    some = ("list", "Customer", "customer", "--limit", "2", "--fields", "name,i_customer,balance,nothing")
    lines = [json.loads(line) for line in api(*some, "--jsonl").stdout.splitlines()]

    assert json.loads(api(*some, "--json").stdout) == lines
    rows = list(csv.DictReader(io.StringIO(api(*some, "--csv").stdout)))
    assert list(rows[0]) == ["name", "i_customer", "balance", "nothing"]
    assert [row["name"] for row in rows] == [line["name"] for line in lines]
    assert {row["nothing"] for row in rows} == {""}
    assert json.loads(api("list", "Customer", "customer", "--filter", "name=nobody%", "--json").stdout) == []
    assert "give one of them" in api(*some, "--csv", "--json").stderr


def test_any_method_is_called(api: Tollbook, tmp_path: Path) -> None:
    first = json.loads(api("list", "Customer", "customer", "--limit", "1").stdout)["i_customer"]
    (tmp_path / "params.json").write_text(json.dumps({"i_customer": first}))

    here = api("call", "Customer/get_customer_info", "--params", json.dumps({"i_customer": first}))
    from_file = api("call", "Customer/get_customer_info", "--params", tmp_path / "params.json")

    assert json.loads(here.stdout)["customer_info"]["i_customer"] == first
    assert from_file.stdout == here.stdout
    assert json.loads(api("call", "Generic/get_version").stdout)["version"].startswith("MR")
    assert "is no method; methods are written as" in api("call", "get_version").stderr


@pytest.mark.req("T2")
def test_a_record_is_created_from_a_file_or_from_standard_input(
    api: Tollbook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer = {"name": "Nowa sp. z o.o.", "iso_4217": "PLN", "i_customer_type": 1, "send_invoices": True}
    (tmp_path / "customer.json").write_text(json.dumps(customer))
    made = api("create", "Customer", "customer", "--attributes", tmp_path / "customer.json")
    assert made.status == 0, made.stderr
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(customer | {"name": "Druga sp. z o.o."})))

    again = api("create", "Customer", "customer", "--attributes", "-")

    ids = [json.loads(run.stdout)["i_customer"] for run in (made, again)]
    listed = api("list", "Customer", "customer", "--filter", "name=% sp. z o.o.").stdout.splitlines()
    names = {record["i_customer"]: record["name"] for record in map(json.loads, listed)}
    assert [names[id_] for id_ in ids] == ["Nowa sp. z o.o.", "Druga sp. z o.o."]


def test_a_refusal_is_told_whole_with_what_is_missing(api: Tollbook, tmp_path: Path) -> None:
    (tmp_path / "account.json").write_text('{"id": "48221234567", "i_customer": 1, "i_product": 1}')

    run = api("create", "Account", "account", "--attributes", tmp_path / "account.json")

    assert (run.status, run.stdout) == (2, "")
    assert "Account/add_account: " in run.stderr
    assert "missing: billing_model of account_info" in run.stderr


def test_what_is_no_json_is_named(api: Tollbook, tmp_path: Path) -> None:
    (tmp_path / "list.json").write_text("[1]")

    for given, message in (
        ("{i_customer: 1}", "is no JSON: Expecting property name"),
        (tmp_path / "list.json", "is no JSON object; write it as"),
        (tmp_path / "missing.json", "cannot be read: No such file or directory"),
    ):
        run = api("call", "Customer/get_customer_info", "--params", given)
        assert (run.status, message in run.stderr) == (2, True)


@pytest.mark.usefixtures("db")
def test_a_connection_says_where(tollbook: Tollbook, platform: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOLLBOOK_SECRET_TOKEN", platform.token)
    where = ("--set", f"url={platform.url()}", "--set", f"login={platform.login}", "--secret", "token")
    tollbook("connection", "add", "switch", "--kind", "portabilling", *where)
    tollbook("connection", "add", "office")
    monkeypatch.delenv("TOLLBOOK_SECRET_TOKEN")
    version = ("portabilling", "call", "Generic/get_version")

    assert tollbook(*version, "--connection", "switch").status == 0
    assert tollbook(*version, "--connection", "switch", "--port", platform.port()).status == 0
    elsewhere = tollbook(*version, "--connection", "switch", "--port", platform.port("customer"))
    assert (elsewhere.status, "whether it is a login of this realm" in elsewhere.stderr) == (2, True)
    for options, message in (
        (("--connection", "office"), "is of kind files, not portabilling"),
        (("--connection", "switch", "--url", "https://other.example"), "leave out --url and --login, or it"),
        (("--connection", "switch", "--set", "prallel=4"), "'prallel' is no setting of portabilling"),
        (("--url", platform.url()), "in the environment, TOLLBOOK_SECRET_TOKEN"),
    ):
        run = tollbook(*version, *options)
        assert (run.status, message in run.stderr) == (2, True), run.stderr


@pytest.mark.req("T2")
def test_known_services_and_types_are_listed(tollbook: Tollbook) -> None:
    rows = json.loads(tollbook("portabilling", "types", "--json").stdout)

    assert {
        "service": "Account", "type": "alias", "list": "Account/get_alias_list", "create": "Account/add_alias",
    } in rows  # fmt: skip
    assert {"service": "CDR", "type": "", "list": "", "create": ""} in rows
    assert "Subscription/get_subscription_list" in tollbook("portabilling", "types").stdout
