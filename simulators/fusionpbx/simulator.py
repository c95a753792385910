"""The simulator as tests and the demo have it: a database, an event socket, a REST API, and switches."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Self
from uuid import UUID

from simulators.faults import Faults
from simulators.fusionpbx import operator
from simulators.fusionpbx.cdr import Row
from simulators.fusionpbx.controls import control_rows
from simulators.fusionpbx.database import Database
from simulators.fusionpbx.esl import EventSocket
from simulators.fusionpbx.export import LIMIT, csv_export
from simulators.fusionpbx.fspbx import FsPbx
from simulators.fusionpbx.month import make_month
from simulators.fusionpbx.schema import CALLS, DETAILS
from simulators.fusionpbx.switch import Switch
from simulators.fusionpbx.switches import switches
from simulators.fusionpbx.tenants import Switchboard, made_uuid
from simulators.web import Server

ANOTHER_CALL = timedelta(minutes=7)  # after the one that a late call is modelled on
LATE_BY = timedelta(hours=1)  # after the last row that was there
# The page's own rules: the near leg, no lost race, no second telling of a call, and somebody spoke.
BILLABLE = f"""
    SELECT xml_cdr_uuid FROM {CALLS} AS call
    WHERE coalesce(leg, 'a') = 'a' AND hangup_cause <> 'LOSE_RACE' AND billsec > 0
      AND NOT EXISTS (SELECT FROM {CALLS} AS parent WHERE parent.xml_cdr_uuid = call.originating_leg_uuid)
    ORDER BY start_epoch, xml_cdr_uuid
