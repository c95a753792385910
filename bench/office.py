"""An operator's database to import into: price list, customers, accounts; and fresh copies of it.

It is the embedded server with the settings that everybody gets, in a home inside the folder of the run. Django is
set up when this module is first used, so nothing else of the benchmarks waits for it.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import psycopg

from bench.data import FIRST_NUMBER, KIND
from bench.workshop import Workshop
from tollbook.cli.database import open_database
from tollbook.rating.frames import TariffSettings

NOW = datetime(2026, 2, 1, 12, tzinfo=UTC)
TEMPLATE = "tollbook"
ACCOUNTS_PER_CUSTOMER = 2
TAX_PERCENT = 23
BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Copied:
    """A table as a finished file of exactly the rows an import wrote."""

    table: str
    columns: str
    path: Path
    rows: int


class Office:
    """The server of a run. One database at a time is in use; the names of others are kept by the caller."""

    def __init__(self, shop: Workshop) -> None:
        home = shop.folder / "home"
        os.environ["TOLLBOOK_HOME"] = str(home)
        os.environ.pop("DATABASE_URL", None)
        open_database()
        from django.db import transaction  # noqa: PLC0415  Django is set up by now

        from tollbook.connections.models import Connection  # noqa: PLC0415

        if not Connection.objects.exists():
            with transaction.atomic():
                _fill(shop.price_list(), shop.accounts)
        self._folder = shop.folder

    @contextmanager
    def copy(self, name: str, of: str = TEMPLATE, *, account_index: bool = True) -> Iterator[None]:
        """A copy of a database to work in, dropped afterwards; with nothing left to write to disk."""
        self.make(name, of)
        try:
            if not account_index:
                self.execute("DROP INDEX usage_by_account")
            self.execute("CHECKPOINT")
            yield
        finally:
            self.drop(name)

    def make(self, name: str, of: str = TEMPLATE) -> None:
        """Make a copy of a database, and work in it from now on."""
        self._administer(f"CREATE DATABASE {name} TEMPLATE {of} STRATEGY file_copy")
        self._use(name)

    def drop(self, name: str) -> None:
        """Drop a copy; the template is in use then."""
        self._administer(f"DROP DATABASE {name} WITH (FORCE)")

    def execute(self, statement: str) -> None:
        """Run a statement in the database in use."""
        from django.db import connection  # noqa: PLC0415  Django is set up by now

        with connection.cursor() as cursor:
            cursor.execute(statement)

    def import_file(self, path: Path) -> float:
        """Import a file of calls; the seconds it took."""
        from tollbook.connections.models import Connection  # noqa: PLC0415
        from tollbook.jobs.import_usage import import_usage  # noqa: PLC0415

        began = time.perf_counter()
        import_usage(Connection.objects.get(), path, now=NOW)
        return time.perf_counter() - began

    def save(self, table: str, order: str) -> Copied:
        """The rows of a table as a CSV file."""
        from django.db import connection  # noqa: PLC0415

        path = self._folder / f"{table}.copy"
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {table} LIMIT 0")
            columns = ", ".join(column.name for column in cursor.description)
            statement = f"COPY (SELECT {columns} FROM {table} ORDER BY {order}) TO STDOUT (FORMAT csv)"
            with path.open("wb") as file, cursor.copy(statement) as copy:
                for block in copy:
                    file.write(block)
            rows = cursor.rowcount
        return Copied(table, columns, path, rows)

    def load(self, copied: Copied) -> float:
        """COPY a finished file into its table; the seconds it took."""
        from django.db import connection  # noqa: PLC0415

        statement = f"COPY {copied.table} ({copied.columns}) FROM STDIN (FORMAT csv)"
        began = time.perf_counter()
        with copied.path.open("rb") as file, connection.cursor() as cursor, cursor.copy(statement) as copy:
            while block := file.read(BLOCK_BYTES):
                copy.write(block)
        return time.perf_counter() - began

    def _use(self, name: str) -> None:
        from django.db import connection  # noqa: PLC0415

        connection.close()
        connection.settings_dict["NAME"] = name

    def _administer(self, statement: str) -> None:
        """Run a statement about databases: from another one, and with nobody connected to the template."""
        from django.db import connection  # noqa: PLC0415

        self._use(TEMPLATE)
        address = connection.get_connection_params()
        with psycopg.connect(
            host=address["host"], port=address["port"], user=address["user"], dbname="postgres", autocommit=True
        ) as server:
            server.execute(statement.encode())


def _fill(rates: pl.DataFrame, accounts: int) -> None:
    """Price list, product, connection, customers, accounts and their numbers."""
    from tollbook.catalog.operations import import_tariff_version, set_product  # noqa: PLC0415
    from tollbook.connections.models import Connection  # noqa: PLC0415
    from tollbook.customers.models import Account, Customer, Number  # noqa: PLC0415

    import_tariff_version(
        name="standard",
        rates=rates,
        settings=TariffSettings(),
        holidays={},
        active_from=None,
        recorded_at=NOW,
        source_name="rates.csv",
        source_sha256="0" * 64,
    )
    product = set_product(code="voice", name="Voice", tariffs={KIND: "standard"})
    Connection.objects.create(name="switch", layout="tollbook", match_by=["number"])
    customers = Customer.objects.bulk_create(
        Customer(code=f"C{number}", name=f"Customer {number}", currency="EUR", tax_rate=TAX_PERCENT)
        for number in range(-(-accounts // ACCOUNTS_PER_CUSTOMER))
    )
    made = Account.objects.bulk_create(
        Account(code=f"A{number}", product=product, customer=customers[number // ACCOUNTS_PER_CUSTOMER])
        for number in range(accounts)
    )
    Number.objects.bulk_create(
        Number(account=account, digits=FIRST_NUMBER + number) for number, account in enumerate(made)
    )
