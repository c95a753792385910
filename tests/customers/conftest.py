"""Sheets written as people write them, and a customer and a product for the accounts in them."""

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from tollbook.catalog.models import Product
from tollbook.customers.models import Customer


@pytest.fixture
def sheet_file(tmp_path: Path) -> Callable[[str | bytes], Path]:
    """`sheet_file(text)` is the path of a CSV with this text; bytes are taken as they are."""

    def write(text: str | bytes) -> Path:
        path = tmp_path / "sheet.csv"
        path.write_bytes(text if isinstance(text, bytes) else dedent(text).lstrip("\n").encode())
        return path

    return write


@pytest.fixture
def two_customers(db: None) -> None:
    """acme in Warsaw, beta in London; the product `office`."""
    Customer.objects.create(code="acme", name="Acme", currency="PLN", timezone="Europe/Warsaw")
    Customer.objects.create(code="beta", name="Beta", currency="GBP", timezone="Europe/London")
    Product.objects.create(code="office", name="Office")
    Product.objects.create(code="mobile", name="Mobile")
