"""The simulator as tests and the demo have it: a month behind a port, and switches for what may change in it."""

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any, Self

from simulators.faults import Faults
from simulators.metroport.app import Platform
from simulators.metroport.mobiles import Mobile
from simulators.metroport.month import make_month
from simulators.metroport.records import Record
from simulators.metroport.sessions import Sessions
from simulators.metroport.upload import UploadedFile
from simulators.web import Answer, Request, Server, Tls

LOGIN, PASSWORD = "dolny", "metroport-na-niby"
SESSION_SECONDS = 1_200.0
CONTROL = "/_control/"


class Simulator:
    """Metroport with one month of data.

    The switches work over the network too: `POST /_control/` and late, correct, vat or mobile, their arguments in JSON.
    """

    login = LOGIN
    password = PASSWORD

    def __init__(
        self,
        seed: int = 1,
        month: str = "2017-06",
        *,
        session_seconds: float = SESSION_SECONDS,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: Tls | None = None,
    ) -> None:
        sessions = Sessions(self.login, self.password, session_seconds)
        self.platform = Platform(make_month(seed, month), sessions)
        self.faults = Faults(expire_sessions=sessions.end_all)
        self._guarded = self.faults.guard(self.platform.handle)
        self._server = Server(self._handle, host=host, port=port, tls=tls)

    @property
    def url(self) -> str:
        """Without a slash at its end."""
        return self._server.url

    @property
    def records(self) -> list[Record]:
        return self.platform.month.records

    @property
    def mobiles(self) -> list[Mobile]:
        return self.platform.month.mobiles

    @property
    def price_lists(self) -> list[UploadedFile]:
        """What was uploaded, the last one last."""
        return self.platform.price_lists

    def late(self, count: int = 5) -> list[int]:
        """Calls of the month's first days that are reported only now: higher ids, older dates. Returns the ids."""
        with self.platform.lock:
            next_id = self.records[-1].id + 1
            paid = [record for record in self.records if record.kind == "call" and record.price > 0][:count]
            late = [replace(record, id=id, dst=f"48501{id}") for id, record in enumerate(paid, start=next_id)]
            self.records.extend(late)
        return [record.id for record in late]

    def correct(self, id: int, price: str) -> None:
        """The record with this id has another net price from now on."""
        self._rewrite(lambda record: replace(record, price=Decimal(price)) if record.id == id else record)

    def write_vat(self, vat: str) -> None:
        """How every record gives its VAT from now on: "1.23" is usual, "23" and "0.23" have been feared."""
        self._rewrite(lambda record: replace(record, vat=vat))

    def change_mobile(self, id: int, **fields: Any) -> None:
        """Another `status`, `status_confirmed`, `userid` or `ano` of a SIM card."""
        with self.platform.lock:
            mobile = next(mobile for mobile in self.mobiles if mobile.id == id)
            for name, value in fields.items():
                setattr(mobile, name, value)

    def start(self) -> None:
        self._server.start()

    def stop(self) -> None:
        self._server.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _rewrite(self, change: Callable[[Record], Record]) -> None:
        with self.platform.lock:
            self.records[:] = [change(record) for record in self.records]

    def _handle(self, request: Request) -> Answer:
        switches: dict[str, Callable[..., object]] = {
            "late": self.late,
            "correct": self.correct,
            "vat": self.write_vat,
            "mobile": self.change_mobile,
        }
        switch = switches.get(request.path.removeprefix(CONTROL)) if request.path.startswith(CONTROL) else None
        if request.method != "POST" or switch is None:
            return self._guarded(request)
        try:
            return Answer.json(switch(**json.loads(request.body or b"{}")))
        except (ValueError, TypeError, ArithmeticError, StopIteration, AttributeError) as error:
            return Answer.json({"error": f"{request.path} was not done: {error!r}"}, status=400)
