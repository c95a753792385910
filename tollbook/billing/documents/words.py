"""The words of each language a document can be in: `words/<language>.toml`, every file with the same keys."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from tollbook.errors import BadInput

FOLDER = Path(__file__).with_name("words")


def languages() -> list[str]:
    """ISO 639 codes of the languages there are words for."""
    return sorted(file.stem for file in FOLDER.glob("*.toml"))


@cache
def words_of(language: str) -> dict[str, Any]:
    """The words of a language.

    Raises:
        BadInput: there are none.
    """
    if language not in languages():
        raise BadInput(f"there are no words for the language {language!r}; there are {', '.join(languages())}")
    return tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8"))
