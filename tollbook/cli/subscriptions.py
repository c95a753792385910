"""`tollbook subscriptions`: who pays for which plan."""

import getpass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated

import typer

from tollbook.billing.lists import subscription_list
from tollbook.billing.models import Subscription
from tollbook.billing.operations.charging import today_of
from tollbook.billing.operations.subscriptions import end_subscription, subscribe
from tollbook.catalog.models import SubscriptionPlan
from tollbook.cli.database import open_database
from tollbook.cli.listing import print_list
from tollbook.cli.money import amount_of
from tollbook.cli.named import named_account, named_customer
from tollbook.cli.period import day_of
from tollbook.errors import BadInput
from tollbook.jobs.watch_funds import check_funds

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Subscriptions: who pays for which plan.")

Code = Annotated[str, typer.Argument(metavar="CUSTOMER", help="The customer's code.")]


@app.command()
def add(
    *,
    customer: Code,
    plan: Annotated[str, typer.Argument(help="The plan's code; `tollbook plans list` shows them.")],
    account: Annotated[
        str, typer.Option(help="Of this account alone.", show_default="the customer's as a whole")
    ] = "",
    from_: Annotated[
        str, typer.Option("--from", help="First day, as 2026-07-01.", show_default="as the plan says")
    ] = "",
    fee: Annotated[str, typer.Option(help="For a period.", show_default="the plan's")] = "",
) -> None:
    """Have a customer pay for a plan, and charge at once what is due. What products bring needs no command.

    Example: tollbook subscriptions add acme ten-lines --from 2026-07-01
    """
    starts_on = day_of(from_, "--from") if from_ else None
    own_fee: Decimal | None = amount_of(fee, "--fee") if fee else None
    open_database()
    who = named_customer(customer)
    chosen = SubscriptionPlan.objects.filter(code=plan).first()
    if chosen is None:
        raise BadInput(f"there is no plan {plan!r}; see `tollbook plans list`")
    now = datetime.now(UTC)
    one = subscribe(
        customer=who,
        plan=chosen,
        account=named_account(account) if account else None,
        starts_on=starts_on,
        fee=own_fee,
        by=getpass.getuser(),
        now=now,
    )
    check_funds(who, now=now)
    for other in Subscription.objects.filter(customer=who, account=one.account, plan=chosen, ends_on=None):
        if other.pk != one.pk:
            typer.echo(
                f"{who.code} pays for {plan} by subscription {other.pk} too; `tollbook subscriptions end` ends it"
            )
    until = f", charged until {one.charged_until}" if one.charged_until else ", nothing charged yet"
    typer.echo(f"subscription {one.pk}: {one} from {one.starts_on or 'its first use'}{until}")


@app.command("list")
def list_(
    customer: Annotated[str, typer.Option(help="Code of a customer. Default: all.", show_default=False)] = "",
    with_ended: Annotated[bool, typer.Option("--with-ended", help="Also those that are no more.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Subscriptions by customer, with what each was charged so far.

    Example: tollbook subscriptions list --customer acme
    """
    open_database()
    who = named_customer(customer) if customer else None
    rows = subscription_list(customer=who, with_ended=with_ended)
    empty = "nobody subscribes to anything; see `tollbook subscriptions add --help`"
    print_list(rows, as_json=as_json, empty=empty, right=("fee", "charged"))


@app.command()
def end(
    number: Annotated[int, typer.Argument(help="The subscription's number, as the list has it.")],
    on: Annotated[str, typer.Option(help="First day without it, as 2026-07-01.", show_default="today")] = "",
) -> None:
    """Let a subscription end; days that are paid for after it are given back where the plan says so.

    What a product brings ends with the product: change the account.

    Example: tollbook subscriptions end 17 --on 2026-07-01
    """
    open_database()
    one = Subscription.objects.select_related("plan", "customer", "account").filter(pk=number).first()
    if one is None:
        raise BadInput(f"there is no subscription {number}; see `tollbook subscriptions list`")
    now = datetime.now(UTC)
    day = day_of(on, "--on") if on else today_of(one.customer, now)
    ended = end_subscription(subscription=one, on=day, by=getpass.getuser(), now=now)
    check_funds(one.customer, now=now)
    typer.echo(f"subscription {ended.pk}: {ended} ends on {ended.ends_on}")
