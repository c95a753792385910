"""What holds for files wherever they lie: on this machine, behind SFTP (two servers), FTP, FTP with TLS."""

import os
import time
from collections.abc import Generator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from socket import SHUT_RDWR

import pytest

from tests.connectors.files.sources.places import LINES, NOON, Place, fetched, one
from tollbook.connectors.errors import NeedsAttention, TryAgainLater
from tollbook.connectors.files.sources.source import LINKS_OUT, OTHER_THINGS

MIB = 1 << 20
LONGEST_LISTING_S = 10.0


def snapshot(folder: Path) -> list[tuple[str, bytes, int]]:
    """Names, contents and times of all files."""
    return [
        (str(path.relative_to(folder)), path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    ]


def test_files_are_listed_oldest_first_with_size_and_time_and_read(place: Place) -> None:
    place.put("b.csv", b"second\n", at=NOON - timedelta(hours=1))
    place.put("a.csv", b"third\n", at=NOON - timedelta(minutes=30))
    place.put("c.csv", b"first\n", at=NOON - timedelta(hours=2))
    before = snapshot(place.folder)
    connector = place.connector()

    files = list(connector.files())

    assert [(file.name, file.size_bytes, file.modified_at) for file in files] == [
        ("c.csv", 6, NOON - timedelta(hours=2)),
        ("b.csv", 7, NOON - timedelta(hours=1)),
        ("a.csv", 6, NOON - timedelta(minutes=30)),
    ]
    assert [fetched(connector, file) for file in files] == [b"first\n", b"second\n", b"third\n"]
    assert all(file.is_complete for file in files)
    connector.close()
    connector.close()
    assert snapshot(place.folder) == before


def test_a_large_file_and_an_empty_one_come_whole(place: Place) -> None:
    large = os.urandom(9 * MIB + 17)
    place.put("large.bin", large)
    place.put("empty.csv", b"", at=NOON - timedelta(hours=2))
    connector = place.connector()

    empty, whole = (fetched(connector, file) for file in connector.files())

    assert empty == b""
    assert whole == large
    connector.close()


@pytest.mark.parametrize(
    "name", [" blank in front.csv", "two  blanks.csv", "zażółć gęślą.csv", "100%.csv", "a%20b.csv", "-x.csv"]
)
def test_names_with_blanks_and_letters_of_all_kinds_are_read(place: Place, name: str) -> None:
    place.put(name)
    connector = place.connector()

    assert fetched(connector, one(connector)) == LINES
    connector.close()


def test_a_name_that_is_no_utf8_can_be_kept_as_text_and_read(exact: Place) -> None:
    place = exact
    Path(os.fsdecode(os.fsencode(place.folder) + b"/stycze\xf1.csv")).write_bytes(LINES)
    connector = place.connector(NOON.replace(year=2100))

    file = one(connector)

    assert file.name == "stycze%F1.csv"
    assert fetched(connector, file) == LINES
    connector.close()


def test_folders_below_count_when_it_is_said(place: Place) -> None:
    place.put("top.csv")
    place.put("2024/may/deep.csv")

    assert place.names() == ["top.csv"]
    assert place.names(subfolders="yes") == ["2024/may/deep.csv", "top.csv"]
    assert place.names(subfolders="yes", name_filter="2024/*.csv") == ["2024/may/deep.csv"]
    connector = place.connector(subfolders="yes", name_filter="deep.csv")
    assert fetched(connector, one(connector)) == LINES
    connector.close()


def test_the_name_filter_is_a_glob_or_an_expression(place: Place) -> None:
    for name in ("cdr-1.csv", "cdr-20.csv", "CDR-3.csv", "notes.txt"):
        place.put(name)

    assert place.names(name_filter="cdr-*.csv") == ["cdr-1.csv", "cdr-20.csv"]
    assert place.names(name_filter="re:^cdr-\\d\\.") == ["cdr-1.csv"]
    assert place.names(name_filter="re:(?i)cdr") == ["CDR-3.csv", "cdr-1.csv", "cdr-20.csv"]


def test_files_still_being_written_are_left_out(place: Place) -> None:
    for name in ("a.csv", "b.csv.part", "c.TMP", ".d.csv.Xy12"):
        place.put(name)

    assert place.names() == ["a.csv"]
    assert place.names(partial_names="*.csv") == [".d.csv.Xy12", "b.csv.part", "c.TMP"]


def test_young_files_are_left_for_the_next_time(place: Place) -> None:
    place.put("a.csv", at=NOON - timedelta(seconds=60))
    place.put("b.csv", at=NOON - timedelta(seconds=59))

    assert place.names() == ["a.csv"]
    assert place.names(minimum_age_s="3600") == []
    assert place.names(minimum_age_s="0") == ["a.csv", "b.csv"]


def test_a_file_dated_in_a_far_future_is_not_waited_for(place: Place) -> None:
    place.put("clock-ahead.csv", at=NOON + timedelta(hours=2))
    place.put("nonsense.csv", at=NOON + timedelta(days=3650))

    assert place.names() == ["nonsense.csv"]


def test_a_file_gone_since_it_was_listed_is_for_later(place: Place) -> None:
    path = place.put("a.csv")
    connector = place.connector()
    file = one(connector)
    path.unlink()

    with pytest.raises(TryAgainLater, match=r"north: 'a.csv' is no longer there.*; run again"):
        fetched(connector, file)
    connector.close()


def test_a_file_that_grew_since_it_was_listed_is_not_given_as_whole(place: Place) -> None:
    path = place.put("a.csv")
    connector = place.connector()
    file = one(connector)
    with path.open("ab") as more:
        more.write(b"2024-05-01T10:")

    with pytest.raises(TryAgainLater, match=r"'a.csv' was changed while it was read"):
        fetched(connector, file)
    connector.close()


def test_a_file_that_shrank_since_it_was_listed_is_not_given_as_whole(place: Place) -> None:
    place.put("a.csv")
    connector = place.connector()
    file = one(connector)
    place.put("a.csv", LINES[:20])

    with pytest.raises(TryAgainLater, match=r"'a.csv' was changed while it was read"):
        fetched(connector, file)
    connector.close()


def test_a_growing_file_is_read_as_far_as_it_was_listed(place: Place) -> None:
    path = place.put("Master.csv", at=NOON)
    place.put("Master.csv.1")
    connector = place.connector(growing="Master.csv")

    rotated, growing = connector.files()
    with path.open("ab") as more:
        more.write(b"2024-05-01T10:")

    assert (rotated.name, rotated.is_complete) == ("Master.csv.1", True)
    assert (growing.name, growing.is_complete) == ("Master.csv", False)
    assert fetched(connector, growing) == LINES
    assert fetched(connector, rotated) == LINES
    connector.close()


def test_the_same_name_with_new_content_is_seen_by_size_and_time(place: Place) -> None:
    place.put("a.csv", b"one\n", at=NOON - timedelta(hours=2))
    connector = place.connector()
    before = one(connector)

    place.put("a.csv", b"two\n", at=NOON - timedelta(hours=1))
    after = one(connector)

    assert before != after
    assert (before.name, before.size_bytes) == (after.name, after.size_bytes)
    assert fetched(connector, after) == b"two\n"
    connector.close()


def test_a_file_larger_than_allowed_is_refused_by_name(place: Place) -> None:
    place.put("huge.csv", b"x" * (MIB + 1))
    connector = place.connector(max_size_mib="1")
    blocks = connector.fetch(one(connector))

    with pytest.raises(NeedsAttention, match=r"'huge.csv' has more than 1048576 bytes; .*raise max_size_mib"):
        next(blocks)
    connector.close()


def test_links_are_read_only_inside_the_folder(exact: Place) -> None:
    place = exact
    (place.folder.parent / "secret.csv").write_bytes(b"not for you\n")
    place.put("real.csv")
    (place.folder / "inside.csv").symlink_to("real.csv")
    (place.folder / "outside.csv").symlink_to(place.folder.parent / "secret.csv")
    (place.folder / "up").symlink_to(place.folder.parent)
    (place.folder / "nowhere.csv").symlink_to(place.folder / "missing.csv")
    (place.folder / "circle.csv").symlink_to("circle.csv")
    os.mkfifo(place.folder / "pipe.csv")
    connector = place.connector(subfolders="yes")

    files = list(connector.files())

    assert [file.name for file in files] == ["inside.csv", "real.csv"]
    assert [fetched(connector, file) for file in files] == [LINES, LINES]
    assert connector.source.left_out == {LINKS_OUT: 4, OTHER_THINGS: 1}
    for name in ("outside.csv", "../secret.csv", "up/secret.csv", "/etc/passwd"):
        with pytest.raises((NeedsAttention, TryAgainLater), match=r"is not inside|leads out|no longer there"):
            fetched(connector, replace(files[0], name=name))
    connector.close()


def test_a_folder_that_is_not_there_is_for_a_person(place: Place) -> None:
    connector = place.connector(folder=f"{place.settings['folder']}/missing")

    with pytest.raises(NeedsAttention, match=r"north: there is no folder .*missing.*; .*folder"):
        list(connector.files())
    connector.close()


def test_ten_thousand_files_are_listed_quickly(place: Place) -> None:
    for number in range(10_000):
        (place.folder / f"cdr-{number:05}.csv").touch()
    begun = time.monotonic()

    names = place.names(NOON.replace(year=2100))

    assert time.monotonic() - begun < LONGEST_LISTING_S
    assert len(names) == len(set(names)) == 10_000


def test_a_connection_lost_in_the_middle_is_never_a_whole_file(server: Place) -> None:
    server.put("large.bin", os.urandom(64 * MIB))
    connector = server.connector()
    blocks = connector.fetch(one(connector))
    next(blocks)

    server.stop()

    with pytest.raises(TryAgainLater, match=r"north: .*; run again"):
        for _ in blocks:
            pass
    connector.close()


def test_a_server_that_is_away_is_for_later(server: Place) -> None:
    server.stop()

    with pytest.raises(TryAgainLater, match=r"127.0.0.1:\d+ cannot be reached .*; check host and port"):
        server.names()


def test_an_unknown_host_is_for_a_person(server: Place) -> None:
    with pytest.raises((NeedsAttention, TryAgainLater), match=r"the host 'nobody.invalid' is not known .*; "):
        server.names(host="nobody.invalid")


def test_half_a_file_may_be_left_and_the_next_read(server: Place) -> None:
    server.put("large.bin", os.urandom(32 * MIB), at=NOON - timedelta(hours=2))
    server.put("small.csv")
    connector = server.connector()
    large, small = connector.files()
    blocks = connector.fetch(large)
    next(blocks)
    assert isinstance(blocks, Generator)
    blocks.close()
    # The rest of the file, and what the server says of it, would be taken for answers to what is asked next.
    assert connector.source._session is None  # type: ignore[attr-defined]

    assert fetched(connector, small) == LINES
    connector.close()


def test_a_kept_session_that_died_is_replaced(server: Place) -> None:
    server.put("a.csv")
    connector = server.connector()
    file = one(connector)
    session = connector.source._session  # type: ignore[attr-defined]  # as if the server had ended it meanwhile
    session.transport.close() if hasattr(session, "transport") else session.sock.shutdown(SHUT_RDWR)

    assert fetched(connector, file) == LINES
    connector.close()


def test_a_file_that_drips_is_given_up(server: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    server.put("a.csv")
    connector = server.connector(timeout_s="0.5")
    file = one(connector)

    def drip(*_: object) -> Generator[bytes, None, None]:
        while True:
            time.sleep(0.05)
            yield b"x"

    monkeypatch.setattr(connector.source, "opened", drip)
    with pytest.raises(
        TryAgainLater, match=r"north: reading 'a.csv': \d+ bytes came in 1 s, .*too slow; run again"
    ):
        fetched(connector, file)
    connector.close()
