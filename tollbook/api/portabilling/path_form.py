"""The oldest way to call: both structures in the path, `/rest/Service/method/{auth_info}/{params}`.

Old scripts write them with single quotes. The path comes decoded, so a slash may be anywhere inside a text: where a
structure ends is found by its braces.
"""

from typing import Any

from tollbook.api.portabilling.json_text import read_json

QUOTES = "\"'"


def read_path(rest: str) -> list[dict[str, Any]]:
    """The structures that follow the method in a path: none, `[auth_info]` or `[auth_info, params]`.

    Raises:
        ValueError: it is something else.
    """
    found: list[dict[str, Any]] = []
    rest = rest.strip("/ ")
    while rest:
        if len(found) == 2:
            raise ValueError("after auth_info and params nothing follows in the path")
        end, text = _first(rest)
        value = read_json(text)
        if not isinstance(value, dict):
            raise ValueError("auth_info and params are JSON objects")
        found.append(value)
        rest = rest[end:].lstrip("/ ")
    return found


def _first(text: str) -> tuple[int, str]:
    """Where the first structure ends, and the structure with double quotes."""
    if text[0] != "{":
        raise ValueError("after the method, the path goes on with auth_info and params as JSON objects")
    depth, at = 0, 0
    parts: list[str] = []
    while at < len(text):
        sign = text[at]
        if sign in QUOTES:
            at, part = _text(text, at)
            parts.append(part)
            continue
        parts.append(sign)
        at += 1
        depth += (sign in "{[") - (sign in "}]")
        if depth == 0:
            return at, "".join(parts)
    raise ValueError("a structure in the path does not end")


def _text(text: str, start: int) -> tuple[int, str]:
    """Where a text in quotes ends, and the same in double quotes."""
    quote, at = text[start], start + 1
    inside: list[str] = []
    while at < len(text) and text[at] != quote:
        if text[at] == "\\":
            escaped = text[at : at + 2]
            inside.append("'" if escaped == "\\'" else escaped)
            at += 2
            continue
        inside.append('\\"' if text[at] == '"' else text[at])
        at += 1
    if at >= len(text):
        raise ValueError("a text in the path does not end")
    return at + 1, f'"{"".join(inside)}"'
