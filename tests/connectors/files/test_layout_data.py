"""Layouts as people write them."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.connectors.files.reading import read_all
from tollbook.connectors.files.layout_data import layout_from_mapping, load_layout
from tollbook.errors import BadInput

DOCUMENT = Path(__file__).parents[3] / "docs" / "connectors" / "files.md"


def test_the_example_in_the_documentation_reads_what_it_says(tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)
    (tmp_path / "provider.toml").write_text(example, "utf-8")
    layout = load_layout(tmp_path / "provider.toml")

    lines = [
        "Id;Login;A number;B number;Date;Time;Length;Status;Service;Direction;Line;Target",
        "1;anna;48221234567;0048600700800;01.05.2024;12:00:00;00:01:01,5;OK;call;OUT;;",
        "2;;48600700800;48221234567;01.05.2024;12:00:00;00:00:30;OK;call;in;trunk-1;office",
        "3;anna;48221234567;48600700801;2024-05-01;12:00:00+02:00;;OK;SMS;OUT;;",
    ]
    usage = read_all("\n".join(lines).encode("cp1250"), layout).usage

    assert usage.select("record_key", "kind", "duration_us", "quantity", "cli", "cld", "account_ref").rows() == [
        ("1", "voice_out", 61_500_000, None, "48221234567", "600700800", "anna"),
        ("2", "voice_in", 30_000_000, None, "48600700800", "48221234567", "office"),
        ("3", "sms_out", None, 1, "48221234567", "48600700801", "anna"),
    ]
    assert usage["start"].dt.strftime("%H:%M").to_list() == ["10:00", "10:00", "10:00"]
    assert usage["defect"].to_list() == [None, None, None]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"strat": {}}, "layout 'layout': strat: is no part of a layout; those are name, description, file"),
        (
            {"start": {"colum": "x"}},
            "start.colum: is not known; there are columns, otherwise, formats, zone, ambiguous",
        ),
        ({"start": {"zone": "Mars/Base"}}, "start.zone: 'Mars/Base' is no time zone"),
        ({"start": {"formats": ["%Q"]}}, "start.formats: '%Q' is no time format"),
        (
            {"file": {"header": False, "delimiter": ","}},
            "file.columns: without a header the columns must be named",
        ),
        ({"file": {"header": False, "columns": "a b"}}, "file.delimiter: without a header it must be given"),
        ({"file": {"delimiter": "ab"}}, "'ab' is neither one ASCII character nor 'auto'"),
        ({"file": {"encoding": "utf-9"}}, "'utf-9' is no encoding"),
        ({"file": {"quoting": "single"}}, "file.quoting: 'single' is none of doubled, none, unescaped"),
        ({"duration": {"unit": "fortnight"}}, "duration.unit: 'fortnight' is none of"),
        ({"cli": {"column": "a", "extract": "("}}, "cli.extract: '(' is no regular expression"),
        ({"cli": {"column": "a", "extract": "x"}}, "'x' has no group in brackets to take"),
        ({"cli": {"column": 0}}, "cli.column: 0 cannot stand here"),
        ({"kind": {"rules": [{"kind": "data"}]}}, "kind.rules 1: has kind; it needs kind and when"),
        ({"cli": ["a"]}, "cli: ['a'] is not a table"),
        ({"identity": {"with_day": "yes"}}, "identity.with_day: 'yes' cannot stand here"),
    ],
)
def test_a_layout_that_makes_no_sense_is_refused_by_name(data: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInput, match=re.escape(message)):
        layout_from_mapping(data)


def test_a_layout_that_is_not_there_lists_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(
        BadInput, match="neither a file nor a built-in layout; those are 3cx, asterisk, freeswitch"
    ):
        load_layout("asterix")
    (tmp_path / "bad.toml").write_text("[file")
    with pytest.raises(BadInput, match=r"bad\.toml: is no TOML"):
        load_layout(tmp_path / "bad.toml")
