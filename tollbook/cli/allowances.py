"""`tollbook allowances`: usage that is included in a plan."""

from datetime import datetime
from typing import Annotated

import typer

from tollbook.catalog.models import AllowancePeriod, ConnectFee
from tollbook.catalog.operations import remove_allowance, set_allowance
from tollbook.catalog.operations.checks import named_plan, usage_kind
from tollbook.catalog.plan_queries import allowance_facts, allowance_list
from tollbook.catalog.quantities import read_quantity
from tollbook.cli.database import open_database
from tollbook.cli.listing import print_list
from tollbook.errors import BadInput
from tollbook.records import KINDS, Measure

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Allowances: usage that is included in a plan.")

Plan = Annotated[str, typer.Argument(metavar="PLAN", help="The plan's code.", show_default=False)]
Name = Annotated[str, typer.Argument(help="The allowance's name, once in a plan.", show_default=False)]


@app.command("set")
def set_(
    *,
    plan: Plan,
    name: Name,
    kind: Annotated[str, typer.Option(help="Kind of usage.")] = "voice_out",
    amount: Annotated[str, typer.Option(help="For a period: 500min, 100 messages, 10GB.")],
    destinations: Annotated[
        str | None, typer.Option(metavar="GROUP", help="A destination group.", show_default="all")
    ] = None,
    window: Annotated[
        list[str] | None,
        typer.Option(metavar="DAYS TIMES", help="Only then, as '1-5 08:00-20:00'; may be repeated."),
    ] = None,
    period: Annotated[AllowancePeriod, typer.Option(help="How long it lasts.")] = AllowancePeriod.BILLING,
    ends_on: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Of one that is there once: the first day without it."),
    ] = None,
    carry_over: Annotated[str, typer.Option(help="At most so much is taken into the next period.")] = "0",
    place: Annotated[int, typer.Option(help="Its order number: the lowest is taken first.")] = 0,
    prorate: Annotated[bool, typer.Option("--prorate", help="A part period has a part of the amount.")] = False,
    shared: Annotated[
        bool, typer.Option("--shared", help="All accounts of the customer use it, after their own.")
    ] = False,
    connect_fee: Annotated[
        ConnectFee, typer.Option(help="Whether covered usage pays the connect fee.")
    ] = ConnectFee.WHEN_CHARGED,
) -> None:
    """Include usage in a plan, or say anew what of it. Periods that have begun keep the amount they have.

    Example: tollbook allowances set cloud-pbx minutes --amount 500min --destinations home --carry-over 100min
    """
    open_database()
    usage_kind(f"allowance {name!r}", kind)
    made = set_allowance(
        plan=plan,
        name=name,
        kind=kind,
        amount=quantity("--amount", amount, kind),
        group=destinations,
        windows=[read_window(text) for text in window or ()],
        period=period,
        ends_on=ends_on.date() if ends_on else None,
        carry_over=quantity("--carry-over", carry_over, kind),
        place=place,
        prorates=prorate,
        is_shared=shared,
        connect_fee=connect_fee,
    )
    facts = allowance_facts(made)
    how_often = "once" if made.period == AllowancePeriod.ONCE else f"a {made.period} period"
    shared_by = ", shared by the customer's accounts" if shared else ""
    where = f"{facts['destinations']} destinations"
    typer.echo(f"plan {plan}: {name}, {facts['amount']} of {kind} to {where} {how_often}{shared_by}")


@app.command("list")
def list_(
    *,
    plan: Annotated[str, typer.Option(help="Of this plan alone.", show_default=False)] = "",
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """What is included in plans, in the order in which it is taken.

    Example: tollbook allowances list --plan cloud-pbx
    """
    open_database()
    of = named_plan("allowances list", plan) if plan else None
    empty = "nothing is included; see `tollbook allowances set --help`"
    print_list(allowance_list(of), as_json=as_json, empty=empty, right=("amount", "place"), only_json=("units",))


@app.command()
def remove(plan: Plan, name: Name) -> None:
    """Take an allowance out of a plan, when nobody has had it yet.

    Example: tollbook allowances remove cloud-pbx minutes
    """
    open_database()
    remove_allowance(plan=plan, name=name)
    typer.echo(f"plan {plan}: {name} is not included any more")


def quantity(option: str, text: str, kind: str) -> int:
    """Seconds, messages or bytes. Of calls and data a number needs its unit: 500 seconds are seldom what is meant.

    Raises:
        BadInput: it is no amount of this kind.
    """
    try:
        units = read_quantity(text, kind)
    except ValueError as error:
        raise BadInput(f"{option}: {error}") from None
    if units and not text.strip()[-1].isalpha() and KINDS[kind] is not Measure.MESSAGES:
        example = f"{text.strip()}{'min' if KINDS[kind] is Measure.TIME else 'GB'}"
        raise BadInput(f"{option} {text!r} has no unit; write it as {example}")
    return units


def read_window(text: str) -> dict[str, str]:
    """`1-5 08:00-20:00`, `6,7` or `20:00-08:00`.

    Raises:
        BadInput: neither days nor times can be made out.
    """
    window: dict[str, str] = {}
    for part in text.split():
        if ":" in part:
            since, dash, until = part.partition("-")
            if not dash or "from_time" in window:
                raise BadInput(f"--window {text!r}: write days and times as '1-5 08:00-20:00'")
            window |= {"from_time": since, "until_time": until}
        elif "weekdays" in window:
            raise BadInput(f"--window {text!r}: write days and times as '1-5 08:00-20:00'")
        else:
            window["weekdays"] = part
    return window
