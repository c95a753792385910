"""How a command gets a password: from a file, from the environment, or typed without being shown.

Never as an argument: those are seen by everybody on the machine, and kept by the shell.
"""

import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import typer

from tollbook.connectors.secret import Secret
from tollbook.errors import BadInput

VARIABLE = "TOLLBOOK_SECRET_"  # and the name in capitals: TOLLBOOK_SECRET_PASSWORD
MAX_SECRET_BYTES = 65_536  # a private key has some thousands


def read_secrets(names: Iterable[str] | None, files: Mapping[str, str]) -> dict[str, Secret]:
    """The secrets of these names, and those in these files (by name).

    Raises:
        BadInput: a value stands in the arguments; there is nobody to ask; a file cannot be read.
    """
    found = {name: from_file(name, Path(path)) for name, path in files.items()}
    for name in names or ():
        if "=" in name:
            raise BadInput(
                f"--secret {name.partition('=')[0]}: the value was seen by everybody on this machine; have it changed, "
                f"and give only the name: it is asked for, or taken from {variable(name.partition('=')[0])}"
            )
        if name in found:
            raise BadInput(f"secret {name!r} is named twice")
        found[name] = from_environment(name) or typed(name, file_option=f"--secret-file {name}=FILE")
    return found


def from_file(name: str, path: Path) -> Secret:
    """The text of a file, without line ends after it."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_SECRET_BYTES + 1)
        text = raw.decode("utf-8-sig").rstrip("\r\n")
    except OSError as error:
        raise BadInput(f"secret {name!r}: {path} cannot be read: {error.strerror}") from None
    except ValueError:
        raise BadInput(f"secret {name!r}: {path} is not text in UTF-8") from None
    if not text or len(raw) > MAX_SECRET_BYTES:
        raise BadInput(f"secret {name!r}: {path} is empty, or larger than {MAX_SECRET_BYTES} bytes")
    return Secret(text)


def from_environment(name: str) -> Secret | None:
    text = os.environ.get(variable(name))
    return Secret(text) if text else None


def typed(name: str, *, file_option: str, twice: bool = False) -> Secret:
    """Asked at the terminal, not shown. `file_option` is what to give instead where there is none."""
    if not sys.stdin.isatty():
        raise BadInput(f"there is no terminal to ask for {name}; set {variable(name)}, or give {file_option}")
    question = name.replace("_", " ").capitalize()
    return Secret(typer.prompt(question, hide_input=True, confirmation_prompt=twice, err=True))


def variable(name: str) -> str:
    return VARIABLE + name.upper()
