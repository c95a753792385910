"""Where files that people upload are put, one folder for each connection."""

import hashlib
import re
from pathlib import Path


def upload_folder(home: Path, connection: str) -> Path:
    """The folder for uploads to the connection of that name, in the folder where Tollbook keeps its data.

    Names that differ have folders that differ, whatever is in them. The folder is not made.
    """
    plain = re.sub(r"[^\w-]+", "-", connection).strip("-")[:60]
    if plain != connection:
        plain = f"{plain}-{hashlib.sha256(connection.encode()).hexdigest()[:8]}".lstrip("-")
    return home / "uploads" / plain
