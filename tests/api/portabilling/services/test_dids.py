"""Numbers: idle, given to a customer, on an account; customers see and use those they were given."""

from typing import Any

import pytest

from tests.api.portabilling.callers import account as of_account
from tests.api.portabilling.callers import customer as of_customer
from tests.api.portabilling.callers import staff
from tests.api.portabilling.calling import call, fault
from tests.jobs.office import NOON
from tollbook.api.portabilling.faults import Fault
from tollbook.api.portabilling.method import Upload
from tollbook.customers.models import Account, Customer, Number, StockNumber
from tollbook.customers.operations.numbers import add_to_stock, give_number

IDLE, GIVEN, USED, FROZEN = 12094555001, 12094555002, 12094555003, 12094555004


@pytest.fixture
def stock(ann: Customer) -> dict[int, StockNumber]:
    """One number idle, one given to Ann, one on her first account, one frozen."""
    made = {digits: add_to_stock(digits=digits, by="clerk", now=NOON) for digits in (IDLE, GIVEN, USED)}
    made[FROZEN] = add_to_stock(digits=FROZEN, by="clerk", now=NOON, is_frozen=True)
    for digits in (GIVEN, USED):
        give_number(number=made[digits], customer=ann, by="clerk", now=NOON)
    Number.objects.create(account=Account.objects.get(code="ann-1"), digits=USED, active_from=NOON)
    return made


def listed(caller: Any, method: str = "DID/get_number_list", **asked: Any) -> list[int]:
    return [int(one["number"]) for one in call(caller, method, asked)["number_list"]]


def test_usage_chooses_by_where_a_number_is(stock: Any) -> None:
    assert listed(staff()) == [IDLE, GIVEN, USED, FROZEN]
    assert listed(staff(), usage="A") == [IDLE, GIVEN, USED, FROZEN]
    assert listed(staff(), usage="I") == [IDLE, FROZEN]
    assert listed(staff(), usage="U") == [USED]
    assert listed(staff(), usage="F") == [IDLE, GIVEN, FROZEN]
    assert listed(staff(), usage="Z") == [FROZEN]
    assert fault(staff(), "DID/get_number_list", {"usage": "X"}) == "Client.DID.get_number_list.usage.invalid"


def test_patterns_pages_and_whose(stock: Any, ann: Customer) -> None:
    assert listed(staff(), number="1209%2") == [GIVEN]
    assert listed(staff(), number="+1209455500_", limit=2, offset=1) == [GIVEN, USED]
    assert listed(staff(), i_customer=ann.pk) == [GIVEN, USED]
    assert listed(staff(), available_to_customer=ann.pk) == [IDLE, GIVEN]
    assert listed(staff(), i_vendor=3) == []
    assert listed(staff(), "DID/get_customer_numbers", i_customer=ann.pk) == [GIVEN, USED]
    assert call(staff(), "DID/get_number_list", {"limit": 1, "get_total": 1})["total"] == 4


def test_a_number_says_whose_it_is(stock: dict[int, StockNumber], ann: Customer) -> None:
    asked = {"i_did_number": stock[USED].pk}
    info = call(staff(), "DID/get_number_info", asked)["number_info"]

    assert (info["number"], info["i_customer"], info["account_id"]) == (str(USED), ann.pk, "ann-1")
    assert (info["usage"], info["frozen"]) == ("U", "N")
    assert call(staff(), "DID/get_number_info", {"number": f"+{USED}"})["number_info"] == info
    assert call(staff(), "DID/get_number_info", {"number": "5"}) == {}


def test_customers_see_the_numbers_they_were_given(stock: Any, ann: Customer, bob: Customer) -> None:
    assert listed(of_customer(ann)) == [GIVEN, USED]
    assert listed(of_customer(ann), available_to_customer=ann.pk) == [GIVEN]
    assert listed(of_customer(bob)) == []
    assert call(of_customer(bob), "DID/get_number_info", {"i_did_number": stock[USED].pk}) == {}
    first = Account.objects.get(code="ann-1")
    assert listed(of_customer(ann), "DID/get_customer_numbers", i_account=first.pk) == [USED]
    assert fault(of_customer(bob), "DID/get_customer_numbers", {"i_account": first.pk}).endswith("access_denied")
    assert fault(of_customer(bob), "DID/get_number_list", {"i_customer": ann.pk}).endswith("access_denied")
    assert fault(of_account(first), "DID/get_number_list").endswith("access_denied")


