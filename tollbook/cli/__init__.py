"""The command line. One file per command group; a group's file is imported only when it is called.

`tollbook --help` reads nothing but the table below, so it stays fast however many groups there are.
"""

import errno
import inspect
import os
import sys
from importlib import import_module
from typing import Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup

from tollbook.errors import TollbookError


class Command(NamedTuple):
    """Where a command is, and what `tollbook --help` says of it."""

    app: str  # module:attribute, a typer.Typer made with add_completion=False
    help: str
    needs_database: bool = True  # then Django is set up before its file is imported


COMMANDS = {
    "demo": Command("tollbook.cli.demo:app", "A real file of calls, all the way to invoices. Start here."),
    "rate": Command(
        "tollbook.cli.rate:app",
        "Price a file of calls with a price list. Needs no database.",
        needs_database=False,
    ),
    "custom-fields": Command(
        "tollbook.cli.custom_fields:app", "Custom fields: what you keep with customers and accounts."
    ),
    "customers": Command("tollbook.cli.customers:app", "Customers: who pays."),
    "accounts": Command("tollbook.cli.accounts:app", "Accounts and their numbers: what makes usage."),
    "agreements": Command(
        "tollbook.cli.agreements:app", "Agreements: what customers may use, and how much of it."
    ),
    "numbers": Command("tollbook.cli.stock:app", "Numbers: in stock, given to customers, on accounts."),
    "hunt-groups": Command(
        "tollbook.cli.extension_deeds:hunt_groups", "Hunt groups: extensions that ring for one number."
    ),
    "extensions": Command("tollbook.cli.extensions:app", "Extensions: one by one, or many from a file."),
    "products": Command("tollbook.cli.products:app", "Products: which tariff prices which kind of usage."),
    "plans": Command("tollbook.cli.plans:app", "Plans: fees by the period, of a product or a customer."),
    "allowances": Command("tollbook.cli.allowances:app", "Allowances: usage that is included in a plan."),
    "tiers": Command("tollbook.cli.tiers:app", "Tiers: prices that depend on how much was used in a period."),
    "destinations": Command(
        "tollbook.cli.destinations:app", "Destination groups: prefixes under one name, for allowances and tiers."
    ),
    "tariff": Command("tollbook.cli.tariff:app", "Tariffs: import price lists, see what changes, look up a rate."),
    "connection": Command(
        "tollbook.cli.connection:app",
        "Connections: the platforms usage comes from, how each is reached, and how its records are read.",
    ),
    "sync": Command("tollbook.cli.sync:app", "Bring customers, accounts and numbers into line with a platform."),
    "pairing": Command("tollbook.cli.pairing:app", "Who a platform's customers are here, and who decided."),
    "collect": Command("tollbook.cli.collect:app", "Fetch usage from a platform, or new files, and charge it."),
    "metroport-sync": Command(
        "tollbook.cli.metroport_sync:app", "Metroport MVNO in one command, as cron lines have it."
    ),
    "usage": Command("tollbook.cli.usage:app", "Import files of calls, see what became of them, take one back."),
    "calls": Command(
        "tollbook.cli.call_export:app", "Records of usage as files: which columns, of whom, of when."
    ),
    "reconcile": Command(
        "tollbook.cli.reconcile:app", "A platform's usage beside ours: counts, quantities, money."
    ),
    "margin": Command("tollbook.cli.margin:app", "What customers pay less what the platform is paid."),
    "set-aside": Command("tollbook.cli.set_aside:app", "What could not be charged, why, and trying it again."),
    "charge-fees": Command("tollbook.cli.charge_fees:app", "Charge the fees of subscriptions that are due."),
    "subscriptions": Command("tollbook.cli.subscriptions:app", "Subscriptions: who pays for which plan."),
    "money": Command("tollbook.cli.money:app", "Payments and refunds, charges and credits by hand."),
    "ledger": Command(
        "tollbook.cli.ledger:app", "What is owed, whether the books are right, and the books as a file."
    ),
    "seller": Command("tollbook.cli.seller:app", "The company that stands on invoices as seller."),
    "suspend": Command(
        "tollbook.cli.suspend:suspending", "Stop a customer's or an account's calls at every platform."
    ),
    "resume": Command("tollbook.cli.suspend:resuming", "Let a customer or an account call again."),
    "orders": Command("tollbook.cli.orders:app", "What platforms were told to stop, how it stands, and policies."),
    "provisioning": Command(
        "tollbook.cli.provisioning:app", "Accounts made and changed at platforms as they are here."
    ),
    "alarms": Command("tollbook.cli.alarms:app", "Alarms: what somebody must look at, and who is told."),
    "webhooks": Command("tollbook.cli.webhooks:app", "Webhooks: URLs that are told what changed, as it changes."),
    "users": Command("tollbook.cli.users:app", "Users: who may log in to the API, and their tokens."),
    "roles": Command("tollbook.cli.roles:app", "Roles: what users of the API may call."),
    "up": Command("tollbook.cli.up:app", "Run it all: collect on schedule, send alarms, answer on the web."),
    "bill": Command("tollbook.cli.bill:app", "Close a month: invoices as PDF, with their call lists."),
    "portabilling": Command(
        "tollbook.cli.portabilling:app", "PortaBilling: any record of any service, named as its API names it."
    ),
    "simulate": Command(
        "tollbook.cli.simulate:app",
        "Stand-ins for platforms and file servers, to try things out without an account anywhere.",
    ),
}
DEBUG = "TOLLBOOK_DEBUG"  # set to 1, an error shows where in the code it arose
UNUSABLE_INPUT = 2  # exit status


