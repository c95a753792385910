"""One invoice, worked out by hand, that each test changes where it needs to; and eyes to read the PDF with."""

import subprocess
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tollbook.billing.documents.invoice import (
    CALL_LIST,
    BankAccount,
    InvoiceDocument,
    InvoiceLine,
    Party,
    TaxCategory,
    TaxId,
    TaxIdKind,
    TaxRate,
    TaxTotal,
    Unit,
)

VAT_23 = TaxRate(Decimal(23))
EXEMPT = TaxRate(Decimal(0), TaxCategory.EXEMPT)

# service                destination            quantity unit            duration  net      rate    tax      gross
LINES = """
Abonament Biznes       | -                    | 2      | month         | -       | 98.00  | 23    | 22.54  | 120.54
Połączenia wychodzące  | Polska, komórkowe    | 10     | call          | 1200    | 5.80   | 23    | 1.33   | 7.13
Połączenia wychodzące  | Wielka Brytania      | 3      | call          | 4215    | 1.23   | 23    | 0.28   | 1.51
Korekta za maj         | -                    | -      | piece         | -       | -2.00  | 23    | -0.46  | -2.46
Szkolenie              | -                    | 1      | piece         | -       | 10.00  | zw.   | 0.00   | 10.00
"""

# Net 98.00 + 5.80 + 1.23 - 2.00 = 103.03; its tax is 23.6969, so 23.70.
TAX_TOTALS = (
    TaxTotal(tax_rate=VAT_23, net=Decimal("103.03"), tax=Decimal("23.70"), gross=Decimal("126.73")),
    TaxTotal(tax_rate=EXEMPT, net=Decimal("10.00"), tax=Decimal("0.00"), gross=Decimal("10.00")),
)

SELLER = Party(
    name="Łączność Bałtycka sp. z o.o.",
    address=("ul. Długa 12/4", "80-827 Gdańsk", "Polska"),
    tax_ids=(TaxId(TaxIdKind.NIP, "583-000-12-34"), TaxId(TaxIdKind.VAT, "PL5830001234")),
    contact=("+48 58 300 12 34", "faktury@baltycka.example"),
)
BUYER = Party(
    name="Transport „Żuraw” s.c.",
    address=("ul. Święty Marcin 118", "61-749 Poznań", "Polska"),
    tax_ids=(TaxId(TaxIdKind.NIP, "777-11-22-333"),),
)
BANK = BankAccount(bank_name="Bank Przykładowy S.A.", iban="PL61109010140000071219812874", bic="EXAMPLPP")


def read_lines(sheet: str) -> tuple[InvoiceLine, ...]:
    lines = []
    for row in sheet.strip().splitlines():
        service, destination, quantity, unit, duration, net, rate, tax, gross = map(str.strip, row.split("|"))
        lines.append(
            InvoiceLine(
                service=service,
                destination=None if destination == "-" else destination,
                quantity=None if quantity == "-" else Decimal(quantity),
                unit=Unit(unit),
                duration_s=None if duration == "-" else int(duration),
                net=Decimal(net),
                tax_rate=EXEMPT if rate == "zw." else TaxRate(Decimal(rate)),
                tax=Decimal(tax),
                gross=Decimal(gross),
            )
        )
    return tuple(lines)


@pytest.fixture
def call_list() -> Callable[[str], pl.DataFrame]:
    """Reads a list of calls: account | its name | start in UTC | to | destination | seconds | price."""

    def read(sheet: str) -> pl.DataFrame:
        rows = []
        for row in sheet.strip().splitlines():
            account, name, start, cld, destination, duration, price = map(str.strip, row.split("|"))
            rows.append(
                {
                    "account": account,
                    "account_name": None if name == "-" else name,
                    "kind": "voice_out",
                    "start": datetime.fromisoformat(start).replace(tzinfo=UTC),
                    "cli": account,
                    "cld": cld,
                    "destination": destination,
                    "duration_s": int(duration),
                    "quantity": None,
                    "price_nanos": int(Decimal(price).scaleb(9)),
                }
            )
        return pl.DataFrame(rows, schema=CALL_LIST)

    return read


@pytest.fixture
def many_calls() -> Callable[[int], pl.DataFrame]:
    """So many calls of one account, a minute each at 0.10."""

    def make(count: int) -> pl.DataFrame:
        first = datetime(2017, 6, 1, 8, tzinfo=UTC)
        return pl.DataFrame({"n": range(count)}).select(
            account=pl.lit("48225550100"),
            account_name=pl.lit("Recepcja"),
            kind=pl.lit("voice_out"),
            start=pl.lit(first).cast(CALL_LIST["start"]) + pl.duration(minutes="n"),
            cli=pl.lit("48225550100"),
            cld=pl.lit("48601234567"),
            destination=pl.lit("Polska, komórkowe"),
            duration_s=pl.lit(60, pl.Int64),
            quantity=pl.lit(None, pl.Int64),
            price_nanos=pl.lit(100_000_000, pl.Int64),
        )

    return make


@pytest.fixture
def invoice() -> Callable[..., InvoiceDocument]:
    """The invoice above; `lines` may be given as a sheet."""

    def make(**changes: Any) -> InvoiceDocument:
        facts: dict[str, Any] = {
            "number": "FV/2017/06/0001",
            "seller": SELLER,
            "buyer": BUYER,
            "issue_date": date(2017, 7, 1),
            "due_date": date(2017, 7, 15),
            "period_since": date(2017, 6, 1),
            "period_until": date(2017, 7, 1),
            "currency": "PLN",
            "lines": LINES,
            "tax_totals": TAX_TOTALS,
            "bank_account": BANK,
            "timezone": "Europe/Warsaw",
            **changes,
        }
        if isinstance(facts["lines"], str):
            facts["lines"] = read_lines(facts["lines"])
        return InvoiceDocument(**facts)

    return make


@pytest.fixture
def pages(tmp_path: Path) -> Callable[[bytes], list[str]]:
    """The text of each page as it lies on the paper, blanks run together."""

    def read(pdf: bytes) -> list[str]:
        file = tmp_path / "invoice.pdf"
        file.write_bytes(pdf)
        text = subprocess.run(["pdftotext", "-layout", file, "-"], check=True, capture_output=True).stdout.decode()
        return [
            "\n".join(" ".join(line.split()) for line in page.splitlines() if line.strip())
            for page in text.split("\f")[:-1]
        ]

    return read
