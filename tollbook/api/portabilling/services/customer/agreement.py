"""Which products a customer and their accounts may have, and how many of each."""

from typing import Annotated

import msgspec

from tollbook.api.portabilling.caller import Caller
from tollbook.api.portabilling.faults import invalid
from tollbook.api.portabilling.fields import YN, Count, Id, yes_no
from tollbook.api.portabilling.method import OWNERS, STAFF, Info, Request, Success, method
from tollbook.api.portabilling.own import products
from tollbook.customers import agreement_queries
from tollbook.customers.agreement_queries import agreement_of
from tollbook.customers.models import Customer
from tollbook.customers.operations.agreements import set_agreement

UNLIMITED = 0
MOST_CONDITIONS = 1_000


class ConditionGiven(Info, kw_only=True):
    """A product, and on how many accounts it may be at the same time; 0 or null: on any number."""

    i_product: Id
    max_offered_quantity: Count | None = None


class UpdateConditions(Request, kw_only=True):
    """Conditions to put in place of those of the same products; others stay."""

    i_customer: Id | None = None
    agreement_condition_list: Annotated[list[ConditionGiven], msgspec.Meta(max_length=MOST_CONDITIONS)]


class WhoseConditions(Request):
    """Whose agreement."""

    i_customer: Id | None = None


class Condition(msgspec.Struct, kw_only=True):
    """A product of the agreement, with how many accounts have it now."""

    i_product: int
    name: str
    end_user_name: str
    product_addon: YN
    max_offered_quantity: int
    used_quantity: int


class Conditions(msgspec.Struct):
    """The agreement, product by product."""

    agreement_condition_list: list[Condition]


@method("Customer/update_agreement_conditions", realms=(STAFF,), writes=True)
def update_agreement_conditions(caller: Caller, asked: UpdateConditions) -> Success:
    """Agree on products and quantities with a customer; products that are not sent stay as they are."""
    customer = caller.customer(asked.i_customer, lock=True)
    wanted = {one.i_product: one.max_offered_quantity or None for one in asked.agreement_condition_list}
    if len(wanted) < len(asked.agreement_condition_list):
        raise invalid(caller.method, "agreement_condition_list", "a product stands in it twice; say it once")
    found = products(caller, list(wanted))
    with caller.changing(f"customer {customer.pk}", lambda: _quantities(customer)):
        conditions = {found[number]: quantity for number, quantity in wanted.items()}
        set_agreement(customer=customer, conditions=conditions, by=caller.actor.name, now=caller.now)
    return Success()


@method("Customer/get_agreement_condition_list", realms=OWNERS)
def get_agreement_condition_list(caller: Caller, asked: WhoseConditions) -> Conditions:
    """List the products that a customer may use, how many of each, and how many they do."""
    return Conditions([_condition(one) for one in agreement_of(caller.customer(asked.i_customer))])


@method("Customer/get_agreement_conditions", realms=OWNERS)
def get_agreement_conditions(caller: Caller, asked: WhoseConditions) -> Conditions:
    """The same by another name that clients know."""
    return get_agreement_condition_list(caller, asked)


def _condition(one: agreement_queries.Condition) -> Condition:
    return Condition(
        i_product=one.product.pk,
        name=one.product.name,
        end_user_name=one.product.end_user_name or one.product.name,
        product_addon=yes_no(one.product.is_addon),
        max_offered_quantity=one.quantity or UNLIMITED,
        used_quantity=one.used,
    )


def _quantities(customer: Customer) -> dict[str, int]:
    return {one.product.code: one.quantity or UNLIMITED for one in agreement_of(customer)}
