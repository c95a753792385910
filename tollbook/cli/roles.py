"""`tollbook roles`: what users may call."""

from collections.abc import Iterable
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Annotated

import typer
from django.db import transaction

from tollbook.access.audit import note_by_hand
from tollbook.access.models import Role
from tollbook.access.operations import PATTERN, remove_role, set_role
from tollbook.access.queries import named_role, realm_of
from tollbook.api.portabilling import services  # noqa: F401  serves the methods
from tollbook.api.portabilling.method import METHODS
from tollbook.cli.database import open_database
from tollbook.cli.listing import print_list
from tollbook.customers.actors import Realm
from tollbook.errors import BadInput

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Roles: what users of the API may call.")

NAME = Annotated[str, typer.Argument(help="The role.", show_default=False)]
REALM = Annotated[str, typer.Option(help="staff, customer or account.")]


@app.command("set")
def set_(
    name: NAME,
    allow: Annotated[list[str], typer.Argument(help="Methods, * for any run of characters.", show_default=False)],
    realm: REALM = "staff",
) -> None:
    """Make a role, or say anew what it allows.

    Example: tollbook roles set reader 'Customer/get_*' 'Account/get_*' Invoice/get_invoice_list
    """
    open_database()
    now, of = datetime.now(UTC), realm_of(realm)
    _demand_served(name, Realm(of), allow)
    there = Role.objects.filter(realm=of, name=name).first()
    with transaction.atomic():
        role = set_role(realm=of, name=name, permissions=allow)
        before = {"permissions": there.permissions} if there else {}
        after = {"name": name, "permissions": allow}
        note_by_hand(method="roles/set", subject=f"role {role.pk}", before=before, after=after, now=now)
    typer.echo(f"role {name}: {len(allow)} patterns")


@app.command("list")
def list_(as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """All roles, and who has them. Users without a role may call everything that their realm has.

    Example: tollbook roles list
    """
    open_database()
    rows = [
        {
            "realm": role.realm,
            "role": role.name,
            "allows": " ".join(role.permissions),
            "users": ", ".join(role.users.order_by("login").values_list("login", flat=True)),
        }
        for role in Role.objects.order_by("realm", "name")
    ]
    print_list(rows, as_json=as_json, empty="there are no roles: every user may call everything of the realm")


@app.command("remove")
def remove(name: NAME, realm: REALM = "staff") -> None:
    """Take away a role that nobody has.

    Example: tollbook roles remove reader
    """
    open_database()
    role, now = named_role(realm_of(realm), name), datetime.now(UTC)
    with transaction.atomic():
        before = {"name": role.name, "permissions": role.permissions}
        note_by_hand(method="roles/remove", subject=f"role {role.pk}", before=before, after={}, now=now)
        remove_role(role)
    typer.echo(f"role {name}: removed")


def _demand_served(role: str, realm: Realm, patterns: Iterable[str]) -> None:
    """Refuse patterns under which the realm has no method: one that is mistyped would forbid in silence."""
    served = [name for name, method in METHODS.items() if realm in method.realms]
    for pattern in patterns:
        if PATTERN.fullmatch(pattern) and not any(fnmatchcase(name, pattern) for name in served):
            raise BadInput(
                f"role {role}: the realm {realm} has no method {pattern!r}; docs/api-methods.md lists those there are"
            )
