"""Every method of customers and accounts, asked for what is somebody else's: nothing is seen and nothing changes.

The methods are those that are served, and the requests are made from what each takes: a new method is walked by itself.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import LazySettings
from django.db import transaction

from tests.api.portabilling import callers
from tests.api.portabilling.callers import ENCODER
from tests.api.portabilling.requests_of import requests_of
from tests.api.portabilling.two_houses import (
    JULY,
    NEW_IDS,
    NO_ID,
    THEIR_IDS,
    House,
    count_from,
    fingerprint,
    settle,
    their_ids,
    traces,
)
from tollbook.api.portabilling.caller import Caller
from tollbook.api.portabilling.faults import denied
from tollbook.api.portabilling.method import METHODS, Attachment, Method, Request, Upload, invoke, method
from tollbook.api.portabilling.refusals import fault_of
from tollbook.customers.actors import Realm
from tollbook.customers.models import Account, Customer, DialCode
from tollbook.errors import TollbookError

# No method of customers or accounts reads or writes these.
NOT_PLANTED = {
    *("customers_accountlink", "customers_accountmark", "customers_identity"),  # who somebody is elsewhere
    *("customers_pairing", "customers_pairingevent", "customers_suggestion"),
    *("credit_fundspolicy", "credit_suspensionorder", "provisioning_provisioningorder"),  # what platforms are told
    *("customers_approval", "customers_formercode", "customers_specialtariff", "billing_tiercount"),
}
THEIR_NUMBER = "48777000003"  # given to them, and on none of their accounts
FILE = b"Extension number,Name,DID numbers,Published,Email,Timezone,Product,Huntgroup\n901,Desk,48777000003,,,,Voice,\n"
NEW = re.compile(rf"\b1?{NEW_IDS // 10**9}\d{{9}}\b|\b100{NEW_IDS // 10**9}\d{{9}}\b")  # an account, or an alias


@pytest.fixture
def houses(fresh_database: dict[str, str], tmp_path: Path, settings: LazySettings) -> tuple[House, House]:
    settings.TOLLBOOK_HOME = tmp_path
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return settle(tmp_path)


def of(realm: Realm) -> Iterator[Method]:
    return (one for name, one in sorted(METHODS.items()) if realm in one.realms and one.needs_login)


class Walk:
    """Somebody who asks for everything, and what they got of it."""

    def __init__(self, caller: Caller, mine: House, theirs: House) -> None:
        self.caller = caller
        self.mine = self._of_mine(mine)
        self.ids, self.texts = their_ids(), theirs.texts
        self.found: list[str] = []
        self.asked = 0

    def _of_mine(self, mine: House) -> dict[str, int | str]:
        own: dict[str, int | str] = {"i_customer": mine.customer.pk, "i_account": mine.accounts[0].pk}
        own |= {"i_master_account": mine.accounts[0].pk, "i_product": mine.accounts[0].product_id}
        extension = getattr(mine.accounts[0], "extension", None)
        group = mine.customer.hunt_groups.get()
        return own | {"i_c_ext": extension.pk if extension else 1, "i_c_group": group.pk}

    def ask(self, wanted: Method) -> None:
        """Every request of a method, each undone before the next."""
        before = fingerprint()
        for asked in requests_of(wanted, self.mine, self.ids, self.texts):
            answer, is_fault = self._say(wanted, asked.params, before)
            told = answer if asked.foreign is None else answer.replace(str(asked.foreign), "#")
            told = told.replace(THEIR_NUMBER, "#") if wanted.takes_file else told
            for trace in traces(told):
                if not (is_fault and trace in str(asked.params)):
                    self.found.append(f"{wanted.name} {asked.params} told {trace}")
            if isinstance(asked.foreign, int):
                other, _ = self._say(wanted, asked.with_value(NO_ID), before)
                if NEW.sub("new", told) != NEW.sub("new", other.replace(str(NO_ID), "#")):
                    self.found.append(
                        f"{wanted.name} {asked.params}: {told[:200]}; when there is none: {other[:200]}"
                    )

    def _say(self, wanted: Method, params: dict[str, Any], before: dict[str, str]) -> tuple[str, bool]:
        """The answer as it goes over the wire; of a fault code and text."""
        self.asked += 1
        upload = Upload("extensions.csv", FILE) if wanted.takes_file else None
        with transaction.atomic():
            try:
                with transaction.atomic():
                    answer = invoke(wanted.name, self.caller, params, upload)
            except TollbookError as error:
                fault = fault_of(error, wanted.name)
                return f"{fault.code}: {fault.text}", True
            except Exception as error:
                self.found.append(f"{wanted.name} {params} failed: {error!r}")
                return "", True
            if wanted.writes and (after := fingerprint()) != before:
                changed = sorted(table for table in {*before, *after} if before.get(table) != after.get(table))
                self.found.append(f"{wanted.name} {params} changed {', '.join(changed)}")
            transaction.set_rollback(True)
        if isinstance(answer, Attachment):
            return f"{answer.name} {answer.content.decode('utf-8', 'replace')}", False
        return ENCODER.encode(answer).decode(), False


def test_they_have_something_of_everything(houses: tuple[House, House]) -> None:
    owned = {
        model._meta.db_table
        for model in apps.get_models()
        if any(field.related_model in (Account, Customer) for field in model._meta.fields)
    }
    assert owned - set(their_ids()) == NOT_PLANTED


def walk(realm: Realm, houses: tuple[House, House], methods: Iterable[str] = ()) -> Walk:
    """All methods of a realm, or these."""
    mine, theirs = houses
    if realm is Realm.CUSTOMER:
        caller = callers.customer(mine.customer, now=JULY)
    else:
        # A second account of one customer is to an account what another customer is to a customer.
        count_from(THEIR_IDS.start + 500_000)
        Account.objects.create(
            customer=mine.customer, product=mine.accounts[0].product, code="zqk-sibling", name="zqx sibling",
            email="zqx@example.org",
        )  # fmt: skip
        caller = callers.account(mine.accounts[0], now=JULY)
    count_from(NEW_IDS)
    walked = Walk(caller, mine, theirs)
    for wanted in [METHODS[name] for name in methods] or of(realm):
        walked.ask(wanted)
    return walked


@pytest.mark.parametrize("realm", [Realm.CUSTOMER, Realm.ACCOUNT])
def test_nobody_sees_or_touches_what_is_somebody_else_s(realm: Realm, houses: tuple[House, House]) -> None:
    walked = walk(realm, houses)
    assert walked.found == []
    assert walked.asked > 1_000


class Which(Request, kw_only=True):
    i_customer: int = 0
    i_account: int = 0


def names_of_all(_caller: Caller, _asked: Which) -> dict[str, list[str]]:
    """A list that forgot whose it is."""
    return {"names": list(Account.objects.values_list("name", flat=True))}


def renamed(_caller: Caller, asked: Which) -> dict[str, int]:
    """A change that never asked whose it is."""
    Account.objects.filter(pk=asked.i_account).update(name="renamed")
    return {"success": 1}


def added_to(_caller: Caller, asked: Which) -> dict[str, int]:
    """Something new on what is somebody else's."""
    if Account.objects.filter(pk=asked.i_account).exists():
        account = Account.objects.get(pk=asked.i_account)
        DialCode.objects.create(customer=account.customer, account=account, number="1")
    return {"success": 1}


def talkative(caller: Caller, asked: Which) -> dict[str, int]:
    """A refusal that says whether there is one."""
    if Customer.objects.filter(pk=asked.i_customer).exclude(pk=caller.customer_id or 0).exists():
        raise denied(caller.method, "that is somebody else's")
    return {}


def test_the_walk_notices_leaks(houses: tuple[House, House]) -> None:
    for leak in (names_of_all, renamed, added_to, talkative):
        method("Leak/leak", realms=(Realm.CUSTOMER,), writes=True)(leak)
        try:
            assert walk(Realm.CUSTOMER, houses, ["Leak/leak"]).found, leak.__doc__
        finally:
            del METHODS["Leak/leak"]
