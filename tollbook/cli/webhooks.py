"""`tollbook webhooks`: who is told by the web what changed, and whether it arrives."""

import os
from datetime import UTC, datetime
from typing import Annotated

import typer

from tollbook.changes.events import EVENTS, trial_body
from tollbook.changes.models import Auth, Delivery, DeliveryState
from tollbook.changes.operations import add_webhook, remove_webhook
from tollbook.changes.queries import webhook_at, webhooks_with_counts
from tollbook.changes.sending import Verdict, post_event
from tollbook.cli.database import open_database
from tollbook.cli.listing import print_json, print_list
from tollbook.connectors.secret import Secret
from tollbook.errors import BadInput

SECRET_VARIABLE = "TOLLBOOK_WEBHOOK_SECRET"
FAILED = 1
TEST_TIMEOUT_S = 30.0  # less than real events have: somebody waits

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Webhooks: URLs that are told what changed, as it changes."
)
Url = Annotated[str, typer.Argument(help="As in `tollbook webhooks list`.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]


@app.command()
def add(
    url: Annotated[str, typer.Argument(help="Where events are posted.")],
    event: Annotated[
        list[str] | None,
        typer.Option("--event", help="Only such events, as 'Subscriber/*'; may be repeated.", show_default="all"),
    ] = None,
    auth: Annotated[Auth, typer.Option(help="How the receiver knows that it is you.")] = Auth.NONE,
    login: Annotated[str, typer.Option(help="Of basic authentication.")] = "",
    type_: Annotated[str, typer.Option("--type", help="What stands before the value or the signature.")] = "",
    header: Annotated[str, typer.Option(help="The header that carries it.")] = "Authorization",
    verify: Annotated[
        str, typer.Option(help="Whom to trust: yes, no, a file of certificates, or sha256: and a fingerprint.")
    ] = "yes",
) -> None:
    """Tell a URL of events from now on. Safe to repeat; the last word counts.

    The password, the value or the key that signs is read from TOLLBOOK_WEBHOOK_SECRET.

    Example: tollbook webhooks add https://example.com/hook --event 'Subscriber/*' --auth basic --login tollbook
    """
    open_database()
    secret = os.environ.get(SECRET_VARIABLE, "")
    if auth != Auth.NONE and not secret:
        raise BadInput(f"set {SECRET_VARIABLE} to the password, the value, or the key that signs")
    made = add_webhook(
        url=url,
        patterns=event or (),
        auth=auth,
        auth_header=header,
        auth_word=login or type_,
        secret=Secret(secret) if auth != Auth.NONE else None,
        verify=verify,
    )
    typer.echo(f"{made.url}: told of {', '.join(made.patterns) or 'every event'}")


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """Every webhook, and whether its events arrive.

    Example: tollbook webhooks list
    """
    open_database()
    rows = [
        {**row, "patterns": ", ".join(map(str, patterns)) if isinstance(patterns, list) and patterns else "all"}
        for row in webhooks_with_counts()
        for patterns in [row["patterns"]]
    ]
    empty = "there are no webhooks; add one with `tollbook webhooks add URL`"
    print_list(rows, as_json=as_json, empty=empty, right=tuple(DeliveryState.values))


@app.command()
def events() -> None:
    """The names of the events there are.

    Example: tollbook webhooks events
    """
    for name in EVENTS:
        typer.echo(name)


@app.command()
def test(url: Url) -> None:
    """Post one event of a customer that is not there, and say what the receiver answers.

    Example: tollbook webhooks test https://example.com/hook
    """
    open_database()
    answer = post_event(webhook_at(url), body=trial_body(), now=datetime.now(UTC), timeout_s=TEST_TIMEOUT_S)
    typer.echo(f"{url}: {answer.says}: {answer.verdict.value}")
    if answer.verdict is not Verdict.DONE:
        raise typer.Exit(FAILED)


@app.command()
def remove(url: Url) -> None:
    """Tell a URL no more. What waits for it is not sent. Safe to repeat.

    Example: tollbook webhooks remove https://example.com/hook
    """
    open_database()
    typer.echo(f"{url}: {'told no more' if remove_webhook(url=url) else 'was not told'}")


@app.command()
def deliveries(
    url: Annotated[str, typer.Argument(help="Of one webhook alone.", show_default="all")] = "",
    state: Annotated[DeliveryState | None, typer.Option(help="Only these.", show_default="all")] = None,
    most: Annotated[int, typer.Option(min=1, max=10_000, help="How many, the newest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Which events were sent, what was answered, and what waits, the newest first.

    Example: tollbook webhooks deliveries --state refused
    """
    open_database()
    found = Delivery.objects.select_related("webhook", "change").order_by("-pk")
    if url:
        found = found.filter(webhook=webhook_at(url))
    if state:
        found = found.filter(state=state)
    rows = [_facts(one) for one in found[:most]]
    if as_json:
        print_json(rows)
        return
    print_list(rows, as_json=False, empty="no events were sent, and none wait", right=("event", "attempts"))


def _facts(one: Delivery) -> dict[str, object]:
    return {
        "event": one.change_id,
        "type": one.event_type,
        "about": one.subject_id,
        "url": one.webhook.url,
        "state": one.state,
        "attempts": one.attempts,
        "answer": one.answer,
    }
