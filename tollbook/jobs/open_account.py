"""Opening accounts: by staff, or by customers within their agreement; one, or many at once."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from tollbook.billing.operations.charging import today_of
from tollbook.billing.operations.subscriptions import follow_products_of
from tollbook.catalog.models import Product, Role
from tollbook.credit.permits import demand_unheld
from tollbook.customers.account_facts import SECRET, fitting, read_account_facts
from tollbook.customers.actors import Actor
from tollbook.customers.errors import DuplicateCode
from tollbook.customers.models import (
    Account,
    AccountEvent,
    AccountProduct,
    AccountState,
    Approval,
    Customer,
    Extension,
    HuntGroup,
)
from tollbook.customers.operations.agreements import take_slots
from tollbook.customers.operations.events import MAX_BY, account_event
from tollbook.customers.operations.extensions import join_hunt_group, read_extension
from tollbook.customers.operations.fitting_products import demand_fitting
from tollbook.customers.operations.numbers import put_numbers
from tollbook.customers.operations.permits import demand_customer, demand_open, lock_customer, not_theirs
from tollbook.customers.operations.service_passwords import kept, new_password
from tollbook.errors import BadInput
from tollbook.jobs.watch_funds import watch_when_committed

ROWS_PER_STATEMENT = 5_000
RUNNING_DIGITS = 9  # of a running number that counts as one


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """One account to be opened. `facts` as `account_facts.READERS` has them."""

    product: Product
    code: str = ""  # "" = made of the customer's id and the extension, or a running number
    extension: str = ""
    addons: Sequence[Product] = ()
    numbers: Sequence[int] = ()
    is_auto_attendant: bool = False
    is_published: bool = False
    hunt_group: HuntGroup | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


@transaction.atomic
def open_account(
    *,
    actor: Actor,
    customer: Customer,
    product: Product,
    code: str = "",
    extension: str = "",
    name: str = "",
    addons: Sequence[Product] = (),
    numbers: Sequence[int] = (),
    role: str = "",
    now: datetime,
    is_auto_attendant: bool = False,
    is_published: bool = False,
    hunt_group: HuntGroup | None = None,
    **facts: Any,
) -> Account:
    """Open an account of a customer, with what is due at sign-up charged at once.

    A code that is not given is `ph{id of the customer}x{extension}`, and of an auto attendant, or without an
    extension, `ph{id of the customer}aa{running number}`. An account that a customer makes waits for staff
    (`approve_account`) when the customer or the product says so. `facts` as `account_facts.READERS` has them.

    Raises:
        NotInAgreement, AgreementExceeded: a customer asks for what is not agreed.
        DoesNotGoWith: an add-on with that product, or a product with the customer's currency.
        DuplicateCode: code or extension are taken.
        NumberNotYours, NumberTaken: as `assign_number`.
        NotTheirs: another customer asks, or a fact is for staff to say.
        BlockedByStaff: staff stopped the customer, and it is not staff who ask.
        BadInput: the customer is closed, or a fact is none.
    """
    given = {"name": name, **({"role": role} if role else {}), **facts}
    opening = Opening(
        product=product,
        code=code,
        extension=extension,
        addons=addons,
        numbers=numbers,
        is_auto_attendant=is_auto_attendant,
        is_published=is_published,
        hunt_group=hunt_group,
        facts=given,
    )
    return open_accounts(actor=actor, customer=customer, openings=[opening], now=now)[0]


@transaction.atomic
def open_accounts(
    *, actor: Actor, customer: Customer, openings: Sequence[Opening], now: datetime
) -> list[Account]:
    """Open many accounts of one customer, all or none; in their order.

    Raises:
        As `open_account`, for the first that cannot be opened.
    """
    lock_customer(customer)
    demand_customer(actor, customer)
    demand_open(customer)
    demand_unheld(actor, customer)
    for product, addons in {(one.product, tuple(one.addons)) for one in openings}:
        demand_fitting(customer, product, addons)
    take_slots(
        actor=actor,
        customer=customer,
        products=[product for one in openings for product in (one.product, *one.addons)],
    )
    codes = _codes(customer, openings)
    accounts = [
        _account(actor, customer, opening, code, now) for opening, code in zip(openings, codes, strict=True)
    ]
    try:
        with transaction.atomic():
            Account.objects.bulk_create(accounts, batch_size=ROWS_PER_STATEMENT)
    except IntegrityError:
        raise DuplicateCode("an account has just been called so; choose another id, or try again") from None
    made = list(zip(openings, accounts, strict=True))
    AccountProduct.objects.bulk_create(
        (
            AccountProduct(account=account, product=addon, is_addon=True, active_from=account.active_from)
            for opening, account in made
            for addon in opening.addons
        ),
        batch_size=ROWS_PER_STATEMENT,
    )
    events = [account_event(account, "created", _made_as(account), actor=actor, now=now) for account in accounts]
    AccountEvent.objects.bulk_create(events, batch_size=ROWS_PER_STATEMENT)
    _give_extensions(actor, customer, made, now)
    pairs = [(account, digits) for opening, account in made for digits in opening.numbers]
    put_numbers(actor=actor, customer=customer, pairs=pairs, now=now)
    _ask_approval(actor, made, now)
    follow_products_of(accounts, on=today_of(customer, now), now=now)
    watch_when_committed(customer, now=now)
    return accounts


def extension_code(customer: Customer, extension: str) -> str:
    """What the account of an extension is called that nobody has named."""
    return f"ph{customer.pk}x{extension}"


def _account(actor: Actor, customer: Customer, opening: Opening, code: str, now: datetime) -> Account:
    facts = read_account_facts(actor, opening.facts)
    password = facts.pop(SECRET, "") or new_password()
    is_automatic = not opening.code
    waits = _needs_approval(actor, customer, (opening.product, *opening.addons))
    defaults = {
        "role": Role.UNIVERSAL if is_automatic else opening.product.role,
        "active_from": now,
    }
    return Account(
        customer=customer,
        product=opening.product,
        code=code,
        state=AccountState.INACTIVE if waits else AccountState.ACTIVE,
        created_at=now,
        service_secret=kept(password),
        **(defaults | facts),
    )


def _needs_approval(actor: Actor, customer: Customer, products: Iterable[Product]) -> bool:
    if actor.is_staff:
        return False
    if customer.needs_approval is not None:
        return customer.needs_approval
    return any(product.needs_approval for product in products)


def _ask_approval(actor: Actor, made: Sequence[tuple[Opening, Account]], now: datetime) -> None:
    asked = []
    for opening, account in made:
        if account.state == AccountState.INACTIVE:
            items = [text for product in (opening.product, *opening.addons) for text in product.checklist]
            checklist = [{"text": text, "by": "", "at": None} for text in dict.fromkeys(items)]
            asked.append(
                Approval(account=account, asked_by=actor.name[:MAX_BY], asked_at=now, checklist=checklist)
            )
    Approval.objects.bulk_create(asked, batch_size=ROWS_PER_STATEMENT)
    events = [account_event(one.account, "approval_asked", "", actor=actor, now=now) for one in asked]
    AccountEvent.objects.bulk_create(events, batch_size=ROWS_PER_STATEMENT)


def _codes(customer: Customer, openings: Sequence[Opening]) -> list[str]:
    running = _last_running_number(customer)
    codes = []
    for opening in openings:
        if opening.code:
            codes.append(_given_code(opening.code))
        elif opening.extension and not opening.is_auto_attendant:
            codes.append(extension_code(customer, read_extension(opening.extension)))
        else:
            running += 1
            codes.append(f"ph{customer.pk}aa{running}")
    twice = [code for code, times in Counter(codes).items() if times > 1]
    taken = Account.objects.filter(code__in=codes).values_list("code", flat=True)
    if found := [*twice, *taken]:
        raise DuplicateCode(f"there is an account {found[0]} already; choose another id")
    return codes


def _given_code(code: str) -> str:
    try:
        text = str(fitting(Account, "code", code))
    except ValueError as error:
        raise BadInput(f"an account's id {code!r} {error}") from None
    if not text:
        raise BadInput("an account's id is blank; give one, or an extension")
    return text


def _last_running_number(customer: Customer) -> int:
    """Of those ever given: one that has ended keeps its number, whatever it is called now."""
    pattern = rf"^ph{customer.pk}aa(\d{{1,{RUNNING_DIGITS}}})(-old\d+)?$"
    codes = Account.objects.filter(customer=customer, code__regex=pattern).values_list("code", flat=True)
    return max((int(found[1]) for code in codes if (found := re.match(pattern, code))), default=0)


def _give_extensions(
    actor: Actor, customer: Customer, made: Sequence[tuple[Opening, Account]], now: datetime
) -> None:
    """An extension each that names one: a new one, or one that is nobody's yet."""
    wanted = [(opening, account) for opening, account in made if opening.extension]
    known = {one.number: one for one in customer.extensions.filter(number__in=[o.extension for o, _ in wanted])}
    new, events = [], []
    for opening, account in wanted:
        number = read_extension(opening.extension)
        there = known.get(number)
        if there is not None and (there.account_id is not None or hasattr(there, "group")):
            raise DuplicateCode(f"extension {number} is there already; choose another number")
        extension = there or Extension(customer=customer, number=number)
        extension.account, extension.is_published = account, opening.is_published
        extension.name = account.name or extension.name
        if there is None:
            known[number] = extension
            new.append(extension)
        else:
            extension.save()
        events.append(account_event(account, "extension_added", number, actor=actor, now=now))
    Extension.objects.bulk_create(new, batch_size=ROWS_PER_STATEMENT)
    AccountEvent.objects.bulk_create(events, batch_size=ROWS_PER_STATEMENT)
    joining: dict[HuntGroup, list[Extension]] = {}
    for opening, _ in wanted:
        if opening.hunt_group is not None:
            if opening.hunt_group.customer_id != customer.pk:
                raise not_theirs()
            joining.setdefault(opening.hunt_group, []).append(known[opening.extension])
    for group, extensions in joining.items():
        join_hunt_group(group, extensions)


def _made_as(account: Account) -> str:
    waits = ", waits for staff" if account.state == AccountState.INACTIVE else ""
    return f"{account.product.code}{waits}"
