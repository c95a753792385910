"""Account: lists, one account, changes to it, aliases, its xDRs."""

from simulators.portabilling.accounts import ALIAS, make_alias
from simulators.portabilling.call import Call, Method
from simulators.portabilling.lists import matching, page
from simulators.portabilling.services.customer import show as show_customer
from simulators.portabilling.services.transactions import make_transaction
from simulators.portabilling.transport import Record
from simulators.portabilling.xdrs import list_xdrs
from simulators.web import Answer

DEBIT = -1
SECRET = {"password", "api_token", "h323_password"}
PATTERNS = ("id", "companyname", "firstname", "lastname", "email", "extension_id", "extension_name", "did_number")
EXACT = ("bill_status", "billing_model", "sip_status", "i_product")
MANDATORY = ("i_customer", "billing_model", "i_product", "id")
FIXED = {"i_account", "i_customer", "billing_model", "iso_4217", "i_master_account"}
CUSTOMERS_SAY = {"S": "customer_suspended", "C": "closed", "E": "customer_exported"}


def get_account_list(call: Call) -> Record:
    rows = matching(call, call.accounts(), patterns=PATTERNS, exact=EXACT)
    if (i_customer := call.customer_id()) is not None:
        rows = [one for one in rows if int(one["i_customer"]) == i_customer]
    if not call.flag("with_aliases") or call.flag("get_only_real_accounts"):
        rows = [one for one in rows if one["billing_model"] != ALIAS]
    if call.flag("get_not_closed_accounts"):
        rows = [one for one in rows if one["bill_status"] != "C"]
    return page(call, "account_list", rows, lambda row: _show(call, row))


def get_account_info(call: Call) -> Record:
    account = _find(call)
    if account is None:
        return {}
    shown = _show(call, account)
    if call.flag("get_auth_info") and call.realm == "admin":
        shown |= {name: account.get(name) for name in ("password", "h323_password")}
    aliases = [one["id"] for one in call.books.aliases(account["i_account"])]
    shown["alias_list"] = [{"id": id} for id in aliases]
    shown["alias_did_number_list"] = [{"did_number": id} for id in aliases if call.books.number(id)]
    answer: Record = {"account_info": shown}
    if call.flag("with_customer_info"):
        answer["customer_info"] = show_customer(call.books.customers[int(account["i_customer"])])
    return answer


def add_account(call: Call) -> Record:
    given = call.record("account_info")
    for name in MANDATORY:
        if name != "i_customer" or call.realm != "customer":
            call.must(name, "account_info")
    if call.realm == "customer":
        i_customer = call.session.i_customer
    else:
        i_customer = call.must_integer("i_customer", "account_info")
    customer = call.books.customers.get(i_customer or 0)
    if customer is None or not call.sees_customer(customer):
        call.refuse("customer_not_found", f"There is no customer {i_customer}")
    product = call.books.products.get(call.must_integer("i_product", "account_info"))
    if product is None:
        call.refuse("product_not_found", f"There is no product {given['i_product']}")
    if product["iso_4217"] != customer["iso_4217"]:
        call.refuse("wrong_currency", f"Product {product['name']} is in {product['iso_4217']}")
    _check(call, given)
    _check_free(call, str(given["id"]))
    i_account = call.books.new_id()
    blank = dict.fromkeys(next(iter(call.books.accounts.values())))
    defaults = {"i_account_role": 1, "bill_status": "O", "blocked": "N", "balance": 0.0, "opening_balance": 0.0}
    defaults |= {
        "product_name": product["name"],
        "iso_4217": customer["iso_4217"],
        "customer_name": customer["name"],
    }
    fixed = {"i_account": i_account, "i_customer": customer["i_customer"], "i_product": product["i_product"]}
    fixed |= {"billing_model": call.must_integer("billing_model", "account_info"), "id": str(given["id"])}
    call.books.accounts[i_account] = {**blank, **defaults, **given, **fixed, "i_master_account": None}
    return {"i_account": i_account}


def update_account(call: Call) -> Record:
    given = dict(call.record("account_info"))
    account = _must_find(call, call.must_integer("i_account", "account_info"))
    if account["bill_status"] == "C":
        call.refuse("account_closed", f"Account {account['id']} is closed")
    _check(call, given)
    if str(given.get("id", account["id"])) != account["id"]:
        _check_free(call, str(given["id"]))
    if "blocked" in given:
        _block(call, account, str(given["blocked"]))
    if "i_product" in given:
        product = call.books.products.get(call.must_integer("i_product", "account_info"))
        if product is None:
            call.refuse("product_not_found", f"There is no product {given['i_product']}")
        account["product_name"] = product["name"]
    account.update(call.changes(account, given, FIXED))
    return {"i_account": account["i_account"]}


def terminate_account(call: Call) -> Record:
    """For good. The row is kept under another id, so the own one is free again; so are the DIDs, unless kept."""
    account = _must_find(call, call.must_integer("i_account"))
    if account["bill_status"] == "C":
        call.refuse("account_closed", f"Account {account['id']} is closed already")
    call.books.close(account, releases_numbers=call.flag("release_assigned_did", default=True))
    return {"success": 1}


