"""Making and changing customers: customer_info as it is sent, as what it means here."""

from typing import Any

import msgspec

from tollbook.access.operations import set_login
from tollbook.api.portabilling.caller import Caller
from tollbook.api.portabilling.faults import denied, invalid, missing
from tollbook.api.portabilling.fields import Id, Switch
from tollbook.api.portabilling.method import OWNERS, STAFF, Request, method
from tollbook.api.portabilling.services.customer.standing import holds
from tollbook.api.portabilling.shapes.contact import given, noted, person
from tollbook.api.portabilling.shapes.customer_info import KEPT, CustomerGiven, CustomerToAdd
from tollbook.api.portabilling.shapes.customers import POSTPAID, PREPAID
from tollbook.api.portabilling.shapes.features import merged
from tollbook.api.portabilling.shapes.new_password import new_password
from tollbook.api.portabilling.shapes.zones import zone_name
from tollbook.credit.models import FundsPolicy, HeldBy, WhenUsedUp
from tollbook.credit.operations import resume, set_funds_policy, suspend
from tollbook.customers.actors import Realm
from tollbook.customers.models import Customer
from tollbook.customers.operations.customers import add_customer as make
from tollbook.customers.operations.customers import change_customer as change

RETAIL = 1
MONTHLY = 4  # the only billing period that invoices have here
COLUMNS = {
    "baddr1": "street",
    "zip": "postcode",
    "city": "city",
    "country": "country",
    "email": "email",
    "tax_id": "tax_id",
    "i_lang": "language",
}
# What customers may change of themselves: nothing that is on invoices, nothing that staff keep of them.
THEIR_OWN = frozenset(
    {"i_customer", "salutation", "firstname", "midinit", "lastname", "phone1", "phone2", "faxnum", "email", "bcc"}
    | {"cont1", "cont2", "i_lang", "i_ui_time_zone", "service_features"}
    | {"in_date_format", "out_date_format", "out_time_format", "out_date_time_format"}
)


class AddCustomer(Request, kw_only=True):
    """The new customer."""

    customer_info: CustomerToAdd
    generate_web_password: Switch | None = None


class UpdateCustomer(Request, kw_only=True):
    """What of a customer shall be otherwise."""

    customer_info: CustomerGiven


class ValidateCustomer(Request, kw_only=True):
    """A customer to be, or what of one shall be otherwise."""

    customer_info: CustomerGiven


class Validated(msgspec.Struct):
    """What was sent, as it would be taken."""

    customer_info: dict[str, Any]


class CustomerMade(msgspec.Struct):
    """The customer."""

    i_customer: Id


@method("Customer/add_customer", realms=(STAFF,), writes=True)
def add_customer(caller: Caller, asked: AddCustomer) -> CustomerMade:
    """Make a customer."""
    info = given(asked.customer_info)
    facts = facts_of(caller, info, None)
    facts.setdefault("name", person(info) or info["name"])
    customer = make(
        actor=caller.actor,
        code=info["name"],
        name=facts.pop("name"),
        currency=info["iso_4217"],
        now=caller.now,
        **facts,
    )
    _set_the_rest(caller, customer, info, generate=bool(asked.generate_web_password))
    caller.made(f"customer {customer.pk}", noted(info))
    return CustomerMade(customer.pk)


@method("Customer/update_customer", realms=OWNERS, writes=True)
def update_customer(caller: Caller, asked: UpdateCustomer) -> CustomerMade:
    """Change what is sent of a customer; the rest stays."""
    info = given(asked.customer_info)
    customer = _named(caller, info, lock=True)
    facts = facts_of(caller, info, customer)
    with caller.changing(f"customer {customer.pk}", lambda: _look(customer, facts, info)):
        if facts:
            change(actor=caller.actor, customer=customer, now=caller.now, **facts)
        _set_the_rest(caller, customer, info)
        customer.refresh_from_db()
    return CustomerMade(customer.pk)


@method("Customer/validate_customer_info", realms=(STAFF,))
def validate_customer_info(caller: Caller, asked: ValidateCustomer) -> Validated:
    """Say whether customer_info would be taken; nothing is written."""
    info = given(asked.customer_info)
    if "i_customer" in info:
        facts_of(caller, info, _named(caller, info))
    else:
        for field in ("name", "iso_4217"):
            if field not in info:
                raise missing(caller.method, field, "customer_info")
        if Customer.objects.filter(code=info["name"]).exists():
            raise invalid(caller.method, "name", f"there is a customer {info['name']!r} already")
        facts_of(caller, info, None)
    return Validated(noted(info))


