"""The folder where Tollbook keeps what is its own: the embedded database, PDFs, evidence."""

import os
from collections.abc import Mapping
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]


def data_home(environment: Mapping[str, str] = os.environ, checkout: Path = CHECKOUT) -> Path:
    """Where the data are; the folder need not exist yet.

    `TOLLBOOK_HOME` decides. Without it a checkout keeps its data in its own `.tollbook`, so that two checkouts
    never share a database; an installed package uses the person's data folder (`XDG_DATA_HOME`).
    """
    if said := environment.get("TOLLBOOK_HOME"):
        return Path(said).expanduser().absolute()
    if (checkout / "pyproject.toml").is_file():
        return checkout / ".tollbook"
    shared = environment.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(shared).expanduser().absolute() / "tollbook"
