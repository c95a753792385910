"""Methods of the API: what each takes and gives, who may call it, and how one is called.

A method is a function of the caller and the request, a msgspec Struct whose fields are named as the platform names
them. The same Structs check what comes in and describe the API to its users.
"""

import inspect
import types
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

from tollbook.api.portabilling.caller import Caller
from tollbook.api.portabilling.faults import denied, invalid, missing
from tollbook.api.portabilling.fields import read_value
from tollbook.customers.actors import Realm

STAFF, CUSTOMER, ACCOUNT = Realm.STAFF, Realm.CUSTOMER, Realm.ACCOUNT
EVERYBODY = (STAFF, CUSTOMER, ACCOUNT)
OWNERS = (STAFF, CUSTOMER)


class Request(msgspec.Struct, kw_only=True):
    """What a method takes. An empty text is as good as none; unknown fields are passed over."""


class Info(msgspec.Struct, kw_only=True):
    """A structure inside a request, as account_info. What is not sent stays UNSET; an empty text empties."""


class Nothing(Request):
    """Of methods that take nothing."""


class Success(msgspec.Struct):
    """Done."""

    success: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file as an answer."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with a request."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """One method that is served."""

    name: str  # Service/method
    function: Callable[..., Any]
    request: type[Request]
    answer: Any  # the type of its answer; Attachment where it is a file, or a union with it
    realms: tuple[Realm, ...]
    writes: bool
    needs_login: bool
    takes_file: bool
    summary: str


F = TypeVar("F", bound=Callable[..., Any])

METHODS: dict[str, Method] = {}


def method(
    name: str, *, realms: Iterable[Realm], writes: bool = False, needs_login: bool = True
) -> Callable[[F], F]:
    """Serve a function `(caller, asked) -> answer` (or `(caller, asked, upload)`) as Service/method.

    `writes`: it runs in one database transaction, and what it notes with the caller goes to the audit.
    """

    def register(function: F) -> F:
        hints = get_type_hints(function)
        takes = list(inspect.signature(function).parameters)
        METHODS[name] = Method(
            name=name,
            function=function,
            request=hints[takes[1]],
            answer=hints["return"],
            realms=tuple(realms),
            writes=writes,
            needs_login=needs_login,
            takes_file="upload" in takes,
            summary=(function.__doc__ or "").strip().split("\n")[0],
        )
        return function

    return register


def invoke(name: str, caller: Caller, params: Mapping[str, Any], upload: Upload | None = None) -> Any:
    """Check realm, role and request, and do it. The answer is what the function gave.

    Raises:
        KeyError: no such method.
        Fault: it is refused.
    """
    wanted = METHODS[name]
    caller.method = name
    if caller.realm not in wanted.realms:
        raise denied(name, f"{name} is not served in the realm of the {caller.realm}")
    if wanted.needs_login and not any(fnmatchcase(name, pattern) for pattern in caller.permissions):
        raise denied(name, f"your role does not allow {name}")
    asked = read_request(wanted, params)
    if wanted.takes_file:
        return wanted.function(caller, asked, upload)
    return wanted.function(caller, asked)


def read_request(wanted: Method, params: Mapping[str, Any]) -> Request:
    """The request as its Struct.

    Raises:
        Fault: a mandatory field is missing, or a value cannot be read; it names the field.
    """
    tidy = _tidy(wanted.request, params, wanted.name, "")
    try:
        return msgspec.convert(tidy, wanted.request, strict=False, dec_hook=read_value)
    except msgspec.ValidationError as error:
        text = str(error)
        why, _, path = text.partition(" - at `$")
        raise invalid(wanted.name, path.rstrip("`").strip(".") or "params", why) from None


def _tidy(kind: type[msgspec.Struct], given: Mapping[str, Any], name: str, structure: str) -> dict[str, Any]:
    """Without empty filters, inner structures likewise; what is mandatory must be there."""
    kept: dict[str, Any] = {}
    for field in msgspec.structs.fields(kind):
        value = given.get(field.encode_name)
        empties = issubclass(kind, Info) and _takes(field.type, str)
        is_given = field.encode_name in given and (value != "" or empties)
        if not is_given or (value is None and not _takes(field.type, type(None))):
            if field.required:
                raise missing(name, field.encode_name, structure)
            continue
        inner = _struct_of(field.type)
        if inner is not None and isinstance(value, Mapping):
            value = _tidy(inner, value, name, field.encode_name)
        elif inner is not None and isinstance(value, list):
            value = [
                _tidy(inner, one, name, field.encode_name) if isinstance(one, Mapping) else one for one in value
            ]
        if type(value) is int and _takes(field.type, str) and not _takes(field.type, int):
            value = str(value)  # ids and numbers that are texts come as numbers, too
        kept[field.encode_name] = value
    return kept


def _members(kind: Any) -> tuple[Any, ...]:
    return get_args(kind) if get_origin(kind) in (Union, types.UnionType) else (kind,)


def _takes(kind: Any, wanted: type) -> bool:
    return any(member is wanted or get_origin(member) is wanted for member in _members(kind))


def _struct_of(kind: Any) -> type[msgspec.Struct] | None:
    """The Struct in a type, or in its list."""
    for member in _members(kind):
        if isinstance(member, type) and issubclass(member, msgspec.Struct):
            return member
        if get_origin(member) is list:
            return _struct_of(get_args(member)[0])
    return None
