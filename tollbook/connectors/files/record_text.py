"""One record's text, split into its values by the rules of its quoting. Strict: what is not whole is refused."""

import re

_EXCERPT_CHARS = 60


class NotARecord(ValueError):
    """The text is no record; the message says why, for a person."""


def excerpt(text: str) -> str:
    """The beginning of a line, for messages."""
    shown = text[:_EXCERPT_CHARS]
    return repr(shown) + (" …" if len(text) > _EXCERPT_CHARS else "")


def split_record(text: str, delimiter: str, quoting: str) -> list[str]:
    """The values of one record.

    Raises:
        NotARecord: a quote that is not closed, or text after a closed one.
    """
    if quoting == "none" or (quoting == "doubled" and '"' not in text):
        return text.split(delimiter)
    if quoting == "unescaped":
        return _split_unescaped(text, delimiter)
    return _split_doubled(text, delimiter)


def _split_doubled(text: str, delimiter: str) -> list[str]:
    values: list[str] = []
    at = 0
    while True:
        if text.startswith('"', at):
            value, at = _quoted(text, at + 1, len(values) + 1)
            if at < len(text) and text[at] != delimiter:
                raise NotARecord(f"column {len(values) + 1} goes on after its closing quote")
        else:
            end = text.find(delimiter, at)
            end = len(text) if end < 0 else end
            value, at = text[at:end], end
            if "\n" in value:
                raise NotARecord("a line end stands outside quotes")
        values.append(value)
        if at >= len(text):
            return values
        at += 1


def _quoted(text: str, at: int, column: int) -> tuple[str, int]:
    """The value whose opening quote ends before `at`, and where its closing quote ends."""
    parts = []
    while True:
        end = text.find('"', at)
        if end < 0:
            raise NotARecord(f"column {column} opens a quote that is not closed")
        parts.append(text[at:end])
        if not text.startswith('"', end + 1):
            return "".join(parts), end + 1
        parts.append('"')
        at = end + 2


def _split_unescaped(text: str, delimiter: str) -> list[str]:
    """`"a","b "x" y", "c"`: blanks may stand after a delimiter, quotes inside a value are its own."""
    text = text.strip(" ")
    if len(text) < 2 or not (text.startswith('"') and text.endswith('"')):
        raise NotARecord("a record begins and ends with a quote")
    gap = re.compile(f'"{re.escape(delimiter)} *"')
    return gap.split(text[1:-1])
