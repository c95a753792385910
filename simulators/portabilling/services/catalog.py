"""Product, Tariff, Rate, Env, Generic, User, Invoice: what is only read."""

from collections.abc import Iterable

from simulators.portabilling.call import Call, Method
from simulators.portabilling.lists import matching, page
from simulators.portabilling.transport import Record

VERSION = "MR128"


def get_product_list(call: Call) -> Record:
    rows = matching(call, call.books.products.values(), patterns=("name",), exact=("iso_4217",))
    return page(call, "product_list", rows)


def get_product_info(call: Call) -> Record:
    return _info("product_info", call.books.products.get(call.must_integer("i_product")))


def get_allowed_addons(call: Call) -> Record:
    main = call.must_integer("i_product")
    rows = [one for one in call.books.products.values() if main in one["allowed_products"]]
    return page(call, "product_list", rows)


def get_tariff_list(call: Call) -> Record:
    return page(
        call, "tariff_list", matching(call, call.books.month.tariffs, patterns=("name",), exact=("iso_4217",))
    )


def get_tariff_info(call: Call) -> Record:
    return _info("tariff_info", _first(call.books.month.tariffs, "i_tariff", call.must_integer("i_tariff")))


def get_rate_list(call: Call) -> Record:
    call.must("i_tariff")
    return page(
        call, "rate_list", matching(call, call.books.month.rates, patterns=(), exact=("i_tariff", "i_dest"))
    )


def get_rate_info(call: Call) -> Record:
    return _info("rate_info", _first(call.books.month.rates, "i_rate", call.must_integer("i_rate")))


def get_invoice_list(call: Call) -> Record:
    i_customer = call.customer_id()
    rows = [one for one in call.books.invoices.values() if _sees_invoice(call, one)]
    rows = matching(call, rows, patterns=("invoice_number",), exact=("i_parent",))
    if i_customer is not None:
        rows = [one for one in rows if int(one["i_customer"]) == i_customer]
    if (after := call.text("issued_after")) is not None:
        rows = [one for one in rows if one["issue_date"] >= after]
    if (before := call.text("issued_before")) is not None:
        rows = [one for one in rows if one["issue_date"] <= before]
    return page(call, "invoice_list", rows)


def get_invoice_info(call: Call) -> Record:
    invoice = call.books.invoices.get(call.must_integer("i_invoice"))
    return _info("invoice_info", invoice if invoice is not None and _sees_invoice(call, invoice) else None)


def get_version(_: Call) -> Record:
    return {"version": VERSION}


def get_env_info(_: Call) -> Record:
    return {"env_info": {"i_env": 1, "name": "Simulated operator", "email": "noc@operator.example"}}


def get_user_list(call: Call) -> Record:
    user = call.books.administrator
    return page(call, "user_list", [{"i_user": user["i_user"], "login": user["login"], "i_role": 1}])


def _sees_invoice(call: Call, invoice: Record) -> bool:
    return call.sees_customer(call.books.customers[int(invoice["i_customer"])])


def _first(rows: Iterable[Record], name: str, value: int) -> Record | None:
    return next((one for one in rows if one[name] == value), None)


def _info(name: str, row: Record | None) -> Record:
    return {} if row is None else {name: row}


PRODUCT: dict[str, Method] = {
    "get_product_list": get_product_list,
    "get_product_info": get_product_info,
    "get_allowed_addons": get_allowed_addons,
}
TARIFF: dict[str, Method] = {"get_tariff_list": get_tariff_list, "get_tariff_info": get_tariff_info}
RATE: dict[str, Method] = {"get_rate_list": get_rate_list, "get_rate_info": get_rate_info}
INVOICE: dict[str, Method] = {"get_invoice_list": get_invoice_list, "get_invoice_info": get_invoice_info}
GENERIC: dict[str, Method] = {"get_version": get_version}
ENV: dict[str, Method] = {"get_env_info": get_env_info}
USER: dict[str, Method] = {"get_user_list": get_user_list}