class LazyGroup(TyperGroup):
    """A group that knows its commands by name and help, and imports the one that is called."""

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """The real command in place of its entry in the table."""
        name, entry, rest = super().resolve_command(ctx, args)
        if name is None:
            return name, entry, rest
        module, _, attribute = COMMANDS[name].app.partition(":")
        if COMMANDS[name].needs_database:
            from tollbook.cli.database import set_up_django  # noqa: PLC0415  only the commands that need it

            set_up_django()
        command = typer.main.get_command(getattr(import_module(module), attribute))
        _flow(command)
        return name, command, rest


def _flow(command: Any) -> None:
    """Let the paragraphs of its help, and of its commands', run as wide as the screen: their lines are the source's."""
    if command.help:
        paragraphs = (" ".join(paragraph.split()) for paragraph in inspect.cleandoc(command.help).split("\n\n"))
        command.help = "\n\n".join(paragraphs)
    for one in getattr(command, "commands", {}).values():
        _flow(one)


app = typer.Typer(cls=LazyGroup, no_args_is_help=True, add_completion=False)


@app.callback()
def tollbook() -> None:
    """From the platforms that carry calls to the bill: collect, match, price, explain, post, invoice."""


def command_line() -> TyperGroup:
    """The whole command line; its commands are entries that `LazyGroup` replaces when they are called."""
    group = typer.main.get_group(app)
    group.commands = {name: TyperCommand(name, help=command.help) for name, command in COMMANDS.items()}
    return group


def main() -> None:
    """Run the command of this process. An error that a person can act on is its message and exit status 2."""
    try:
        command_line().main(prog_name="tollbook")
    except TollbookError as error:
        if os.environ.get(DEBUG) == "1":
            raise
        typer.echo(f"tollbook: {error}", err=True)
        sys.exit(UNUSABLE_INPUT)
    except OSError as error:
        # A disk that is full, a folder that may not be written: no command can do more about it than say where.
        is_full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        if not (error.filename or is_full) or os.environ.get(DEBUG) == "1":
            raise
        step = "make room there" if is_full else "see that it exists and that you may use it"
        where = error.filename or "the disk of what is written"
        typer.echo(f"tollbook: {where}: {error.strerror}; {step}, then run the command again", err=True)
        sys.exit(UNUSABLE_INPUT)
