"""Why a stored record costs what it costs, or why it has no price."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import polars as pl

from tollbook.catalog.models import TariffVersion
from tollbook.catalog.queries import compiled_version
from tollbook.customers.models import Account
from tollbook.errors import BadInput
from tollbook.jobs.explain_included import included_in
from tollbook.jobs.rate_usage import NO_RATES
from tollbook.rating.explain import Explanation, explanation, rebuild
from tollbook.usage.models import ImportRun
from tollbook.usage.queries import records_by_id


@dataclass(frozen=True, slots=True)
class ExplainedRecord:
    """A record, where it came from, whose it is, and its way to its price."""

    record: int
    file: str
    line: int
    run: int
    connection: str
    customer: str | None
    account: str | None
    tariff: str | None
    version: int | None
    base_tariff: str | None  # whose rates a derived tariff takes, with its markup
    base_version: int | None
    outcome: str
    reason: str | None
    detail: str | None
    price: Explanation | None  # none for a record that was taken back before it had a price

    def to_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)

    def as_text(self) -> str:
        """The record in a few lines of English."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield f"record {self.record}: {self.file}, line {self.line} (run {self.run}, connection {self.connection})"
        if self.customer:
            yield f"customer {self.customer}, account {self.account}"
        if self.tariff:
            base = f", derived from {self.base_tariff}, version {self.base_version}" if self.base_tariff else ""
            yield f"tariff {self.tariff}, version {self.version}{base}"
        if self.outcome == "superseded":
            yield "superseded: the platform has corrected this record, and what it charged was taken back"
        if self.outcome == "undone":
            yield "undone: its import was undone, and what it charged was taken back"
        if self.price:
            yield self.price.as_text()
        if self.detail:
            yield self.detail


def explain_record(record_id: int) -> ExplainedRecord:
    """The explanation of a record, made from the tariff version it was priced with.

    Raises:
        BadInput: there is no such record.
        AssertionError: the version does not give the price that was charged. That is never to happen.
    """
    found = records_by_id(pl.Series([record_id]))
    if found.is_empty():
        raise BadInput(
            f"there is no usage record {record_id}; `tollbook set-aside list -n 10` names some that wait"
        )
    record = found.row(0, named=True)
    run = ImportRun.objects.select_related("connection", "evidence").get(pk=record["run_id"])
    account = Account.objects.select_related("customer").filter(pk=record["account_id"]).first()
    versions = TariffVersion.objects.select_related("tariff", "base_version__tariff")
    version = versions.filter(pk=record["tariff_version_id"]).first()
    base = version.base_version if version else None
    return ExplainedRecord(
        record=record_id,
        file=run.evidence.name,
        line=record["line"],
        run=run.pk,
        connection=run.connection.name,
        customer=account.customer.code if account else None,
        account=f"{account.code} {account.name}".strip() if account else None,
        tariff=version.tariff.name if version else None,
        version=version.number if version else None,
        base_tariff=base.tariff.name if base else None,
        base_version=base.number if base else None,
        outcome=record["outcome"],
        reason=record["reason"],
        detail=record["detail"],
        price=_price(record),
    )


def _price(record: dict[str, Any]) -> Explanation | None:
    version_id, charged_nanos = record["tariff_version_id"], record["price_nanos"]
    was_taken_back = record["outcome"] in {"superseded", "undone"}
    if version_id is None:
        if was_taken_back:
            return None
        return explanation(record | {"known_reason": record["reason"]}, NO_RATES)
    tariff = compiled_version(version_id)
    included, allowances, tiers = included_in(record, tariff)
    explained = explanation(record | included, tariff, allowances, tiers)
    if charged_nanos is not None and rebuild(explained).price_nanos != charged_nanos:
        if was_taken_back:  # with what it had taken of included usage, which others may have by now
            return None
        raise AssertionError(f"record {record['id']} was charged {charged_nanos}, its tariff gives {explained}")
    return explained
