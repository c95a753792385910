"""What every connector does with messages that its platform sends by itself."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from tests.connectors.bench import Bench, by_key, packed, read
from tollbook.connectors.base import Feature
from tollbook.connectors.pushed import Pushed
from tollbook.rating.frames import NOT_USAGE_REASONS, SET_ASIDE_REASONS
from tollbook.records import KINDS

ANY_MOMENT = datetime(2017, 6, 1, tzinfo=UTC)
REASONS = [*NOT_USAGE_REASONS, *SET_ASIDE_REASONS]
BROKEN_LINES = (b'{"cut": \n', b"\xff\xfe\x00\n", b"[1, 2]\n")
BROKEN_BODIES = (
    b"",
    b"\xff\x00\xfe",
    b"{",
    b"<cdr>",
    b"[]",
    b"null",
    b"cdr=",
    b'{"deep":' + b"[" * 5_000 + b"]" * 5_000 + b"}",
    # Entities that would grow to gigabytes, and one that would fetch a file.
    b'<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;">]><cdr>&d;</cdr>',
    b'<!DOCTYPE a [<!ENTITY f SYSTEM "file:///etc/hostname">]><cdr><variables><uuid>&f;</uuid></variables></cdr>',
)


class PushContract:
    """A part of `ConnectorContract`, for connectors that offer PUSH. Their bench has messages."""

    def test_every_message_becomes_a_record_that_makes_sense(self, bench: Bench, tmp_path: Path) -> None:
        if not bench.messages:
            assert not bench.offers(Feature.PUSH), "a bench needs messages to try what comes by push"
            return
        lines = packed(bench.connector(), bench.messages)
        records = read(bench.connector(), b"".join(lines), tmp_path)
        assert set(records["line"]) == set(range(1, len(lines) + 1))
        assert records["record_key"].is_unique().all()
        assert records.filter(pl.col("defect").is_not_null(), ~pl.col("defect").is_in(REASONS)).is_empty()
        calls = records.filter(pl.col("defect").is_null())
        assert len(calls) == bench.calls
        assert calls.filter(~pl.col("kind").is_in(list(KINDS))).is_empty()
        assert calls["start"].null_count() == calls["answered"].null_count() == 0

    def test_messages_in_any_order_and_again_give_the_same_records(self, bench: Bench, tmp_path: Path) -> None:
        if not bench.messages:
            return
        whole = read(bench.connector(), b"".join(packed(bench.connector(), bench.messages)), tmp_path)
        for messages in (bench.messages[::-1], [*bench.messages, *bench.messages]):
            again = read(bench.connector(), b"".join(packed(bench.connector(), messages)), tmp_path)
            assert by_key(again).equals(by_key(whole))

    def test_a_message_that_is_none_is_set_aside_and_costs_no_other(self, bench: Bench, tmp_path: Path) -> None:
        if not bench.messages:
            return
        connector = bench.connector()
        whole = read(connector, b"".join(packed(connector, bench.messages)), tmp_path)
        broken = [Pushed(received_at=ANY_MOMENT, body=body) for body in BROKEN_BODIES]
        refs = [connector.call_of(message) for message in broken]
        assert all(isinstance(ref, str) for ref in refs)
        lines = packed(connector, [*broken, *bench.messages])
        disturbed = read(connector, b"".join([*lines, *BROKEN_LINES]), tmp_path)
        unreadable = disturbed.filter(pl.col("defect") == "unreadable")
        assert len(unreadable) == len(lines) + len(BROKEN_LINES) - len(packed(connector, bench.messages))
        assert unreadable["record_key"].is_unique().all()
        assert unreadable["defect_detail"].null_count() == 0
        others = disturbed.filter(~pl.col("record_key").is_in(unreadable["record_key"].implode()))
        assert by_key(others).equals(by_key(whole))

    @pytest.mark.parametrize("batch_rows", [1, 7])
    def test_messages_are_read_the_same_in_batches_of_any_size(
        self, bench: Bench, tmp_path: Path, batch_rows: int
    ) -> None:
        if not bench.messages:
            return
        evidence = b"".join(packed(bench.connector(), bench.messages[:40]))
        whole = read(bench.connector(), evidence, tmp_path)
        assert read(bench.connector(), evidence, tmp_path, batch_rows=batch_rows).equals(whole)
