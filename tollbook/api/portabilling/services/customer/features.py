"""Service features of a customer: kept for those who ask, and inherited by the accounts."""

from typing import Annotated

import msgspec

from tollbook.api.portabilling.caller import Caller
from tollbook.api.portabilling.fields import Id, Switch
from tollbook.api.portabilling.method import OWNERS, Request, method
from tollbook.api.portabilling.shapes.features import MOST_FEATURES, FeatureGiven, FeatureShown, merged, shown


class WhoseFeatures(Request):
    """Whose features."""

    i_customer: Id | None = None


class UpdateFeatures(WhoseFeatures, kw_only=True):
    """Features to put in place; others stay."""

    service_features: Annotated[list[FeatureGiven], msgspec.Meta(max_length=MOST_FEATURES)]
    detailed_response: Switch | None = None


class Features(msgspec.Struct):
    """The features, by name."""

    service_features: list[FeatureShown]


@method("Customer/get_service_features", realms=OWNERS)
def get_service_features(caller: Caller, asked: WhoseFeatures) -> Features:
    """Show the service features of a customer."""
    return Features(shown(caller.customer(asked.i_customer).features))


@method("Customer/update_service_features", realms=OWNERS, writes=True)
def update_service_features(caller: Caller, asked: UpdateFeatures) -> Features:
    """Set service features of a customer; those not sent stay."""
    customer = caller.customer(asked.i_customer, lock=True)
    with caller.changing(f"customer {customer.pk}", lambda: {"features": customer.features}):
        customer.features = merged(customer.features, asked.service_features)
        customer.save(update_fields=["features"])
    return Features(shown(customer.features))
