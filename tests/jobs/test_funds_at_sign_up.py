"""A fee that uses up a customer's funds is noticed when it is charged, not the next night."""

from decimal import Decimal

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from tests.jobs.agreed import EVA, JUNE_1, agree, customer, product, themselves
from tollbook.alarms.models import Alarm, AlarmKind
from tollbook.credit.models import WhenUsedUp
from tollbook.credit.operations import set_funds_policy
from tollbook.customers.models import Customer
from tollbook.jobs.approve_account import approve
from tollbook.jobs.change_account import change_account
from tollbook.jobs.open_account import open_account

pytestmark = pytest.mark.django_db


def with_limit(limit: str) -> Customer:
    acme = customer()
    acme.credit_limit = Decimal(limit)
    acme.save()
    set_funds_policy(customer=acme, when_used_up=WhenUsedUp.SUSPEND)
    return acme


def alarms() -> list[str]:
    return list(
        Alarm.objects.filter(kind=AlarmKind.FUNDS_USED_UP, cleared_at=None).values_list("subject", flat=True)
    )


def test_opening_an_account_beyond_the_limit(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    pbx, acme = product("pbx", monthly="6"), with_limit("10")
    with django_capture_on_commit_callbacks(execute=True):
        open_account(actor=EVA, customer=acme, product=pbx, extension="1", now=JUNE_1)
    assert alarms() == []  # 6 of 10
    with django_capture_on_commit_callbacks(execute=True):
        open_account(actor=EVA, customer=acme, product=pbx, extension="2", now=JUNE_1)
    assert alarms() == ["acme"]  # 12 of 10
    acme.refresh_from_db()
    assert acme.state == "suspended"


def test_switching_on_what_costs_more(django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks) -> None:
    pbx, recording = product("pbx", monthly="6"), product("recording", monthly="4", is_addon=True)
    acme = with_limit("10")
    account = open_account(actor=EVA, customer=acme, product=pbx, extension="1", now=JUNE_1)
    with django_capture_on_commit_callbacks(execute=True):
        change_account(actor=EVA, account=account, addons=[recording], now=JUNE_1)
    assert alarms() == ["acme"]  # 6 and 4 are 10: nothing is left


def test_approving_what_costs_more(django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks) -> None:
    pbx, acme = product("pbx", monthly="10", needs_approval=True), with_limit("10")
    agree(acme, pbx=1)
    account = open_account(actor=themselves(acme), customer=acme, product=pbx, extension="1", now=JUNE_1)
    with django_capture_on_commit_callbacks(execute=True):
        approve(actor=EVA, account=account, now=JUNE_1)
    assert alarms() == ["acme"]