def test_a_number_goes_to_a_customer_to_an_account_and_back(stock: dict[int, StockNumber], bob: Customer) -> None:
    number = stock[IDLE]
    account = Account.objects.get(code="bob-1")
    caller = staff()

    given = {"i_customer": str(bob.pk), "i_did_number": number.pk}
    assert call(caller, "DID/assign_did_to_customer", given) == {"success": 1}
    assert (caller.written[0].before["usage"], caller.written[0].after["usage"]) == ("I", "F")
    assigned = {"i_master_account": account.pk, "i_did_number": number.pk}
    assert call(of_customer(bob), "DID/assign_did_to_account", assigned) == {"success": 1}
    assert Number.objects.filter(account=account, digits=IDLE, active_until=None).exists()

    assert call(of_customer(bob), "DID/release_number", {"i_did_number": number.pk}) == {"success": 1}
    assert listed(of_customer(bob)) == [IDLE]  # the customer keeps it
    assert call(staff(), "DID/release_number", {"number": str(IDLE)}) == {"success": 1}
    assert listed(of_customer(bob)) == []
    assert listed(staff(), usage="I") == [IDLE, FROZEN]


def test_nobody_takes_a_number_that_is_not_theirs(
    stock: dict[int, StockNumber], ann: Customer, bob: Customer
) -> None:
    own = Account.objects.get(code="bob-1").pk
    for number in (IDLE, GIVEN, USED):
        asked = {"i_master_account": own, "i_did_number": stock[number].pk}
        assert fault(of_customer(bob), "DID/assign_did_to_account", asked).endswith("access_denied")
    anns = {"i_master_account": Account.objects.get(code="ann-2").pk, "i_did_number": stock[GIVEN].pk}
    assert fault(of_customer(bob), "DID/assign_did_to_account", anns).endswith("access_denied")
    assert fault(of_customer(bob), "DID/release_number", {"number": str(USED)}).endswith("access_denied")
    taken = {"i_customer": bob.pk, "i_did_number": stock[GIVEN].pk}
    assert fault(staff(), "DID/assign_did_to_customer", taken).endswith("number_in_use")
    on_another = {"i_master_account": Account.objects.get(code="ann-2").pk, "i_did_number": stock[USED].pk}
    assert fault(of_customer(ann), "DID/assign_did_to_account", on_another).endswith("number_in_use")


def test_a_reserved_number_is_given_to_nobody(stock: dict[int, StockNumber], ann: Customer) -> None:
    call(staff(), "DID/reserve_number", {"number": str(IDLE)})

    asked = {"i_customer": ann.pk, "i_did_number": stock[IDLE].pk}
    assert fault(staff(), "DID/assign_did_to_customer", asked).endswith("not_allowed")
    call(staff(), "DID/release_number", {"number": str(IDLE)})
    assert call(staff(), "DID/assign_did_to_customer", asked) == {"success": 1}
    held = {"number": str(GIVEN)}
    assert fault(staff(), "DID/reserve_number", held).endswith("number_in_use")


def test_the_stock_is_kept_by_staff(stock: dict[int, StockNumber], ann: Customer) -> None:
    info = {"number": "+442079460000", "description": "London", "country_iso": "gb"}
    made = call(staff(), "DID/add_number", {"number_info": info})["i_did_number"]
    assert fault(staff(), "DID/add_number", {"number_info": info}).endswith("duplicate_id")
    shown = call(staff(), "DID/get_number_info", {"i_did_number": made})["number_info"]
    assert (shown["country_iso"], shown["country_name"]) == ("GB", "United Kingdom")

    change = {"number_list": [{"i_did_number": made, "description": "Mayfair", "frozen": "Y"}]}
    call(staff(), "DID/update_number_list", change)
    shown = call(staff(), "DID/get_number_info", {"i_did_number": made})["number_info"]
    assert (shown["description"], shown["usage"]) == ("Mayfair", "Z")

    assert call(staff(), "DID/delete_number_list", {"number_list": [{"number": "442079460000"}]}) == {"success": 1}
    assert listed(staff(), number="44%") == []
    given = {"number_list": [{"i_did_number": stock[GIVEN].pk}]}
    assert fault(staff(), "DID/delete_number_list", given).endswith("number_in_use")
    assert call(staff(), "DID/get_vendor_batch_list") == {"vendor_batch_list": []}
    assert fault(of_customer(ann), "DID/add_number", {"number_info": info}).endswith("access_denied")


def test_a_file_of_numbers_is_taken_whole_or_not_at_all(db: None) -> None:
    good = Upload("n.csv", b"number,description\n12095550001,a\n+12095550002,b\n")
    assert call(staff(), "DID/upload_did_numbers", {}, good) == {"count": 2, "success": 1}
    assert listed(staff()) == [12095550001, 12095550002]

    for text in ("number\n12095550003\nabc\n", "telephone\n12095550003\n", 'number\n"12\n'):
        with pytest.raises(Fault):
            call(staff(), "DID/upload_did_numbers", {}, Upload("n.csv", text.encode()))
