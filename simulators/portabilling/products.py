"""The products: what a company, a person, an extension has, in either currency, and one add-on."""

from simulators.portabilling.transport import Record

ADD_ON = 401


def make_products() -> tuple[Record, ...]:
    names = ("Company Voice", "Home Voice", "Extension")
    mains = [
        _product(311 + 2 * nth + at, f"{name} {currency}", currency)
        for nth, name in enumerate(names)
        for at, currency in enumerate(("PLN", "EUR"))
    ]
    recording = _product(ADD_ON, "Call Recording", "PLN") | {
        "product_addon": "Y",
        "allowed_products": [one["i_product"] for one in mains],
    }
    return (*mains, recording)


def product_for(style: str, currency: str, products: tuple[Record, ...]) -> Record:
    name = {"pbx": "Extension", "direct": "Company Voice", "home": "Home Voice"}[style]
    return next(one for one in products if one["name"] == f"{name} {currency}")


def _product(i_product: int, name: str, currency: str) -> Record:
    return {
        "i_product": i_product,
        "name": name,
        "end_user_name": name,
        "description": "",
        "end_user_description": "",
        "iso_4217": currency,
        "i_product_group": None,
        "i_subscription": i_product + 1000,
        "i_vd_plan": None,
        "addon_priority": 0,
        "allowed_with_any_product": "N",
        "allowed_products": [],
        "included_services": [3],
        "i_account_role": 1,
        "managed_by_user": "N",
        "hidden": "N",
        "shared": "N",
        "product_addon": "N",
    }
