"""`tollbook orders`: what platforms shall be told, how far that has got, and how calls are stopped."""

import getpass
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

import typer

from tollbook.cli.database import open_database
from tollbook.cli.import_report import print_lines
from tollbook.cli.listing import print_json, print_list
from tollbook.cli.order_report import NOT_YET, exit_status, facts, hold_lines, print_orders
from tollbook.connections.models import Connection
from tollbook.connections.operations import named_connection
from tollbook.connectors.base import Target
from tollbook.credit.models import (
    UNDER_WAY,
    FundsPolicy,
    Manner,
    OnDrift,
    OrderState,
    SuspensionOrder,
    WhenUsedUp,
)
from tollbook.credit.operations import set_funds_policy
from tollbook.credit.operations.report import report_done, report_failed, set_policy
from tollbook.credit.operations.report import retry as try_again
from tollbook.credit.places import policy_of, powers_of, where_all_would_stop
from tollbook.credit.queries import current_orders, due_orders, held_nowhere, order_numbered
from tollbook.customers.models import Customer
from tollbook.errors import BadInput
from tollbook.jobs.carry_out_orders import WAIT_FOR_OTHER_S, carry_out
from tollbook.jobs.check_orders import check_orders, keep_holds

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Orders to suspend and resume.")

Number = Annotated[int, typer.Argument(metavar="NUMBER", help="As `tollbook orders list` has it.")]
Why = Annotated[str, typer.Option("--why", help="Kept in the history.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]
OneConnection = Annotated[
    str | None, typer.Option("--connection", "-c", help="Only of this one.", show_default="all")
]


@app.command("list")
def list_(
    connection: OneConnection = None,
    all_: Annotated[
        bool, typer.Option("--all", help="Also what is done and in order, and what is superseded.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """What is suspended, or not yet as it shall be.

    Example: tollbook orders list
    """
    open_database()
    orders = current_orders()
    if all_:
        orders = SuspensionOrder.objects.select_related("connection", "customer", "account").order_by("pk")
    if connection:
        orders = orders.filter(connection=named_connection(connection))
    shown = [order for order in orders if all_ or not _is_over(order)]
    nowhere = [] if connection else held_nowhere()
    held = [f"{one.customer.code}: {line}" for one, line in zip(nowhere, hold_lines(nowhere), strict=True)]
    print_orders(
        shown, as_json=as_json, empty="no order waits" if held else "nobody is suspended, and nothing waits"
    )
    if not as_json:
        print_lines("held, and no platform to tell: no pairing, link or mark leads to one", held)


def _is_over(order: SuspensionOrder) -> bool:
    """Resumed, and it has stayed so."""
    return order.wanted == "active" and order.state == OrderState.DONE and not order.drift


@app.command()
def show(number: Number, as_json: AsJson = False) -> None:
    """One order with everything that became of it.

    Example: tollbook orders show 12
    """
    open_database()
    order = order_numbered(number)
    events = [
        {"at": one.at, "what": one.what, "by": one.by, "detail": one.detail} for one in order.events.order_by("pk")
    ]
    if as_json:
        print_json({**facts(order), "events": events})
        return
    print_orders([order], as_json=False, empty="")
    print_list(events, as_json=False, empty="nothing yet")


@app.command()
def done(number: Number, why: Why = "") -> None:
    """Say that you have done it by hand.

    Example: tollbook orders done 12 --why "suspended in the portal"
    """
    _say(number, lambda order, now: report_done(order, by=getpass.getuser(), why=why, now=now))


@app.command()
def failed(number: Number, why: Why = "") -> None:
    """Say that it cannot be done, and why.

    Example: tollbook orders failed 12 --why "the provider refuses"
    """
    _say(number, lambda order, now: report_failed(order, by=getpass.getuser(), why=why, now=now))


def _say(number: int, what: Callable[[SuspensionOrder, datetime], None]) -> None:
    open_database()
    order = order_numbered(number)
    what(order, datetime.now(UTC))
    typer.echo(f"order {order.pk}, {order} at {order.connection.name}: {order.state}")


@app.command()
def retry(number: Number, why: Why = "", as_json: AsJson = False) -> None:
    """Carry it out once more, now: look how it stands, tell what is not so, look again.

    Example: tollbook orders retry 12
    """
    open_database()
    order, now = order_numbered(number), datetime.now(UTC)
    try_again(order, by=getpass.getuser(), why=why, now=now)
    carry_out([order], now=now, patience_s=WAIT_FOR_OTHER_S)
    order.refresh_from_db()
    print_orders([order], as_json=as_json, empty="")
    raise typer.Exit(exit_status([order]))


@app.command()
def check(connection: OneConnection = None, as_json: AsJson = False) -> None:
    """Carry out what is due, and ask the platforms how everything stands that was suspended or lately resumed.

    Differences are settled by each connection's policy. `tollbook up` does the same every quarter of an hour.
    The exit status is 1 when something differs, or is under way still.

    Example: tollbook orders check
    """
    open_database()
    now = datetime.now(UTC)
    keep_holds(now=now)
    ids = set(current_orders().values_list("connection_id", flat=True))
    asked = [named_connection(connection)] if connection else list(Connection.objects.filter(pk__in=ids))
    differing: list[SuspensionOrder] = []
    for one in asked:
        carry_out(list(due_orders(now=now, connection=one)), now=now)
        differing += check_orders(one, now=now)
    left = current_orders().filter(state__in=UNDER_WAY, connection__in=asked).count()
    waiting = f"; {left:,} under way: see `tollbook orders list`" if left else ""
    print_orders(differing, as_json=as_json, empty=f"the platforms stand as they were brought to{waiting}")
    raise typer.Exit(NOT_YET if differing or left else 0)


@app.command()
def policy(
    connection: Annotated[str, typer.Argument(help="The platform.")],
    manner: Annotated[
        str | None,
        typer.Option(help=f"How calls are stopped: {', '.join(Manner.values)}.", show_default="as it is"),
    ] = None,
    cut_calls: Annotated[
        bool | None,
        typer.Option("--cut-calls/--leave-calls", help="End calls in progress too.", show_default="as it is"),
    ] = None,
    on_drift: Annotated[
        str | None,
        typer.Option(
            help=f"When somebody changes it there: {', '.join(OnDrift.values)}.", show_default="as it is"
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """How calls are stopped at a platform, what it can do, and what becomes of emergency calls.

    Example: tollbook orders policy pbx --manner outbound_only --on-drift enforce
    """
    open_database()
    source = named_connection(connection)
    _known(manner, Manner.values, "manner")
    _known(on_drift, OnDrift.values, "on-drift")
    if (manner, cut_calls, on_drift) != (None, None, None):
        set_policy(source, manner=manner, cuts_calls=cut_calls, on_drift=on_drift)
    found = policy_facts(source)
    if as_json:
        print_json(found)
        return
    for name, value in found.items():
        typer.echo(f"{name.replace('_', ' ')}: {value}")


def policy_facts(connection: Connection) -> dict[str, object]:
    """The policy beside what the platform can do."""
    policy, powers = policy_of(connection), powers_of(connection)
    said = {
        "connection": connection.name,
        "manner": policy.manner,
        "cuts_calls": "yes" if policy.cuts_calls else "no",
        "on_drift": policy.on_drift,
    }
    if powers is None:
        return {
            **said,
            "can_be_told_of": "nothing: a person suspends and resumes there, and is asked to",
            "emergency_calls": "see the platform",
        }
    can = [one.value for one in Target if one in powers.targets]
    return {
        **said,
        "can_be_told_of": ", ".join(can) or "nothing",
        "can_stop_outgoing_calls_only": "yes" if powers.outbound_only else "no",
        "can_cut_calls": "yes" if powers.cuts_calls else "no",
        "emergency_calls": emergency_words(
            policy.manner, outbound=powers.outbound_only, keeps=powers.keeps_emergency
        ),
        "remark": powers.remark,
    }


def emergency_words(manner: str, *, outbound: bool, keeps: bool) -> str:
    """What becomes of emergency calls of who is suspended, under a policy."""
    if keeps:
        return "go on, whatever is suspended"
    if not outbound:
        return "STOP: the platform can only stop all calls. Tell customers before you suspend them here"
    if manner == Manner.SUSPENDED:
        return "STOP by this policy: `--manner keep_emergency` lets them go on"
    return "go on: only outgoing calls are stopped"


@app.command()
def credit(
    customer: Annotated[str, typer.Argument(help="Our customer, by code.")],
    when_used_up: Annotated[
        str | None,
        typer.Option(help=f"When funds are used up: {', '.join(WhenUsedUp.values)}.", show_default="as it is"),
    ] = None,
) -> None:
    """What credit control may do to a customer whose funds are used up. The alarm is raised in any case.

    Example: tollbook orders credit AB-1295 --when-used-up outbound_only
    """
    open_database()
    own = Customer.objects.filter(code=customer).first()
    if own is None:
        raise BadInput(f"there is no customer {customer!r}; see `tollbook customers list`")
    _known(when_used_up, WhenUsedUp.values, "when-used-up")
    if when_used_up is not None:
        set_funds_policy(customer=own, when_used_up=WhenUsedUp(when_used_up))
    stored = FundsPolicy.objects.filter(customer=own).first()
    says = WhenUsedUp(stored.when_used_up if stored else WhenUsedUp.ALARM)
    typer.echo(f"{own}: when funds are used up: {says.value} ({says.label})")
    stopping = where_all_would_stop(own, None, at=datetime.now(UTC))
    if says != WhenUsedUp.ALARM and stopping:
        typer.echo(
            f"emergency calls would STOP with all others at {', '.join(stopping)}: the platform cannot stop outgoing "
            "calls alone. Tell the customer before, or leave it at the alarm"
        )


def _known(value: str | None, known: list[str], option: str) -> None:
    if value is not None and value not in known:
        raise BadInput(f"--{option} {value!r} is none of {', '.join(known)}")
