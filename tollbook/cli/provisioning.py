"""`tollbook provisioning`: accounts that are made and changed at platforms as they are here."""

import getpass
from datetime import UTC, datetime
from typing import Annotated

import typer

from tollbook.cli.database import open_database
from tollbook.cli.listing import print_list
from tollbook.cli.named import named_customer, named_product
from tollbook.connections.operations import named_connection
from tollbook.customers.models import Account, AccountState
from tollbook.errors import BadInput
from tollbook.jobs.provision_accounts import provision
from tollbook.provisioning.models import ProvisioningOrder, State
from tollbook.provisioning.operations import ask_for_accounts, set_policy, try_again
from tollbook.provisioning.queries import current_orders, order_numbered

NOT_DONE = 1  # exit status

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Accounts made and changed at platforms as they are here."
)
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]


@app.command()
def policy(
    connection: Annotated[str, typer.Argument(help="Its name in `tollbook connection list`.")],
    on: Annotated[
        bool | None, typer.Option("--on/--off", help="Make and change accounts of paired customers there.")
    ] = None,
    product: Annotated[
        list[str] | None,
        typer.Option(
            "--product", metavar="CODE=NAME", help="Our product and theirs; CODE= takes it out. Repeatable."
        ),
    ] = None,
) -> None:
    """Say whether accounts are made there, and under which products; show it.

    Example: tollbook provisioning policy north --on --product line="Extension PLN"
    """
    open_database()
    products = dict(map(_pair, product or ()))
    there = named_connection(connection)
    made = set_policy(connection=there, is_on=on, products=products)
    typer.echo(f"{there.name}: accounts are {'made and changed there' if made.is_on else 'left to people'}")
    for ours, theirs in sorted(made.products.items()):
        typer.echo(f"  {ours} is {theirs} there")


@app.command("list")
def list_(
    connection: Annotated[str | None, typer.Option("--connection", "-c", help="Only of this one.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="Also what is done.")] = False,
    as_json: AsJson = False,
) -> None:
    """What is not yet as it shall be, and why.

    Example: tollbook provisioning list
    """
    open_database()
    orders = current_orders()
    if connection:
        orders = orders.filter(connection=named_connection(connection))
    if not all_:
        orders = orders.exclude(state=State.DONE)
    _print(list(orders), as_json=as_json)


@app.command()
def ask(
    account: Annotated[list[str] | None, typer.Argument(help="Codes of accounts.")] = None,
    customer: Annotated[
        str | None, typer.Option("--customer", help="Code of a customer: all accounts that are not ended.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Ask for accounts to be at their platforms as they are here, and do it now. Safe to repeat.

    Example: tollbook provisioning ask ph46170x4665
    """
    open_database()
    if not account and not customer:
        raise BadInput("name accounts, or a customer with --customer")
    found = dict(Account.objects.filter(code__in=account or ()).values_list("code", "pk"))
    if customer:
        theirs = named_customer(customer).accounts.exclude(state=AccountState.TERMINATED)
        found |= dict(theirs.values_list("code", "pk"))
    for code in account or ():
        if code not in found:
            raise BadInput(f"there is no account {code!r}; see `tollbook accounts list`")
    now = datetime.now(UTC)
    ask_for_accounts(found.values(), by=getpass.getuser(), now=now)
    orders = list(current_orders().filter(account__in=found.values()))
    if not orders:
        typer.echo("no platform is to have them: see `tollbook provisioning policy`, and who is paired")
        return
    _carry_out([order for order in orders if order.next_try_at is not None], now)
    _print(list(current_orders().filter(account__in=found.values())), as_json=as_json)


@app.command("try")
def try_(
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="As `tollbook provisioning list` has it.")],
    as_json: AsJson = False,
) -> None:
    """Carry out an order once more, now: look how the account stands, tell what differs, look again.

    Example: tollbook provisioning try 12
    """
    open_database()
    now = datetime.now(UTC)
    order = try_again(order_numbered(number), by=getpass.getuser(), now=now)
    _carry_out([order], now)
    order.refresh_from_db()
    _print([order], as_json=as_json)
    raise typer.Exit(0 if order.state == State.DONE else NOT_DONE)


def _carry_out(orders: list[ProvisioningOrder], now: datetime) -> None:
    by_connection: dict[int, list[ProvisioningOrder]] = {}
    for order in orders:
        by_connection.setdefault(order.connection_id, []).append(order)
    for of_connection in by_connection.values():
        provision(of_connection, now=now)


def _print(orders: list[ProvisioningOrder], *, as_json: bool) -> None:
    rows = [
        {
            "order": order.pk,
            "connection": order.connection.name,
            "account": order.account.code,
            "what": order.verb,
            "id_there": order.foreign_id,
            "state": order.state,
            "reason": order.reason,
        }
        for order in orders
    ]
    print_list(rows, as_json=as_json, empty="everything is as it shall be", right=("order",))


def _pair(text: str) -> tuple[str, str]:
    ours, is_pair, theirs = text.partition("=")
    if not is_pair or not ours:
        raise BadInput(
            f"--product {text}: write our product's code, =, and the platform's product, as line=Extension"
        )
    code, there = ours.strip(), theirs.strip()
    return (named_product(code).code if there else code), there