def get_alias_list(call: Call) -> Record:
    master, customer = call.account_id("i_master_account"), call.customer_id()
    rows = [one for one in call.accounts() if one["billing_model"] == ALIAS]
    if master is not None:
        rows = [one for one in rows if one["i_master_account"] == master]
    elif customer is not None:
        rows = [one for one in rows if int(one["i_customer"]) == customer]
    return page(call, "alias_list", rows, lambda row: _show(call, row))


def add_alias(call: Call) -> Record:
    id = call.must("id", "alias_info")
    master = _must_find(call, call.must_integer("i_master_account", "alias_info"))
    _check_free(call, id)
    alias = make_alias(master, call.books.new_id(), id)
    call.books.accounts[alias["i_account"]] = alias
    return {"i_account": alias["i_account"]}


def delete_alias(call: Call) -> Record:
    id, i_account = call.text("id", "alias_info"), call.integer("i_account", "alias_info")
    aliases = [one for one in call.accounts() if one["billing_model"] == ALIAS]
    alias = next((one for one in aliases if one["id"] == id or one["i_account"] == i_account), None)
    if alias is None:
        call.refuse("alias_not_found", f"There is no alias {id or i_account}")
    del call.books.accounts[alias["i_account"]]
    return {"success": 1}


def change_password(call: Call) -> Record:
    account = _must_find(call, call.account_id())
    return call.sessions.change_password("account", account, call.text("old_password"), call.text("new_password"))


def transact(call: Call) -> Record:
    account = _must_find(call, call.account_id())
    return make_transaction(call, account, grows=-1 if account["billing_model"] == DEBIT else 1)


def get_xdr_list(call: Call) -> Record | Answer:
    account = _must_find(call, call.account_id())
    return list_xdrs(call, int(account["i_customer"]), int(account["i_account"]))


def _find(call: Call) -> Record | None:
    """By its id, by another of its names, or, in its own realm, by asking for nothing."""
    own = call.account_id()
    name = next((one for one in ("id", "login") if call.text(one) is not None), None)
    if name is not None and call.integer("i_account") is None:
        wanted = call.text(name)
        return next((one for one in call.accounts() if one[name] == wanted), None)
    if own is None:
        call.missing("i_account")
    account = call.books.accounts.get(own)
    return account if account is not None and call.sees_account(account) else None


def _must_find(call: Call, i_account: int | None) -> Record:
    if i_account is None:
        call.missing("i_account")
    account = call.books.accounts.get(i_account)
    if account is None or not call.sees_account(account):
        call.refuse("account_not_found", f"There is no account {i_account}")
    return account


def _show(call: Call, account: Record) -> Record:
    customer = call.books.customers[int(account["i_customer"])]
    shown = {name: value for name, value in account.items() if name not in SECRET}
    shown |= {"customer_blocked": customer["blocked"], "customer_bill_status": customer["bill_status"]}
    status = _status(account, customer)
    shown["is_active"] = int(status is None)
    return shown if status is None else shown | {"status": status}


def _status(account: Record, customer: Record) -> str | None:
    """What keeps an account from working; nothing where it works."""
    own = {"C": "closed", "I": "inactive"}.get(account["bill_status"])
    if own is not None:
        return own
    if account["blocked"] == "Y":
        return "blocked"
    if customer["blocked"] == "Y":
        return "customer_blocked"
    return CUSTOMERS_SAY.get(customer["bill_status"])


def _block(call: Call, account: Record, blocked: str) -> None:
    """What an administrator has blocked, the customer cannot unblock."""
    by_administrator = call.books.blocked_by_administrator
    if call.realm == "admin":
        (by_administrator.add if blocked == "Y" else by_administrator.discard)(account["i_account"])
    elif blocked == "N" and account["i_account"] in by_administrator:
        call.refuse("blocked_by_admin", f"Account {account['id']} is blocked by the administrator")


def _check(call: Call, given: Record) -> None:
    if "blocked" in given and given["blocked"] not in {"Y", "N"}:
        call.invalid("blocked", given["blocked"])
    if given.get("bill_status", "O") not in {"O", "I"}:
        call.invalid("bill_status", given["bill_status"])


def _check_free(call: Call, id: str) -> None:
    if call.books.account_by_id(id) is not None:
        call.refuse("duplicate_id", f"There is an account '{id}' already")


METHODS: dict[str, Method] = {
    "get_account_list": get_account_list,
    "get_account_info": get_account_info,
    "add_account": add_account,
    "update_account": update_account,
    "terminate_account": terminate_account,
    "get_alias_list": get_alias_list,
    "add_alias": add_alias,
    "delete_alias": delete_alias,
    "change_password": change_password,
    "make_transaction": transact,
    "get_xdr_list": get_xdr_list,
}
