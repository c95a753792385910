"""Where fetched usage lies until it is evidence: a folder in the data home, one for each connection."""

import errno
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from tollbook.connections.models import Connection
from tollbook.connectors.errors import NeedsAttention
from tollbook.usage.evidence import CLOSED

NOT_IN_NAMES = re.compile(r"[^\w.:+-]+")
MAX_NAME_CHARACTERS = 120
NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS})


@contextmanager
def spool(connection: Connection) -> Iterator[Path]:
    """An empty folder, gone afterwards. What a killed process left in it goes first: it was fetched by halves.

    Raises:
        NeedsAttention: there was no room for what was fetched, there or in the evidence.
    """
    home: Path = settings.TOLLBOOK_HOME
    folder = home / "spool" / str(connection.pk)
    shutil.rmtree(folder, ignore_errors=True)
    try:
        folder.mkdir(mode=CLOSED, parents=True)
        yield folder
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        raise NeedsAttention(
            f"what is fetched cannot be kept in {home} ({error.strerror}); make room there, and collect again",
            platform=connection.name,
        ) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def file_name(text: str) -> str:
    """A text that may be a path or hold anything, as the name of a file; its end tells most."""
    return NOT_IN_NAMES.sub("_", text)[-MAX_NAME_CHARACTERS:].lstrip(".") or "file"
