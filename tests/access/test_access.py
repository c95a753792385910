"""Logins of customers and accounts, passwords as they are kept, and what an operator may set."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings

from tollbook.access.errors import DuplicateLogin, LoginRefused, WeakPassword
from tollbook.access.login import log_in
from tollbook.access.models import ApiSession, AuditEntry, RealmName, User
from tollbook.access.operations import set_login
from tollbook.access.options import read_options
from tollbook.access.passwords import check_password_rules, hashed
from tollbook.access.sessions import open_session
from tollbook.catalog.models import Product
from tollbook.cli.up import ports_of_realms
from tollbook.customers.models import Account, AccountState, Customer
from tollbook.errors import BadInput

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


@pytest.fixture
def dora(db: None, settings: LazySettings, tmp_path: Path) -> Customer:
    settings.TOLLBOOK_HOME = tmp_path
    return Customer.objects.create(code="dora", name="Dora", currency="USD")


@pytest.fixture
def line(dora: Customer) -> Account:
    product = Product.objects.create(code="pbx", name="Cloud PBX")
    return Account.objects.create(customer=dora, product=product, code="line1")


def set_to(customer: Customer, login: str, password: str) -> User | None:
    return set_login(
        realm=RealmName.CUSTOMER, customer=customer, login=login, password=password, by="ann", now=NOW
    )


def enter(login: str, password: str, realm: RealmName = RealmName.CUSTOMER, now: datetime = NOW) -> User:
    return log_in(realm=realm, login=login, password=password, address="192.0.2.1", now=now)


def test_a_login_is_made_renamed_and_taken_away(dora: Customer) -> None:
    set_to(dora, "dora", "rosemary7")
    set_to(dora, "dora@example.com", "")
    assert enter("dora@example.com", "rosemary7").customer == dora
    with pytest.raises(LoginRefused):
        enter("dora", "rosemary7")
    set_to(dora, "", "")
    assert not User.objects.exists()
    said = list(AuditEntry.objects.order_by("pk").values_list("who", "subject", "before", "after"))
    assert [row[:2] for row in said] == [("ann", f"customer {dora.pk}")] * 3
    assert [row[2].get("login") for row in said] == [None, "dora", "dora@example.com"]
    assert "rosemary7" not in str(said)


def test_a_new_password_ends_sessions(dora: Customer) -> None:
    user = set_to(dora, "dora", "rosemary7")
    assert user is not None
    open_session(user, address="192.0.2.1", now=NOW)
    set_to(dora, "dora", "thyme888")
    assert ApiSession.objects.get().ended_at == NOW


def test_what_cannot_be_a_login_changes_nothing(dora: Customer) -> None:
    eve = Customer.objects.create(code="eve", name="Eve", currency="USD")
    set_to(dora, "dora", "rosemary7")
    with pytest.raises(DuplicateLogin, match="login 'dora' is taken in the realm customer"):
        set_to(eve, "dora", "rosemary7")
    with pytest.raises(BadInput, match="login 'eve' needs a password"):
        set_to(eve, "eve", "")
    with pytest.raises(WeakPassword, match="Latin letters and digits"):
        set_to(eve, "eve", "letters")
    assert User.objects.count() == 1


def test_an_account_that_has_ended_logs_in_no_more(line: Account) -> None:
    set_login(realm=RealmName.ACCOUNT, account=line, login="line1", password="rosemary7", by="ann", now=NOW)
    assert enter("line1", "rosemary7", RealmName.ACCOUNT).customer == line.customer
    Account.objects.update(state=AccountState.TERMINATED)
    with pytest.raises(LoginRefused):
        enter("line1", "rosemary7", RealmName.ACCOUNT)


def test_failures_are_forgotten_after_a_quarter_of_an_hour(dora: Customer) -> None:
    set_to(dora, "dora", "rosemary7")
    for _ in range(10):
        with pytest.raises(LoginRefused):
            enter("dora", "wrong1")
    assert enter("dora", "rosemary7", now=NOW + timedelta(minutes=15)).login == "dora"


@pytest.mark.parametrize("password", ["a1b2c3", "a1" * 16, "ünï-c0dé-a"])
def test_passwords_with_letters_and_digits_are_good(password: str) -> None:
    check_password_rules(password)


def test_a_password_is_kept_by_a_slow_hash() -> None:
    kept = hashed("rosemary7")
    assert kept.startswith("scrypt$16384$")
    assert kept != hashed("rosemary7"), "each with a salt of its own"


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("TOKEN_LIFETIME_S", "soon", "give a whole number from 30 to 2592000"),
        ("TOKEN_LIFETIME_S", "29", "give a whole number from 30"),
        ("CALLS_PER_MINUTE", "0", "from 1"),
        ("PROXIES", "10.0.0.1/8", "has host bits set"),
        ("TOKEN_COOKIE", "a;b", "give a name of letters"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(name: str, value: str, says: str) -> None:
    with pytest.raises(BadInput, match=says) as refused:
        read_options({f"TOLLBOOK_API_{name}": value})
    assert f"TOLLBOOK_API_{name}" in str(refused.value)


def test_ports_of_realms_are_three_and_different() -> None:
    assert ports_of_realms("8443, 8444,8445", but=8000) == {"admin": 8443, "customer": 8444, "account": 8445}
    assert ports_of_realms("", but=8000) == {}
    for wrong in ("8443", "8443,8444,8000", "8443,8444,8444", "8443,8444,99999", "a,b,c", "1,2,3,4"):
        with pytest.raises(BadInput, match="give three ports for admin, customer, account"):
            ports_of_realms(wrong, but=8000)
