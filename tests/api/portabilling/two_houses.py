"""Two customers with something of everything: one calls the API, and nothing of the other may be seen or touched.

Ids of the other's rows are from a range of their own, and all their texts have a word that is nowhere else, so that
anything of theirs is known wherever it turns up.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from django.apps import apps
from django.db import connection

from tests.jobs.office import PRICES, price_tariff
from tollbook.access.models import RealmName
from tollbook.access.operations import add_user
from tollbook.access.sessions import open_session
from tollbook.billing.models import Invoice, MoneyAction
from tollbook.billing.operations import set_seller
from tollbook.billing.operations.money import enter_money
from tollbook.billing.operations.subscriptions import subscribe
from tollbook.catalog.models import Allowance, DestinationGroup, Product, SubscriptionPlan
from tollbook.catalog.operations import set_product
from tollbook.connections.models import Connection
from tollbook.credit.operations import suspend
from tollbook.customers.actors import staff
from tollbook.customers.models import Account, Customer, CustomField, DialCode
from tollbook.customers.operations.agreements import set_agreement
from tollbook.customers.operations.customers import add_customer
from tollbook.customers.operations.extensions import add_hunt_group
from tollbook.customers.operations.numbers import add_to_stock, give_number
from tollbook.jobs.change_account import change_account
from tollbook.jobs.import_usage import import_usage
from tollbook.jobs.issue_invoices import issue_invoices
from tollbook.jobs.open_account import open_account

JUNE = datetime(2017, 6, 1, tzinfo=UTC)
JULY = datetime(2017, 7, 3, 12, tzinfo=UTC)
BOSS = staff("boss")
SECRET_WORD = "zqx"  # in every text of theirs that nobody else can know
KNOWN_WORD = "zqk"  # in their codes and logins, which somebody may guess and send
THEIR_IDS = range(7_000_000_000, 8_000_000_000)
NEW_IDS = 3_000_000_000  # of what is made afterwards
NO_ID = 9_000_000_001  # of nothing at all
THEIR_DIGITS = range(48_777_000_000, 48_778_000_000)
ALIASES = 1_000_000_000_000
HEAD = "record_id,start,duration_s,cld,cli,account,answered"


@dataclass
class House:
    """A customer, and what the texts of it are made of."""

    customer: Customer
    accounts: list[Account]
    texts: list[str] = field(default_factory=list)  # codes, logins and numbers: what somebody else may guess


def settle(folder: Path) -> tuple[House, House]:
    """Mine and theirs."""
    price_tariff("standard", PRICES, folder)
    set_product(code="voice", name="Voice", tariffs={"voice_out": "standard", "voice_in": None})
    set_seller(name="Operator", country="PL", logo=None)
    CustomField.objects.create(of="customer", name="Segment")
    CustomField.objects.create(of="account", name="Desk")
    Connection.objects.create(
        name="switch", layout="tollbook", number_rules={"country": "PL"}, match_by=["account"]
    )
    mine = _house(folder, known="mine", secret="mine", first_digits=48_221_000_001)
    count_from(THEIR_IDS.start)
    theirs = _house(folder, known=KNOWN_WORD, secret=SECRET_WORD, first_digits=THEIR_DIGITS.start + 1)
    return mine, theirs


def _house(folder: Path, *, known: str, secret: str, first_digits: int) -> House:
    price_tariff(f"{secret} tariff", PRICES, folder)
    plan = SubscriptionPlan.objects.create(
        code=f"{secret}-plan", name=f"{secret} plan", currency="EUR", fee=Decimal(6)
    )
    group = DestinationGroup.objects.create(name=f"{secret} group", prefixes=["44"])
    Allowance.objects.create(plan=plan, name=f"{secret} minutes", kind="voice_out", amount=600, group=group)
    set_product(
        code=f"{secret}-pbx", name=f"{secret} PBX", tariffs={"voice_out": f"{secret} tariff", "voice_in": None}
    )
    own = Product.objects.get(code=f"{secret}-pbx")
    Product.objects.filter(pk=own.pk).update(plan=plan)
    own.refresh_from_db()
    recording = Product.objects.create(
        code=f"{secret}-rec", name=f"{secret} recording", is_addon=True, goes_with_any=True
    )
    customer = add_customer(
        actor=BOSS, code=f"{known}-customer", name=f"{secret} Ltd", currency="EUR", now=JUNE,
        street=f"{secret} street", city=f"{secret} city", email=f"{secret}@example.org", tax_id=f"{secret}1",
        timezone="Europe/Warsaw", country="PL",
        details={"phone1": f"{secret} phone", "firstname": f"{secret} first", "refnum": f"{known}-ref"},
        custom={str(CustomField.objects.get(of="customer").pk): f"{secret} segment"},
        features={f"{secret}_feature": {"flag": "Y", "attributes": {"a": [f"{secret} value"]}}},
    )  # fmt: skip
    voice = Product.objects.get(code="voice")
    set_agreement(customer=customer, conditions={voice: None, own: 7, recording: None}, by="boss", now=JUNE)
    numbers = [first_digits + nth for nth in range(3)]
    for digits in numbers:
        number = add_to_stock(digits=digits, by="boss", now=JUNE, description=f"{secret} number")
        give_number(number=number, customer=customer, by="boss", now=JUNE)
    accounts = [_account(customer, own, known, secret, nth, digits) for nth, digits in enumerate(numbers[:2])]
    change_account(actor=BOSS, account=accounts[0], addons=[recording], now=JUNE)
    extensions = [account.extension for account in accounts]
    add_hunt_group(
        actor=BOSS, customer=customer, name=f"{secret} sales", number="600", members=extensions, now=JUNE
    )
    DialCode.objects.create(customer=customer, code="81", number=f"{secret}1", name=f"{secret} code")
    for account in accounts:
        DialCode.objects.create(customer=customer, account=account, code="82", number="1", name=f"{secret} friend")
    subscribe(customer=customer, plan=plan, by="boss", now=JUNE)
    subscribe(customer=customer, plan=plan, account=accounts[0], by="boss", now=JUNE)
    _calls(folder, known, accounts)
    texts = {"reference": f"{known}-reference", "comment": f"{secret} comment", "note": f"{secret} note"}
    enter_money(
        customer=customer, account=accounts[0], action=MoneyAction.PAYMENT, amount=Decimal(5), by="boss", now=JULY,
        **texts,
    )  # fmt: skip
    issue_invoices(seller=set_seller(name="Operator", country="PL", logo=None), month=date(2017, 6, 1),
                   issued_on=date(2017, 7, 1), now=JULY)  # fmt: skip
    suspend(customer=customer, account=accounts[1], why=f"{secret} reason", by="boss", now=JULY)
    _logins(customer, accounts, known, secret)
    codes = [account.code for account in accounts]
    logins = [f"{known}-login", *(f"{known}-login{nth}" for nth in range(2))]
    invoices = Invoice.objects.filter(customer=customer).values_list("number", flat=True)
    return House(
        customer, accounts, [customer.code, f"{known}-ref", *codes, *logins, *map(str, numbers), *invoices]
    )


def _account(customer: Customer, product: Product, known: str, secret: str, nth: int, digits: int) -> Account:
    account = open_account(
        actor=BOSS, customer=customer, product=product, code=f"{known}-account{nth}", extension=f"10{nth}",
        name=f"{secret} desk {nth}", numbers=[digits], now=JUNE, email=f"{secret}{nth}@example.org",
        service_password=f"{secret}Service1", details={"phone1": f"{secret} phone"},
        custom={str(CustomField.objects.get(of="account").pk): f"{secret} desk"},
        features={f"{secret}_feature": {"flag": "Y", "attributes": {}}},
    )  # fmt: skip
    forward = {"id": 1, "number": f"{secret}1", "name": f"{secret} home", "ring_s": 15, "is_active": True}
    return change_account(actor=BOSS, account=account, now=JUNE, follow_me=[forward])


def _calls(folder: Path, known: str, accounts: list[Account]) -> None:
    rows = [HEAD]
    for account in accounts:
        rows += [
            f"{SECRET_WORD if known == KNOWN_WORD else known}-{account.code}-{nth},2017-06-1{nth}T08:00:00Z,61,"
            f"442079460000,4822100000{nth},{account.code},{'yes' if nth else 'no'}"
            for nth in range(3)
        ]
    path = folder / f"{known}.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    import_usage(Connection.objects.get(name="switch"), path, now=JULY)


def _logins(customer: Customer, accounts: list[Account], known: str, secret: str) -> None:
    user = add_user(
        realm=RealmName.CUSTOMER, customer=customer, login=f"{known}-login", password="Right12345", now=JULY,
        name=f"{secret} name", email=f"{secret}@example.org",
    )  # fmt: skip
    open_session(user, address="192.0.2.7", now=JULY)
    for nth, account in enumerate(accounts):
        add_user(
            realm=RealmName.ACCOUNT, account=account, login=f"{known}-login{nth}", password="Right12345", now=JULY
        )


def count_from(first: int) -> None:
    """Let every table's next id be from here, each table's from a place of its own."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT setval(format('%%I.%%I', schemaname, sequencename)::regclass, %s + place * 1000000)
              FROM (SELECT *, row_number() OVER (ORDER BY sequencename) AS place FROM pg_sequences) AS all_of_them
             WHERE max_value > 10000000000 AND schemaname = 'public'
            """,
            [first],
        )


def their_ids() -> dict[str, list[int]]:
    """Ids of theirs by table, a few of each."""
    found: dict[str, list[int]] = {}
    for model in apps.get_models():
        if model._meta.pk is not None and model._meta.pk.get_internal_type() in (
            "BigAutoField",
            "BigIntegerField",
        ):
            ids = model._base_manager.filter(pk__gte=THEIR_IDS.start, pk__lt=THEIR_IDS.stop).order_by("pk")
            found[model._meta.db_table] = list(ids.values_list("pk", flat=True)[:2])
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM usage_usagerecord WHERE id >= %s ORDER BY id LIMIT 2", [THEIR_IDS.start])
        found["usage_usagerecord"] = [row[0] for row in cursor.fetchall()]
    return {table: ids for table, ids in found.items() if ids}


def traces(text: str) -> Iterator[str]:
    """What of theirs is in a text."""
    if SECRET_WORD in text or KNOWN_WORD in text:
        yield from re.findall(rf"[^\"]*(?:{SECRET_WORD}|{KNOWN_WORD})[^\"]*", text)[:3]
    for digits in re.findall(r"\d{10,18}", text):
        number = int(digits)
        if (
            number in THEIR_IDS
            or number // 2 in THEIR_IDS
            or number - ALIASES in THEIR_IDS
            or number in THEIR_DIGITS
        ):
            yield digits


def fingerprint() -> dict[str, str]:
    """Every row that is theirs or refers to them, table by table."""
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(_of_each_table()))
        return {table: digest for table, digest in cursor.fetchall() if digest}


def _of_each_table() -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT c.relname, array_agg(a.attname::text) FROM pg_class c
              JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'
              JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND a.atttypid = 'bigint'::regtype
             WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND NOT a.attisdropped
               AND (a.attname = 'id' OR a.attname LIKE '%%\\_id' OR a.attname = 'digits')
             GROUP BY c.relname ORDER BY c.relname
            """
        )
        tables = cursor.fetchall()
    for table, columns in tables:
        theirs = " OR ".join(
            f"{column} BETWEEN {span.start} AND {span.stop - 1}"
            for column in columns
            for span in [THEIR_DIGITS if column == "digits" else THEIR_IDS]
        )
        rows = f"SELECT t::text AS one FROM {table} t WHERE {theirs}"
        yield f"SELECT '{table}', md5(string_agg(one, '|' ORDER BY one)) FROM ({rows}) AS {table}_rows"
