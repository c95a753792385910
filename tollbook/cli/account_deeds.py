"""`tollbook accounts open`, `change`, `block`, `end` … : what staff do to one account, bound by no agreement."""

import getpass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

import typer

from tollbook.cli.database import open_database
from tollbook.cli.listing import print_list
from tollbook.cli.named import named_account, named_customer, named_product
from tollbook.customers.account_sheet import numbers
from tollbook.customers.actors import Actor, staff
from tollbook.customers.lists import history_of, waiting_list
from tollbook.errors import BadInput
from tollbook.jobs.approve_account import approve, refuse, tick
from tollbook.jobs.change_account import block_account, change_account, unblock_account
from tollbook.jobs.end_account import terminate_account
from tollbook.jobs.open_account import open_account
from tollbook.jobs.quote_change import Fee, Quote, QuotedAmount, by_period, quote_change

Code = Annotated[str, typer.Argument(metavar="ACCOUNT", help="The account's code.")]
Why = Annotated[str, typer.Option("--why", help="Kept in the history.")]
Name = Annotated[str | None, typer.Option(help="For people.")]
Email = Annotated[str | None, typer.Option(help="For notifications.")]
Zone = Annotated[str | None, typer.Option("--timezone", help="As Europe/Warsaw.")]
FOLLOWS = "platforms are told within a minute by `tollbook up`; see `tollbook orders list`"


def open_(
    *,
    customer: Annotated[str, typer.Argument(help="The customer's code.")],
    product: Annotated[str, typer.Option(help="Code of its main product.")],
    code: Annotated[
        str, typer.Option(help="What it is called.", show_default="made of customer and extension")
    ] = "",
    extension: Annotated[str, typer.Option(help="Its short number in the customer's PBX.")] = "",
    attendant: Annotated[bool, typer.Option("--attendant", help="It is an auto attendant.")] = False,
    addon: Annotated[list[str] | None, typer.Option(help="Code of an add-on; may be repeated.")] = None,
    number: Annotated[list[str] | None, typer.Option(help="A number as alias; may be repeated.")] = None,
    name: Name = None,
    email: Email = None,
    timezone: Zone = None,
) -> None:
    """Open an account, and charge what is due at sign-up.

    Example: tollbook accounts open acme --product pbx --extension 4665 --number +12094555948
    """
    if not (code or extension or attendant):
        raise BadInput(f"an account of {customer} needs a code: give --extension, --code or --attendant")
    open_database()
    given: dict[str, Any] = {"name": name, "email": email, "timezone": timezone}
    account = open_account(
        actor=_staff(),
        customer=named_customer(customer),
        product=named_product(product),
        code=code,
        extension=extension,
        is_auto_attendant=attendant,
        addons=[named_product(one) for one in addon or ()],
        numbers=[digits for one in number or () for digits in _numbers(one)],
        now=datetime.now(UTC),
        **{name: value for name, value in given.items() if value is not None},
    )
    typer.echo(f"account {account.code} of {account.customer.code} is {account.state}")


def change(
    *,
    account: Code,
    product: Annotated[str | None, typer.Option(help="Code of its main product from now on.")] = None,
    addon: Annotated[list[str] | None, typer.Option(help="All its add-ons from now on; may be repeated.")] = None,
    no_addons: Annotated[bool, typer.Option("--no-addons", help="It has none any more.")] = False,
    name: Name = None,
    email: Email = None,
    timezone: Zone = None,
    quote: Annotated[bool, typer.Option("--quote", help="Say what it would cost, and change nothing.")] = False,
) -> None:
    """Change an account from now on. Calls that began before are rated with what it had then.

    Example: tollbook accounts change ph12x4665 --product premium --addon recording --quote
    """
    if no_addons and addon:
        raise BadInput("--addon and --no-addons contradict each other; give one of them")
    open_database()
    one, now = named_account(account), datetime.now(UTC)
    wanted: dict[str, Any] = {
        "product": None if product is None else named_product(product),
        "addons": [named_product(code) for code in addon] if addon else [] if no_addons else None,
    }
    if quote:
        _print_quote(quote_change(actor=_staff(), account=one, now=now, **wanted))
        return
    given = {"name": name, "email": email, "timezone": timezone}
    facts: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if not facts and wanted == {"product": None, "addons": None}:
        raise BadInput(f"nothing to change is named for account {one.code}; see `tollbook accounts change --help`")
    change_account(actor=_staff(), account=one, now=now, **wanted, **facts)
    typer.echo(f"account {one.code} is changed; see `tollbook accounts history {one.code}`")


