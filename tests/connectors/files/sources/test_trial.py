"""What `test` says of a connection of files."""

import gzip
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from tests.connectors.files.sources.places import LINES, NOON, Place
from tollbook.connectors.base import Check
from tollbook.connectors.files.sources.uploads import upload_folder


@pytest.fixture
def place(tmp_path: Path) -> Place:
    (tmp_path / "out").mkdir()
    return Place(tmp_path / "out", {"source": "local", "folder": str(tmp_path / "out")})


def tried(place: Place, **settings: str) -> list[Check]:
    connector = place.connector(**settings)
    checks = list(connector.test())
    connector.close()
    return checks


def test_the_first_five_files_are_shown_and_one_is_looked_into(place: Place) -> None:
    for number in range(1, 8):
        place.put(f"cdr-{number}.csv", at=NOON - timedelta(minutes=60 - number))
    place.put("cdr-8.csv", at=NOON)
    place.put("notes.txt")

    reach, files, layout = tried(place, name_filter="cdr-*")

    size = f"{len(LINES)} bytes"
    assert reach == Check("reach", True, f"{place.folder}: 9 files")
    assert files == Check(
        "files",
        True,
        "8 of 9 match, 1 of them left alone for less than 60 s: "
        f"cdr-1.csv ({size}, 2024-05-01 11:01:00 UTC), cdr-2.csv ({size}, 2024-05-01 11:02:00 UTC), "
        f"cdr-3.csv ({size}, 2024-05-01 11:03:00 UTC), cdr-4.csv ({size}, 2024-05-01 11:04:00 UTC), "
        f"cdr-5.csv ({size}, 2024-05-01 11:05:00 UTC), …",
    )
    assert layout == Check("layout", True, "cdr-1.csv: of 1 records looked at 1 read as layout tollbook")


def test_an_empty_folder_is_well(place: Place) -> None:
    assert [(check.name, check.is_ok, check.says) for check in tried(place)][1:] == [
        ("files", True, "no file is there yet")
    ]


def test_files_none_of_which_is_wanted_are_shown(place: Place) -> None:
    place.put("Master.csv.part")
    place.put("notes.txt")

    files = tried(place, name_filter="*.csv")[-1]

    assert not files.is_ok
    assert files.says.startswith(
        "none of 2 files is wanted by name_filter '*.csv', 1 are still being written: Master"
    )
    assert files.next_step == "correct name_filter or partial_names, or the folder"


@pytest.mark.parametrize(
    ("content", "says", "next_step"),
    [
        (b"date,number\n1,2\n", "column 'start' is missing", "Choose another layout"),
        (LINES.splitlines(keepends=True)[0] + b"1\n2\n", "of 2 records looked at 0 read", "choose another layout"),
        (gzip.compress(LINES, mtime=0)[:-9], "the gz data is damaged or cut short", "fetch the file again"),
        (b"7z\xbc\xaf\x27\x1c\0\0", "packed with 7z, which is not read", "pack it with gz"),
    ],
)
def test_a_file_that_is_not_of_the_layout_is_explained(
    place: Place, content: bytes, says: str, next_step: str
) -> None:
    place.put("cdr.csv", content)

    layout = tried(place)[-1]

    assert (layout.name, layout.is_ok) == ("layout", False)
    assert says in layout.says
    assert next_step in f"{layout.says}; {layout.next_step}"
    assert layout.next_step


def test_of_a_large_file_only_the_beginning_is_read(place: Place) -> None:
    place.put("cdr.csv", LINES + LINES.splitlines(keepends=True)[1] * 100_000)

    assert tried(place)[-1].says == "cdr.csv: of 100 records looked at 100 read as layout tollbook"


def test_a_packed_file_is_looked_into_whole(place: Place) -> None:
    line = b"2024-05-01T10:00:00Z,442079460000,61,%b\n"
    content = b"start,cld,duration_s,record_id\n" + b"".join(
        line % os.urandom(30).hex().encode() for _ in range(50_000)
    )
    packed = gzip.compress(content)
    assert len(packed) > 1 << 20
    place.put("cdr.csv.gz", packed)

    assert tried(place)[-1].says == "cdr.csv.gz: of 100 records looked at 100 read as layout tollbook"


def test_a_failed_step_is_the_last_and_says_what_to_do(place: Place) -> None:
    assert tried(place, folder="out") == [
        Check("reach", False, "setting folder is 'out'", "write the whole path, from / on")
    ]
    (missing,) = tried(place, folder=f"{place.folder}/nowhere")
    assert missing == Check(
        "reach",
        False,
        f"there is no folder {place.folder}/nowhere",
        "make it, or correct the setting folder",
    )
    (nothing,) = tried(place, source="")
    assert "has no source, its files are read by hand" in nothing.says


def test_the_folder_of_uploads_may_come_later(tmp_path: Path) -> None:
    folder = upload_folder(tmp_path, "north")
    place = Place(folder, {"source": "upload", "folder": str(folder)})
    assert place.names() == []

    place.put("cdr.csv")

    assert place.names() == ["cdr.csv"]
    assert folder == tmp_path / "uploads" / "north"


def test_every_connection_has_a_folder_of_its_own_inside_the_home(tmp_path: Path) -> None:
    names = ["north", "../etc", "..", "a/b", "a b", "a-b", "zażółć", "żółć!", "x" * 100, "x" * 99]

    folders = [upload_folder(tmp_path, name) for name in names]

    assert len(set(folders)) == len(names)
    assert {folder.resolve().parent for folder in folders} == {tmp_path / "uploads"}


def test_a_file_that_may_not_be_listed_or_read_is_for_a_person(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The user who runs the tests may read everything, so the system is made to refuse."""

    place.put("cdr.csv")
    with monkeypatch.context() as without_rights:
        without_rights.setattr(os, "scandir", _refusing(os.scandir))
        (reach,) = tried(place)
    assert (reach.says, reach.next_step) == (
        f"{place.folder} may not be listed",
        "give the user that runs Tollbook the right to read and enter it",
    )
    with monkeypatch.context() as without_rights:
        without_rights.setattr(os, "open", _refusing(os.open))
        layout = tried(place)[-1]
    assert "'cdr.csv' in" in layout.says
    assert layout.next_step == "give the user that runs Tollbook the right to"


def _refusing(usual: Callable[..., object]) -> Callable[..., object]:
    """The function, refusing what lies in a folder of exports."""

    def refuse(path: object, *arguments: object, **named: object) -> object:
        if isinstance(path, bytes) and b"/out" in path:
            raise PermissionError(13, "Permission denied")
        return usual(path, *arguments, **named)

    return refuse


def test_protocols_are_imported_only_by_who_speaks_them(place: Place) -> None:
    seen = """
import sys
import tollbook.cli.rate
print(*(name for name in ("paramiko", "ftplib", "httpx") if name in sys.modules))
from tollbook.connectors.base import Site
from tollbook.connectors.files.connector import FilesConnector
list(FilesConnector(Site(name="north", settings={"source": "local", "folder": sys.argv[1]}, layout="tollbook")).test())
print(*(name for name in ("paramiko", "ftplib") if name in sys.modules))
"""
    ran = subprocess.run(
        [sys.executable, "-c", seen, place.folder], capture_output=True, text=True, check=True, timeout=60
    )

    assert ran.stdout.split("\n") == ["", "", ""]
