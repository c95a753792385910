"""Users, one-time passwords, what was changed by whom, and the few things that every site says of itself."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import Error, connection, transaction

from tests.api.portabilling.conftest import PASSWORD
from tests.api.portabilling.speaking import Speaker, code
from tollbook.access.audit import without_secrets
from tollbook.access.models import AuditEntry, OneTimePassword, RealmName, User
from tollbook.access.operations import add_user, set_login, set_role
from tollbook.access.options import options
from tollbook.alarms.models import Message
from tollbook.api.portabilling.method import METHODS
from tollbook.api.portabilling.metrics import COUNTS
from tollbook.catalog.models import Product
from tollbook.customers.models import Account, Customer


@pytest.fixture
def line(db: None) -> Account:
    dora = Customer.objects.create(code="dora", name="Dora", currency="USD")
    product = Product.objects.create(code="pbx", name="Cloud PBX")
    return Account.objects.create(customer=dora, product=product, code="line1", email="line@example.com")


def test_a_user_is_added_found_changed_and_blocked(speaker: Speaker) -> None:
    new = {"login": "bob", "password": PASSWORD, "name": "Bob", "email": "bob@example.com", "i_role": ""}
    i_user = speaker.call("User/add_user", user_info=new)["i_user"]
    found = speaker.call("User/get_user_list", login="b%", get_total=1)
    assert (found["total"], found["user_list"][0]["login"]) == (1, "bob")
    bob = Speaker()
    bob.log_in("bob", PASSWORD)
    assert speaker.call("User/update_user", user_info={"i_user": i_user, "blocked": "Y"}) == {"i_user": i_user}
    assert code(bob.call("Generic/get_version")) == "Server.Session.check_auth.auth_failed"
    shown = speaker.call("User/get_user_info", i_user=i_user)["user_info"]
    assert (shown["blocked"], shown["name"], shown["is_super_user"]) == ("Y", "Bob", 1)
    assert speaker.call("User/get_user_info", i_user=i_user + 999) == {}


def test_a_login_is_there_once_and_a_password_keeps_the_rules(speaker: Speaker) -> None:
    again = speaker.call("User/add_user", user_info={"login": "ann", "password": PASSWORD})
    assert code(again) == "Server.User.add_user.duplicate_login"
    weak = speaker.call("User/add_user", user_info={"login": "bob", "password": "letters"})
    assert code(weak) == "Server.User.add_user.password_not_allowed"
    nameless = speaker.call("User/add_user", user_info={"password": PASSWORD})
    assert code(nameless) == "Client.User.add_user.login.missing"
    assert "login of user_info" in nameless["faultstring"]
    assert User.objects.count() == 1
    assert AuditEntry.objects.count() == 0, "what was refused did not happen"


@pytest.mark.parametrize(("name", "most"), [("name", 200), ("email", 254)])
def test_a_text_longer_than_its_place_is_refused(speaker: Speaker, name: str, most: int) -> None:
    new = {"login": "bob", "password": PASSWORD}
    long = speaker.call("User/add_user", user_info=new | {name: "x" * (most + 1)})
    assert code(long) == f"Client.User.add_user.user_info.{name}.invalid"
    i_user = speaker.call("User/add_user", user_info=new | {name: "x" * most})["i_user"]
    longer = speaker.call("User/update_user", user_info={"i_user": i_user, name: "x" * (most + 1)})
    assert code(longer) == f"Client.User.update_user.user_info.{name}.invalid"


def test_a_text_may_come_as_a_number_and_a_number_as_a_text(speaker: Speaker) -> None:
    i_user = speaker.call("User/add_user", user_info={"login": 4711, "password": PASSWORD})["i_user"]
    assert speaker.call("User/get_user_info", i_user=str(i_user))["user_info"]["login"] == "4711"


def test_nobody_gives_or_takes_more_than_they_have(speaker: Speaker, ann: User) -> None:
    reader = set_role(realm=RealmName.STAFF, name="reader", permissions=["User/*"])
    other = set_role(realm=RealmName.STAFF, name="other", permissions=["*"])
    add_user(realm=RealmName.STAFF, login="rae", password=PASSWORD, role=reader, now=datetime.now(UTC))
    rae = Speaker()
    rae.log_in("rae", PASSWORD)
    new = {"login": "bob", "password": PASSWORD}
    assert code(rae.call("User/add_user", user_info=new)) == "Client.User.add_user.i_role.missing"
    denied = rae.call("User/add_user", user_info=new | {"i_role": other.pk})
    assert code(denied) == "Server.User.add_user.access_denied"
    assert "i_user" in rae.call("User/add_user", user_info=new | {"i_role": reader.pk})
    taken = rae.call("User/update_user", user_info={"i_user": ann.pk, "password": "stolen99"})
    assert code(taken) == "Server.User.update_user.access_denied"
    assert code(speaker.call("User/update_user", user_info={"i_user": ann.pk, "blocked": 1})) == (
        "Client.User.update_user.blocked.invalid"
    )


def test_what_was_changed_is_in_the_log_without_secrets(speaker: Speaker, ann: User) -> None:
    i_user = speaker.call("User/add_user", user_info={"login": "bob", "password": PASSWORD})["i_user"]
    speaker.call("User/update_user", user_info={"i_user": i_user, "name": "Bob", "password": "other999"})
    log = speaker.call("WebLog/get_web_log_list", entity_type="Users", i_entity=i_user, limit=10, get_total=1)
    newest, first = log["web_log_list"]
    assert (log["total"], newest["login"], newest["ip_address"]) == (2, "ann", "192.0.2.10")
    assert (first["method"], first["before"], first["after"]["login"]) == ("User/add_user", {}, "bob")
    assert (newest["before"]["name"], newest["after"]["name"]) == ("", "Bob")
    assert newest["before"]["changed at"] != newest["after"]["changed at"], "that the password is another"
    kept = str(list(AuditEntry.objects.values()))
    assert PASSWORD not in kept
    assert "other999" not in kept
    assert speaker.call("WebLog/get_web_log_list", entity_type="Customers")["web_log_list"] == []


@pytest.mark.parametrize("statement", ["UPDATE access_auditentry SET who = 'x'", "DELETE FROM access_auditentry"])
def test_the_log_is_never_changed(speaker: Speaker, statement: str) -> None:
    speaker.call("User/add_user", user_info={"login": "bob", "password": PASSWORD})
    with pytest.raises(Error, match="the audit is added to"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_whatever_is_noted_secrets_stay_out() -> None:
    noted = {"h323_password": "x", "list": [{"api_token": "x", "name": "n"}], "service_secret": "", "pin": "1"}
    assert without_secrets(noted) == {
        "h323_password": "•••",
        "list": [{"api_token": "•••", "name": "n"}],
        "service_secret": "",
        "pin": "•••",
    }


def code_sent() -> str:
    found = re.search(r"\b\d{6}\b", Message.objects.latest("pk").body)
    assert found is not None
    return found[0]


def test_a_one_time_password_is_good_once_and_in_its_session(speaker: Speaker, line: Account) -> None:
    ask = {"send_to": "account", "id": "line1", "notification_type": "mail", "operation": "General"}
    assert speaker.call("AccessControl/create_otp", **ask) == {"success": 1}
    assert Message.objects.get().address == "line@example.com"
    sent = {"one_time_password": code_sent(), "operation": "General"}
    assert code_sent() not in str(list(OneTimePassword.objects.values()) + list(AuditEntry.objects.values()))
    elsewhere = Speaker()
    elsewhere.log_in("ann", PASSWORD)
    refused = "Server.AccessControl.verify_otp.invalid_one_time_password"
    assert code(elsewhere.call("AccessControl/verify_otp", **sent)) == refused
    assert code(speaker.call("AccessControl/verify_otp", **sent | {"operation": "Other"})) == refused
    assert speaker.call("AccessControl/verify_otp", **sent) == {"success": 1}
    assert code(speaker.call("AccessControl/verify_otp", **sent)) == refused
    soon = speaker.call("AccessControl/create_otp", **ask)
    assert code(soon) == "Server.AccessControl.create_otp.not_allowed", "not twice within half a minute"


def test_wrong_codes_count_and_codes_end(speaker: Speaker, line: Account) -> None:
    ask = {"id": "line1", "operation": "General"}
    speaker.call("AccessControl/create_otp", **ask)
    right = code_sent()
    wrong = f"{(int(right) + 1) % 1_000_000:06}"
    for _ in range(5):
        assert "faultcode" in speaker.call(
            "AccessControl/verify_otp", one_time_password=wrong, operation="General"
        )
    assert "faultcode" in speaker.call("AccessControl/verify_otp", one_time_password=right, operation="General")
    OneTimePassword.objects.update(attempts=0, expires_at=datetime.now(UTC) - timedelta(seconds=1))
    assert "faultcode" in speaker.call("AccessControl/verify_otp", one_time_password=right, operation="General")
    OneTimePassword.objects.update(expires_at=datetime.now(UTC) + timedelta(seconds=60))
    assert "success" in speaker.call("AccessControl/verify_otp", one_time_password=right, operation="General")


def test_a_one_time_password_needs_an_address_and_a_session(speaker: Speaker, line: Account) -> None:
    Account.objects.update(email="")
    nowhere = speaker.call("AccessControl/create_otp", id="line1", operation="General")
    assert code(nowhere) == "Server.AccessControl.empty_rec_and_bcc"
    stateless = {"login": "ann", "password": PASSWORD}
    without = Speaker().call("AccessControl/create_otp", stateless, id="line1", operation="General")
    assert code(without) == "Server.Session.check_auth.auth_failed"
    now = datetime.now(UTC)
    eve = Customer.objects.create(code="eve", name="Eve", currency="USD", email="eve@example.com")
    set_login(realm=RealmName.CUSTOMER, customer=eve, login="eve", password=PASSWORD, by="ann", now=now)
    other = Speaker()
    other.log_in("eve", PASSWORD)
    theirs, nobodys = (
        other.call("AccessControl/create_otp", id=one, operation="General") for one in ("line1", "line0")
    )
    assert theirs == nobodys, "another's account is refused as one that is not there"
    assert code(theirs) == "Server.AccessControl.create_otp.access_denied"


def test_a_site_says_what_it_is(speaker: Speaker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOLLBOOK_MAIL_FROM", "billing@example.com")
    assert speaker.call("Env/get_env_info")["env_info"]["email"] == "billing@example.com"
    classes = speaker.call("CustomerClass/get_customer_class_list", get_total="1")
    assert classes == {"customer_class_list": [{"i_customer_class": 1, "name": "Default"}], "total": 1}


def test_what_is_not_served_is_counted(db: None) -> None:
    for _ in range(2):
        Speaker().send("/rest/Moon/get_phase")
    assert COUNTS.unknown == {"Moon/get_phase": 2}
    assert COUNTS.faults == {"Client.api.method_not_found": 2}


def test_who_calls_too_often_is_asked_to_wait(ann: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOLLBOOK_API_CALLS_PER_MINUTE", "30")  # five at once
    options.cache_clear()
    auth = {"login": "ann", "password": PASSWORD}
    said = [Speaker().call("Generic/get_version", auth) for _ in range(6)]
    assert [one.get("faultcode", "") for one in said] == [""] * 5 + ["Client.api.too_many_requests"]
    elsewhere = Speaker(address="198.51.100.9").call("Generic/get_version", auth)
    assert code(elsewhere) == "Client.api.too_many_requests", "the user, from wherever"


def test_what_nobody_expected_says_an_id_and_nothing_else(
    speaker: Speaker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(caller: object, asked: object) -> None:
        raise RuntimeError("secret of the house")

    monkeypatch.setitem(METHODS, "Generic/get_version", replace(METHODS["Generic/get_version"], function=broken))
    said = speaker.call("Generic/get_version")
    assert code(said) == "Server.api.internal_error"
    assert "secret" not in said["faultstring"]
    assert re.search(r"\b[0-9a-f]{12}$", said["faultstring"])


def test_while_the_database_can_only_be_read_writing_is_refused(speaker: Speaker) -> None:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")
        said = speaker.call("User/add_user", user_info={"login": "bob", "password": PASSWORD})
        assert code(said) == "standalone_mode"
        assert "user_list" in speaker.call("User/get_user_list")
        transaction.set_rollback(True)
