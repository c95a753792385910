"""Presets go with layouts that there are, and with the names that platforms give their files."""

import pytest

from tollbook.connectors.base import RemoteFile, Site, check_settings
from tollbook.connectors.files.connector import FilesConnector
from tollbook.connectors.files.layout_data import built_in_layouts
from tollbook.connectors.files.presets import Preset, preset, presets
from tollbook.connectors.files.sources.configured import wanted_of
from tollbook.errors import BadInput


def test_every_layout_has_a_preset_and_every_preset_a_layout() -> None:
    of_a_kind_of_its_own = {"lesnet"}  # of a connection of that kind it is the usual one
    assert {one.layout for one in presets()} == set(built_in_layouts()) - of_a_kind_of_its_own


@pytest.mark.parametrize("one", presets(), ids=lambda one: one.name)
def test_a_preset_is_understood(one: Preset) -> None:
    assert list(check_settings(FilesConnector, one.settings)) == []
    assert one.title
    assert one.number_rules
    assert set(one.match_by) <= {"account", "number", "platform"}
    assert FilesConnector(Site(name="north", settings=one.settings, layout=one.layout)).layout.name == one.layout


@pytest.mark.parametrize(
    ("name", "taken", "growing", "left"),
    [
        (
            "asterisk",
            ["Master.csv", "Master.csv.1", "Master.csv-20240501.gz"],
            "Master.csv",
            ["100.csv", "queue_log"],
        ),
        ("freeswitch", ["Master.csv", "Master.csv.2024-05-01-12-00-00"], "Master.csv", ["1000.csv"]),
        ("3cx", ["cdr.log", "cdr-2024-05-01.log", "cdr.log.1"], "cdr.log", ["3cxsystemservice.log"]),
        ("tollbook", ["anything.csv"], "", ["anything.csv.part"]),
    ],
)
def test_the_usual_names_are_taken(name: str, taken: list[str], growing: str, left: list[str]) -> None:
    wanted = wanted_of(Site(name="north", settings=preset(name).settings))

    assert [one for one in [*taken, *left] if wanted.takes(one)] == taken
    assert [one for one in taken if not wanted.marked(RemoteFile(name=one)).is_complete] == (
        [growing] if growing else []
    )


def test_an_unknown_preset_is_named_with_those_there_are() -> None:
    with pytest.raises(BadInput, match="there is no preset 'cisco'; there are 3cx, asterisk, freeswitch,"):
        preset("cisco")
