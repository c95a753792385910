"""Kamailio's remote interface, as far as calls in progress go: JSON-RPC over HTTP, as in version 5.6.3."""

import json
from collections.abc import Sequence
from typing import Any, Self

from simulators.faults import Faults
from simulators.web import Answer, Request, Server

TALKING = 4
PATH = "/RPC"


class Remote:
    """`with Remote([dialog(…)]) as remote:` serves it at `remote.url`."""

    def __init__(self, dialogs: Sequence[dict[str, Any]] = ()) -> None:
        self.dialogs = list(dialogs)
        self.faults = Faults()
        self._server = Server(self.faults.guard(self._answer))

    @property
    def url(self) -> str:
        return self._server.url + PATH

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()

    def _answer(self, request: Request) -> Answer:
        if request.path != PATH:
            return Answer.text("Not here", status=404)
        asked = json.loads(request.body)
        match asked["method"]:
            case "dlg.list":
                return _result(self.dialogs)
            case "dlg.end_dlg":
                found = [one for one in self.dialogs if [one["h_entry"], one["h_id"]] == asked["params"]]
                if not found:
                    return _error(404, "Dialog not found")
                self.dialogs.remove(found[0])
                return _result({})
        return _error(500, "Method Not Found")


def dialog(number: int, caller: str, callee: str, *, state: int = TALKING, **variables: str) -> dict[str, Any]:
    """A call in progress; variables are what the routing script put on it."""
    return {
        "h_entry": 700 + number,
        "h_id": number,
        "ref": 2,
        "call-id": f"{number}@198.51.100.7",
        "from_uri": f"sip:{caller}@sip.example.net",
        "to_uri": f"sip:{callee}@sip.example.net",
        "state": state,
        "duration": 1,
        "lifetime": 43_200,
        "profiles": [],
        "variables": [{name: value} for name, value in variables.items()],
    }


def _result(value: object) -> Answer:
    return Answer.json({"jsonrpc": "2.0", "result": value, "id": 1})


def _error(code: int, message: str) -> Answer:
    return Answer.json({"jsonrpc": "2.0", "error": {"code": code, "message": message}, "id": 1}, status=code)
