"""Accounts made and changed at PortaBilling: the account itself, its extension, and its numbers as aliases."""

from collections.abc import Sequence

from tollbook.connectors.errors import ForAPerson
from tollbook.connectors.portabilling.client import Client, Record
from tollbook.connectors.portabilling.schemas import id_text
from tollbook.connectors.portabilling.usage import customer_number
from tollbook.connectors.wanted import AccountThere, WantedAccount

CLOSED = "C"
# Facts, and the members of `account_info` that hold them.
PLAIN = {"email": "email", "secret": "h323_password"}
EXTENSION = {"extension": "extension_id", "name": "extension_name"}
LIST = 1000  # products and extensions asked for at once


def account_there(client: Client, wanted: WantedAccount, foreign_id: str) -> AccountThere | None:
    """By `i_account`, or by `id` while that is not known."""
    asked: Record = (
        {"i_account": customer_number(foreign_id, client.platform)} if foreign_id else {"id": wanted.code}
    )
    flags = {"detailed_info": 1, "get_auth_info": 1, "expand_alias": 1}
    info = client.call("Account/get_account_info", asked | flags).get("account_info")
    if not isinstance(info, dict):
        return None
    i_account = id_text(info.get("i_account"))
    differs = dict(_differences(client, wanted, info, i_account))
    return AccountThere(foreign_id=i_account, customer_id=id_text(info.get("i_customer")), differs=differs)


def bring_account(client: Client, wanted: WantedAccount, there: AccountThere | None, billing_model: int) -> None:
    """Whatever of it is done already is not done again: `there` is asked anew after the account is made."""
    if wanted.is_ended:
        if there is not None and there.differs:
            client.call("Account/terminate_account", {"i_account": _number(client, there)}, is_repeatable=False)
        return
    if there is None:
        _make(client, wanted, billing_model)
        there = account_there(client, wanted, "")
        if there is None:
            raise ForAPerson(
                f"account {wanted.code} was made, and the API does not show it; see that the API user may see accounts "
                f"of customer {wanted.customer_id}",
                platform=client.platform,
            )
    i_account = _number(client, there)
    changed: Record = {name: _value(wanted, fact) for fact, name in PLAIN.items() if fact in there.differs}
    if "product" in there.differs:
        changed["i_product"] = _product(client, wanted.product)
    if "code" in there.differs:
        changed["id"] = wanted.code
    if changed:
        client.call(
            "Account/update_account", {"account_info": {"i_account": i_account, **changed}}, is_repeatable=True
        )
    if there.differs.keys() & {*EXTENSION, "is_published"}:
        _bring_extension(client, wanted, i_account)
    if "numbers" in there.differs:
        _bring_numbers(client, wanted, i_account)


def _make(client: Client, wanted: WantedAccount, billing_model: int) -> None:
    info: Record = {
        "i_customer": customer_number(wanted.customer_id, client.platform),
        "billing_model": billing_model,
        "i_product": _product(client, wanted.product),
        "id": wanted.code,
        "bill_status": "O",
        **{name: _value(wanted, fact) for fact, name in PLAIN.items() if _value(wanted, fact)},
    }
    # The name of an account is unique there: should the answer be lost, asking by it shows what became of this.
    client.call("Account/add_account", {"account_info": info}, is_repeatable=False)


def _bring_extension(client: Client, wanted: WantedAccount, i_account: int) -> None:
    i_customer = customer_number(wanted.customer_id, client.platform)
    given: Record = {
        "i_customer": i_customer,
        "i_account": i_account,
        "published": "Y" if wanted.is_published else "N",
        **({"id": wanted.extension} if wanted.extension else {}),
        **({"name": wanted.name} if wanted.name else {}),
    }
    known = _extensions(client, i_customer)
    own = next((one for one in known if id_text(one.get("i_account")) == str(i_account)), None)
    free = next((one for one in known if wanted.extension and id_text(one.get("id")) == wanted.extension), None)
    holder = id_text(free.get("i_account")) if own is None and free is not None else ""
    if holder and not _is_closed(client, holder):  # one that ended may keep its extension there
        raise ForAPerson(
            f"extension {wanted.extension} of customer {wanted.customer_id} is another account's there "
            f"({holder}); give it another number, here or there",
            platform=client.platform,
        )
    there = own or free
    if there is not None:
        update = {"i_c_ext": there["i_c_ext"], **given}
        client.call("Customer/update_customer_extension", update, is_repeatable=True)
    else:
        client.call("Customer/add_customer_extension", given, is_repeatable=False)