def _named(caller: Caller, info: dict[str, Any], *, lock: bool = False) -> Customer:
    if "i_customer" not in info and caller.realm is Realm.STAFF:
        raise missing(caller.method, "i_customer", "customer_info")
    customer = caller.customer(info.get("i_customer"), lock=lock)
    if caller.realm is not Realm.STAFF and (others := sorted(set(info) - THEIR_OWN)):
        raise denied(caller.method, f"only your operator changes {', '.join(others)}; leave them out")
    return customer


def facts_of(caller: Caller, info: dict[str, Any], customer: Customer | None) -> dict[str, Any]:
    """What of customer_info are columns of ours, by the column.

    Raises:
        Fault: something that cannot be here: resellers, other billing periods, a balance to begin with.
    """
    _check_served(caller, info, customer)
    facts: dict[str, Any] = {COLUMNS[name]: info[name] for name in COLUMNS if name in info}
    if info.get("companyname"):
        facts["name"] = info["companyname"]
    if info.get("name") and customer is not None and info["name"] != customer.code:
        facts["code"] = info["name"]
    if (zone := zone_of(caller, info)) is not None:
        facts["timezone"] = zone
    if "i_balance_control_type" in info:
        facts["is_prepaid"] = info["i_balance_control_type"] == PREPAID
    limits = [info[name] for name in ("perm_credit_limit", "credit_limit") if name in info]
    if limits:
        facts["credit_limit"] = limits[0]
    kept = {name: value for name, value in info.items() if name in KEPT}
    if kept:
        facts["details"] = {**(customer.details if customer else {}), **kept}
    if "service_features" in info:
        facts["features"] = merged(customer.features if customer else {}, info["service_features"])
    return facts


def _check_served(caller: Caller, info: dict[str, Any], customer: Customer | None) -> None:
    said = caller.method
    if info.get("i_customer_type", RETAIL) != RETAIL or info.get("i_parent"):
        raise invalid(said, "i_customer_type", "there are no resellers here; send 1, without i_parent")
    if info.get("i_billing_period", MONTHLY) != MONTHLY:
        raise invalid(
            said, "i_billing_period", f"invoices are by the calendar month; send {MONTHLY}, or leave it out"
        )
    if info.get("i_balance_control_type", POSTPAID) not in (POSTPAID, PREPAID):
        raise invalid(said, "i_balance_control_type", f"send {POSTPAID} for postpaid or {PREPAID} for prepaid")
    if info.get("opening_balance"):
        raise invalid(
            said, "opening_balance", "balances begin at 0; use Customer/make_transaction for money brought along"
        )
    if customer is not None and info.get("iso_4217", customer.currency) != customer.currency:
        raise invalid(said, "iso_4217", f"the currency stays {customer.currency}; make another customer")


def zone_of(caller: Caller, info: dict[str, Any]) -> str | None:
    """The time zone that was sent, by name or by number; None = none was."""
    if info.get("time_zone_name"):
        return str(info["time_zone_name"])
    if "i_time_zone" not in info:
        return None
    if (name := zone_name(info["i_time_zone"])) is None:
        text = f"{info['i_time_zone']} is no time zone here; send time_zone_name, as Europe/Warsaw"
        raise invalid(caller.method, "i_time_zone", text)
    return name


def _set_the_rest(caller: Caller, customer: Customer, info: dict[str, Any], *, generate: bool = False) -> None:
    """What other parts keep: the login, who stops the customer, what credit control may do."""
    if "login" in info:
        password = info.get("password") or (new_password() if generate else "")
        set_login(
            realm=Realm.CUSTOMER,
            customer=customer,
            login=info["login"],
            password=password,
            by=caller.actor.name,
            now=caller.now,
        )
    if "blocked" in info:
        stop = suspend if info["blocked"] == "Y" else resume
        stop(customer=customer, held_by=HeldBy.STAFF, why=caller.method, by=caller.actor.name, now=caller.now)
    if "suspend_on_insuff_funds" in info:
        _set_policy(customer, stops=info["suspend_on_insuff_funds"] == "Y")


def _set_policy(customer: Customer, *, stops: bool) -> None:
    policy = FundsPolicy.objects.filter(customer=customer).first()
    if stops != (policy is not None and policy.when_used_up != WhenUsedUp.ALARM):
        set_funds_policy(customer=customer, when_used_up=WhenUsedUp.SUSPEND if stops else WhenUsedUp.ALARM)


def _look(customer: Customer, facts: dict[str, Any], info: dict[str, Any]) -> dict[str, Any]:
    """What the audit says of the fields that are about to change."""
    look = {name: getattr(customer, name) for name in facts}
    return look | (holds(customer) if "blocked" in info else {})
