"""Where a call went that no price list names: to a country, or nowhere."""

import polars as pl
import pytest

from tollbook.billing.queries import destinations


@pytest.mark.parametrize(
    ("kind", "cld", "destination"),
    [
        ("voice_out", "48800000000", "Poland"),
        ("voice_out", "6834000", "Niue"),  # as short as whole numbers get
        ("voice_out", "112", ""),  # help, and not North America
        ("voice_out", "911", ""),  # nor India
        ("sms_out", "48123", ""),  # a short code
        ("voice_local", "2120", ""),  # an extension, and not Morocco
        ("voice_local", "441514960135", ""),  # an account that is named like a number
        ("voice_in", "48221000001", ""),
        ("data", "internet", ""),
    ],
)
def test_only_a_whole_number_that_is_called_is_of_a_country(kind: str, cld: str, destination: str) -> None:
    calls = pl.DataFrame(
        {"kind": [kind], "cld": [cld], "destination": pl.Series([None], dtype=pl.String)},
    )

    assert (destinations(calls, "en")[0] or "") == destination
