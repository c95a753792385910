"""Evidence: the bytes as received, kept under their hash. The same bytes are kept once."""

import hashlib
import os
import tempfile
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from tollbook.errors import BadInput
from tollbook.usage.models import Evidence

MAX_FILE_BYTES = 64 << 30
BLOCK_BYTES = 4 << 20
CLOSED = 0o700  # who called whom is nobody else's business


def keep_evidence(path: Path, *, received_at: datetime) -> Evidence:
    """Copy a file into the evidence store and record it. Safe to repeat: the same bytes are one evidence.

    The copy is whole on disk before it is recorded, and it is the copy that is read from then on: the original
    may grow or vanish meanwhile.

    Raises:
        BadInput: not a file, empty, or larger than 64 GiB.
    """
    if not path.is_file():
        raise BadInput(f"{path} is not a file; name a file of calls")
    folder = evidence_folder()
    folder.mkdir(mode=CLOSED, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=folder, prefix="incoming-")
    incoming = Path(name)
    try:
        digest = hashlib.sha256()
        size = 0
        with path.open("rb") as source, os.fdopen(handle, "wb") as target:
            while block := source.read(BLOCK_BYTES):
                digest.update(block)
                target.write(block)
                size += len(block)
                if size > MAX_FILE_BYTES:
                    raise BadInput(f"{path} is larger than {MAX_FILE_BYTES >> 30} GiB; split it")
            os.fsync(target.fileno())
        if size == 0:
            raise BadInput(f"{path} is empty; there is nothing to import")
        sha256 = digest.hexdigest()
        kept = evidence_path(sha256)
        kept.parent.mkdir(exist_ok=True)
        incoming.replace(kept)
    finally:
        incoming.unlink(missing_ok=True)
    evidence, _ = Evidence.objects.get_or_create(
        sha256=sha256, defaults={"size_bytes": size, "name": path.name, "received_at": received_at}
    )
    return evidence


def copy_evidence(evidence: Evidence, to: Path) -> None:
    """Write the bytes as they were received to a new file.

    Raises:
        BadInput: there is such a file already, or the bytes are not what was received.
    """
    digest = hashlib.sha256()
    try:
        with evidence_path(evidence.sha256).open("rb") as kept, to.open("xb") as target:
            while block := kept.read(BLOCK_BYTES):
                digest.update(block)
                target.write(block)
    except FileExistsError:
        raise BadInput(f"{to} is there already; name another file") from None
    if digest.hexdigest() != evidence.sha256:
        raise BadInput(
            f"{evidence.name} is damaged: its bytes are not those that were received (sha256 {evidence.sha256}); "
            f"{to} has them as they are; restore {evidence_path(evidence.sha256)} from a backup"
        )


def begins_with(evidence: Evidence, earlier: Evidence) -> bool:
    """Whether an evidence is the same bytes as an earlier one, or a longer copy: a file that has grown since."""
    if evidence.size_bytes <= earlier.size_bytes:
        return evidence.sha256 == earlier.sha256
    return _sha256_of_first(earlier.size_bytes, evidence.sha256) == earlier.sha256


@lru_cache(maxsize=1000)  # the same few earlier files are asked about with every batch
def _sha256_of_first(size_bytes: int, sha256: str) -> str:
    digest = hashlib.sha256()
    with evidence_path(sha256).open("rb") as kept:
        while block := kept.read(min(size_bytes, BLOCK_BYTES)):
            digest.update(block)
            size_bytes -= len(block)
    return digest.hexdigest()


def evidence_folder() -> Path:
    """Where evidence is kept, inside the data home."""
    home: Path = settings.TOLLBOOK_HOME
    return home / "evidence"


def evidence_path(sha256: str) -> Path:
    """The file of an evidence. Two letters of the hash make the folder, so that no folder gets too large."""
    return evidence_folder() / sha256[:2] / sha256