def _is_closed(client: Client, i_account: str) -> bool:
    asked: Record = {"i_account": customer_number(i_account, client.platform)}
    info = client.call("Account/get_account_info", asked).get("account_info")
    return isinstance(info, dict) and info.get("bill_status") == CLOSED


def _bring_numbers(client: Client, wanted: WantedAccount, i_account: int) -> None:
    has = _aliases(client, i_account)
    for number in (one for one in wanted.taken_off if one in has):
        gone = {"id": number, "i_master_account": i_account}
        client.call("Account/delete_alias", {"alias_info": gone}, is_repeatable=False)
    for number in (one for one in wanted.numbers if one not in has):
        alias = {"i_master_account": i_account, "id": number, "blocked": "N"}
        client.call("Account/add_alias", {"alias_info": alias}, is_repeatable=False)


def _differences(client: Client, wanted: WantedAccount, info: Record, i_account: str) -> Sequence[tuple[str, str]]:
    is_closed = info.get("bill_status") == CLOSED
    if wanted.is_ended or is_closed:
        return (
            []
            if wanted.is_ended == is_closed
            else [("state", "it is closed" if is_closed else "it is not closed")]
        )
    found: list[tuple[str, str]] = []
    if id_text(info.get("id")) != wanted.code:
        found.append(("code", f"it is called {id_text(info.get('id'))}"))
    if wanted.product and wanted.product not in (id_text(info.get("i_product")), info.get("product_name")):
        found.append(("product", f"its product is {info.get('product_name')}"))
    for fact, name in PLAIN.items():
        # A service password that the API user may not see cannot be held against ours.
        if (value := _value(wanted, fact)) and name in info and (info[name] or "") != value:
            found.append(
                (fact, "it has another service password" if fact == "secret" else f"{name} is {info[name]}")
            )
    if wanted.extension:
        found += _extension_differences(client, wanted, i_account)
    aliases = _aliases(client, int(i_account))
    missing = [number for number in wanted.numbers if number not in aliases]
    left = [number for number in wanted.taken_off if number in aliases]
    if missing or left:
        found.append(("numbers", ", ".join([f"{n} is missing" for n in missing] + [f"{n} is left" for n in left])))
    return found


def _extension_differences(client: Client, wanted: WantedAccount, i_account: str) -> list[tuple[str, str]]:
    known = _extensions(client, customer_number(wanted.customer_id, client.platform))
    own = next((one for one in known if id_text(one.get("i_account")) == i_account), None)
    if own is None:
        return [("extension", "it has no extension")]
    found: list[tuple[str, str]] = []
    if id_text(own.get("id")) != wanted.extension:
        found.append(("extension", f"its extension is {id_text(own.get('id'))}"))
    if wanted.name and (own.get("name") or "") != wanted.name:
        found.append(("name", f"its extension is called {own.get('name') or 'nothing'}"))
    if (own.get("published") == "Y") != wanted.is_published:
        found.append(("is_published", f"published is {own.get('published')}"))
    return found


def _extensions(client: Client, i_customer: int) -> list[Record]:
    found: list[Record] = []
    while True:
        asked = {"i_customer": i_customer, "limit": LIST, "offset": len(found)}
        page = client.call("Customer/get_extensions_list", asked).get("extensions_list") or []
        found += page
        if len(page) < LIST:
            return found


def _aliases(client: Client, i_account: int) -> set[str]:
    found = client.call("Account/get_alias_list", {"i_master_account": i_account}).get("alias_list") or []
    return {id_text(one.get("id")) for one in found}


def _product(client: Client, name: str) -> int:
    """Its `i_product`, by number or by name.

    Raises:
        ForAPerson: there is none, or several are called so.
    """
    if name.isdecimal():
        return int(name)
    page = client.call("Product/get_product_list", {"limit": LIST}).get("product_list") or []
    found = [one for one in page if one.get("name") == name]
    if len(found) != 1:
        raise ForAPerson(
            f"{'no product is' if not found else f'{len(found)} products are'} called {name!r} there; name the "
            "i_product instead with `tollbook provisioning policy`",
            platform=client.platform,
        )
    return int(id_text(found[0].get("i_product")))


def _value(wanted: WantedAccount, fact: str) -> str:
    return wanted.secret.reveal() if fact == "secret" else wanted.email


def _number(client: Client, there: AccountThere) -> int:
    return customer_number(there.foreign_id, client.platform)
