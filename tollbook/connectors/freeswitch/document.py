"""A CDR as mod_xml_cdr or mod_json_cdr sent it: taken out of its form, and its variables and callflows read.

What the body looks like says how it is encoded: a module that is told not to wait for a 100 sends a content type that
may be wrong.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, unquote_to_bytes
from xml.parsers import expat

import msgspec

FORM_FIELD = b"cdr="
MAX_DEPTH = 40  # of elements in each other; a CDR has six
MAX_VALUES = 50_000  # of one document
_PERCENT = (b"%3C", b"%3c", b"%7B", b"%7b")  # how a percent-encoded document begins


class NoDocument(ValueError):
    """It is no CDR; the message says why."""


@dataclass(slots=True)
class Document:
    """Variables as the channel had them, and its callflows, the newest first."""

    variables: dict[str, str] = field(default_factory=dict)
    flows: list[dict[str, str]] = field(default_factory=list)  # of caller_profile and times
    has_originator: bool = False  # another channel began this one


def read_document(body: bytes, *, decodes_json: bool = True) -> Document:
    """The CDR in a body. `decodes_json`: values of variables in JSON are percent-encoded, as in XML.

    Raises:
        NoDocument: there is none in it.
    """
    text = _without_form(body)
    if text.startswith(b"<"):
        return _from_xml(text)
    if text.startswith(b"{"):
        return _from_json(text, decodes=decodes_json)
    raise NoDocument("neither XML nor JSON")


def _without_form(body: bytes) -> bytes:
    """The document, out of the form field and its encoding."""
    text = body.removeprefix(b"\xef\xbb\xbf").strip()
    if not text.startswith(FORM_FIELD):
        return text
    value = text.removeprefix(FORM_FIELD).strip()
    if value.startswith((b"<", b"{")):  # in plain text: a document may have an ampersand, so it goes to the end
        return value
    value = value.partition(b"&")[0]
    if value.startswith(_PERCENT):
        return unquote_to_bytes(value.replace(b"+", b" ")).strip()
    try:
        return base64.b64decode(unquote_to_bytes(value).replace(b" ", b"+"), validate=True).strip()
    except binascii.Error:
        raise NoDocument("the form's field cdr is neither plain, percent-encoded nor base64") from None


class _Xml:
    """Collects what is wanted of a CDR while it is parsed."""

    def __init__(self) -> None:
        self.document = Document()
        self._path: list[str] = []
        self._text: list[str] = []
        self._values = 0

    def begin(self, name: str, _: Mapping[str, str]) -> None:
        self._path.append(name)
        self._text.clear()
        if len(self._path) > MAX_DEPTH:
            raise NoDocument(f"elements stand in each other {MAX_DEPTH} deep")
        if name == "callflow":
            self.document.flows.append({})
        elif name == "originator_caller_profile":
            self.document.has_originator = True

    def say(self, text: str) -> None:
        self._text.append(text)

    def end(self, name: str) -> None:
        text, path = "".join(self._text).strip(), self._path
        self._text.clear()
        self._values += 1
        if self._values > MAX_VALUES:
            raise NoDocument(f"it has more than {MAX_VALUES} values")
        if path[-2:-1] == ["variables"]:
            self.document.variables[name] = unquote(text)
        elif path[-3:-1] in (["callflow", "caller_profile"], ["callflow", "times"]):
            self.document.flows[-1][name] = text
        path.pop()


def _from_xml(text: bytes) -> Document:
    """Without document types: nobody can have it fetch files, or grow by entities."""
    found = _Xml()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler = found.begin
    parser.CharacterDataHandler = found.say
    parser.EndElementHandler = found.end
    try:
        parser.Parse(text, True)
    except (expat.ExpatError, LookupError) as error:  # LookupError: it names an encoding that there is not
        raise NoDocument(f"no XML: {error}") from None
    return found.document


def _refuse_doctype(*_: object) -> None:
    raise NoDocument("it declares a document type, which no CDR has; entities are not expanded")


def _from_json(text: bytes, *, decodes: bool) -> Document:
    try:
        tree = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise NoDocument(f"no JSON: {error}") from None
    variables = _texts(tree.get("variables"))
    if decodes:
        variables = {name: unquote(value) for name, value in variables.items()}
    flows = tree.get("callflow")
    document = Document(variables=variables)
    for flow in flows if isinstance(flows, list) else [flows]:
        if isinstance(flow, dict):
            profile = flow.get("caller_profile")
            document.flows.append({**_texts(profile), **_texts(flow.get("times"))})
            document.has_originator |= isinstance(profile, dict) and bool(profile.get("originator"))
    return document


def _texts(values: Any) -> dict[str, str]:
    """Of an object those members that are text or numbers."""
    if not isinstance(values, dict):
        return {}
    return {name: str(value) for name, value in values.items() if isinstance(value, (str, int, float))}


def from_flows(flows: Sequence[Mapping[str, str]], name: str, *, oldest: bool = False) -> str:
    """The first that a callflow says, from the newest on or from the oldest."""
    for flow in reversed(flows) if oldest else flows:
        if value := flow.get(name, ""):
            return value
    return ""
