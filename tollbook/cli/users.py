"""`tollbook users`: who may log in to the API, and with what."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from django.db import transaction

from tollbook.access.audit import note_by_hand
from tollbook.access.models import RealmName, User
from tollbook.access.operations import add_user, change_user, make_token_for, remove_token_of, set_password
from tollbook.access.queries import named_role, named_user, realm_of, users
from tollbook.access.throttle import forget_failures
from tollbook.cli.connection.secret_input import from_environment, from_file, typed
from tollbook.cli.database import open_database
from tollbook.cli.listing import print_list
from tollbook.connectors.secret import Secret
from tollbook.customers.models import Account, Customer
from tollbook.errors import BadInput

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Users: who may log in to the API.")

LOGIN = Annotated[str, typer.Argument(help="What they log in as.", show_default=False)]
REALM = Annotated[str, typer.Option(help="staff, customer or account.")]
ROLE = Annotated[str | None, typer.Option(help="The role; '' = everything that the realm has.")]
PASSWORD_FILE = Annotated[
    Path | None,
    typer.Option(help="A file with the password.", show_default="TOLLBOOK_SECRET_PASSWORD, or asked for"),
]
ADDRESSES = Annotated[
    str | None,
    typer.Option("--from", metavar="NETWORKS", help="Where they may come from, as 192.0.2.7,10.0.0.0/8."),
]
PASSWORD = "password"


@app.command("add")
def add(
    login: LOGIN,
    realm: REALM = "staff",
    customer: Annotated[str, typer.Option(help="Whose login it is, by code: of the realm customer.")] = "",
    account: Annotated[str, typer.Option(help="Whose login it is, by code: of the realm account.")] = "",
    role: ROLE = None,
    name: Annotated[str, typer.Option(help="Of the person.")] = "",
    email: Annotated[str, typer.Option(help="Of the person.")] = "",
    addresses: ADDRESSES = None,
    token: Annotated[
        bool, typer.Option("--token", help="No password: make an API token, which does not expire. Printed once.")
    ] = False,
    password_file: PASSWORD_FILE = None,
) -> None:
    """Let somebody log in.

    The password has 6 to 32 characters, letters and digits, and must be changed every 30 days; a program is better
    given a token.

    Example: tollbook users add importer --token --role reader --from 192.0.2.7
    """
    if token and password_file:
        raise BadInput("--token and --password-file: give one of them")
    open_database()
    of = realm_of(realm)
    password = "" if token else _password(password_file).reveal()
    now = datetime.now(UTC)
    with transaction.atomic():
        user = add_user(
            realm=of,
            login=login,
            password=password,
            customer=_customer(customer) if of == RealmName.CUSTOMER else None,
            account=_account(account) if of == RealmName.ACCOUNT else None,
            role=named_role(of, role) if role else None,
            now=now,
            name=name,
            email=email,
            allowed_addresses=_networks(addresses),
        )
        made = make_token_for(user=user, now=now) if token else ""
        note_by_hand(method="users/add", subject=f"user {user.pk}", before={}, after=_look(user), now=now)
    typer.echo(made or f"user {login}: may log in")


@app.command("list")
def list_(
    realm: Annotated[str, typer.Option(help="Only of this realm.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Who may log in, by realm and login.

    Example: tollbook users list --realm staff
    """
    open_database()
    rows = [_look(user) for user in users(realm_of(realm) if realm else None)]
    print_list(
        rows,
        as_json=as_json,
        empty="nobody may log in; `tollbook users add LOGIN` lets somebody",
        only_json=("created_at",),
    )


@app.command("set")
def set_(
    login: LOGIN,
    realm: REALM = "staff",
    password: Annotated[bool, typer.Option("--password", help="Give a new password, asked for.")] = False,
    password_file: PASSWORD_FILE = None,
    must_change: Annotated[
        bool | None, typer.Option("--must-change/--need-not-change", help="The password, before anything else.")
    ] = None,
    role: ROLE = None,
    name: Annotated[str | None, typer.Option(help="Of the person.")] = None,
    email: Annotated[str | None, typer.Option(help="Of the person.")] = None,
    addresses: ADDRESSES = None,
    blocked: Annotated[
        bool | None, typer.Option("--block/--unblock", help="Nobody logs in as them any more.")
    ] = None,
    unlock: Annotated[bool, typer.Option("--unlock", help="Forget that somebody guessed passwords.")] = False,
) -> None:
    """Change who somebody is and what they may do. What is not named stays as it is.

    A new password, or a block, ends their sessions.

    Example: tollbook users set ann --role reader --from ''
    """
    open_database()
    user = named_user(realm_of(realm), login)
    wanted: dict[str, object] = {
        "must_change_password": must_change,
        "name": name,
        "email": email,
        "is_blocked": blocked,
        "allowed_addresses": None if addresses is None else _networks(addresses),
    }
    facts = {key: value for key, value in wanted.items() if value is not None}
    if role is not None:
        facts["role"] = named_role(realm_of(realm), role) if role else None
    new = _password(password_file).reveal() if password or password_file else ""
    if not facts and not new and not unlock:
        raise BadInput(f"user {login}: nothing to change is named; see `tollbook users set --help`")
    now, before = datetime.now(UTC), _look(user)
    with transaction.atomic():
        if new:
            set_password(user=user, password=new, now=now)
        change_user(user=user, now=now, **facts)
        if unlock:
            forget_failures(login=login)
        note_by_hand(method="users/set", subject=f"user {user.pk}", before=before, after=_look(user), now=now)
    typer.echo(f"user {login}: changed")


@app.command("token")
def token(
    login: LOGIN,
    realm: REALM = "staff",
    remove: Annotated[bool, typer.Option("--remove", help="Make none, and let the old one be void.")] = False,
) -> None:
    """Make an API token, printed once; the old one is void.

    Example: tollbook users token importer
    """
    open_database()
    user = named_user(realm_of(realm), login)
    now, before = datetime.now(UTC), _look(user)
    with transaction.atomic():
        made = "" if remove else make_token_for(user=user, now=now)
        if remove:
            remove_token_of(user=user)
        note_by_hand(method="users/token", subject=f"user {user.pk}", before=before, after=_look(user), now=now)
    typer.echo(made or f"user {login}: no token lets them in any more")


def _password(file: Path | None) -> Secret:
    if file:
        return from_file(PASSWORD, file)
    return from_environment(PASSWORD) or typed(PASSWORD, twice=True, file_option="--password-file or --token")


def _customer(code: str) -> Customer:
    if (found := Customer.objects.filter(code=code).first()) is None:
        raise BadInput(
            f"there is no customer {code!r}; give --customer CODE, as `tollbook customers list` shows them"
        )
    return found


def _account(code: str) -> Account:
    if (found := Account.objects.select_related("customer").filter(code=code).first()) is None:
        raise BadInput(
            f"there is no account {code!r}; give --account CODE, as `tollbook accounts list` shows them"
        )
    return found


def _networks(text: str | None) -> list[str]:
    return (text or "").replace(",", " ").split()


def _look(user: User) -> dict[str, object]:
    return {
        "realm": user.realm,
        "login": user.login,
        "customer": user.customer.code if user.customer else "",
        "account": user.account.code if user.account else "",
        "role": user.role.name if user.role else "(everything)",
        "name": user.name,
        "email": user.email,
        "may_come_from": ", ".join(user.allowed_addresses),
        "password_of": user.password_changed_at if user.password else None,
        "must_change": user.must_change_password,
        "token_of": user.token_made_at,
        "blocked": user.is_blocked,
        "created_at": user.created_at,
    }
