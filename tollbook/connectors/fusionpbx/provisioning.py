"""Extensions made and changed in the database. One that Tollbook made is known by its uuid, made of its account's code.

The switch is had to look anew whenever the row is looked at, so that being interrupted between the two harms nothing.
"""

from collections.abc import Iterator

from tollbook.connectors.errors import ForAPerson, TryAgainLater
from tollbook.connectors.fusionpbx import devices, extension_rows, listed_numbers
from tollbook.connectors.fusionpbx.extension_rows import Row, insertion, made_uuid, new_row
from tollbook.connectors.fusionpbx.holds import let_go
from tollbook.connectors.fusionpbx.options import Options
from tollbook.connectors.fusionpbx.schema import DESTINATIONS, DOMAINS, EXTENSIONS, Tables, check_there, probe
from tollbook.connectors.fusionpbx.switch import Switch
from tollbook.connectors.postgres import Change, Database
from tollbook.connectors.wanted import AccountThere, WantedAccount

_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended('tollbook ' || %s, 0))"


class Accounts:
    """Reading is the reading user's, changing the controlling user's."""

    def __init__(
        self, platform: str, options: Options, database: Database, control: Database, switch: Switch | None
    ) -> None:
        self._platform, self._options, self._switch = platform, options, switch
        self._database, self._control = database, control
        self._probed: Tables | None = None

    def there(self, wanted: WantedAccount, foreign_id: str) -> AccountThere | None:
        """By tenant and extension; while its id is not known, by its uuid before that.

        Raises:
            ForAPerson: the extension is there, and somebody else made it, or it was that of an account that ended.
        """
        row = self._row(wanted, foreign_id)
        if row is None:
            return None
        differs = dict(self._differences(wanted, row))
        if not foreign_id and not row.device.is_on and not row.device.off_by:
            raise self._for_a_person(
                f"extension {row.id} is there, and switched off; delete it there if nobody needs it, then try again"
            )
        if not foreign_id and differs and row.device.uuid != made_uuid(row.domain_uuid, wanted.code):
            raise self._for_a_person(
                f"extension {row.id} is there already, and was not made for account {wanted.code} "
                f"({'; '.join(differs.values())}); sync, so that it is known, or give the account another extension"
            )
        if foreign_id or row.device.uuid == made_uuid(row.domain_uuid, wanted.code):
            self._tell(row, drops_registration=wanted.is_ended and not differs)
        return AccountThere(foreign_id=row.id, customer_id=row.line.domain, differs=differs)

    def bring(self, wanted: WantedAccount, there: AccountThere | None) -> None:
        """The rows in one transaction, then the switch, then a person for what no row does.

        Raises:
            ForAPerson: it is to be another extension, or numbers are to be routed.
            TryAgainLater: somebody was at it at the same moment.
        """
        if there is None:
            if wanted.is_ended:
                return
            row, changes = self._new(wanted)
        else:
            row, changes = self._changed(wanted, there)
        if wanted.is_ended:
            numbers = listed_numbers.NOTHING
        else:
            numbers = listed_numbers.look(self._control, self._tables, wanted, row)
        if self._options.lists_numbers:
            changes += listed_numbers.changes(self._tables, self._options, numbers, row)
        self._carry_out(changes, row)
        self._tell(row, drops_registration=there is not None and bool(there.differs.keys() & {"secret", "state"}))
        if left := numbers.by_hand(lists=self._options.lists_numbers):
            raise self._for_a_person(
                f"numbers of extension {row.id} are for you, under Destinations at FusionPBX: {', '.join(left)}; "
                "the extension itself is as it shall be; then try again"
            )

    def _new(self, wanted: WantedAccount) -> tuple[Row, list[Change]]:
        if not wanted.extension:
            raise self._for_a_person(
                f"account {wanted.code} has no extension, and an account there is one; give it one, then try again"
            )
        of = devices.tenant(self._control, wanted.customer_id, self._platform)
        row = new_row(self._options, wanted, of.uuid)
        return row, [insertion(self._tables, self._options, row, wanted)]

    def _changed(self, wanted: WantedAccount, there: AccountThere) -> tuple[Row, list[Change]]:
        if "extension" in there.differs:
            raise self._for_a_person(
                f"{there.foreign_id} is to be moved to extension {wanted.extension or 'none'}; do it at FusionPBX"
            )
        row = self._row(wanted, there.foreign_id)
        if row is None:
            raise TryAgainLater(
                f"extension {there.foreign_id} is gone; run again, and it is looked at anew",
                platform=self._platform,
            )
        values = {}
        if "state" in there.differs:
            values = {"enabled": "false", "description": let_go(row.device).description or ""}
        if "name" in there.differs:
            values["effective_caller_id_name"] = wanted.name
        if "secret" in there.differs:
            values["password"] = wanted.secret.reveal()
        return row, [extension_rows.update(self._tables, row, values)] if values else []

    def _carry_out(self, changes: list[Change], row: Row) -> None:
        if not changes:
            return
        hits = self._control.change_all([Change(_ONE_AT_A_TIME, [row.domain_uuid]), *changes])
        if not all(hits):
            raise TryAgainLater(
                f"extension {row.id}, or a number of it, is somebody's since it was looked at, or an alias there; "
                "it is looked at anew",
                platform=self._platform,
            )

    def _differences(self, wanted: WantedAccount, row: Row) -> Iterator[tuple[str, str]]:
        if wanted.is_ended:
            if row.device.is_on or row.device.off_by:
                yield "state", "it is switched on" if row.device.is_on else "a resume would switch it on"
            return
        if row.line.extension != wanted.extension:
            yield "extension", f"its extension is {row.line.extension}"
        if wanted.name and row.name != wanted.name:
            yield "name", f"effective_caller_id_name is {row.name or 'empty'}"
        if wanted.secret and row.password != wanted.secret.reveal():
            yield "secret", "it has another service password"
        numbers = listed_numbers.look(self._database, self._tables, wanted, row)
        if says := numbers.by_hand(lists=False):
            yield "numbers", ", ".join(says)

    def _row(self, wanted: WantedAccount, foreign_id: str) -> Row | None:
        number, _, tenant = (foreign_id or f"{wanted.extension}@{wanted.customer_id}").rpartition("@")
        rows = extension_rows.rows(self._database, tenant)
        if not foreign_id:
            for row in rows:
                if row.device.uuid == made_uuid(row.domain_uuid, wanted.code):
                    return row
        found = [row for row in rows if number and row.line.extension == number]
        if len(found) > 1:
            raise self._for_a_person(f"{tenant} has extension {number} {len(found)} times; leave one there")
        return found[0] if found else None

    def _tell(self, row: Row, *, drops_registration: bool) -> None:
        if self._switch is not None:
            self._switch.forget([row.line], drops_registrations=drops_registration)

    def _for_a_person(self, what: str) -> ForAPerson:
        return ForAPerson(what, platform=self._platform)

    @property
    def _tables(self) -> Tables:
        if self._probed is None:
            self._probed = probe(self._database, self._platform)
            for table in (DOMAINS, EXTENSIONS, DESTINATIONS):
                check_there(self._probed, table, self._platform)
        return self._probed
