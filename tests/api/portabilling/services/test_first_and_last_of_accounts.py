"""An account's beginning as clients send it, and what is free again once it has ended."""

import pytest

from tests.api.portabilling.calling import call, fault
from tests.api.portabilling.services.test_accounts import add, info, staff, them
from tests.jobs.agreed import customer, product
from tollbook.access.models import AuditEntry

pytestmark = pytest.mark.django_db


def test_an_id_and_its_login_are_free_once_their_account_has_ended() -> None:
    pbx = product("pbx")
    me = them(customer(pbx=1))
    first = add(me, "desk1", pbx, login="desk1", password="rosemary7")
    call(me, "Account/terminate_account", {"i_account": first})
    assert info(staff(), first)["login"] is None
    second = add(me, "desk1", pbx, login="desk1", password="thyme88")
    assert (info(me, second)["id"], info(me, second)["login"]) == ("desk1", "desk1")
    gone = AuditEntry.objects.get(method="access/remove_logins")
    assert (gone.subject, gone.before, gone.who) == (f"account {first}", {"login": "desk1"}, "customer acme")


def test_a_customer_may_say_the_role_that_goes_without_saying() -> None:
    pbx = product("pbx")
    acme = customer(pbx=None)
    universal = add(them(acme), "desk1", pbx, i_account_role=1)
    assert info(them(acme), universal)["i_account_role"] == 1
    said = {"id": "desk2", "billing_model": 1, "i_product": pbx.pk, "i_account_role": 8}
    code = fault(them(acme), "Account/add_account", {"account_info": said})
    assert code == "Server.Account.add_account.access_denied"
