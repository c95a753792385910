"""A customer's extensions from one file: read, checked cell by cell, and made with numbers and fees, all or none."""

import time
from collections.abc import Iterator
from decimal import Decimal

from bench.goals import Comparison, Finding, Goal, WrongResult
from bench.office import NOW, Office
from bench.workshop import Workshop

ROWS = 5_000
FIRST_NUMBER = 4_822_000_000
UPLOAD = Goal(
    name="upload",
    what="5,000 extensions from one file within",
    limit=10,
    at_most=True,
    unit="s",
    meaning="Each row has a name, a number that was given to the customer, an address for notifications, a time zone"
    " and a product with a monthly fee, which is charged at once. The embedded server with its durable settings; one"
    " database transaction.",
)


def uploading(shop: Workshop) -> Iterator[Finding]:
    """Upload the file to a customer who has been given the numbers."""
    office = Office(shop)
    rows = shop.size(ROWS, least=100)
    shop.say(f"upload: {rows:,} extensions")
    with office.copy("uploading"):
        from tollbook.billing.models import Subscription  # noqa: PLC0415  Django is set up by now
        from tollbook.catalog.models import SubscriptionPlan  # noqa: PLC0415
        from tollbook.catalog.operations import set_product  # noqa: PLC0415
        from tollbook.customers.actors import staff  # noqa: PLC0415
        from tollbook.customers.models import Customer, NumberGrant, StockNumber  # noqa: PLC0415
        from tollbook.jobs.upload_extensions import upload_extensions  # noqa: PLC0415

        SubscriptionPlan.objects.create(code="pbx", name="PBX", currency="EUR", fee=Decimal(6))
        set_product(code="pbx", name="Cloud PBX", tariffs={}, plan="pbx")
        customer = Customer.objects.create(code="upload", name="Upload", currency="EUR")
        numbers = range(FIRST_NUMBER, FIRST_NUMBER + rows)
        stock = StockNumber.objects.bulk_create(StockNumber(digits=digits, added_at=NOW) for digits in numbers)
        NumberGrant.objects.bulk_create(
            NumberGrant(number=one, customer=customer, active_from=NOW) for one in stock
        )
        head = "Extension number,Name,DID numbers,Published,Email,Timezone,Product,Huntgroup\n"
        lines = (
            f"{10_000 + place},User {place},{digits},Y,a@example.com,Europe/Warsaw,Cloud PBX,\n"
            for place, digits in enumerate(numbers)
        )
        content = (head + "".join(lines)).encode()
        began = time.perf_counter()
        upload_extensions(
            actor=staff("bench"), customer=customer, file_name="extensions.csv", content=content, now=NOW
        )
        took = time.perf_counter() - began
        if Subscription.objects.filter(customer=customer).count() != rows:
            raise WrongResult("not every extension has its fee")
    yield Finding(UPLOAD, took, f"{rows / took:,.0f} rows/s")


UPLOADING = Comparison("upload", (UPLOAD,), uploading)
