"""Why a stored record costs what it costs."""

import polars as pl

from tollbook.catalog.queries import compiled_version
from tollbook.errors import BadInput
from tollbook.rating.explain import Explanation, explanation, rebuild
from tollbook.usage.queries import records_by_id


def explain_record(record_id: int) -> Explanation:
    """The explanation of a record, made from the tariff version it was priced with.

    Raises:
        BadInput: there is no such record, or it never got as far as a tariff: the message says why.
        AssertionError: the version does not give the price that was charged. That is never to happen.
    """
    found = records_by_id(pl.Series([record_id]))
    if found.is_empty():
        raise BadInput(f"there is no usage record {record_id}")
    record = found.row(0, named=True)
    if record["tariff_version_id"] is None:
        detail = f" ({record['detail']})" if record["detail"] else ""
        raise BadInput(f"record {record_id} was not priced: {record['outcome']}, {record['reason']}{detail}")
    tariff = compiled_version(record["tariff_version_id"])
    explained = explanation(record, tariff)
    if record["price_nanos"] is not None and rebuild(explained).price_nanos != record["price_nanos"]:
        raise AssertionError(
            f"record {record_id} was charged {record['price_nanos']}, its tariff gives {explained}"
        )
    return explained
