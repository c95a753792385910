"""Number rules, from options and from a TOML."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tollbook.errors import BadInput


def read_number_rules(path: Path | None, options: Mapping[str, Any]) -> dict[str, Any]:
    """The rules of the file, and those that options give in their place. What nobody names is not there.

    Raises:
        BadInput: the file cannot be read.
    """
    given = {name: value for name, value in options.items() if value not in (None, [], {})}
    return (_read(path) if path else {}) | given


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise BadInput(f"{path} is not a TOML file: {error}") from None
