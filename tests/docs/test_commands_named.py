"""Every command that a page or a message tells somebody to give is there, with the options that are named."""

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import typer

from tollbook.cli import COMMANDS

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
CODE = sorted((ROOT / "tollbook").rglob("*.py"))
# In a sentence between backticks, in an example after a prompt, in the help of a command.
NAMED = re.compile(r"(?:`|^\$ |Example: )(?:bin/)?tollbook ([a-z][^`\n]*)", re.MULTILINE)
WORD = re.compile(r"[a-z][a-z0-9-]*")
OPTION = re.compile(r"(?<=\s)--[a-z][a-z-]*")


def test_every_command_that_is_named_is_there() -> None:
    named = [(path, command) for path in (*PAGES, *CODE) for command in NAMED.findall(path.read_text("utf-8"))]

    wrong = [f"{path.relative_to(ROOT)}: tollbook {command}" for path, command in named if list(_faults(command))]

    assert len(named) > 500
    assert wrong == []


def _faults(line: str) -> Iterator[str]:
    """What is not there of a command line as somebody wrote it; what is quoted in it is data."""
    words = re.sub(r"\"[^\"]*\"|'[^']*'", "X", line.partition(" | ")[0].partition(" > ")[0]).split()
    if words[0] not in COMMANDS:
        yield words[0]
        return
    command = _command(words.pop(0))
    while words and isinstance(getattr(command, "commands", None), dict):
        if not WORD.fullmatch(words[0].rstrip(".,;:)")):
            return  # the group as a whole, `orders …`
        name = words.pop(0).rstrip(".,;:)")
        if name not in command.commands:
            yield name
            return
        command = command.commands[name]
    options = {option for one in command.params for option in (*one.opts, *one.secondary_opts)} | {"--help"}
    yield from (option for option in OPTION.findall(" " + " ".join(words)) if option not in options)


def _command(name: str) -> Any:
    module, _, attribute = COMMANDS[name].app.partition(":")
    return typer.main.get_command(getattr(import_module(module), attribute))
