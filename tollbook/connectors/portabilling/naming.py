"""How the API names its methods: object `x` of service `X` has get_x_list, get_x_info, add_x and update_x.

A list comes as `x_list`; what is created goes as `x_info`. What does not follow the rule is in EXCEPTIONS.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tollbook.errors import BadInput

_SERVICE = re.compile("[A-Z][A-Za-z0-9]*")
_TYPE = re.compile("[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """How one type of record is listed and created."""

    lists: str  # method
    list_key: str  # member of the answer that holds the records
    creates: str  # method
    info_key: str  # member of the request that holds the new record; "" = the request is the record
    is_paged: bool = True  # takes limit and offset


@dataclass(frozen=True, slots=True, kw_only=True)
class _Exception:
    lists: str = ""
    list_key: str = ""
    creates: str = ""
    info_key: str | None = None
    is_paged: bool = True


EXCEPTIONS: Mapping[tuple[str, str], _Exception] = {
    ("Account", "alias"): _Exception(is_paged=False),
    ("Account", "custom_field"): _Exception(
        lists="get_custom_fields_values",
        list_key="custom_fields_values",
        creates="update_custom_fields_values",
        info_key="",
        is_paged=False,
    ),
    ("Account", "followme_number"): _Exception(
        lists="get_account_followme", info_key="number_info", is_paged=False
    ),
    ("Account", "subscription"): _Exception(
        lists="get_subscriptions", list_key="subscriptions", info_key="", is_paged=False
    ),
    ("Account", "transaction"): _Exception(creates="make_transaction", info_key=""),
    ("BillingSession", "active_session"): _Exception(
        lists="get_active_sessions_list", list_key="active_session_list", is_paged=False
    ),
    ("Customer", "agreement_condition"): _Exception(creates="update_agreement_conditions", info_key=""),
    ("Customer", "custom_field"): _Exception(
        lists="get_custom_fields_values",
        list_key="custom_fields_values",
        creates="update_custom_fields_values",
        info_key="",
        is_paged=False,
    ),
    ("Customer", "extension"): _Exception(
        lists="get_extensions_list", list_key="extensions_list", creates="add_customer_extension", info_key=""
    ),
    ("Customer", "huntgroup"): _Exception(creates="add_customer_huntgroup", info_key=""),
    ("Customer", "transaction"): _Exception(creates="make_transaction", info_key=""),
    ("Customer", "xdr"): _Exception(lists="get_customer_xdrs", list_key="xdr_list"),
    ("Product", "allowed_addon"): _Exception(lists="get_allowed_addons", list_key="product_list", is_paged=False),
    ("Subscription", "subscription"): _Exception(list_key="subscriptions"),
}

# What is known to be there. Any other service and type may be named, too: the rule says how it would be called.
KNOWN: Mapping[str, tuple[str, ...]] = {
    "AccessControl": (),
    "Account": (
        "account",
        "alias",
        "custom_field",
        "followme_number",
        "phonebook",
        "subscription",
        "transaction",
        "xdr",
    ),
    "BillingSession": ("active_session",),
    "CDR": (),
    "Customer": (
        "abbreviated_dialing_number",
        "agreement_condition",
        "custom_field",
        "customer",
        "extension",
        "huntgroup",
        "transaction",
        "xdr",
    ),
    "CustomerClass": ("customer_class",),
    "DID": ("number", "vendor_batch"),
    "Destination": ("dest_group",),
    "DiscountPlan": ("discount_plan",),
    "Env": (),
    "Generic": (),
    "Invoice": ("invoice",),
    "Product": ("allowed_addon", "product"),
    "Rate": ("rate",),
    "Session": (),
    "Subscription": ("subscription",),
    "Tariff": ("tariff",),
    "User": ("user",),
    "WebLog": ("web_log",),
}

# Stored properties that are "Y" or "N"; every other switch is 1 or 0.
YES_NO_FIELDS = frozenset(
    {
        "activity_monitoring",
        "allowed_with_any_product",
        "balance_transfer_allowed",
        "blocked",
        "bp_charge_cc",
        "callshop_enabled",
        "customer_blocked",
        "ecommerce_enabled",
        "free_of_charge",
        "frozen",
        "generate_daily_charge",
        "generate_invoice_earlier",
        "hidden",
        "hide",
        "hunt_active",
        "hunt_keep_original_cli",
        "inclusive_taxation",
        "is_finished",
        "managed_by_user",
        "obligatory",
        "override_tariffs_enabled",
        "pickup_allowed",
        "published",
        "send_invoices",
        "shared",
        "wrap_up_passed_calls",
    }
)


def naming_of(service: str, type_: str) -> Naming:
    """How records of a type are listed and created, by rule or by exception.

    Raises:
        BadInput: a name that no service or type can have.
    """
    if not _SERVICE.fullmatch(service):
        raise BadInput(f"{service!r} is no service; services are written as {', '.join(list(KNOWN)[:4])} …")
    if not _TYPE.fullmatch(type_):
        raise BadInput(f"{type_!r} is no type of record; types are written as account, alias, customer …")
    found = EXCEPTIONS.get((service, type_), _Exception())
    return Naming(
        lists=f"{service}/{found.lists or f'get_{type_}_list'}",
        list_key=found.list_key or f"{type_}_list",
        creates=f"{service}/{found.creates or f'add_{type_}'}",
        info_key=f"{type_}_info" if found.info_key is None else found.info_key,
        is_paged=found.is_paged,
    )


def with_switches(value: object, name: str = "") -> object:
    """The value with every true and false, however deep, as the API writes them: Y or N, else 1 or 0."""
    match value:
        case bool():
            return ("Y" if value else "N") if name in YES_NO_FIELDS else int(value)
        case dict():
            return {key: with_switches(inner, key) for key, inner in value.items()}
        case list() | tuple():
            return [with_switches(inner, name) for inner in value]
    return value
