"""`tollbook suspend` and `tollbook resume`: a customer or an account, at every platform they are on."""

import getpass
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer

from tollbook.cli.database import open_database
from tollbook.cli.listing import print_json
from tollbook.cli.order_report import NOT_YET, exit_status, facts, hold_lines, print_orders
from tollbook.credit.models import Hold, Manner, SuspensionOrder
from tollbook.credit.operations import resume as lift
from tollbook.credit.operations import suspend as place
from tollbook.credit.places import where_all_would_stop
from tollbook.credit.queries import due_orders, holds_of
from tollbook.customers.models import Account, Customer
from tollbook.errors import BadInput
from tollbook.jobs.carry_out_orders import WAIT_FOR_OTHER_S, carry_out
from tollbook.jobs.sync_listing import nothing_written

suspending = typer.Typer(add_completion=False)
resuming = typer.Typer(add_completion=False)

Code = Annotated[str, typer.Argument(metavar="CODE", help="A customer's code, or an account's.")]
IsCustomer = Annotated[bool, typer.Option("--customer", help="The code is a customer's.")]
IsAccount = Annotated[bool, typer.Option("--account", help="The code is an account's.")]
Why = Annotated[str, typer.Option("--why", help="Kept in the history.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be told to whom; tell nobody.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]
NOWHERE = "there is no platform to tell: no pairing, link or mark leads to one"
FOLLOWS = "the account follows its customer, who is held as a whole"
NOTHING_STOPPED = "nothing of theirs was stopped by Tollbook; name an account to have it resumed all the same"


@suspending.command()
def suspend(
    *,
    code: Code,
    outbound_only: Annotated[
        bool,
        typer.Option(
            "--outbound-only", help="Calls in and emergency calls go on; refused where a platform cannot do that."
        ),
    ] = False,
    whole: Annotated[
        bool, typer.Option("--whole", help="All calls, even where emergency calls stop too.")
    ] = False,
    cut_calls: Annotated[
        bool | None,
        typer.Option(
            "--cut-calls/--leave-calls",
            help="End calls in progress too, where the platform can.",
            show_default="each connection's policy",
        ),
    ] = None,
    why: Why = "",
    is_customer: IsCustomer = False,
    is_account: IsAccount = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Stop the calls of a customer or an account at every platform, and see that they are stopped. Safe to repeat.

    How, when not said here, is each connection's policy (`tollbook orders policy`). What is not done at once is gone on
    with by `tollbook up`. The exit status is 0 when all is done, 1 when something waits, 2 when something failed.

    Example: tollbook suspend AB-1295 --why "invoice 2017/06/12 is overdue"
    """
    if outbound_only and whole:
        raise BadInput("--outbound-only and --whole contradict each other; give one of them")
    open_database()
    customer, account = named(code, is_customer=is_customer, is_account=is_account)
    manner = Manner.OUTBOUND_ONLY if outbound_only else Manner.SUSPENDED if whole else ""
    now = datetime.now(UTC)
    if outbound_only and (stopping := where_all_would_stop(customer, account, at=now)):
        raise BadInput(
            f"{', '.join(stopping)} cannot stop outgoing calls alone: emergency calls would stop too, so nobody was "
            "told anything; to stop all calls there, say --whole, or leave --outbound-only out: then policies decide"
        )
    with nothing_written(dry_run):
        orders = place(
            customer=customer,
            account=account,
            manner=manner,
            cuts_calls=cut_calls,
            why=why,
            by=getpass.getuser(),
            now=now,
        )
        _carry_out_and_show(orders, customer, account, now, dry_run=dry_run, as_json=as_json)


@resuming.command()
def resume(
    *,
    code: Code,
    all_holds: Annotated[
        bool, typer.Option("--all-holds", help="Lift what credit control or the customer holds, too.")
    ] = False,
    why: Why = "",
    is_customer: IsCustomer = False,
    is_account: IsAccount = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Let a customer or an account call again at every platform, and see that they can. Safe to repeat.

    What somebody else holds stays suspended, and is named. The exit status is that of `tollbook suspend`.

    Example: tollbook resume AB-1295 --why "has paid"
    """
    open_database()
    customer, account = named(code, is_customer=is_customer, is_account=is_account)
    now = datetime.now(UTC)
    with nothing_written(dry_run):
        orders = lift(
            customer=customer, account=account, all_holds=all_holds, why=why, by=getpass.getuser(), now=now
        )
        _carry_out_and_show(orders, customer, account, now, dry_run=dry_run, as_json=as_json)


def named(code: str, *, is_customer: bool, is_account: bool) -> tuple[Customer, Account | None]:
    """Whom a code means: a customer, or a customer's account.

    Raises:
        BadInput: nobody has it, or both a customer and an account.
    """
    customer = None if is_account else Customer.objects.filter(code=code).first()
    account = None if is_customer else Account.objects.filter(code=code).select_related("customer").first()
    if customer is not None and account is not None:
        raise BadInput(f"{code!r} is a customer and an account; say which: --customer or --account")
    if account is not None:
        return account.customer, account
    if customer is None:
        what = "customer" if is_customer else "account" if is_account else "customer and no account"
        raise BadInput(f"there is no {what} {code!r}; see `tollbook customers list` and `tollbook accounts list`")
    return customer, None


def _carry_out_and_show(
    orders: Sequence[SuspensionOrder],
    customer: Customer,
    account: Account | None,
    now: datetime,
    *,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Tell the platforms now, unless it is a rehearsal, and say how each stands. Ends the command."""
    if not dry_run:
        carry_out(orders, now=now, patience_s=WAIT_FOR_OTHER_S)
        carry_out(
            due_orders(now=now).filter(customer=customer), now=now
        )  # what is looked at again because of them
    for order in orders:
        order.refresh_from_db()
    holds = [one for one in holds_of(customer) if account is None or one.account in (None, account)]
    if as_json:
        print_json(_as_json(orders, customer, account, holds, dry_run=dry_run))
    else:
        for line in (
            f"{'would be: ' if dry_run else ''}{_who(customer, account)}",
            *hold_lines(holds),
        ):
            typer.echo(line)
        print_orders(orders, as_json=False, empty=_why_nothing(account, holds), with_steps=not dry_run)
    if not dry_run:
        is_nowhere = not orders and bool(holds)
        raise typer.Exit(NOT_YET if is_nowhere else exit_status(orders))


def _why_nothing(account: Account | None, holds: Sequence[Hold]) -> str:
    """Why no platform is told anything."""
    if not holds:
        return NOTHING_STOPPED
    is_held_alone = any(one.account_id is not None for one in holds)
    return NOWHERE if account is None or is_held_alone else FOLLOWS


def _who(customer: Customer, account: Account | None) -> str:
    if account is None:
        return f"customer {customer.code} is {customer.state}"
    account.refresh_from_db()
    return f"account {account.code} of {customer.code} is {account.state}"


def _as_json(
    orders: Sequence[SuspensionOrder],
    customer: Customer,
    account: Account | None,
    holds: Sequence[Hold],
    *,
    dry_run: bool,
) -> dict[str, object]:
    if account is not None:
        account.refresh_from_db()
    return {
        "customer": customer.code,
        "account": account.code if account else None,
        "state": account.state if account else customer.state,
        "dry_run": dry_run,
        "holds": [
            {
                "held_by": one.held_by,
                "account": one.account.code if one.account else None,
                "why": one.why,
                "placed_by": one.placed_by,
                "placed_at": one.placed_at,
            }
            for one in holds
        ],
        "orders": [facts(order) for order in orders],
    }
