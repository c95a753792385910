"""The table of those who may not call, which the routing script asks at every INVITE. Nothing else tells Kamailio.

`flags_table(key, flag)`: the name of an account, or `trunk:` and that of a trunk; and `suspended` (no calls in either
direction) or `outbound_only`. Whoever is not in it may call. One row each, so that the last order holds.
"""

from typing import LiteralString

from psycopg.sql import SQL, Composed, Identifier

from tollbook.connectors.base import Order, OrderPowers, Standing, State, Target, Verb
from tollbook.connectors.errors import ForAPerson, NeedsAttention
from tollbook.connectors.kamailio.options import Options
from tollbook.connectors.kamailio.statements import COLUMNS, READABLE_COLUMNS, table
from tollbook.connectors.postgres import Database

SUSPENDED, OUTBOUND_ONLY = "suspended", "outbound_only"
TARGETS = frozenset({Target.ACCOUNT, Target.TRUNK})
TRUNK = "trunk:"  # before the name of a trunk, which may be that of an account


class Flags:
    """Who is suspended, as the table says."""

    def __init__(self, database: Database, options: Options, *, platform: str) -> None:
        self._database, self._options, self._platform = database, options, platform

    def powers(self) -> OrderPowers:
        if not self._options.flags_table:
            return OrderPowers(remark="no table of flags is set: the routing script asks nobody who is suspended")
        keeps, cuts = self._options.keeps_emergency, bool(self._options.rpc_url)
        in_progress = "calls in progress can be ended" if cuts else "calls in progress go on"
        emergency = "" if keeps else "; emergency calls are refused too"
        return OrderPowers(
            targets=TARGETS,
            outbound_only=True,
            cuts_calls=cuts,
            keeps_emergency=keeps,
            remark=f"the routing script refuses the next call; {in_progress}{emergency}",
        )

    def carry_out(self, order: Order) -> str:
        """Write the flag, or take it away.

        Raises:
            ForAPerson: there is no table of flags.
            NeedsAttention: there is nobody of that name, or another thing is wrong with the order or the database.
        """
        self._check(order.target, order.foreign_id)
        if order.verb is Verb.RESUME:
            self._database.change(self._sql("DELETE FROM {table} WHERE {key} = %s"), [self._key(order)])
        elif order.verb is Verb.SUSPEND:
            self._suspend(order)
        else:
            raise NeedsAttention(
                f"Kamailio's users cannot be told to {order.verb.value}; only suspend and resume",
                platform=self._platform,
            )
        return order.foreign_id

    def standing(self, target: Target, foreign_id: str) -> Standing:
        """As the table says now; with that the next call is met.

        Raises:
            ForAPerson, NeedsAttention: as above.
        """
        self._check(target, foreign_id)
        query = self._sql("SELECT {word} FROM {table} WHERE {key} = %s")
        rows = self._database.rows(query, [_key(target, foreign_id)])
        match [str(word) for (word,) in rows]:
            case []:
                return Standing(state=State.ACTIVE)
            case [word] if word == SUSPENDED:
                return Standing(state=State.SUSPENDED, state_word=word)
            case [word] if word == OUTBOUND_ONLY:
                return Standing(state=State.SUSPENDED, state_word=word, is_outbound_only=True)
            case words:
                said = ", ".join(words)
                return Standing(
                    state=State.UNKNOWN,
                    state_word=said,
                    says=f"{self._options.flags_table} says {said!r}; it should be {SUSPENDED} or {OUTBOUND_ONLY}",
                )

    def lacking_rights(self) -> list[str]:
        """What the user may not do with the table.

        Raises:
            NeedsAttention: it is not there.
        """
        self._check_table()
        asked = "SELECT right_ FROM unnest(%s::text[]) right_ WHERE NOT has_table_privilege(%s, right_)"
        wanted = ["SELECT", "INSERT", "UPDATE", "DELETE"]
        return [right for (right,) in self._database.rows(asked, [wanted, self._options.flags_table])]

    def _suspend(self, order: Order) -> None:
        # Told again it changes nothing: then a column that says since when is still right.
        suspend = self._sql(
            "INSERT INTO {table} AS flags ({key}, {word}) VALUES (%s, %s) ON CONFLICT ({key}) DO UPDATE"
            " SET {word} = excluded.{word} WHERE flags.{word} IS DISTINCT FROM excluded.{word}"
        )
        word = OUTBOUND_ONLY if order.is_outbound_only else SUSPENDED
        self._database.change(suspend, [self._key(order), word])

    def _check(self, target: Target, foreign_id: str) -> None:
        """That it can be told to, and is somebody there."""
        if not self._options.flags_table:
            raise ForAPerson(
                f"no table of flags is set; somebody who knows the routing script sees to {target.value} {foreign_id}",
                platform=self._platform,
            )
        if target not in TARGETS or not foreign_id:
            raise NeedsAttention(
                f"Kamailio has no {target.value} {foreign_id!r}; suspend its accounts or trunks",
                platform=self._platform,
            )
        if target is Target.ACCOUNT and not self._is_user(foreign_id):
            raise NeedsAttention(
                f"there is no user {foreign_id} in {self._options.subscriber_table}; correct the account, or set "
                "subscriber_table to - if users are kept elsewhere",
                platform=self._platform,
            )
        self._check_table()

    def _check_table(self) -> None:
        name = self._options.flags_table
        if not self._database.rows(COLUMNS, [name]):
            raise NeedsAttention(
                f"there is no table {name}; make it, and let the routing script ask it, as docs/connectors/kamailio.md "
                "says",
                platform=self._platform,
            )

    def _is_user(self, foreign_id: str) -> bool:
        """Whether there is such a user; also where nobody can tell, the table being none or closed to us."""
        subscribers = self._options.subscriber_table
        columns = (
            {name for (name,) in self._database.rows(READABLE_COLUMNS, [subscribers])} if subscribers else set()
        )
        if "username" not in columns:
            return True
        user, _, domain = foreign_id.partition("@")
        query, values = SQL("SELECT FROM {} WHERE username = %s").format(table(subscribers)), [user]
        if domain and "domain" in columns:
            query, values = query + SQL(" AND domain = %s"), [user, domain]
        return bool(self._database.rows(query, values))

    def _sql(self, statement: LiteralString) -> Composed:
        return SQL(statement).format(
            table=table(self._options.flags_table),
            key=Identifier(self._options.flags_key),
            word=Identifier(self._options.flags_word),
        )

    def _key(self, order: Order) -> str:
        return _key(order.target, order.foreign_id)


def _key(target: Target, foreign_id: str) -> str:
    return TRUNK + foreign_id if target is Target.TRUNK else foreign_id
