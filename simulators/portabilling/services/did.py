"""DID: numbers, who has them, giving them out and taking them back."""

from simulators.portabilling.accounts import make_alias
from simulators.portabilling.call import Call, Method
from simulators.portabilling.lists import matching, page
from simulators.portabilling.transport import Record

IDLE, USED, NOT_USED, FROZEN, ALL = "IUFZA"


def get_number_list(call: Call) -> Record:
    rows = [one for one in tuple(call.books.numbers.values()) if _sees(call, one)]
    rows = matching(call, rows, patterns=("number",), exact=("i_did_number", "i_dv_batch"))
    if (i_customer := call.customer_id()) is not None:
        rows = [one for one in rows if one["i_customer"] is not None and int(one["i_customer"]) == i_customer]
    usage = call.text("usage") or ALL
    if usage not in {IDLE, USED, NOT_USED, FROZEN, ALL}:
        call.invalid("usage", usage)
    return page(call, "number_list", [one for one in rows if _is_used_as(one, usage)])


def get_number_info(call: Call) -> Record:
    number = _find(call)
    return {} if number is None or not _sees(call, number) else {"number_info": number}


def get_customer_numbers(call: Call) -> Record:
    i_customer, i_account = call.customer_id(), call.account_id()
    rows = [
        one for one in tuple(call.books.numbers.values()) if _sees(call, one) and one["i_customer"] is not None
    ]
    if i_customer is not None:
        rows = [one for one in rows if int(one["i_customer"]) == i_customer]
    if i_account is not None:
        rows = [one for one in rows if one["i_account"] == i_account]
    return page(call, "number_list", rows)


def add_number(call: Call) -> Record:
    number = call.must("number", "number_info")
    if call.books.number(number) is not None:
        call.refuse("duplicate_number", f"There is a DID {number} already")
    i_did_number = call.books.new_id()
    blank = dict.fromkeys(next(iter(call.books.numbers.values())))
    given = call.record("number_info")
    none = {"i_customer": None, "i_account": None, "frozen": "N", "free_of_charge": "N"}
    call.books.numbers[i_did_number] = {**blank, **none, **given, "i_did_number": i_did_number, "number": number}
    return {"i_did_number": i_did_number}


def assign_did_to_customer(call: Call) -> Record:
    number = _must_find(call)
    i_customer = call.must_integer("i_customer")
    customer = call.books.customers.get(i_customer)
    if customer is None or not call.sees_customer(customer):
        call.refuse("customer_not_found", f"There is no customer {i_customer}")
    if number["i_customer"] is not None:
        call.refuse("already_assigned", f"DID {number['number']} is customer {number['i_customer']}'s")
    number["i_customer"] = customer["i_customer"]
    return {"success": 1}


def assign_did_to_account(call: Call) -> Record:
    """The number becomes an alias of the account."""
    number = _must_find(call)
    i_account = call.must_integer("i_master_account")
    master = call.books.accounts.get(i_account)
    if master is None or not call.sees_account(master):
        call.refuse("account_not_found", f"There is no account {i_account}")
    if number["i_account"] is not None or call.books.account_by_id(number["number"]) is not None:
        call.refuse("already_assigned", f"DID {number['number']} is an account's already")
    alias = make_alias(master, call.books.new_id(), number["number"])
    call.books.accounts[alias["i_account"]] = alias
    number |= {"i_customer": master["i_customer"], "i_account": master["i_account"]}
    return {"success": 1}


def release_number(call: Call) -> Record:
    number = _must_find(call)
    alias = call.books.account_by_id(number["number"])
    if alias is not None and alias["i_master_account"] is not None:
        del call.books.accounts[alias["i_account"]]
    number |= {"i_customer": None, "i_account": None}
    return {"success": 1}


def _sees(call: Call, number: Record) -> bool:
    if call.realm == "admin":
        return True
    i_customer = number["i_customer"]
    return i_customer is not None and call.sees_customer(call.books.customers[int(i_customer)])


def _is_used_as(number: Record, usage: str) -> bool:
    uses: dict[str, bool] = {
        IDLE: number["i_customer"] is None and number["i_account"] is None,
        USED: number["i_account"] is not None,
        NOT_USED: number["i_account"] is None,
        FROZEN: number["frozen"] == "Y",
        ALL: True,
    }
    return uses[usage]


def _find(call: Call) -> Record | None:
    if (text := call.text("number")) is not None:
        return call.books.number(text)
    return call.books.numbers.get(call.must_integer("i_did_number"))


def _must_find(call: Call) -> Record:
    number = _find(call)
    if number is None:
        call.refuse("number_not_found", f"There is no DID {call.text('number') or call.text('i_did_number')}")
    return number


METHODS: dict[str, Method] = {
    "get_number_list": get_number_list,
    "get_number_info": get_number_info,
    "get_customer_numbers": get_customer_numbers,
    "add_number": add_number,
    "assign_did_to_customer": assign_did_to_customer,
    "assign_did_to_account": assign_did_to_account,
    "release_number": release_number,
}
