"""Where fetched usage lies until it is evidence: a folder in the data home, one for each connection."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from tollbook.connections.models import Connection
from tollbook.usage.evidence import CLOSED

NOT_IN_NAMES = re.compile(r"[^\w.:+-]+")
MAX_NAME_CHARACTERS = 120


@contextmanager
def spool(connection: Connection) -> Iterator[Path]:
    """An empty folder, gone afterwards. What a killed process left in it goes first: it was fetched by halves."""
    home: Path = settings.TOLLBOOK_HOME
    folder = home / "spool" / str(connection.pk)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=CLOSED, parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def file_name(text: str) -> str:
    """A text that may be a path or hold anything, as the name of a file; its end tells most."""
    return NOT_IN_NAMES.sub("_", text)[-MAX_NAME_CHARACTERS:].lstrip(".") or "file"
