"""FreeSWITCH: CDRs that come by push, orders through the event socket."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar

from tollbook.connectors.base import (
    AccountMarks,
    Check,
    Connector,
    Feature,
    Order,
    OrderPowers,
    Setting,
    Site,
    Standing,
    Target,
    UsageBatch,
    failed_check,
)
from tollbook.connectors.errors import ConnectorError
from tollbook.connectors.esl import EventSocket
from tollbook.connectors.freeswitch.marks import ACCOUNT_FIELDS, marks_of
from tollbook.connectors.freeswitch.options import SETTINGS, Options
from tollbook.connectors.freeswitch.orders import Orders
from tollbook.connectors.freeswitch.reading import read_usage
from tollbook.connectors.push_gate import PushGate
from tollbook.connectors.pushed import Pushed
from tollbook.errors import BadInput


class FreeSwitchConnector(Connector):
    """A switch that sends a CDR for each leg when it ends. It has no customers: accounts are named by its dial plan."""

    kind = "freeswitch"
    title = "FreeSWITCH"
    settings = SETTINGS
    offers: ClassVar[frozenset[Feature]] = frozenset({Feature.PUSH, Feature.ORDERS})
    account_fields: ClassVar[tuple[Setting, ...]] = ACCOUNT_FIELDS
    ways: ClassVar[tuple[str, ...]] = ("extension", "account", "number", "trunk", "text")

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self._options = Options.of(site)
        self._socket = EventSocket.of(site, SETTINGS)
        self._orders = Orders(site, self._socket)

    def test(self) -> Iterator[Check]:
        try:
            gate = PushGate.of(self.site)
        except BadInput as error:
            yield failed_check("push", error, platform=self.site.name)
        else:
            ways = [f"/push/{self.site.name}/SECRET"] if gate.secret else []
            ways += [f"/push/{self.site.name} with a login"] if gate.login else []
            whence = f" from {len(gate.senders)} networks" if gate.senders else ""
            yield Check("push", is_ok=True, says=f"records are taken at {' and '.join(ways)}{whence}")
        if self._socket is None:
            yield Check("event socket", is_ok=True, says="none is set, so nothing can be suspended there")
            return
        try:
            self._socket.open()
            yield Check("event socket", is_ok=True, says="the switch lets us in")
            yield Check("orders", is_ok=True, says=f"{len(self._socket.channels())} calls are in progress")
        except ConnectorError as error:
            yield failed_check("event socket", error, platform=self.site.name)

    def call_of(self, message: Pushed) -> str:
        """Each leg is a CDR of its own, and says itself whether it is a call."""
        del message
        return ""

    def read_usage(
        self,
        file: Path,
        *,
        name: str,  # noqa: ARG002  a line says itself what is wrong with it
        batch_rows: int,
        is_complete: bool = True,
    ) -> Iterator[UsageBatch]:
        return read_usage(file, self._options, batch_rows=batch_rows, is_complete=is_complete)

    def order_powers(self) -> OrderPowers:
        return self._orders.powers()

    def carry_out(self, order: Order) -> str:
        self._orders.carry_out(order)
        return order.foreign_id

    def standing(self, target: Target, foreign_id: str) -> Standing:
        return self._orders.standing(target, foreign_id)

    @classmethod
    def marks(cls, fields: Mapping[str, str]) -> AccountMarks:
        return marks_of(fields)

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
