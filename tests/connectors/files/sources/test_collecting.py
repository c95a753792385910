"""From the test of a connection to records, the same for every source there is."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.connectors.files.sources.places import ALL_SOURCES, LINES, NOON, Place, fetched, one
from tollbook.connectors.errors import NeedsAttention
from tollbook.connectors.files.connector import FilesConnector
from tollbook.connectors.registry import connector_class


@pytest.fixture(params=ALL_SOURCES)
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    (tmp_path / "out").mkdir()
    with ALL_SOURCES[request.param](tmp_path) as place:
        yield place


def test_every_choice_of_the_setting_is_tried_here() -> None:
    (choice,) = (setting for setting in connector_class("files").settings if setting.name == "source")

    assert set(choice.choices) == (ALL_SOURCES.keys() - {"openssh"})


@pytest.mark.req("S5")
def test_a_source_is_tested_filtered_waited_for_and_read(source: Place, tmp_path: Path) -> None:
    """OpenSSH by a key, the simulated SFTP server by a password; both only with the pinned host key."""
    source.put("cdr.csv", at=NOON - timedelta(seconds=90))

    tested = source.connector(name_filter="cdr*.csv")
    assert [(check.name, check.is_ok) for check in tested.test()] == [
        ("reach", True),
        ("files", True),
        ("layout", True),
    ]
    tested.close()
    assert source.names(name_filter="xdr*.csv") == []
    assert source.names(minimum_age_s="120") == []
    connector = source.connector(name_filter="cdr*.csv", minimum_age_s="90")
    saved = tmp_path / "saved"
    saved.write_bytes(fetched(connector, one(connector)))
    assert saved.read_bytes() == LINES
    assert cld(connector, saved) == ["442079460000"]
    connector.close()
    if source.settings["source"] == "sftp":
        with pytest.raises(NeedsAttention, match="another host key than the pinned one"):
            source.names(fingerprint="SHA256:" + "A" * 43)


def cld(connector: FilesConnector, file: Path) -> list[str]:
    return [
        number
        for batch in connector.read_usage(file, name="cdr.csv", batch_rows=100)
        for number in batch.usage["cld"].to_list()
    ]
