"""Price lists written as people write them, read back as the rating engine's table."""

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from tollbook.catalog.price_list import PriceList, PriceListMapping, read_price_list
from tollbook.rating.frames import TariffSettings

Read = Callable[..., PriceList]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """`read(sheet)` is the price list with this text; bytes are taken as they are."""

    def read_sheet(
        sheet: str | bytes,
        *,
        timezone: str = "UTC",
        mapping: PriceListMapping | None = None,
        skip_bad_rows: bool = False,
    ) -> PriceList:
        path = tmp_path / "rates.csv"
        path.write_bytes(sheet if isinstance(sheet, bytes) else dedent(sheet).lstrip("\n").encode())
        return read_price_list(
            path, settings=TariffSettings(timezone=timezone), mapping=mapping, skip_bad_rows=skip_bad_rows
        )

    return read_sheet