"""


class Simulator:
    """FusionPBX with one month of calls, in a database of its own.

    The database is made on the server that the DSN of a superuser leads to, and dropped at the end unless it is kept.
    """

    def __init__(
        self,
        server_dsn: str,
        *,
        generation: str = "5.5",
        month: str = "2017-06",
        seed: int = 1,
        name: str = "fusionpbx_sim",
        keep: bool = False,
        rest_port: int = 0,
        event_socket_port: int = 0,
    ) -> None:
        self.store = Database(server_dsn, name, generation)
        self.generation = generation
        self.switch = Switch(self.store)
        self.event_socket = EventSocket(self.switch, port=event_socket_port)
        self.rest = FsPbx(self.store, self.switch)
        self.faults = Faults(expire_sessions=self.rest.revoke_token, switches=switches(self))
        self._server = Server(self.faults.guard(self.rest.handle), port=rest_port)
        self._seed = seed
        self._keep = keep
        self._month = make_month(seed, month)
        self._late = 0

    @property
    def switchboard(self) -> Switchboard:
        return self._month.switchboard

    @property
    def awkward(self) -> dict[str, list[UUID]]:
        """The uuids of awkward calls, by the kinds that `simulators.fusionpbx.awkward` names."""
        return self._month.awkward

    @property
    def dsn(self) -> str:
        """For reading only."""
        return self.store.dsn(self.store.reader)

    @property
    def control_dsn(self) -> str:
        """For reading everything and changing the control tables."""
        return self.store.dsn(self.store.control)

    @property
    def host(self) -> str:
        """A name, or the folder of the server's socket."""
        return self.store.where["host"]

    @property
    def port(self) -> int:
        return int(self.store.where["port"])

    @property
    def user(self) -> str:
        return self.store.reader

    @property
    def password(self) -> str:
        return self.store.password(self.store.reader)

    @property
    def control_user(self) -> str:
        return self.store.control

    @property
    def control_password(self) -> str:
        return self.store.password(self.store.control)

    @property
    def database(self) -> str:
        """Its name; `store` is the database itself, as its superuser."""
        return self.store.name

    @property
    def url(self) -> str:
        """Of the REST API's host, without a slash at its end."""
        return self._server.url

    @property
    def token(self) -> str:
        return self.rest.token

    def csv_export(self, domain_name: str | None = None, *, limit: int = LIMIT) -> bytes:
        """What the call page lets a superadmin download: of one tenant, or of all."""
        return csv_export(self.store, domain_name, limit)

    def billable(self) -> list[UUID]:
        return [row["xml_cdr_uuid"] for row in self.store.rows(BILLABLE)]

    def count_billable(self) -> int:
        """Calls in any direction that somebody answered, each once."""
        return len(self.billable())

    def count_calls(self) -> int:
        return int(self.store.rows(f"SELECT count(*) AS rows FROM {CALLS}")[0]["rows"])

    def late(self, count: int = 5) -> list[UUID]:
        """Insert calls of the month's first days that are imported only now: old `end_stamp`, newest `insert_date`."""
        chosen = [row for row in self._month.rows if row["direction"] == "outbound" and row["billsec"] > 0]
        chosen.sort(key=lambda row: row["end_stamp"])
        late = []
        for template in chosen[:count]:
            self._late += 1
            when = self._month.rows[-1]["insert_date"] + LATE_BY + timedelta(seconds=self._late)
            uuid = made_uuid(self._seed, "late", self._late)
            late.append(_later(template) | {"xml_cdr_uuid": uuid, "insert_date": when, "sip_call_id": uuid.hex})
        self._insert(late)
        return [row["xml_cdr_uuid"] for row in late]

    def ring(self, uuid: UUID | str, domain: str, extension: str, number: str) -> str:
        """A call from the extension is in progress from now on. Returns its uuid."""
        return self.switch.ring(uuid, domain, extension, number)

    def set_gateway(self, uuid: UUID | str, enabled: bool) -> None:
        """As somebody does by hand in the database; what runs is not told."""
        self._set("v_gateways", uuid, {"enabled": enabled})

    def set_extension(self, uuid: UUID | str, **fields: object) -> None:
        """Columns of v_extensions, as `enabled=False` or `toll_allow="local"`."""
        self._set("v_extensions", uuid, fields)

    def set_domain(self, uuid: UUID | str, enabled: bool) -> None:
        self._set("v_domains", uuid, {"domain_enabled": enabled})

    def customers_csv(self) -> str:
        return operator.customers_csv(self.switchboard)

    def services(self) -> list[dict[str, str]]:
        return operator.services(self.switchboard)

    def operator_rows(self) -> dict[str, object]:
        """Both of the operator's books at once, for a story that asks over the network."""
        return {"customers_csv": self.customers_csv(), "services": self.services()}

    def start(self) -> None:
        self.store.create()
        for table, rows in control_rows(self.switchboard):
            self.store.fill(table, rows)
        self._insert(self._month.rows)
        self.switch.boot()
        self.event_socket.start()
        self._server.start()

    def stop(self) -> None:
        self._server.stop()
        self.event_socket.stop()
        if self._keep:
            self.store.close()
        else:
            self.store.drop()

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _insert(self, rows: Sequence[Row]) -> None:
        self.store.fill(CALLS, rows)
        if DETAILS in self.store.tables:
            self.store.fill(DETAILS, map(_details, rows))

    def _set(self, table: str, uuid: UUID | str, fields: Row) -> None:
        if self.store.change(table, UUID(str(uuid)), fields) != 1:
            raise ValueError(f"{table} has no row {uuid}.")


def _later(row: Row) -> Row:
    """Another call like this one, some minutes later."""
    stamps = {name: row[name] + ANOTHER_CALL for name in ("start_stamp", "answer_stamp", "end_stamp")}
    epochs = {name: row[name] + ANOTHER_CALL.seconds for name in ("start_epoch", "answer_epoch", "end_epoch")}
    return row | stamps | epochs


def _details(row: Row) -> Row:
    """What newer installations keep beside the call: the channel's variables."""
    uuid: UUID = row["xml_cdr_uuid"]
    names = ("direction", "accountcode", "destination_number", "billsec", "hangup_cause")
    variables = {"uuid": str(uuid)} | {name: str(row[name]) for name in names if row[name] is not None}
    return {
        "xml_cdr_json_uuid": UUID(int=uuid.int ^ 1),
        "xml_cdr_uuid": uuid,
        "domain_uuid": row["domain_uuid"],
        "start_stamp": row["start_stamp"],
        "json": {"variables": variables},
    }
