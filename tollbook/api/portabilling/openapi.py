"""The API described to its users, a document for each realm: made of the same Structs that check requests."""

from functools import cache
from typing import Any, get_args

import msgspec

from tollbook.api.portabilling.fields import schema_of
from tollbook.api.portabilling.method import METHODS, Attachment, Method, Success
from tollbook.customers.actors import Realm

INTERFACES = {
    "AdminInterface": Realm.STAFF,
    "CustomerInterface": Realm.CUSTOMER,
    "AccountInterface": Realm.ACCOUNT,
}
REF = "#/components/schemas/{name}"
JSON = "application/json"
Json = dict[str, Any]


class FaultAnswer(msgspec.Struct):
    """Every refusal, with HTTP 500."""

    faultcode: str
    faultstring: str


@cache
def document(interface: str) -> Json:
    """OpenAPI 3.1 of one of INTERFACES."""
    served = [one for _, one in sorted(METHODS.items()) if INTERFACES[interface] in one.realms]
    types = [FaultAnswer, *(one.request for one in served), *(_json_answer(one) for one in served)]
    found = msgspec.json.schema_components(types, schema_hook=schema_of, ref_template=REF)
    schemas, components = _as_numbers(found)
    fault, requests, answers = schemas[0], schemas[1 : len(served) + 1], schemas[len(served) + 1 :]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"Tollbook {interface}",
            "version": "1",
            "description": "Every method is called by POST. A refusal is HTTP 500 with faultcode and faultstring.",
        },
        "paths": {
            f"/rest/{method.name}": {"post": _operation(method, request, answer, fault)}
            for method, request, answer in zip(served, requests, answers, strict=True)
        },
        "components": {
            "schemas": components,
            "securitySchemes": {"session": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
        "security": [{"session": []}],
    }


def _operation(method: Method, request: Json, answer: Json, fault: Json) -> Json:
    said: Json = {
        "operationId": method.name.replace("/", "."),
        "tags": [method.name.partition("/")[0]],
        "summary": method.summary,
        "requestBody": {"required": True, "content": _body(method, request)},
        "responses": {
            "200": {"description": "Done", "content": _answer(method, answer)},
            "500": {"description": "Refused", "content": {JSON: {"schema": fault}}},
        },
    }
    return said if method.needs_login else said | {"security": []}


def _body(method: Method, request: Json) -> Json:
    if not method.takes_file:
        properties = {"params": request}
        return {JSON: {"schema": {"type": "object", "properties": properties, "required": ["params"]}}}
    params = {"type": "string", "contentMediaType": JSON, "contentSchema": request}
    file = {"type": "string", "contentMediaType": "application/octet-stream"}
    properties = {"params": params, "file": file}
    return {
        "multipart/form-data": {"schema": {"type": "object", "properties": properties, "required": ["params"]}}
    }


def _answer(method: Method, answer: Json) -> Json:
    content: Json = {}
    if method.answer is not Attachment:
        content[JSON] = {"schema": answer}
    if _gives_file(method):
        content["*/*"] = {"schema": {"type": "string", "contentMediaType": "application/octet-stream"}}
    return content


def _gives_file(method: Method) -> bool:
    return method.answer is Attachment or Attachment in get_args(method.answer)


def _as_numbers(schema: Any) -> Any:
    """Decimals are written as JSON numbers here."""
    if isinstance(schema, dict):
        if schema.get("format") == "decimal":
            schema = {name: one for name, one in schema.items() if name not in ("type", "format")} | {
                "type": "number"
            }
        return {name: _as_numbers(one) for name, one in schema.items()}
    return [_as_numbers(one) for one in schema] if isinstance(schema, (list, tuple)) else schema


def _json_answer(method: Method) -> Any:
    """The answer's type but for the file; where there is nothing but a file, any other stands in for it."""
    if method.answer is Attachment:
        return Success
    rest = [one for one in get_args(method.answer) if one is not Attachment]
    if not _gives_file(method):
        return method.answer
    found = rest[0]
    for one in rest[1:]:
        found = found | one
    return found
