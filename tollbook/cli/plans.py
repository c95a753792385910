"""`tollbook plans`: fees by the period."""

from decimal import Decimal
from typing import Annotated

import typer

from tollbook.catalog.models import ChargeModel, FeePeriod, Start, SubscriptionPlan, WaiveReason
from tollbook.catalog.operations import set_plan
from tollbook.catalog.operations.checks import named_plan
from tollbook.catalog.plan_queries import allowance_list, plan_facts, plan_list
from tollbook.cli.database import open_database
from tollbook.cli.listing import print_json, print_list, shown
from tollbook.cli.tariff_options import amount

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Plans: fees by the period.")

# Of a plan, what makes a table too wide; `plans show` has it.
ONLY_JSON = (
    *("prices", "advance_periods", "starts", "prorates_start", "prorates_end", "waives", "minimum_periods"),
    *("penalty", "decimals", "invoice_text"),
)


@app.command("set")
def set_(
    *,
    code: Annotated[str, typer.Argument(help="The plan's code, as products name it.")],
    name: Annotated[str, typer.Option(help="Its name, for people.")],
    currency: Annotated[str, typer.Option(help="Of its fees, as EUR.")],
    fee: Annotated[str, typer.Option(metavar="AMOUNT", help="For a period.")],
    period: Annotated[FeePeriod, typer.Option(help="What the fee is for.")] = FeePeriod.MONTH,
    activation_fee: Annotated[str, typer.Option(metavar="AMOUNT", help="Once.")] = "0",
    charged: Annotated[ChargeModel, typer.Option(help="When a period's fee is charged.")] = ChargeModel.IN_ADVANCE,
    advance_periods: Annotated[int, typer.Option(help="Paid before they begin.")] = 1,
    starts: Annotated[Start, typer.Option(help="When a subscription begins.")] = Start.ON_CREATION,
    prorate_start: Annotated[
        bool, typer.Option("--prorate-start/--full-start", help="A period that begins late costs its days only.")
    ] = True,
    prorate_end: Annotated[
        bool, typer.Option("--prorate-end/--full-end", help="Days paid for after the end are credited.")
    ] = True,
    waive: Annotated[
        list[WaiveReason] | None,
        typer.Option(help="Days without service for this reason are credited; may be repeated."),
    ] = None,
    minimum_periods: Annotated[int, typer.Option(help="That must be paid for; 0 = none.")] = 0,
    penalty: Annotated[
        str | None,
        typer.Option(metavar="AMOUNT", help="For ending before.", show_default="the fees up to the term"),
    ] = None,
    gross: Annotated[bool, typer.Option("--gross/--net", help="The fees contain tax.")] = False,
    decimals: Annotated[int, typer.Option(help="Of each amount charged, 0 to 9.")] = 5,
    invoice_text: Annotated[str, typer.Option(help="On the invoice.", show_default="the name")] = "",
) -> None:
    """Make a plan, or say anew what it is. What was charged stays as it was charged.

    A product names its plan (`products set --plan`), or a customer subscribes to it directly.

    Example: tollbook plans set cloud-pbx --name "Cloud PBX" --currency USD --fee 10 --waive blocked_by_customer
    """
    open_database()
    plan = set_plan(
        code=code,
        name=name,
        currency=currency,
        fee=amount("--fee", fee),
        period=period,
        activation_fee=amount("--activation-fee", activation_fee),
        charge_model=charged,
        advance_periods=advance_periods,
        starts=starts,
        prorates_start=prorate_start,
        prorates_end=prorate_end,
        waives=waive or (),
        minimum_periods=minimum_periods,
        penalty=None if penalty is None else amount("--penalty", penalty),
        is_gross=gross,
        decimals=decimals,
        invoice_text=invoice_text,
    )
    once = f", {_money(plan.activation_fee)} once" if plan.activation_fee else ""
    typer.echo(f"plan {code}: {currency} {_money(plan.fee)} a {plan.period}{once}, {_when_charged(plan)}")


@app.command("list")
def list_(as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """All plans, by code.

    Example: tollbook plans list
    """
    open_database()
    empty = "there are no plans; make one with `tollbook plans set CODE --name … --currency … --fee …`"
    print_list(plan_list(), as_json=as_json, empty=empty, right=("fee", "activation_fee"), only_json=ONLY_JSON)


@app.command()
def show(
    code: Annotated[str, typer.Argument(help="The plan's code.", show_default=False)],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """What a plan is, and what is included in it.

    Example: tollbook plans show cloud-pbx
    """
    open_database()
    plan = named_plan("plans show", code)
    included = allowance_list(plan)
    if as_json:
        print_json(plan_facts(plan) | {"allowances": included})
        return
    for key, value in plan_facts(plan).items():
        if value not in ("", None):
            typer.echo(f"{key.replace('_', ' ')}: {shown(value)}")
    if included:
        print_list(included, as_json=False, empty="", only_json=("plan", "units"))


def _when_charged(plan: SubscriptionPlan) -> str:
    if plan.charge_model == ChargeModel.BY_DAY:
        return "charged by day"
    if plan.charge_model == ChargeModel.IN_ARREARS:
        return "in arrears"
    return "in advance" if plan.advance_periods == 1 else f"{plan.advance_periods} periods in advance"


def _money(value: Decimal) -> str:
    return f"{value.normalize():f}"
