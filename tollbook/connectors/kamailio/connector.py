"""Kamailio as Tollbook asks for it: calls out of its database, suspension by a table in it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from psycopg.sql import SQL

from tollbook.connectors.base import (
    AccountMarks,
    Check,
    Connector,
    Feature,
    Order,
    OrderPowers,
    Scope,
    Setting,
    Site,
    Standing,
    Target,
    UsageBatch,
    UsageEvent,
    Verb,
    failed_check,
)
from tollbook.connectors.errors import ConnectorError, NeedsAttention
from tollbook.connectors.kamailio.dialogs import Dialogs
from tollbook.connectors.kamailio.flags import Flags
from tollbook.connectors.kamailio.options import SETTINGS, Options
from tollbook.connectors.kamailio.reading import read_usage
from tollbook.connectors.kamailio.statements import table
from tollbook.connectors.kamailio.usage import columns_of, fetch
from tollbook.connectors.postgres import Database
from tollbook.connectors.written import once, parts
from tollbook.errors import BadInput

USER, TRUNK = "user", "trunk"


class KamailioConnector(Connector):
    """A SIP proxy, by its PostgreSQL database."""

    kind = "kamailio"
    title = "Kamailio"
    settings = SETTINGS
    offers: ClassVar[frozenset[Feature]] = frozenset({Feature.USAGE, Feature.ORDERS})
    account_fields = (
        Setting(name=USER, help="Users, as 100 | 101; with their domain where accounts are named so"),
        Setting(name=TRUNK, help="Trunks or source addresses, as 192.0.2.7 | gw-2"),
    )
    ways = ("extension", "account", "number", "trunk")

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self._options = Options.of(site)
        self._database = Database(site, SETTINGS, database=self._options.database, user=self._options.db_user)
        self._flags = Flags(self._database, self._options, platform=site.name)
        self._dialogs = Dialogs(site, self._options) if self._options.rpc_url else None

    def test(self) -> Iterator[Check]:
        steps: tuple[tuple[str, Callable[[], str]], ...] = (
            ("reach", self._reach),
            ("calls", self._look_at_calls),
            ("flags", self._look_at_flags),
            *((("calls in progress", self._look_at_dialogs),) if self._dialogs else ()),
        )
        for name, look in steps:
            try:
                yield Check(name, is_ok=True, says=look())
            except ConnectorError as error:
                yield failed_check(name, error, platform=self.site.name)
                if name == "reach":
                    return

    def usage(self, scopes: Sequence[Scope]) -> Iterator[UsageEvent]:
        return fetch(self._database, self._options, scopes, platform=self.site.name)

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
        return self._flags.powers()

    def carry_out(self, order: Order) -> str:
        """Write the flag, or take it away; then end calls in progress, if that is ordered and can be done.

        Raises:
            ForAPerson, NeedsAttention, TryAgainLater: as `Flags` and `Dialogs` say.
        """
        told = self._flags.carry_out(order)
        if order.cuts_calls and order.verb is Verb.SUSPEND and self._dialogs is not None:
            self._dialogs.end(order)
        return told

    def standing(self, target: Target, foreign_id: str) -> Standing:
        return self._flags.standing(target, foreign_id)

    @classmethod
    def marks(cls, fields: Mapping[str, str]) -> AccountMarks:
        for name in fields:
            if name not in {USER, TRUNK}:
                raise BadInput(f"{name!r} says nothing about an account of Kamailio; give {USER} or {TRUNK}")
        return AccountMarks(accounts=_names(fields, USER), trunks=_names(fields, TRUNK))

    def close(self) -> None:
        self._database.close()
        if self._dialogs is not None:
            self._dialogs.close()

    def _reach(self) -> str:
        [(version,)] = self._database.rows("SELECT current_setting('server_version')")
        return f"PostgreSQL {version} answers"

    def _look_at_calls(self) -> str:
        columns = columns_of(self._database, self._options, platform=self.site.name)
        self._database.rows(SQL("SELECT FROM {} LIMIT 1").format(table(self._options.table)))
        return f"{self._options.table} may be read; its columns are {', '.join(columns)}"

    def _look_at_flags(self) -> str:
        if not self._options.flags_table:
            return "no table of flags is set, so nobody can be suspended from here"
        if lacking := self._flags.lacking_rights():
            raise NeedsAttention(
                f"user {self._options.db_user} may not {', '.join(lacking)} on {self._options.flags_table}; grant it "
                "there",
                platform=self.site.name,
            )
        return (
            f"{self._options.flags_table} may be read and changed; that the routing script asks it cannot be seen"
        )

    def _look_at_dialogs(self) -> str:
        assert self._dialogs is not None
        return f"{sum(1 for _ in self._dialogs.open())} just now"


def _names(fields: Mapping[str, str], name: str) -> tuple[str, ...]:
    """The names between upright strokes, each once.

    Raises:
        BadInput: one has a blank inside, which neither a user nor a trunk has.
    """
    names = once(parts(fields.get(name, "")))
    for part in names:
        if " " in part:
            raise BadInput(f"{name} {part!r} has a blank inside; write several as 100 | 101")
    return names
