"""Which of the files at a source are read: by name, and by how long they have been left alone."""

import fnmatch
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from tollbook.connectors.base import RemoteFile
from tollbook.errors import BadInput

EXPRESSION = "re:"
# A file dated further ahead than clocks differ has a time that means nothing: waiting for it could be for ever.
MAX_CLOCK_DIFFERENCE = timedelta(days=1)
_NO_TIME = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked of a file.

    A pattern is a glob (`cdr*.csv`, capitals count), or a regular expression after `re:`, found anywhere in the name.
    It is held against the file's own name; one with a slash against the name with its folders.
    """

    name_filter: str = ""  # a pattern; "" = every file
    partial_names: tuple[str, ...] = ()  # globs of files still being written, in any case
    growing: str = ""  # a pattern of files that are appended to as long as they are there; "" = none
    minimum_age: timedelta = timedelta(0)

    def takes(self, name: str) -> bool:
        """Whether a file of that name is read at all."""
        return not self.is_partial(name) and (not self.name_filter or _matches(self.name_filter, name))

    def is_partial(self, name: str) -> bool:
        own = _own(name).lower()
        return any(fnmatch.fnmatchcase(own, glob.lower()) for glob in self.partial_names)

    def marked(self, file: RemoteFile) -> RemoteFile:
        """The file, said to be unfinished where it is one that grows."""
        return replace(file, is_complete=False) if self.growing and _matches(self.growing, file.name) else file

    def is_ripe(self, file: RemoteFile, now: datetime) -> bool:
        """Whether it has been left alone long enough. A growing file never is; its whole lines are read."""
        if file.modified_at is None or not file.is_complete:
            return True
        age = now - file.modified_at
        return age >= self.minimum_age or age < -MAX_CLOCK_DIFFERENCE


def oldest_first(files: Iterable[RemoteFile]) -> list[RemoteFile]:
    """By time, those of one moment by name; those without a time before all others."""
    return sorted(files, key=lambda file: (file.modified_at or _NO_TIME, file.name))


def check_pattern(pattern: str, *, setting: str, platform: str) -> str:
    """The pattern, when it makes sense.

    Raises:
        BadInput: it is no regular expression.
    """
    if pattern.startswith(EXPRESSION):
        try:
            re.compile(pattern.removeprefix(EXPRESSION))
        except re.error as error:
            raise BadInput(
                f"{platform}: setting {setting} is {pattern!r}, which is no regular expression ({error}); "
                "correct it, or write a glob as cdr*.csv without re:"
            ) from None
    return pattern


def _matches(pattern: str, name: str) -> bool:
    text = name if "/" in pattern else _own(name)
    if pattern.startswith(EXPRESSION):
        return re.search(pattern.removeprefix(EXPRESSION), text) is not None
    return fnmatch.fnmatchcase(text, pattern)


def _own(name: str) -> str:
    return name.rpartition("/")[2]