def block(*, account: Code, why: Why = "") -> None:
    """Stop an account's calls; its customer cannot manage it meanwhile. Safe to repeat.

    Example: tollbook accounts block ph12x4665 --why fraud
    """
    open_database()
    one = block_account(actor=_staff(), account=named_account(account), why=why, now=datetime.now(UTC))
    typer.echo(f"account {one.code} is {one.state}; {FOLLOWS}")


def unblock(*, account: Code, why: Why = "") -> None:
    """Lift what staff and the customer hold. What credit control holds stays. Safe to repeat.

    Example: tollbook accounts unblock ph12x4665
    """
    open_database()
    one = unblock_account(actor=_staff(), account=named_account(account), why=why, now=datetime.now(UTC))
    by = f" by {one.blocked_by}" if one.blocked_by else ""
    typer.echo(f"account {one.code} is {one.state}{by}; {FOLLOWS}")


def end(
    *,
    account: Code,
    keep_numbers: Annotated[
        bool, typer.Option("--keep-numbers", help="Nobody else gets its numbers before they are released.")
    ] = False,
    why: Why = "",
) -> None:
    """End an account for good. Its numbers, extension, code and slot are free; its record stays.

    Example: tollbook accounts end ph12x4665 --why "left the company"
    """
    open_database()
    one = named_account(account)
    terminate_account(
        actor=_staff(), account=one, releases_numbers=not keep_numbers, why=why, now=datetime.now(UTC)
    )
    typer.echo(f"account {account} has ended, and is called {one.code} from now on")


def approve_(
    *,
    account: Code,
    seen_to: Annotated[
        list[str] | None, typer.Option("--seen-to", help="An item of its checklist; may be repeated.")
    ] = None,
    only_tick: Annotated[bool, typer.Option("--only-tick", help="Note what was seen to; decide later.")] = False,
    refuse_: Annotated[bool, typer.Option("--refuse", help="Say no: the account ends.")] = False,
    why: Why = "",
) -> None:
    """Activate an account that its customer made, once all of its checklist was seen to; or refuse it.

    Example: tollbook accounts approve 8948000001 --seen-to "emergency address"
    """
    open_database()
    one, now = named_account(account), datetime.now(UTC)
    for item in seen_to or ():
        tick(actor=_staff(), account=one, item=item, now=now)
    if refuse_:
        refuse(actor=_staff(), account=one, why=why, now=now)
    elif not only_tick:
        approve(actor=_staff(), account=one, why=why, now=now)
    typer.echo(f"account {one.code} is {one.state}")


def waiting(as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """Accounts that customers made and that wait for staff.

    Example: tollbook accounts waiting
    """
    open_database()
    print_list(waiting_list(), as_json=as_json, empty="no account waits for anybody")


def history(*, account: Code, as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """What became of an account, and who did it.

    Example: tollbook accounts history ph12x4665
    """
    open_database()
    empty = "nothing is known of it; it was imported before histories were kept"
    print_list(history_of(named_account(account)), as_json=as_json, empty=empty)


def _staff() -> Actor:
    return staff(getpass.getuser())


def _numbers(text: str) -> tuple[int, ...]:
    try:
        return numbers(text)
    except ValueError as error:
        raise BadInput(f"--number {error}") from None


def _print_quote(quote: Quote) -> None:
    typer.echo(f"now: {_fees(quote.before, quote.currency)}")
    typer.echo(f"then: {_fees(quote.after, quote.currency)}")
    _print_amounts("charged at once", quote.charged_now, quote.charged_now_total, quote.currency)
    if quote.settled:
        _print_amounts(f"settled on {quote.settled_on}", quote.settled, quote.settled_total, quote.currency)


def _fees(fees: tuple[Fee, ...], currency: str) -> str:
    sums = by_period(fees)
    return ", ".join(f"{_plain(amount)} {currency} a {period}" for period, amount in sums.items()) or "no fee"


def _print_amounts(title: str, amounts: tuple[QuotedAmount, ...], total: Decimal, currency: str) -> None:
    typer.echo(f"{title}: {_plain(total)} {currency}")
    for one in amounts:
        typer.echo(f"  {one.text}, {one.what.replace('_', ' ')}, {one.since} to {one.until}: {_plain(one.amount)}")


def _plain(amount: Decimal) -> str:
    return f"{amount.normalize():f}"
