"""Sessions: opened, renewed, asked about and ended; what opens one door opens no other."""

import base64
import hashlib
import hmac
import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.contrib.auth.hashers import check_password

from tests.api.portabilling.conftest import NOW, PASSWORD
from tests.api.portabilling.speaking import Speaker, answered, code
from tollbook.access import passwords
from tollbook.access.errors import SessionOver
from tollbook.access.models import ApiSession, AuditEntry, RealmName, SigningKey, User
from tollbook.access.operations import add_user, change_user, make_token_for, set_login, set_password, set_role
from tollbook.access.options import options
from tollbook.access.throttle import forget_failures
from tollbook.access.tokens import session_id_of
from tollbook.credit.models import HeldBy
from tollbook.credit.operations import resume, suspend
from tollbook.customers.models import Customer, CustomerState

OVER = "Server.Session.check_auth.auth_failed"
NO_TOKEN = "Client.Session.check_auth.failed_to_process_access_token"
WRONG = "Server.Session.auth_failed"
BRUTE_FORCE = "Server.Session.cannot_login_brute_force_activity"
MUST_CHANGE = "Server.Session.alert_You_must_change_password"


@pytest.fixture
def customer(db: None) -> Customer:
    return Customer.objects.create(code="acme", name="Acme", currency="USD", created_at=NOW)


