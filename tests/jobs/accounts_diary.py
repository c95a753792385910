"""SIM cards of a platform and accounts here, as tests tell of them. 100 and 200 are acme and beta; 300 is nobody's."""

from django.db.models import F

from tests.jobs.platform import Diary
from tollbook.catalog.models import Product
from tollbook.customers.models import Account, AccountEvent, AccountLink, Customer, Number
from tollbook.customers.operations import pair

ONE, TWO, THREE = "48601000001", "48601000002", "48601000003"


def open_diary() -> Diary:
    diary = Diary()
    for foreign, code in (("100", "acme"), ("200", "beta")):
        customer = diary.here(code)
        pair(customer=customer, connection=diary.connection, foreign=foreign, by="ann", why="", now=diary.day)
    return diary


def accounts() -> list[str]:
    """Every account as `customer/code state from until`."""
    return [
        f"{one.customer.code}/{one.code} {one.state}{'/' + one.blocked_by if one.blocked_by else ''} "
        f"{_day(one.active_from)} {_day(one.active_until)}"
        for one in Account.objects.select_related("customer").order_by("pk")
    ]


def numbers() -> list[str]:
    """Every number as `code +digits from until`."""
    found = Number.objects.select_related("account").order_by(
        "digits", F("active_from").asc(nulls_first=True), "pk"
    )
    return [f"{one.account.code} +{one.digits} {_day(one.active_from)} {_day(one.active_until)}" for one in found]


def links() -> list[str]:
    """Every link as `foreign=code from until`."""
    return [
        f"{one.foreign_id}={one.account.code} {_day(one.active_from)} {_day(one.active_until)}"
        for one in AccountLink.objects.select_related("account").order_by("pk")
    ]


def everything() -> list[list[tuple[object, ...]]]:
    """All that a sync writes, without when it last looked."""
    link_fields = [field.name for field in AccountLink._meta.fields if field.name != "seen_at"]
    return [
        list(Account.objects.order_by("pk").values_list()),
        list(Number.objects.order_by("pk").values_list()),
        list(AccountLink.objects.order_by("pk").values_list(*link_fields)),
        list(AccountEvent.objects.order_by("pk").values_list()),
    ]


def own_account(customer: str, code: str, *digits: str) -> Account:
    made = Account.objects.create(
        customer=Customer.objects.get(code=customer), code=code, product=Product.objects.get()
    )
    for number in digits:
        Number.objects.create(account=made, digits=int(number))
    return made


def _day(moment: object) -> str:
    return f"{moment:%m-%d}" if moment else "-"
