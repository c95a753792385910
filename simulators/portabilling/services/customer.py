"""Customer: lists, one customer, changes to it, its xDRs."""

from simulators.portabilling.call import Call, Method
from simulators.portabilling.calls import moment
from simulators.portabilling.lists import matching, page
from simulators.portabilling.services.extensions import METHODS as EXTENSIONS
from simulators.portabilling.services.transactions import make_transaction
from simulators.portabilling.transport import Record
from simulators.portabilling.xdrs import list_xdrs
from simulators.web import Answer

HIDDEN = {"password", "api_token"}
PATTERNS = ("name", "companyname", "firstname", "lastname", "login", "refnum", "email", "tax_id")
EXACT = ("bill_status", "i_customer_type", "i_parent", "i_customer_class", "i_office_type", "iso_4217")
FIXED = {"i_customer", "iso_4217", "creation_date"}  # once it is made
MANDATORY = ("name", "iso_4217")


def get_customer_list(call: Call) -> Record:
    """Closed customers are shown to who asks for them. That this needs asking is what the switch's name suggests."""
    rows = matching(call, call.customers(), patterns=PATTERNS, exact=EXACT)
    if (i_customer := call.integer("i_customer")) is not None:
        rows = [one for one in rows if int(one["i_customer"]) == i_customer]
    if call.text("bill_status") is None and not call.flag("with_terminated"):
        rows = [one for one in rows if one["bill_status"] != "C"]
    return page(call, "customer_list", rows, show)


def get_customer_info(call: Call) -> Record:
    customer = _find(call)
    return {} if customer is None else {"customer_info": show(customer)}


def add_customer(call: Call) -> Record:
    given = call.record("customer_info")
    for name in MANDATORY:
        call.must(name, "customer_info")
    _check(call, given)
    if any(one["name"] == given["name"] for one in tuple(call.books.customers.values())):
        call.refuse("duplicate_name", f"There is a customer '{given['name']}' already")
    i_customer = call.books.new_id()
    blank = dict.fromkeys(next(iter(call.books.customers.values())))
    defaults = {
        "i_customer_type": 1,
        "bill_status": "O",
        "blocked": "N",
        "balance": 0.0,
        "opening_balance": 0.0,
        "i_balance_control_type": 1,
        "creation_date": moment(call.now),
        "i_parent": call.session.i_customer if call.realm == "reseller" else None,
    }
    call.books.customers[i_customer] = {**blank, **defaults, **given, "i_customer": i_customer}
    return {"i_customer": i_customer}


def update_customer(call: Call) -> Record:
    given = call.record("customer_info")
    call.must_integer("i_customer", "customer_info")
    customer = _must_find(call, call.integer("i_customer", "customer_info"))
    _check(call, given)
    if customer["bill_status"] == "C":
        call.refuse("customer_closed", f"Customer {customer['i_customer']} is closed")
    customer.update(call.changes(customer, given, FIXED))
    return {"i_customer": customer["i_customer"]}


def terminate_customer(call: Call) -> Record:
    """For good. The accounts end with it."""
    customer = _must_find(call, call.must_integer("i_customer"))
    customer["bill_status"] = "C"
    for account in tuple(call.books.accounts.values()):
        if int(account["i_customer"]) == int(customer["i_customer"]) and account["bill_status"] != "C":
            call.books.close(account)
    return {"success": 1}


def suspend_customer(call: Call) -> Record:
    return _set_status(call, "O", "S")


def unsuspend_customer(call: Call) -> Record:
    return _set_status(call, "S", "O")


def change_password(call: Call) -> Record:
    customer = _must_find(call, call.customer_id())
    realm = "reseller" if customer["i_customer_type"] == 2 else "customer"
    return call.sessions.change_password(realm, customer, call.text("old_password"), call.text("new_password"))


def transact(call: Call) -> Record:
    return make_transaction(call, _must_find(call, call.customer_id()), grows=1)


def get_customer_xdrs(call: Call) -> Record | Answer:
    customer = _must_find(call, call.customer_id())
    return list_xdrs(call, int(customer["i_customer"]))


def show(customer: Record) -> Record:
    shown = {name: value for name, value in customer.items() if name not in HIDDEN}
    status = {"C": "closed", "S": "suspended", "E": "exported"}.get(customer["bill_status"])
    if customer["blocked"] == "Y" and status != "closed":
        status = "blocked"
    return shown if status is None else shown | {"status": status}


def _find(call: Call) -> Record | None:
    """By its id, by another of its names, or, in its own realm, by asking for nothing."""
    own = call.customer_id()
    name = next((one for one in ("name", "login", "refnum") if call.text(one) is not None), None)
    if name is not None and call.integer("i_customer") is None:
        wanted = call.text(name)
        return next((one for one in call.customers() if one[name] == wanted), None)
    if own is None:
        call.missing("i_customer")
    customer = call.books.customers.get(own)
    return customer if customer is not None and call.sees_customer(customer) else None


def _must_find(call: Call, i_customer: int | None) -> Record:
    if i_customer is None:
        call.missing("i_customer")
    customer = call.books.customers.get(i_customer)
    if customer is None or not call.sees_customer(customer):
        call.refuse("customer_not_found", f"There is no customer {i_customer}")
    return customer


def _set_status(call: Call, before: str, after: str) -> Record:
    customer = _must_find(call, call.must_integer("i_customer"))
    if customer["bill_status"] != before:
        call.refuse("wrong_status", f"Customer {customer['i_customer']} has status {customer['bill_status']}")
    customer["bill_status"] = after
    return {"success": 1}


def _check(call: Call, given: Record) -> None:
    if "blocked" in given and given["blocked"] not in {"Y", "N"}:
        call.invalid("blocked", given["blocked"])


METHODS: dict[str, Method] = {
    "get_customer_list": get_customer_list,
    "get_customer_info": get_customer_info,
    "add_customer": add_customer,
    "update_customer": update_customer,
    "terminate_customer": terminate_customer,
    "suspend_customer": suspend_customer,
    "unsuspend_customer": unsuspend_customer,
    "change_password": change_password,
    "make_transaction": transact,
    "get_customer_xdrs": get_customer_xdrs,
    **EXTENSIONS,
}
