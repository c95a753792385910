"""`tollbook alarms`: what somebody must look at, and who is told."""

import getpass
import os
from datetime import UTC, datetime
from typing import Annotated
from uuid import uuid4

import typer

from tollbook.alarms.delivery.errors import Delayed, Refused
from tollbook.alarms.delivery.mail import checked_address, mail_server, send_mail
from tollbook.alarms.models import Alarm, AlarmSubscription, Channel
from tollbook.alarms.operations import acknowledge_alarm, unsubscribe
from tollbook.alarms.operations import subscribe as subscribe_to_alarms
from tollbook.alarms.queries import alarms, messages_by_address
from tollbook.cli.database import open_database
from tollbook.cli.listing import print_json, print_list
from tollbook.connections.operations import named_connection, set_sequence_pattern
from tollbook.connectors.secret import Secret
from tollbook.errors import BadInput

SECRET_VARIABLE = "TOLLBOOK_WEBHOOK_SECRET"
FAILED = 1

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Alarms: what somebody must look at, and who is told."
)


@app.command("list")
def list_(
    cleared: Annotated[bool, typer.Option("--cleared", help="Also those whose cause is gone.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """What is wrong now, the newest first.

    Example: tollbook alarms list
    """
    open_database()
    found = list(alarms(with_cleared=cleared))
    if as_json:
        print_json([_facts(alarm) for alarm in found])
        return
    if not found:
        typer.echo("there are no alarms")
    for alarm in found:
        facts = _facts(alarm)
        where = f" at {facts['connection']}" if facts["connection"] else ""
        about = f" ({alarm.subject})" if alarm.subject else ""
        typer.echo(
            f"{alarm.pk}: {alarm.kind}{where}{about}, since {alarm.raised_at:%Y-%m-%d %H:%M} UTC{_standing(alarm)}"
        )
        typer.echo(f"  {alarm.text}")


def _standing(alarm: Alarm) -> str:
    if alarm.cleared_at:
        return f", cleared {alarm.cleared_at:%Y-%m-%d %H:%M}"
    return f", acknowledged by {alarm.acknowledged_by}" if alarm.acknowledged_at else ""


def _facts(alarm: Alarm) -> dict[str, object]:
    return {
        "alarm": alarm.pk,
        "kind": alarm.kind,
        "connection": alarm.connection.name if alarm.connection else None,
        "subject": alarm.subject,
        "text": alarm.text,
        "raised_at": alarm.raised_at,
        "seen_at": alarm.seen_at,
        "acknowledged_at": alarm.acknowledged_at,
        "acknowledged_by": alarm.acknowledged_by,
        "cleared_at": alarm.cleared_at,
    }


@app.command()
def acknowledge(
    alarm: Annotated[int, typer.Argument(help="Its number in `tollbook alarms list`.")],
    by: Annotated[str, typer.Option(help="Who has seen it.", show_default="who is logged in")] = "",
) -> None:
    """Note that somebody has seen it. It stays until its cause is gone.

    Example: tollbook alarms acknowledge 7
    """
    open_database()
    seen = acknowledge_alarm(alarm_id=alarm, by=by or _login(), now=datetime.now(UTC))
    typer.echo(f"alarm {seen.pk}: acknowledged by {seen.acknowledged_by}")


@app.command()
def subscribe(
    address: Annotated[str, typer.Argument(help="A mail address, or the URL of a webhook.")],
    kind: Annotated[
        list[str] | None,
        typer.Option("--kind", help="Only this kind of alarm; may be repeated.", show_default="all"),
    ] = None,
) -> None:
    """Tell an address of alarms. Safe to repeat; the kinds given last count.

    What goes to a webhook is signed with the secret in TOLLBOOK_WEBHOOK_SECRET, of 16 characters or more.

    Example: tollbook alarms subscribe noc@example.com --kind stale_source --kind gap
    """
    open_database()
    is_url = "://" in address
    secret = os.environ.get(SECRET_VARIABLE, "")
    if is_url and not secret:
        raise BadInput(f"set {SECRET_VARIABLE} to the secret that the receiver checks signatures with")
    made = subscribe_to_alarms(
        channel=Channel.WEBHOOK if is_url else Channel.MAIL,
        address=address,
        kinds=kind or (),
        secret=Secret(secret) if is_url else None,
    )
    typer.echo(f"{made.address}: told of {', '.join(made.kinds) or 'all alarms'}")


@app.command("unsubscribe")
def unsubscribe_(address: Annotated[str, typer.Argument(help="As in `tollbook alarms subscriptions`.")]) -> None:
    """Tell an address no more. Safe to repeat.

    Example: tollbook alarms unsubscribe noc@example.com
    """
    open_database()
    typer.echo(f"{address}: {'told no more' if unsubscribe(address=address) else 'was not subscribed'}")


@app.command()
def subscriptions(as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """Who is told of what, and whether their messages arrive.

    Example: tollbook alarms subscriptions
    """
    open_database()
    counts = messages_by_address()
    rows = [
        {
            "address": one.address,
            "channel": one.channel,
            "kinds": ", ".join(one.kinds) or "all",
            **counts.get(one.address, {"sent": 0, "waiting": 0, "given_up": 0, "error": ""}),
        }
        for one in AlarmSubscription.objects.order_by("address")
    ]
    empty = "nobody is told; add an address with `tollbook alarms subscribe ADDRESS`"
    print_list(rows, as_json=as_json, empty=empty, right=("sent", "waiting", "given_up"))


@app.command()
def sequence(
    connection: Annotated[str, typer.Argument(help="A connection that files come from.")],
    pattern: Annotated[str, typer.Argument(help="Their names, with {number} or {date}; '' = none.")],
) -> None:
    """Have an alarm raised when a numbered or dated file is missing between others.

    Example: tollbook alarms sequence office 'cdr-{date:%Y%m%d}.csv'
    """
    open_database()
    source = named_connection(connection)
    set_sequence_pattern(source, pattern)
    typer.echo(f"{source.name}: {f'a gap in {pattern} raises an alarm' if pattern else 'gaps raise no alarm'}")


@app.command()
def test_mail(address: Annotated[str, typer.Argument(help="Where to.")]) -> None:
    """Send a mail now, to see that mail works. Needs TOLLBOOK_SMTP_URL and TOLLBOOK_MAIL_FROM.

    Example: tollbook alarms test-mail me@example.com
    """
    server, to = mail_server(), checked_address(address)
    try:
        send_mail(
            server,
            to=to,
            subject="[tollbook] a test",
            body="Mail from Tollbook arrives.\n",
            key=uuid4(),
            written_at=datetime.now(UTC),
        )
    except (Delayed, Refused) as error:
        typer.echo(f"tollbook: {error}", err=True)
        raise typer.Exit(FAILED) from None
    typer.echo(f"{server.host} has taken a mail to {to}; see that it arrives")


def _login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user may have no name
        return f"user {os.getuid()}"
