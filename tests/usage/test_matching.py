"""Whose is it? By what somebody wrote down about an account: extensions, trunks, words in a name."""

from dataclasses import replace
from datetime import datetime

import polars as pl
import pytest

from tollbook.customers.queries import ACCOUNTS, LINKS, MARKS, NUMBERS, PAIRINGS, Directory
from tollbook.records import USAGE
from tollbook.usage.matching import match_accounts

WAYS = ("platform", "extension", "number", "trunk", "text")
# account 1 is Acme's office, 2 Acme's fax, 3 Beta's trunk; customers 10 and 20
MAY_15 = datetime.fromisoformat("2017-05-15T00:00:00Z")
MARK_ROWS = [
    ("account", "", "2112@acme.example", 1, None, None),
    ("account", "", "2113@acme.example", 1, None, MAY_15),
    ("account", "", "2113@acme.example", 2, MAY_15, None),
    ("trunk", "", "D4E3CD2BFC791", 3, None, None),
    ("text", "acme.example", "reception", 1, None, None),
    ("text", "", "anna", 2, None, None),
]


def directory() -> Directory:
    accounts = [
        {"account_id": id, "account_code": f"a{id}", "customer_id": 20 if id == 3 else 10} for id in (1, 2, 3)
    ]
    numbers = [{"digits": "15195550100", "account_id": 2}]
    return Directory(
        accounts=pl.DataFrame(accounts, schema=ACCOUNTS),
        numbers=pl.DataFrame(numbers, schema=NUMBERS),
        links=pl.DataFrame(schema=LINKS),
        pairings=pl.DataFrame(schema=PAIRINGS),
        marks=pl.DataFrame(MARK_ROWS, schema=MARKS, orient="row"),
    )


def owner(**record: str) -> tuple[int | None, str | None]:
    """The account found, or why there is none."""
    start = datetime.fromisoformat(record.pop("start", "2017-05-01T10:00:00Z"))
    fields = {"kind": "voice_out", "start": start, "cli": "", "cld": "14165550100"} | record
    matched = match_accounts(pl.DataFrame([fields], schema=USAGE), directory(), WAYS)
    return matched["account_id"][0], matched["match_reason"][0]


@pytest.mark.req("W1")
def test_an_extension_of_a_tenant_is_an_account_in_its_time() -> None:
    assert owner(account_ref="2112@acme.example") == (1, None)
    assert owner(account_ref="2113@acme.example") == (1, None)
    assert owner(account_ref="2113@acme.example", start="2017-05-15T00:00:00Z") == (2, None)
    assert owner(account_ref="2112@beta.example") == (None, "no_account")


@pytest.mark.req("W1")
def test_a_number_goes_before_a_trunk_and_a_trunk_before_a_name() -> None:
    assert owner(trunk_ref="D4E3CD2BFC791") == (3, None)
    assert owner(trunk_ref="D4E3CD2BFC791", cli="15195550100") == (2, None)
    assert owner(trunk_ref="D4E3CD2BFC791", account_ref="2112@acme.example", cli="15195550100") == (1, None)
    assert owner(trunk_ref="another", display_text="Anna") == (2, None)


@pytest.mark.req("W1")
def test_words_of_a_name_are_found_whole_and_in_any_case() -> None:
    name = {"kind": "voice_in", "cld": "?"}
    assert owner(**name, display_text="RECEPTION (day)", tenant_ref="acme.example") == (1, None)
    assert owner(**name, display_text="Reception", tenant_ref="beta.example") == (None, "no_account")
    assert owner(**name, display_text="Reception") == (None, "no_account")
    assert owner(**name, display_text="Desk Anna-Maria") == (2, None)
    assert owner(**name, display_text="Joanna") == (None, "no_account")
    assert owner(**name, display_text="Reception, Anna", tenant_ref="acme.example") == (None, "ambiguous_account")


def test_every_name_is_held_against_every_mark() -> None:
    """Ten thousand names and two thousand marks; two marks beside each other share the blank between them."""
    marks = [("text", "", f"desk {number}", 1 + number % 2, None, None) for number in range(2_000)]
    known = replace(directory(), marks=pl.DataFrame(marks, schema=MARKS, orient="row"))
    start = datetime.fromisoformat("2017-05-01T10:00:00Z")
    calls = [
        {
            "kind": "voice_in",
            "start": start,
            "display_text": f"{call} Desk {call % 2_000}, desk {(call + 2) % 2_000}",
        }
        for call in range(9_999)
    ]
    calls.append({"kind": "voice_in", "start": start, "display_text": "desk 1 desk 2"})
    matched = match_accounts(pl.DataFrame(calls, schema=USAGE), known, WAYS)

    assert matched["account_id"].to_list() == [*(1 + call % 2 for call in range(9_999)), None]
    assert matched["match_reason"].to_list() == [*([None] * 9_999), "ambiguous_account"]
