"""Broken files: an error that names file and reason, or every record accounted for."""

import codecs
from pathlib import Path

import polars as pl
import pytest

from tests.connectors.files.broken import broken_files, physical_records
from tests.connectors.files.reading import Read, read_all
from tollbook.errors import BadInput


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, Path, str, bool]]:
    return broken_files(tmp_path_factory.mktemp("broken"))


@pytest.mark.req("X3")
def test_every_broken_file_is_refused_by_name_or_all_its_lines_are_accounted_for(
    broken: list[tuple[str, Path, str, bool]],
) -> None:
    results = {name: read_or_refused(path, layout, complete=complete) for name, path, layout, complete in broken}

    for name, path, layout, _ in broken:
        result = results[name]
        if isinstance(result, str):
            assert result.startswith(str(path)), name
            assert len(result) > len(str(path)) + 20, name
        else:
            assert_records_say_what_they_are(result.usage, name)
            assert_every_line_is_there(path.read_bytes(), result, layout, name)
    assert len(results) >= 90
    assert sum(isinstance(result, str) for result in results.values()) >= 20
    assert sum(isinstance(result, Read) for result in results.values()) >= 50


def read_or_refused(path: Path, layout: str, *, complete: bool) -> Read | str:
    try:
        return read_all(path, layout, complete=complete)
    except BadInput as error:
        return str(error)


def assert_records_say_what_they_are(usage: pl.DataFrame, name: str) -> None:
    lines = usage["line"].to_list()
    assert lines == sorted(set(lines)), name
    assert usage["record_key"].null_count() == 0, name
    details = usage.filter(pl.col("defect").is_not_null())["defect_detail"].to_list()
    assert all(detail and detail.startswith("line ") and "\0" not in detail for detail in details), name


def assert_every_line_is_there(data: bytes, result: Read, layout: str, name: str) -> None:
    """Every line but the header begins a record, or goes on with one that the line before it left open in quotes."""
    if data.startswith((codecs.BOM_UTF16_LE, b"\x1f\x8b", b"PK", b"\x28\xb5\x2f\xfd")):
        return
    expected = set(physical_records(data))
    if layout == "tollbook":
        expected.discard(min(expected))
    if result.unfinished is not None:
        expected.discard(max(expected))
        assert data.endswith(result.unfinished), name
    lines = set(result.usage["line"].to_list())
    text = data.split(b"\n")
    assert lines <= expected, name
    assert all(text[missing - 2].count(b'"') % 2 for missing in expected - lines), name


def test_good_records_beside_a_broken_one_are_still_read(broken: list[tuple[str, Path, str, bool]]) -> None:
    paths = {name: (path, layout) for name, path, layout, _ in broken}
    for damage in ("nul", "in-no-encoding", "two-megabytes-in-a-line", "column-missing"):
        for layout in ("tollbook", "asterisk", "freeswitch-default"):
            usage = read_all(paths[f"{layout}: {damage}"][0], layout).usage
            assert usage.height == 40, (layout, damage)
            assert usage["defect"].null_count() == 39, (layout, damage)
