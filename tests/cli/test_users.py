"""`tollbook users` and `tollbook roles`: who may log in, and what they may call."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tollbook.access.models import AuditEntry, Role, User
from tollbook.access.passwords import token_hash

Tollbook = Callable[..., Run]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "password"
    file.write_text("rosemary7\n")
    return file


@pytest.mark.usefixtures("db")
def test_somebody_is_let_in_with_a_password_from_a_file(tollbook: Tollbook, file: Path) -> None:
    said = tollbook("users", "add", "ann", "--password-file", file, "--from", "192.0.2.7,10.0.0.0/8")
    assert (said.status, said.stdout) == (0, "user ann: may log in\n")
    user = User.objects.get()
    assert (user.realm, user.login, user.allowed_addresses) == ("staff", "ann", ["192.0.2.7/32", "10.0.0.0/8"])
    assert user.password.startswith("scrypt$")
    assert "rosemary7" not in str(list(AuditEntry.objects.values()))


@pytest.mark.usefixtures("db")
def test_a_token_is_shown_once_and_kept_as_a_hash(tollbook: Tollbook) -> None:
    first = tollbook("users", "add", "importer", "--token").stdout.strip()
    assert User.objects.get().token_hash == token_hash(first)
    assert first not in tollbook("users", "list", "--json").stdout
    second = tollbook("users", "token", "importer").stdout.strip()
    assert second != first
    assert User.objects.get().token_hash == token_hash(second)
    assert tollbook("users", "token", "importer", "--remove").status == 0
    assert User.objects.get().token_hash == ""


@pytest.mark.usefixtures("db")
def test_what_is_wrong_is_said_and_nothing_is_written(tollbook: Tollbook, file: Path, tmp_path: Path) -> None:
    simple = tmp_path / "simple"
    simple.write_text("letters")
    tollbook("users", "add", "ann", "--password-file", file)
    for arguments, says in (
        (("add", "ann", "--password-file", file), "login 'ann' is taken"),
        (("add", "bob", "--password-file", simple), "a password has Latin letters and digits"),
        (("add", "bob", "--password-file", file, "--realm", "customer"), "there is no customer ''"),
        (("add", "bob", "--password-file", file, "--realm", "moon"), "'moon' is no realm"),
        (("add", "bob", "--password-file", file, "--role", "poet"), "there is no role 'poet'"),
        (("add", "bob", "--password-file", file, "--from", "here"), "'here' does not appear to be"),
        (("add", " bob", "--password-file", file), "is no login"),
        (("add", "bob"), "there is no terminal to ask for password"),
        (("set", "ann"), "nothing to change is named"),
        (("set", "eve", "--block"), "there is no user 'eve'"),
    ):
        said = tollbook("users", *arguments)
        assert said.status == 2, arguments
        assert says in said.stderr
        assert "letters\n" not in said.stderr
    assert User.objects.count() == 1


@pytest.mark.usefixtures("db")
def test_a_user_is_changed_and_listed(tollbook: Tollbook, file: Path) -> None:
    tollbook("users", "add", "ann", "--password-file", file)
    tollbook("roles", "set", "reader", "Customer/get_*", "Account/get_*")
    assert tollbook("users", "set", "ann", "--role", "reader", "--block", "--must-change").status == 0
    (row,) = json.loads(tollbook("users", "list", "--json").stdout)
    assert (row["login"], row["role"], row["blocked"], row["must_change"]) == ("ann", "reader", True, True)
    assert tollbook("users", "set", "ann", "--role", "", "--unblock").status == 0
    assert User.objects.get().role is None
    methods = list(AuditEntry.objects.order_by("pk").values_list("who", "method"))
    assert methods == [
        ("command line", f"{name}") for name in ("users/add", "roles/set", "users/set", "users/set")
    ]


@pytest.mark.usefixtures("db")
def test_a_role_is_a_list_of_patterns_and_goes_when_nobody_has_it(tollbook: Tollbook, file: Path) -> None:
    assert "is no pattern of methods" in tollbook("roles", "set", "reader", "get everything").stderr
    mistyped = tollbook("roles", "set", "reader", "Custmer/get_*")
    assert "the realm staff has no method 'Custmer/get_*'" in mistyped.stderr
    assert "has no method 'WebLog/*'" in tollbook("roles", "set", "own", "WebLog/*", "--realm", "account").stderr
    assert not Role.objects.exclude(name="reader").exists()
    tollbook("roles", "set", "reader", "Customer/get_*")
    tollbook("users", "add", "ann", "--password-file", file, "--role", "reader")
    assert "role reader is held by ann" in tollbook("roles", "remove", "reader").stderr
    tollbook("users", "set", "ann", "--role", "")
    assert tollbook("roles", "remove", "reader").status == 0
    assert not Role.objects.exists()
