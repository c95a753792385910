"""Calls in progress, ended by Kamailio's remote interface: JSON-RPC over HTTP, from modules xhttp and jsonrpcs."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import msgspec

from tollbook.connectors.base import Order, Site, Target
from tollbook.connectors.errors import NeedsAttention
from tollbook.connectors.http import Answer, Http, Patience, is_success
from tollbook.connectors.kamailio.options import SETTINGS, Options
from tollbook.connectors.settings import text

TALKING = 4  # state of a dialog; Kamailio ends no other
GONE = 404  # it ended by itself
_USER = re.compile(r"(?:sips?|tel):([^@;>:]+)(?:@([^:;>?]+))?", re.IGNORECASE)


class Dialog(msgspec.Struct):
    """What `dlg.list` says of a call."""

    h_entry: int
    h_id: int
    state: int
    from_uri: str = ""
    to_uri: str = ""
    variables: list[dict[str, str]] = []

    def said(self, name: str) -> str:
        """A variable that the routing script put on it."""
        return next((one[name] for one in self.variables if name in one), "")


class Listed(msgspec.Struct):
    result: list[Dialog]


class Dialogs:
    """The calls that a proxy has open just now."""

    def __init__(self, site: Site, options: Options) -> None:
        self._platform = site.name
        self._emergency = options.emergency_callees
        self._with_domain = options.with_domain
        address = urlsplit(options.rpc_url)
        self._path = address.path or "/"
        self._http = Http(
            f"{address.scheme}://{address.netloc}",
            platform=site.name,
            verify=text(site, SETTINGS, "verify"),
            patience=Patience.of(site),
            is_answer=lambda answer: is_success(answer) or answer.status == GONE,
        )

    def end(self, order: Order) -> int:
        """End the calls that the order stops; how many there were. Emergency calls go on. Safe to repeat.

        Raises:
            TryAgainLater: no answer; some may have been ended.
            NeedsAttention: what answers is not Kamailio.
        """
        stopped = [one for one in self.open() if self._is_stopped(one, order)]
        for dialog in stopped:
            self._asked("dlg.end_dlg", [dialog.h_entry, dialog.h_id])
        return len(stopped)

    def open(self) -> Iterator[Dialog]:
        """Every call there is.

        Raises:
            TryAgainLater, NeedsAttention: as above.
        """
        try:
            listed = msgspec.json.decode(self._asked("dlg.list", []).body, type=Listed)
        except msgspec.DecodeError:
            raise NeedsAttention(
                "dlg.list was not answered with calls; check rpc_url, and that the dialog module is loaded",
                platform=self._platform,
            ) from None
        yield from listed.result

    def close(self) -> None:
        self._http.close()

    def _asked(self, method: str, params: list[int]) -> Answer:
        asked = {"jsonrpc": "2.0", "method": method, "params": params, "id": 1}
        return self._http.request("POST", self._path, is_repeatable=True, json=asked)

    def _is_stopped(self, dialog: Dialog, order: Order) -> bool:
        called = {dialog.said("callee"), self._name(dialog.to_uri)}
        if dialog.state != TALKING or {name.partition("@")[0] for name in called} & self._emergency:
            return False
        if order.target is Target.TRUNK:
            return order.foreign_id in {dialog.said("source"), dialog.said("trunk")}
        stopped = {dialog.said("account"), dialog.said("caller"), self._name(dialog.from_uri)}
        return order.foreign_id in (stopped if order.is_outbound_only else stopped | called)

    def _name(self, uri: str) -> str:
        found = _USER.search(uri)
        if not found:
            return ""
        user, domain = found.groups()
        return f"{user}@{domain}" if self._with_domain and domain else str(user)
