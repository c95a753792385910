"""Collect from a source of files: each new or changed file is fetched whole, kept, and imported as a run of its own."""

from dataclasses import dataclass
from pathlib import Path

from tollbook.connections.models import Connection
from tollbook.connectors.base import Connector, RemoteFile
from tollbook.connectors.errors import ConnectorError, TryAgainLater
from tollbook.errors import BadInput
from tollbook.jobs.account_links import follow_links
from tollbook.jobs.collect_scopes import Wish
from tollbook.jobs.fetch_usage import FETCHING, Progress, Step
from tollbook.jobs.import_usage import import_evidence
from tollbook.jobs.spool import file_name, spool
from tollbook.usage.collecting import Problem, Visit, as_remote, is_unchanged, remember_file
from tollbook.usage.evidence import MAX_FILE_BYTES, evidence_path, keep_evidence
from tollbook.usage.models import CollectedFile, CollectRun, Evidence

# After so many files in a row that could not be fetched the source is taken to be away, and the rest not tried.
MOST_LOST_IN_A_ROW = 3
BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Listed:
    """The files to fetch; how many are as they were when they were collected; and of those, what is wrong with some."""

    files: list[RemoteFile]
    skipped: int
    unusable: list[Problem]

    def visit(self) -> Visit:
        """The visit as it begins. What was unusable before is so still, and nobody shall think that all is in."""
        return Visit(
            scopes=len(self.files) + len(self.unusable),
            skipped=self.skipped,
            succeeded=self.skipped - len(self.unusable),
            problems=list(self.unusable),
        )


def collect_files(connector: Connector, run: CollectRun, wish: Wish, progress: Progress) -> Visit:
    """Fetch and import what is new, file by file. One that cannot be used does not stop the others.

    Raises:
        ConnectorError: the source cannot be listed.
        BadInput: customers were chosen, which files do not know.
    """
    listed = new_files(connector, run.connection, wish)
    visit = listed.visit()
    lost_in_a_row = 0
    with spool(run.connection) as folder:
        for place, file in enumerate(listed.files):
            if lost_in_a_row == MOST_LOST_IN_A_ROW:
                gone = TryAgainLater(
                    "not tried, as the files before it could not be fetched; collect again later",
                    platform=run.connection.name,
                )
                visit.problems += [Problem.of(one.name, gone) for one in listed.files[place:]]
                break
            try:
                visit.bytes_fetched += _collect(connector, run, file, folder, wish)
                visit.succeeded += 1
                lost_in_a_row = 0
            except ConnectorError as error:
                visit.problems.append(Problem.of(file.name, error))
                # One that is refused says nothing of the others.
                lost_in_a_row = lost_in_a_row + 1 if isinstance(error, TryAgainLater) else 0
            except BadInput as error:
                visit.problems.append(Problem.of(file.name, error))
                lost_in_a_row = 0
            progress(Step(doing=FETCHING, done=place + 1, of=len(listed.files), count=visit.bytes_fetched))
    return visit


def new_files(connector: Connector, connection: Connection, wish: Wish) -> Listed:
    """What is to be fetched. A period means when files were changed. Changes nothing."""
    if wish.customers:
        raise BadInput(
            f"{connection.name} gives files, which hold everybody's usage; leave the choice of customers out"
        )
    follow_links(connector, connection, now=wish.now)
    collected = [] if wish.again else list(CollectedFile.objects.filter(connection=connection))
    known = {file.name: as_remote(file) for file in collected}
    errors = {file.name: file.error for file in collected}
    wanted = [file for file in connector.files(list(known.values())) if _is_of_period(file, wish)]
    same = {file.name for file in wanted if file.name in known and is_unchanged(file, known[file.name])}
    unusable = [Problem(name, errors[name], may_pass=False) for name in sorted(same) if errors[name]]
    return Listed([file for file in wanted if file.name not in same], len(same), unusable)


def _is_of_period(file: RemoteFile, wish: Wish) -> bool:
    if file.modified_at is None:
        return True
    return (wish.since is None or wish.since <= file.modified_at) and (
        wish.until is None or file.modified_at < wish.until
    )


def _collect(connector: Connector, run: CollectRun, file: RemoteFile, folder: Path, wish: Wish) -> int:
    """Bring one file into the ledger; how many bytes it has.

    Raises:
        ConnectorError: it could not be fetched whole. Nothing of it is kept, and the next visit tries again.
        BadInput: it cannot be read. That is remembered, and it is left alone until it changes.
    """
    path = folder / file_name(file.name)
    size = fetch_file(connector, file, path)
    if size == 0:
        remember_file(run.connection, file, evidence=None, now=wish.now)
        return 0
    if connector.files_only_grow:
        _refuse_if_cut(run.connection, file, path)
    evidence = keep_evidence(path, received_at=wish.now)
    path.unlink()
    if wish.again or not _is_the_same(run.connection, file, evidence):
        try:
            import_evidence(
                connector,
                run.connection,
                evidence,
                now=wish.now,
                name=file.name,
                is_complete=file.is_complete,
                collect=run,
            )
        except BadInput as error:
            remember_file(run.connection, file, evidence=evidence, now=wish.now, error=str(error))
            raise
    remember_file(run.connection, file, evidence=evidence, now=wish.now)
    return size


def fetch_file(connector: Connector, file: RemoteFile, into: Path) -> int:
    """Write a remote file's bytes; how many they are.

    Raises:
        ConnectorError: it could not be fetched, or is not what was listed: half, or still being written.
    """
    size = 0
    with into.open("wb") as target:
        for block in connector.fetch(file):
            target.write(block)
            size += len(block)
            if size > MAX_FILE_BYTES:
                raise BadInput(f"{file.name} is larger than {MAX_FILE_BYTES >> 30} GiB; split it")
    is_whole = (
        file.size_bytes is None or size == file.size_bytes or (size > file.size_bytes and not file.is_complete)
    )
    if not is_whole:
        raise TryAgainLater(
            f"{file.name} was listed with {file.size_bytes:,} bytes and {size:,} came, so it is being changed; "
            "collect again when it is done, or set a minimum age",
            platform=connector.site.name,
        )
    return size


def _refuse_if_cut(connection: Connection, file: RemoteFile, path: Path) -> None:
    """What is nothing but the beginning of what it was has lost its end. A line alone is a heading: it begins anew.

    Raises:
        TryAgainLater: so it is.
    """
    known = CollectedFile.objects.filter(connection=connection, name=file.name).exclude(evidence=None).first()
    size = path.stat().st_size
    if known is None or known.evidence is None or size >= known.evidence.size_bytes:
        return
    lines = 0
    with path.open("rb") as now, evidence_path(known.evidence.sha256).open("rb") as before:
        while block := now.read(BLOCK_BYTES):
            if block != before.read(len(block)):
                return
            lines += block.count(b"\n")
    if lines > 1:
        raise TryAgainLater(
            f"{file.name} was {known.evidence.size_bytes:,} bytes long and has only the first {size:,} of them now; "
            "what it had is in, so collect again when it is whole",
            platform=connection.name,
        )


def _is_the_same(connection: Connection, file: RemoteFile, evidence: Evidence) -> bool:
    """Whether a source that does not say when files change has given the same bytes again, and they were used."""
    known = CollectedFile.objects.filter(connection=connection, name=file.name).first()
    if known is None or known.evidence_id != evidence.pk or known.is_complete != file.is_complete:
        return False
    if known.error:
        raise BadInput(known.error)
    return True
