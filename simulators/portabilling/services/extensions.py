"""Customer: the extensions of a customer's PBX. Each is an account's, and kept with it."""

from simulators.portabilling.call import Call, Method
from simulators.portabilling.lists import page
from simulators.portabilling.transport import Record


def get_extensions_list(call: Call) -> Record:
    i_customer = call.customer_id()
    rows = [one for one in call.accounts() if one["extension_id"] is not None and one["i_master_account"] is None]
    rows = [one for one in rows if i_customer is None or int(one["i_customer"]) == i_customer]
    return page(call, "extensions_list", rows, _show)


def add_customer_extension(call: Call) -> Record:
    number, account = call.must("id"), _account(call, call.must_integer("i_account"))
    if account["extension_id"] is not None:
        call.refuse("account_has_extension", f"Account {account['id']} has extension {account['extension_id']}")
    _check_free(call, account, number)
    account |= {
        "extension_id": number,
        "extension_name": call.text("name"),
        "published": call.text("published") or "N",
    }
    return {"i_c_ext": account["i_account"]}


def update_customer_extension(call: Call) -> Record:
    account = _account(call, call.must_integer("i_c_ext"))
    if (other := call.integer("i_account")) is not None and other != account["i_account"]:  # it moves
        holder, account = account, _account(call, other)
        for member in ("extension_id", "extension_name"):
            account[member], holder[member] = holder[member], None
    if (number := call.text("id")) is not None and number != account["extension_id"]:
        _check_free(call, account, number)
        account["extension_id"] = number
    for name, member in (("name", "extension_name"), ("published", "published")):
        if (value := call.text(name)) is not None:
            account[member] = value
    return {"i_c_ext": account["i_account"]}


def _show(account: Record) -> Record:
    return {
        "i_c_ext": account["i_account"],
        "id": account["extension_id"],
        "name": account["extension_name"],
        "type": "Account",
        "i_account": account["i_account"],
        "published": account.get("published") or "N",
    }


def _account(call: Call, i_account: int) -> Record:
    account = call.books.accounts.get(i_account)
    if account is None or not call.sees_account(account):
        call.refuse("account_not_found", f"There is no account {i_account}")
    return account


def _check_free(call: Call, account: Record, number: str) -> None:
    of_customer = [one for one in call.accounts() if int(one["i_customer"]) == int(account["i_customer"])]
    if any(one["extension_id"] == number and one["i_master_account"] is None for one in of_customer):
        call.refuse("duplicate_extension", f"There is an extension {number} already")


METHODS: dict[str, Method] = {
    "get_extensions_list": get_extensions_list,
    "add_customer_extension": add_customer_extension,
    "update_customer_extension": update_customer_extension,
}
