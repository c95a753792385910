"""Service features of an account, kept for those who ask."""

from dataclasses import replace
from typing import Annotated

import msgspec

from tollbook.api.portabilling.caller import Caller
from tollbook.api.portabilling.faults import denied
from tollbook.api.portabilling.fields import Id, Switch
from tollbook.api.portabilling.method import EVERYBODY, Request, method
from tollbook.api.portabilling.services.customer.features import Features
from tollbook.api.portabilling.shapes.features import MOST_FEATURES, FeatureGiven, FeatureShown, merged, shown
from tollbook.customers.actors import Actor, Realm
from tollbook.customers.models import Account
from tollbook.customers.operations.permits import lock_account
from tollbook.jobs.change_account import change_account

# What an account may set of itself: where its calls go, and nothing that costs or opens anything.
ITS_OWN = frozenset({"forward_mode", "default_action", "call_waiting", "do_not_disturb"})


class WhoseFeatures(Request):
    """Whose features."""

    i_account: Id | None = None
    detailed_response: Switch | None = None


class UpdateFeatures(WhoseFeatures, kw_only=True):
    """Features to put in place; others stay."""

    service_features: Annotated[list[FeatureGiven], msgspec.Meta(max_length=MOST_FEATURES)]


@method("Account/get_service_features", realms=EVERYBODY)
def get_service_features(caller: Caller, asked: WhoseFeatures) -> Features:
    """Show the service features of an account, with what it has of product and customer."""
    return Features(_shown(caller.account(asked.i_account)))


@method("Account/update_service_features", realms=EVERYBODY, writes=True)
def update_service_features(caller: Caller, asked: UpdateFeatures) -> Features:
    """Set service features of an account; those not sent stay."""
    account = caller.account(asked.i_account)
    actor = caller.actor
    if caller.realm is Realm.ACCOUNT:
        _check_its_own(caller, asked)
        actor = _for_its_customer(actor)
    lock_account(account)
    with caller.changing(f"account {account.pk}", lambda: {"features": account.features}):
        features = merged(account.features, asked.service_features)
        change_account(actor=actor, account=account, now=caller.now, features=features)
        account.refresh_from_db()
    return Features(_shown(account))


def _check_its_own(caller: Caller, asked: UpdateFeatures) -> None:
    others = sorted({one.name for one in asked.service_features} - ITS_OWN)
    if others:
        raise denied(caller.method, f"only who manages all accounts changes {', '.join(others)}; leave them out")


def _for_its_customer(actor: Actor) -> Actor:
    """Operations let no account set features; these few it may, as if its customer did, in its own name."""
    return replace(actor, realm=Realm.CUSTOMER, account_id=None)


def _shown(account: Account) -> list[FeatureShown]:
    return shown(account.features, account.product.features, account.customer.features)
