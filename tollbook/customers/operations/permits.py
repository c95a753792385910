"""Who may do what to whose accounts, and the one lock under which it is done.

Whatever takes or frees a slot of an agreement, a number or an extension of a customer locks the customer's row first,
then the account's. It is a lock that lets others refer to the customer meanwhile: usage goes on being posted.
"""

from tollbook.customers.actors import Actor, Realm
from tollbook.customers.errors import BlockedByStaff, NotTheirs
from tollbook.customers.models import Account, AccountState, BlockedBy, Customer, CustomerState
from tollbook.errors import BadInput


def lock_customer(customer: Customer) -> None:
    """Let nobody else change what the customer has until the transaction that is open ends."""
    customer.refresh_from_db(from_queryset=Customer.objects.select_for_update(no_key=True))


def lock_account(account: Account) -> None:
    """The account as it is now, under its customer's lock.

    Raises:
        NotTheirs: it is not there any more.
    """
    lock_customer(account.customer)
    rows = Account.objects.select_for_update(of=("self",), no_key=True).select_related("product")
    try:
        account.refresh_from_db(from_queryset=rows)
    except Account.DoesNotExist:
        raise not_theirs() from None


def demand_staff(actor: Actor, what: str) -> None:
    """Refuse to all but staff.

    Raises:
        NotTheirs: a customer or an account asks.
    """
    if not actor.is_staff:
        raise NotTheirs(f"only staff may {what}; ask your operator")


def demand_customer(actor: Actor, customer: Customer | int) -> None:
    """Staff, or the customer themselves.

    Raises:
        NotTheirs: another customer, or an account.
    """
    pk = customer if isinstance(customer, int) else customer.pk
    if not actor.is_staff and (actor.realm is not Realm.CUSTOMER or actor.customer_id != pk):
        raise not_theirs()


def demand_account(actor: Actor, account: Account) -> None:
    """Staff, the account's customer, or the account itself; and it has not ended.

    Raises:
        NotTheirs: anybody else.
        BlockedByStaff: staff blocked it, and it is not staff who ask.
        BadInput: the account has ended.
    """
    if not actor.is_staff:
        if actor.customer_id != account.customer_id or (
            actor.realm is Realm.ACCOUNT and actor.account_id != account.pk
        ):
            raise not_theirs()
        if account.state == AccountState.BLOCKED and account.blocked_by == BlockedBy.STAFF:
            raise BlockedByStaff(f"account {account.code} is blocked by your operator; ask them")
    demand_in_use(account)


def demand_in_use(account: Account) -> None:
    """Refuse what has ended.

    Raises:
        BadInput: the account has ended, which is for good.
    """
    if account.state == AccountState.TERMINATED:
        raise BadInput(f"account {account.code} has ended, which is for good; open another one")


def demand_open(customer: Customer) -> None:
    """Refuse new things to a customer who is closed.

    Raises:
        BadInput: the customer is closed.
    """
    if customer.state == CustomerState.CLOSED:
        raise BadInput(f"customer {customer.code} is closed; nothing is opened or given any more")


def not_theirs() -> NotTheirs:
    """The refusal that tells nothing."""
    return NotTheirs("there is nothing of yours by that name; see what you have, and name one of it")
