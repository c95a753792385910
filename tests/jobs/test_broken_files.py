"""A night operator with a broken file: an error that names it, or every record accounted for. Nothing half written."""

import gzip
from pathlib import Path

import pytest

from tests.connectors.files.broken import broken_files
from tests.connectors.files.reading import read_all
from tests.jobs.office import NOON, Office
from tollbook.connections.models import Connection
from tollbook.errors import BadInput
from tollbook.jobs.import_usage import import_usage
from tollbook.ledger.models import Posting
from tollbook.usage.frames import OUTCOMES
from tollbook.usage.models import ImportRun, UsageIdentity, UsageRecord
from tollbook.usage.queries import broken_equations


@pytest.mark.req("X3")
def test_each_of_many_broken_files_ends_in_an_error_or_in_accounted_records(office: Office) -> None:
    folder = office.folder / "broken"
    folder.mkdir()
    files = broken_files(folder)
    sources = {
        layout: Connection.objects.create(name=layout, layout=layout, timezone="UTC", match_by=["number"])
        for layout in {layout for _, _, layout, _ in files}
    }
    refused, read = [], []

    for name, path, layout, is_complete in files:
        before = what_is_stored()
        result = import_or_refuse(sources[layout], path, is_complete=is_complete)
        if isinstance(result, str):
            assert path.name in result, name
            assert what_is_stored() == before, f"{name}: half written"
            refused.append(name)
        else:
            assert result.records_in == records_in(path, layout, is_complete=is_complete), name
            assert result.records_in == sum(getattr(result, outcome) for outcome in OUTCOMES), name
            read.append(name)

    assert broken_equations() == []
    assert len(refused) >= 20
    assert len(read) >= 50
    assert ImportRun.objects.filter(state="failed").exclude(error="").count() <= len(refused)


def import_or_refuse(source: Connection, path: Path, *, is_complete: bool) -> ImportRun | str:
    try:
        return import_usage(source, path, now=NOON, is_complete=is_complete)
    except BadInput as error:
        return str(error)


def what_is_stored() -> tuple[int, int, int]:
    return UsageRecord.objects.count(), UsageIdentity.objects.count(), Posting.objects.count()


def records_in(path: Path, layout: str, *, is_complete: bool) -> int:
    """What the reader says is in the file; that this is every line of it is proved where the reader is."""
    return len(read_all(path, layout, complete=is_complete).usage)


def test_a_file_cut_in_the_middle_of_its_packing_writes_nothing(office: Office, tmp_path: Path) -> None:
    rows = "\n".join(f"{n},2017-06-19T08:00:00Z,10,48221000003,48600000000,yes" for n in range(5_000))
    packed = gzip.compress(f"record_id,start,duration_s,cli,cld,answered\n{rows}\n".encode())
    path = tmp_path / "night.csv.gz"
    path.write_bytes(packed[: len(packed) // 2])

    with pytest.raises(BadInput, match=r"night\.csv\.gz.*damaged or cut short.*fetch the file again"):
        import_usage(office.source, path, now=NOON, batch_rows=100)

    assert UsageRecord.objects.count() == 0
    assert ImportRun.objects.get().state == "failed"