def claims_of(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    found = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert isinstance(found, dict)
    return found


def with_token(token: str) -> Speaker:
    return Speaker(headers={"Authorization": f"Bearer {token}"})


def test_a_login_gives_five_things_and_two_cookies(ann: User) -> None:
    speaker = Speaker()
    answer = speaker.send("/rest/Session/login", json.dumps({"params": {"login": "ann", "password": PASSWORD}}))
    given = answered(answer)
    claims = claims_of(given["access_token"])
    assert set(given) == {"session_id", "access_token", "refresh_token", "expires_at", "expires_in"}
    assert datetime.fromtimestamp(claims["exp"], UTC).strftime("%Y-%m-%d %H:%M:%S") == given["expires_at"]
    assert given["expires_in"] == claims["exp"] - claims["iat"] == 172_800
    assert claims == {
        "exp": claims["exp"],
        "iat": claims["iat"],
        "i_user": ann.pk,
        "i_env": 1,
        "login": "ann",
        "realm": "admin",
        "jti": given["session_id"],
        "aud": ["portabilling-api", "portasip-api", "espf-api"],
        "scopes": "",
        "is_super_user": 1,
    }
    cookie = answer.cookies["access_token"]
    assert (cookie.value, cookie["httponly"], cookie["samesite"]) == (given["access_token"], True, "Strict")
    assert speaker.call("Generic/get_version") == {"version": "MR128"}, "the cookies are read back"


def test_cookies_do_not_count_when_another_page_sends_them(ann: User) -> None:
    speaker = Speaker()
    speaker.call("Session/login", login="ann", password=PASSWORD)
    assert (
        code(answered(speaker.send("/rest/Generic/get_version", verb="GET")))
        == "Client.check_auth.envelope_missed"
    )
    speaker.headers["Sec-Fetch-Site"] = "cross-site"
    assert code(speaker.call("Generic/get_version")) == "Client.check_auth.envelope_missed"


@pytest.mark.parametrize("key", ["session_id", "access_token"])
def test_either_id_or_token_speaks_for_the_session(ann: User, key: str) -> None:
    given = Speaker().call("Session/login", login="ann", password=PASSWORD)
    assert Speaker().call("Generic/get_version", {key: given[key]}) == {"version": "MR128"}
    assert Speaker().call("Session/ping", **{key: given[key]}) == {"user_id": ann.pk}
    assert Speaker().call("Session/logout", **{key: given[key]}) == {"success": 1}
    assert Speaker().call("Session/ping", **{key: given[key]}) == {"user_id": 0}
    assert code(Speaker().call("Generic/get_version", {key: given[key]})) == OVER
    again = Speaker().call("Session/logout", **{key: given[key]})
    assert code(again) == "Client.Session.logout.failed_to_process_access_token"


def test_a_client_brings_an_id_and_gets_another(ann: User) -> None:
    chosen = "0123456789abcdef0123456789abcdef"
    given = Speaker().call("Session/login", {"session_id": chosen}, login="ann", password=PASSWORD)
    assert given["session_id"] != chosen
    assert code(Speaker().call("Generic/get_version", {"session_id": chosen})) == OVER


def test_a_refresh_token_is_good_once(ann: User) -> None:
    first = Speaker().call("Session/login", login="ann", password=PASSWORD)
    second = Speaker().call("Session/refresh_access_token", refresh_token=first["refresh_token"])
    assert set(second) == {"access_token", "refresh_token", "expires_at", "expires_in"}
    assert claims_of(second["access_token"])["jti"] == first["session_id"]
    assert with_token(second["access_token"]).call("Session/ping") == {"user_id": ann.pk}
    again = Speaker().call("Session/refresh_access_token", refresh_token=first["refresh_token"])
    assert code(again) == "Server.Session.refresh_access_token.refresh_failed"
    third = Speaker().call("Session/refresh_access_token", refresh_token=second["refresh_token"])
    assert claims_of(third["access_token"])["jti"] == first["session_id"]


def test_a_refresh_ends_with_the_session_and_with_the_right_to_come_in(ann: User) -> None:
    ended, blocked = (Speaker().call("Session/login", login="ann", password=PASSWORD) for _ in range(2))
    Speaker().call("Session/logout", session_id=ended["session_id"])
    assert "faultcode" in Speaker().call("Session/refresh_access_token", refresh_token=ended["refresh_token"])
    User.objects.update(is_blocked=True)
    assert "faultcode" in Speaker().call("Session/refresh_access_token", refresh_token=blocked["refresh_token"])
    assert code(with_token(blocked["access_token"]).call("Generic/get_version")) == OVER


def test_nothing_in_the_database_opens_anything(ann: User) -> None:
    given = Speaker().call("Session/login", login="ann", password=PASSWORD)
    token = make_token_for(user=ann, now=datetime.now(UTC))
    kept = str(list(ApiSession.objects.values()) + list(User.objects.values()) + list(SigningKey.objects.values()))
    for secret in (given["session_id"], given["refresh_token"], given["access_token"], token, PASSWORD):
        assert secret not in kept
    assert "PRIVATE KEY" not in kept
    sealed = ApiSession.objects.get().sealed_id
    assert code(Speaker().call("Generic/get_version", {"session_id": sealed})) == OVER


def test_forged_tokens_are_refused(ann: User) -> None:
    given = Speaker().call("Session/login", login="ann", password=PASSWORD)
    token, key = given["access_token"], SigningKey.objects.get()
    header, payload, signature = token.split(".")
    claims = claims_of(token)
    stranger = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)

    def part(value: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    def hs256(secret: str) -> str:
        signed = f"{part({'alg': 'HS256', 'typ': 'JWT', 'kid': key.key_id})}.{payload}"
        mac = hmac.digest(secret.encode(), signed.encode(), hashlib.sha256)
        return f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"

    forged = {
        "nothing": "nonsense",
        "no signature": f"{header}.{payload}.",
        "alg none": f"{part({'alg': 'none', 'kid': key.key_id})}.{payload}.",
        "the public key as a secret": hs256(key.public),
        "another key": jwt.encode(claims, stranger, algorithm="RS256", headers={"kid": key.key_id}),
        "other claims": f"{header}.{part({**claims, 'i_user': 1})}.{signature}",
        "no key named": jwt.encode(claims, stranger, algorithm="RS256"),
        "a key of one's own": jwt.encode(
            claims, stranger, "RS256", headers={"kid": key.key_id, "jwk": {}, "jku": "http://x"}
        ),
        "very long": "a" * 20_000,
    }
    for name, one in forged.items():
        assert code(with_token(one).call("Generic/get_version")) == NO_TOKEN, name
    elsewhere = jwt.encode(claims, stranger, algorithm="RS256", headers={"kid": "0" * 32})
    assert code(with_token(elsewhere).call("Generic/get_version")) == OVER, "of another site"


def test_a_token_ends_when_it_says(ann: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOLLBOOK_API_TOKEN_LIFETIME_S", "30")
    options.cache_clear()
    given = Speaker().call("Session/login", login="ann", password=PASSWORD)
    assert given["expires_in"] == 30
    later = datetime.now(UTC) + timedelta(seconds=31)
    with pytest.raises(SessionOver):
        session_id_of(given["access_token"], now=later)
    ApiSession.objects.update(expires_at=datetime.now(UTC) - timedelta(seconds=1))
    assert code(with_token(given["access_token"]).call("Generic/get_version")) == OVER
    renewed = Speaker().call("Session/refresh_access_token", refresh_token=given["refresh_token"])
    assert "access_token" in renewed, "what has expired can be renewed for a while"


def test_each_call_may_bring_login_and_password_or_token(ann: User) -> None:
    token = make_token_for(user=ann, now=datetime.now(UTC))
    for auth in ({"login": "ann", "password": PASSWORD}, {"login": "ann", "token": token}):
        assert Speaker().call("Generic/get_version", auth) == {"version": "MR128"}
    for auth in (
        {"login": "ann", "password": "wrong1"},
        {"login": "ann", "token": "f" * 32},
        {"login": "bob", "password": PASSWORD},
    ):
        assert code(Speaker().call("Generic/get_version", auth)) == WRONG


def test_guessing_is_stopped_by_login_and_by_address(ann: User) -> None:
    guessed = [code(Speaker().call("Session/login", login="ann", password=f"guess{n}")) for n in range(11)]
    assert guessed == [WRONG] * 10 + ["Server.Session.cannot_login_brute_force_activity"]
    right = Speaker(address="198.51.100.1").call("Session/login", login="ann", password=PASSWORD)
    assert code(right) == "Server.Session.cannot_login_brute_force_activity", "from wherever"
    for n in range(20):
        Speaker().call("Session/login", login=f"other{n}", password="guess1")
    one_more = Speaker().call("Session/login", login="fresh", password="guess1")
    assert code(one_more) == "Server.Session.cannot_login_brute_force_activity", "whatever login"
    elsewhere = Speaker(address="198.51.100.1").call("Session/login", login="fresh", password="guess1")
    assert code(elsewhere) == WRONG


def test_who_has_the_same_login_in_another_realm_cannot_guess_on(ann: User, customer: Customer) -> None:
    """A customer may name an account's login as they like, also as one of the staff."""
    set_login(realm=RealmName.CUSTOMER, customer=customer, login="ann", password="thyme88", by="boss", now=NOW)
    for n in range(9):
        Speaker().call("Session/login", login="ann", password=f"guess{n}")
    assert "session_id" in Speaker().call("Session/login", login="ann", password="thyme88"), "their own"
    set_password(user=User.objects.get(customer=customer), password="thyme99", now=NOW)
    said = [code(Speaker().call("Session/login", login="ann", password=f"more{n}")) for n in range(2)]
    assert said == [WRONG, BRUTE_FORCE]
    forget_failures(login="ann")  # as staff do who unlock her
    assert "session_id" in Speaker().call("Session/login", login="ann", password=PASSWORD)


def test_strangers_who_guess_do_not_lock_a_token_out(ann: User) -> None:
    token = make_token_for(user=ann, now=datetime.now(UTC))
    for n in range(11):
        Speaker(address="198.51.100.1").call("Session/login", login="ann", password=f"guess{n}")
    assert "session_id" in Speaker().call("Session/login", login="ann", token=token)
    assert code(Speaker().call("Session/login", login="ann", token="f" * 32)) == BRUTE_FORCE


def test_whom_staff_block_has_no_way_in_until_they_unblock(customer: Customer) -> None:
    set_login(realm=RealmName.CUSTOMER, customer=customer, login="acme", password=PASSWORD, by="boss", now=NOW)
    auth = {"login": "acme", "password": PASSWORD}
    speaker = Speaker()
    given = speaker.log_in(**auth)
    assert speaker.call("Customer/get_customer_info")["customer_info"]["name"] == customer.code

    suspend(customer=customer, held_by=HeldBy.STAFF, by="ann", now=NOW)
    assert code(speaker.call("Customer/get_customer_info")) == OVER
    assert Speaker().call("Session/ping", access_token=given["access_token"]) == {"user_id": 0}
    assert code(Speaker().call("Customer/get_customer_info", auth)) == WRONG
    assert code(Speaker().call("Session/login", **auth)) == WRONG
    renewed = Speaker().call("Session/refresh_access_token", refresh_token=given["refresh_token"])
    assert code(with_token(renewed["access_token"]).call("Customer/get_customer_info")) == OVER

    resume(customer=customer, held_by=HeldBy.STAFF, by="ann", now=NOW)
    assert "customer_info" in Speaker().call("Customer/get_customer_info", auth)
    suspend(customer=customer, held_by=HeldBy.CREDIT, by="credit control", now=NOW)
    assert "customer_info" in Speaker().call("Customer/get_customer_info", auth), "they must see what they owe"


def test_staff_log_in_for_nobody_whom_they_blocked(speaker: Speaker, customer: Customer) -> None:
    set_login(realm=RealmName.CUSTOMER, customer=customer, login="acme", password=PASSWORD, by="boss", now=NOW)
    suspend(customer=customer, held_by=HeldBy.STAFF, by="ann", now=NOW)
    said = speaker.call("Session/login_to_realm", realm="customer", login="acme")
    assert code(said) == "Server.Session.login_to_realm.customer_blocked"


def test_an_unknown_login_takes_as_long_as_a_wrong_password(ann: User, monkeypatch: pytest.MonkeyPatch) -> None:
    hashes: list[str] = []

    def noted(given: str, kept: str) -> bool:
        hashes.append(kept.partition("$")[0])
        return check_password(given, kept)

    monkeypatch.setattr(passwords, "check_password", noted)
    Speaker().call("Session/login", login="ann", password="wrong1")
    Speaker().call("Session/login", login="nobody", password="wrong1")
    assert hashes == ["md5", "md5"], "one hash each, of the same kind"


def test_a_password_that_was_right_is_not_hashed_again_for_a_minute(
    ann: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    auth = {"login": "ann", "password": PASSWORD}
    Speaker().call("Generic/get_version", auth)
    monkeypatch.setattr(passwords, "check_password", lambda *_: pytest.fail("it was right a moment ago"))
    assert Speaker().call("Generic/get_version", auth) == {"version": "MR128"}
    monkeypatch.undo()
    later = time.monotonic() + 61
    monkeypatch.setattr(passwords.RIGHT_LATELY, "clock", lambda: later)
    assert not passwords.RIGHT_LATELY.remembers(PASSWORD, User.objects.get().password)


def test_an_expired_password_lets_nobody_do_anything_but_change_it(ann: User) -> None:
    User.objects.update(password_changed_at=datetime.now(UTC) - timedelta(days=30, seconds=1))
    auth = {"login": "ann", "password": PASSWORD}
    assert code(Speaker().call("Session/login", **auth)) == MUST_CHANGE
    assert code(Speaker().call("Generic/get_version", auth)) == MUST_CHANGE
    assert code(Speaker().call("Session/login", login="ann", password="wrong1")) == WRONG
    same = Speaker().call("Session/change_password", login="ann", old_password=PASSWORD, new_password=PASSWORD)
    assert (same["success"], list(same["errors"])) == (0, ["new_password"])
    changed = Speaker().call("Session/change_password", login="ann", old_password=PASSWORD, new_password="thyme88")
    assert changed == {"success": 1}
    assert "session_id" in Speaker().call("Session/login", login="ann", password="thyme88")


def test_a_token_outlives_the_password(ann: User) -> None:
    token = make_token_for(user=ann, now=datetime.now(UTC))
    User.objects.update(password_changed_at=datetime.now(UTC) - timedelta(days=300))
    given = Speaker().call("Session/login", login="ann", token=token)
    assert "access_token" in Speaker().call("Session/refresh_access_token", refresh_token=given["refresh_token"])


@pytest.mark.parametrize("new", ["a1b2c", "onlyletters", "12345678", "a1" * 17, "tab\t1tab"])
def test_a_new_password_keeps_the_rules(speaker: Speaker, new: str) -> None:
    said = speaker.call("Session/change_password", old_password=PASSWORD, new_password=new)
    assert (said["success"], list(said["errors"])) == (0, ["new_password"])
    assert new not in said["errors"]["new_password"]


def test_a_changed_password_ends_all_other_sessions(speaker: Speaker) -> None:
    other = Speaker()
    other.log_in("ann", PASSWORD)
    assert speaker.call("Session/change_password", old_password=PASSWORD, new_password="thyme88") == {"success": 1}
    assert AuditEntry.objects.get().method == "Session/change_password"
    assert speaker.call("Generic/get_version") == {"version": "MR128"}
    assert code(other.call("Generic/get_version")) == OVER
    wrong = speaker.call("Session/change_password", old_password=PASSWORD, new_password="basil99")
    assert list(wrong["errors"]) == ["old_password"]


def test_an_allow_list_holds_at_login_and_afterwards(speaker: Speaker, ann: User) -> None:
    change_user(user=ann, now=datetime.now(UTC), allowed_addresses=["198.51.100.0/24"])
    assert code(speaker.call("Generic/get_version")) == OVER
    assert code(Speaker().call("Session/login", login="ann", password=PASSWORD)) == WRONG
    assert "session_id" in Speaker(address="198.51.100.7").call("Session/login", login="ann", password=PASSWORD)


def test_a_forwarded_address_is_believed_of_proxies_alone(ann: User, monkeypatch: pytest.MonkeyPatch) -> None:
    change_user(user=ann, now=datetime.now(UTC), allowed_addresses=["198.51.100.7"])
    auth = {"login": "ann", "password": PASSWORD}
    forwarded = {"X-Forwarded-For": "203.0.113.9, 198.51.100.7"}
    assert code(Speaker(headers=forwarded, address="10.0.0.1").call("Session/login", **auth)) == WRONG
    monkeypatch.setenv("TOLLBOOK_API_PROXIES", "10.0.0.0/8")
    options.cache_clear()
    assert "session_id" in Speaker(headers=forwarded, address="10.0.0.1").call("Session/login", **auth)
    forged = {"X-Forwarded-For": "198.51.100.7, 203.0.113.9"}
    assert code(Speaker(headers=forged, address="10.0.0.1").call("Session/login", **auth)) == WRONG


def test_a_role_allows_what_its_patterns_name(db: None) -> None:
    role = set_role(realm=RealmName.STAFF, name="reader", permissions=["Generic/*", "*/get_*_list"])
    add_user(realm=RealmName.STAFF, login="rae", password=PASSWORD, role=role, now=datetime.now(UTC))
    rae = Speaker()
    token = rae.log_in("rae", PASSWORD)["access_token"]
    assert claims_of(token)["is_super_user"] == 0
    assert rae.call("Generic/get_version") == {"version": "MR128"}
    assert "user_list" in rae.call("User/get_user_list")
    assert code(rae.call("User/get_user_info")) == "Server.User.get_user_info.access_denied"
    assert code(rae.call("User/add_user", user_info={"login": "x", "password": PASSWORD})) == (
        "Server.User.add_user.access_denied"
    )
    assert rae.call("Session/logout") == {"success": 1}, "whoever is in may go"


@pytest.fixture
def dora(db: None) -> Customer:
    return Customer.objects.create(code="dora", name="Dora", currency="USD")


def test_on_a_port_of_its_own_a_realm_knows_nobody_of_another(
    ann: User, dora: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(UTC)
    set_login(realm=RealmName.CUSTOMER, customer=dora, login="dora", password=PASSWORD, by="ann", now=now)
    anywhere = Speaker()
    token = anywhere.log_in("dora", PASSWORD)["access_token"]
    assert claims_of(token)["realm"] == "customer"
    assert code(anywhere.call("User/get_user_list")) == "Server.User.get_user_list.access_denied"
    monkeypatch.setenv("TOLLBOOK_API_REALM", "admin")
    assert code(anywhere.call("Generic/get_version")) == OVER
    assert anywhere.call("Session/ping") == {"user_id": 0}
    assert code(Speaker().call("Session/login", login="dora", password=PASSWORD)) == WRONG
    assert "session_id" in Speaker().call("Session/login", login="ann", password=PASSWORD)
    monkeypatch.setenv("TOLLBOOK_API_REALM", "customer")
    assert code(Speaker().call("Session/login", login="ann", password=PASSWORD)) == WRONG
    assert anywhere.call("Generic/get_version") == {"version": "MR128"}


def test_who_is_gone_is_out(dora: Customer) -> None:
    now = datetime.now(UTC)
    set_login(realm=RealmName.CUSTOMER, customer=dora, login="dora", password=PASSWORD, by="ann", now=now)
    speaker = Speaker()
    speaker.log_in("dora", PASSWORD)
    Customer.objects.update(state=CustomerState.CLOSED)
    assert code(speaker.call("Generic/get_version")) == OVER
    assert code(Speaker().call("Session/login", login="dora", password=PASSWORD)) == WRONG


def test_staff_log_in_for_a_customer_and_the_audit_says_who(speaker: Speaker, dora: Customer) -> None:
    now = datetime.now(UTC)
    user = set_login(realm=RealmName.CUSTOMER, customer=dora, login="dora", password=PASSWORD, by="ann", now=now)
    assert user is not None
    given = speaker.call("Session/login_to_realm", realm="customer", i_customer=dora.pk)
    assert claims_of(given["access_token"])["realm"] == "customer"
    assert with_token(given["access_token"]).call("Session/ping") == {"user_id": user.pk}
    entry = AuditEntry.objects.latest("pk")
    assert (entry.who, entry.method, entry.subject) == ("ann", "Session/login_to_realm", f"user {user.pk}")
    assert code(speaker.call("Session/login_to_realm", realm="admin", login="ann")) == (
        "Server.Session.login_to_realm.access_denied"
    )
    assert code(with_token(given["access_token"]).call("Session/login_to_realm", realm="customer")) == (
        "Server.Session.login_to_realm.access_denied"
    )
