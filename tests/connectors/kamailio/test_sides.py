"""Which way a call went, and whose it is."""

from pathlib import Path
from typing import Any

import pytest

from tests.connectors.kamailio.reading import connector, read_cdrs
from tollbook.errors import BadInput


def call(folder: Path, row: dict[str, str | None], **settings: str) -> dict[str, Any]:
    [found] = read_cdrs(folder, row, **settings).to_dicts()
    return found


def test_who_calls_is_ours_unless_something_says_else(tmp_path: Path) -> None:
    found = call(tmp_path, {})
    assert (found["kind"], found["account_ref"]) == ("voice_out", "48221000200")


@pytest.mark.parametrize(
    "inbound_from", ["192.0.2.10", "198.51.100.1, 192.0.2.0/24", "2001:db8::/32,192.0.2.8/29"]
)
def test_what_comes_from_a_carrier_is_for_whom_it_calls(tmp_path: Path, inbound_from: str) -> None:
    row: dict[str, str | None] = {"src_ip": "192.0.2.10", "caller": "447700900456", "callee": "48221000200"}
    found = call(tmp_path, row, inbound_from=inbound_from)
    assert (found["kind"], found["cli"], found["cld"]) == ("voice_in", "447700900456", "48221000200")
    assert (found["account_ref"], found["trunk_ref"]) == ("48221000200", "192.0.2.10")


def test_a_carrier_may_be_known_by_the_name_of_its_trunk(tmp_path: Path) -> None:
    row: dict[str, str | None] = {"gateway": "Carrier-1"}
    found = call(tmp_path, row, trunk_column="gateway", inbound_from="carrier-1")
    assert (found["kind"], found["trunk_ref"]) == ("voice_in", "Carrier-1")


def test_a_call_to_somebody_on_the_proxy_stays_there(tmp_path: Path) -> None:
    settings = {"local_callees": "1[0-9]{2}"}
    kinds = [call(tmp_path, {"callee": callee}, **settings)["kind"] for callee in ("101", "1012", "442079460123")]
    assert kinds == ["voice_local", "voice_out", "voice_out"]


@pytest.mark.parametrize(
    ("word", "kind"),
    [("out", "voice_out"), ("Inbound", "voice_in"), ("internal", "voice_local"), ("terminating", "voice_in")],
)
def test_the_scripts_own_word_wins(tmp_path: Path, word: str, kind: str) -> None:
    settings = {"direction_column": "dir", "inbound_from": "198.51.100.7", "local_callees": "[0-9]+"}
    assert call(tmp_path, {"dir": word}, **settings)["kind"] == kind


def test_a_word_that_nobody_knows_waits_for_a_person(tmp_path: Path) -> None:
    found = call(tmp_path, {"dir": "sideways"}, direction_column="dir")
    assert (found["defect"], found["defect_detail"]) == (
        "unknown_kind",
        "direction 'sideways' is none of out, in, local",
    )


@pytest.mark.parametrize(
    ("written", "user"),
    [
        ("100", "100"),
        (" +48221000200 ", "+48221000200"),
        ("sip:100@sip.example.net", "100"),
        ("SIPS:100@sip.example.net:5061;transport=tls", "100"),
        ('"Anna" <sip:100@sip.example.net>;tag=abc', "100"),
        ("tel:+48221000200;phone-context=example.net", "+48221000200"),
        ("100@sip.example.net", "100"),
        ("100;phone-context=example.net@sip.example.net", "100"),
        ("sip:100:secret@sip.example.net", "100"),
        ("", None),
    ],
)
def test_numbers_users_and_whole_addresses_are_read_alike(tmp_path: Path, written: str, user: str | None) -> None:
    found = call(tmp_path, {"caller": written})
    assert (found["cli"], found["account_ref"]) == (user, user)


def test_who_logged_in_pays_whatever_number_is_shown(tmp_path: Path) -> None:
    found = call(tmp_path, {"login": "100"}, account_column="login")
    assert (found["account_ref"], found["cli"]) == ("100", "48221000200")


@pytest.mark.parametrize(
    ("row", "settings", "account", "tenant"),
    [
        ({"caller": "sip:100@a.example"}, {}, "100@a.example", "a.example"),
        ({"login": "100@a.example"}, {"account_column": "login"}, "100@a.example", "a.example"),
        ({"login": "100", "realm": "a.example"}, {"account_column": "login", "domain_column": "realm"},
         "100@a.example", "a.example"),
        ({"caller": "100"}, {}, "100", None),  # nothing says the domain
        ({"caller": "sip:9@b.example", "callee": "sip:100@a.example", "src_ip": "192.0.2.1"},
         {"inbound_from": "192.0.2.1"}, "100@a.example", "a.example"),
    ],
)  # fmt: skip
def test_accounts_may_be_named_with_their_domain(
    tmp_path: Path, row: dict[str, str | None], settings: dict[str, str], account: str, tenant: str | None
) -> None:
    found = call(tmp_path, row, account_form="user@domain", **settings)
    assert (found["account_ref"], found["tenant_ref"]) == (account, tenant)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("inbound_from", "192.0.2.300", "'192.0.2.300' is no network; write one as 192.0.2.0/24"),
        ("inbound_from", "192.0.2.1/24", "'192.0.2.1/24' is no network; write one as 192.0.2.0/24"),
        ("local_callees", "1[0-9", "'1[0-9', which is no pattern; write one as 1[0-9]{2}"),
        ("caller_column", "Src User", "'Src User'; it is the name of a column, as src_user"),
        ("table_name", "a.b.c", "'a.b.c'; it is the name of a table, as acc_cdrs or billing.acc_cdrs"),
        ("flags_table", "flags; drop", "it is the name of a table"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(name: str, value: str, said: str) -> None:
    with pytest.raises(BadInput, match=f"proxy: setting {name}") as caught:
        connector(**{name: value})
    assert said in str(caught.value)


def test_accounts_are_described_by_their_users_and_trunks() -> None:
    marks = type(connector()).marks({"user": " 100|101 |100@a.example| ", "trunk": "192.0.2.7"})
    assert (marks.accounts, marks.trunks) == (("100", "101", "100@a.example"), ("192.0.2.7",))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"users": "100"}, "'users' says nothing about an account of Kamailio; give user or trunk"),
        ({"user": "100 101"}, "user '100 101' has a blank inside; write several as 100 | 101"),
    ],
)
def test_a_description_that_cannot_be_read_is_refused(fields: dict[str, str], said: str) -> None:
    with pytest.raises(BadInput) as caught:
        type(connector()).marks(fields)
    assert str(caught.value) == said
