"""From bytes to records: blocks that cut lines, notes between records, lines that are none."""

import json
from pathlib import Path

import polars as pl
import pytest

from tollbook.connectors.portabilling import reading
from tollbook.connectors.portabilling.options import Services
from tollbook.connectors.portabilling.reading import note_line, read_usage
from tollbook.records import USAGE


def xdr(nth: int, i_customer: int = 7) -> bytes:
    known = {
        "i_xdr": nth,
        "i_customer": i_customer,
        "i_account": 70 + i_customer,
        "CLI": "48220000500",
        "CLD": "112",
    }
    times = {"unix_connect_time": 1_496_318_400 + nth, "unix_disconnect_time": 1_496_318_460 + nth}
    return json.dumps({**known, **times, "charged_amount": 0.1, "i_service": 3, "bit_flags": 4}).encode() + b"\n"


def read(file: Path, evidence: bytes) -> pl.DataFrame:
    file.write_bytes(evidence)
    return pl.concat([batch.usage for batch in read_usage(file, Services(), batch_rows=10, is_complete=True)])


@pytest.mark.parametrize("block_bytes", [50, 333, 5_000])
def test_it_makes_no_difference_where_a_block_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block_bytes: int
) -> None:
    lines = [xdr(nth, nth % 3) for nth in range(60)]
    lines[20:20] = [note_line("1", "PLN"), b"{oops\n", b"\n"]
    evidence = b"".join([note_line("0", "EUR"), *lines])
    whole = read(tmp_path / "whole", evidence)
    monkeypatch.setattr(reading, "BLOCK_BYTES", block_bytes)
    pieces = read(tmp_path / "pieces", evidence)
    assert pieces["line"].to_list() == [*range(2, 22), 23, *range(25, 65)]
    # A note holds for what follows it; in one block it holds for all of it.
    assert pieces.drop("platform_currency").equals(whole.drop("platform_currency"))
    assert pieces.filter(pl.col("line") > 24, pl.col("tenant_ref") == "1")[
        "platform_currency"
    ].unique().to_list() == ["PLN"]


def test_a_customers_currency_changes_nothing_for_another(tmp_path: Path) -> None:
    evidence = note_line("7", "EUR") + xdr(1) + note_line("8", "PLN") + xdr(2, 8) + xdr(3) + xdr(4, 9)
    assert read(tmp_path / "x", evidence)["platform_currency"].to_list() == ["EUR", "PLN", "EUR", None]


def test_many_broken_lines_cost_no_good_one(tmp_path: Path) -> None:
    broken = [b"null\n", b'"text"\n', b"{}{}\n", b'{"i_xdr": 1\n', b"\xc3\x28\n", b"1\n", b"\x00\n"]
    lines = [line for nth in range(200) for line in (xdr(nth), broken[nth % len(broken)])]
    usage = read(tmp_path / "x", b"".join(lines))
    assert usage.schema == USAGE
    assert usage["line"].to_list() == list(range(1, 401))
    good = usage.filter(pl.col("defect").is_null())
    assert good["record_key"].to_list() == [str(nth) for nth in range(200)]
    assert set(usage.filter(pl.col("defect").is_not_null())["defect"]) == {"unreadable"}
    assert "\0" not in "".join(usage["defect_detail"].drop_nulls())


def test_a_note_that_is_no_note_of_ours_is_harmless(tmp_path: Path) -> None:
    usage = read(tmp_path / "x", b'{"note":"customer"}\n' + xdr(1))
    assert usage.select("line", "platform_currency").rows() == [(2, None)]
