"""The files of mod_cdr_csv in four templates."""

from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

from simulators.freeswitch import csv_files, make_month
from simulators.freeswitch.csv_files import Template, line
from tests.simulators.freeswitch.test_documents import CALL, MISSED

MONTH = make_month()
PLAIN = replace(CALL, caller_id_name="Lantern Hall")
FIELDS: dict[Template, int] = {"default": 13, "example": 15, "asterisk": 18, "opencdrrate": 13}


def test_a_line_of_the_built_in_template_has_a_blank_before_the_account_code() -> None:
    assert line(PLAIN, "default") == (
        '"Lantern Hall","12505550131","011442079460200","lantern.example.net","2017-06-01 12:00:00",'
        '"2017-06-01 12:00:03","2017-06-01 12:00:05","5","2","NORMAL_CLEARING",'
        f'"{CALL.uuid}","{CALL.other_leg.uuid}", "1001"\n'
    )


def test_a_line_of_the_asterisk_template_begins_with_the_account_code() -> None:
    assert line(PLAIN, "asterisk") == (
        '"1001","12505550131","011442079460200","lantern.example.net",""Lantern Hall" <12505550131>",'
        '"sofia/internal/12505550131@lantern.example.net","sofia/external/011442079460200","bridge",'
        '"sofia/gateway/carrier-one/011442079460200","2017-06-01 12:00:00","2017-06-01 12:00:03",'
        f'"2017-06-01 12:00:05","5","2","NORMAL_CLEARING","","{CALL.uuid}",""\n'
    )


def test_the_other_templates() -> None:
    assert line(PLAIN, "example").endswith(f'"{CALL.other_leg.uuid}","1001","PCMU","PCMU"\n')
    assert line(MISSED, "opencdrrate") == (
        f'"{MISSED.uuid}","{MISSED.other_leg.uuid}","inbound","442079460201","441514960134","",'
        '"2017-06-01 12:00:12","0","","","192.0.2.40","",""\n'
    )


def test_values_are_not_escaped() -> None:
    assert line(CALL, "default").startswith('"Marsh & "Tilly" <x>","12505550131"')


def test_times_are_the_machines() -> None:
    assert '"2017-06-01 05:00:00"' in line(PLAIN, "default", "America/Vancouver")


@pytest.mark.parametrize(("template", "fields"), FIELDS.items())
def test_a_template_has_so_many_fields(template: Template, fields: int) -> None:
    assert len(line(PLAIN, template).split(",")) == fields


@pytest.mark.parametrize("template", get_args(Template))
def test_every_call_is_in_the_master_and_in_its_accounts_file(tmp_path: Path, template: Template) -> None:
    paths = csv_files(tmp_path, MONTH, template)
    assert [path.name for path in paths] == sorted(
        ["Master.csv", "1001.csv", "1002.csv", "1003.csv", "lantern-cobble.csv", "cobble-2.csv"]
    )
    lines = {path.stem: path.read_text().splitlines() for path in paths}
    master = lines.pop("Master")
    without_code = sum(call.accountcode == "" for call in MONTH)
    assert len(master) == 400
    assert sum(map(len, lines.values())) == 400 - without_code < 400


def test_a_rotated_file_has_the_moment_behind_its_name(tmp_path: Path) -> None:
    noon = 1_496_318_406_000  # 12:00:06 UTC on 1 June: CALL has ended, MISSED has not
    paths = csv_files(tmp_path, [CALL, MISSED], rotated_at=noon)
    assert [path.name for path in paths] == [
        "1001.csv.2017-06-01-12-00-06",
        "Master.csv",
        "Master.csv.2017-06-01-12-00-06",
    ]
    assert CALL.uuid in paths[2].read_text()
    assert MISSED.uuid in paths[1].read_text()
