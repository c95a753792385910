"""`tollbook money`: payments and refunds, charges and credits, entered by hand."""

import getpass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated

import typer

from tollbook.billing.lists import money_list
from tollbook.billing.models import MoneyAction
from tollbook.cli.database import open_database
from tollbook.cli.listing import print_list
from tollbook.cli.named import named_account, named_customer
from tollbook.errors import BadInput
from tollbook.jobs.enter_money import enter_money
from tollbook.ledger.queries import balance

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Money entered by hand.")

Code = Annotated[str, typer.Argument(metavar="CUSTOMER", help="The customer's code.")]
Sum = Annotated[str, typer.Argument(metavar="AMOUNT", help="In the customer's currency, tax included, as 123.45.")]
OfAccount = Annotated[str, typer.Option("--account", help="Of this account of theirs.", show_default=False)]
Reference = Annotated[
    str,
    typer.Option(help="Of the bank, or of who enters it: the same reference is booked once.", show_default=False),
]
Comment = Annotated[
    str, typer.Option(help="For the customer too; a charge's text on the invoice.", show_default=False)
]
Note = Annotated[str, typer.Option(help="For staff alone.", show_default=False)]


@app.command()
def payment(
    *,
    customer: Code,
    amount: Sum,
    account: OfAccount = "",
    reference: Reference = "",
    comment: Comment = "",
    note: Note = "",
) -> None:
    """Book a payment: the customer owes less. Who was stopped for want of funds calls again at once.

    Example: tollbook money payment acme 123.45 --reference "bank 2026-07-01/17"
    """
    _enter(MoneyAction.PAYMENT, customer, amount, account, reference=reference, comment=comment, note=note)


@app.command()
def refund(
    *,
    customer: Code,
    amount: Sum,
    account: OfAccount = "",
    reference: Reference = "",
    comment: Comment = "",
    note: Note = "",
) -> None:
    """Book that a payment, or a part of one, was given back: the customer owes more.

    Example: tollbook money refund acme 20 --reference "bank 2026-07-03/4"
    """
    _enter(MoneyAction.REFUND, customer, amount, account, reference=reference, comment=comment, note=note)


@app.command()
def charge(
    *,
    customer: Code,
    amount: Sum,
    account: OfAccount = "",
    reference: Reference = "",
    comment: Comment = "",
    note: Note = "",
) -> None:
    """Charge something: a line of the next invoice. The customer's tax is contained in the amount.

    Example: tollbook money charge acme 123 --comment "Visit of a technician"
    """
    _enter(MoneyAction.CHARGE, customer, amount, account, reference=reference, comment=comment, note=note)


@app.command()
def credit(
    *,
    customer: Code,
    amount: Sum,
    account: OfAccount = "",
    reference: Reference = "",
    comment: Comment = "",
    note: Note = "",
) -> None:
    """Remit something: a negative line of the next invoice. The customer's tax is contained in the amount.

    Example: tollbook money credit acme 12.30 --comment "For the outage of 14 June"
    """
    _enter(MoneyAction.CREDIT, customer, amount, account, reference=reference, comment=comment, note=note)


@app.command("list")
def list_(
    customer: Annotated[str, typer.Option(help="Code of a customer. Default: all.", show_default=False)] = "",
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """What was entered, the latest first.

    Example: tollbook money list --customer acme
    """
    open_database()
    rows = money_list(customer=named_customer(customer) if customer else None)
    print_list(rows, as_json=as_json, empty="no money was entered", right=("amount",))


def _enter(action: MoneyAction, code: str, amount: str, account: str, **texts: str) -> None:
    decimal = amount_of(amount, "AMOUNT")
    open_database()
    customer = named_customer(code)
    entry = enter_money(
        customer=customer,
        account=named_account(account) if account else None,
        action=action,
        amount=decimal,
        by=getpass.getuser(),
        now=datetime.now(UTC),
        **texts,
    )
    owed = balance(customer, customer.currency).rounded()
    typer.echo(
        f"{entry.action} of {entry.amount.normalize():f} {entry.currency} for {customer.code}; the balance is now"
        f" {owed.amount} {owed.currency}"
    )


def amount_of(text: str, what: str) -> Decimal:
    """An amount as somebody wrote it.

    Raises:
        BadInput: it is none.
    """
    try:
        return Decimal(text)
    except InvalidOperation:
        raise BadInput(f"{what} {text!r} is not an amount; write it as 123.45") from None
