"""The running switch behind the database: gateways that are up, telephones that are registered, calls in progress.

It does not watch the database. A gateway switched off there still runs until `killgw`; one switched on comes up only at
a `rescan`. With `caches` set it also reads its own copy of what it read last, until the key of that copy is deleted, as
an installation with memcached does.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from simulators.fusionpbx.cdr import Row
from simulators.fusionpbx.controls import PROFILE
from simulators.fusionpbx.database import Database

HOSTNAME = "pbx1"
GATEWAYS_KEY = f"{HOSTNAME}:configuration:sofia.conf"
REGISTRAR = "internal"
PROFILES = (REGISTRAR, PROFILE)
ENABLED_GATEWAYS = "SELECT gateway_uuid::text FROM v_gateways WHERE enabled::text = 'true'"
TELEPHONES = """
    SELECT extension, number_alias, user_context, domain_name
    FROM v_extensions JOIN v_domains USING (domain_uuid)
    WHERE enabled::text = 'true' AND domain_enabled ORDER BY domain_name, extension
"""
Heard = Callable[[str, dict[str, str]], None]


@dataclass(frozen=True, slots=True)
class Channel:
    uuid: str
    domain: str
    extension: str
    number: str


class Switch:
    def __init__(self, database: Database) -> None:
        self.caches = False
        self.has_memcache = True
        self.lock = threading.RLock()
        self.heard: Heard = lambda _name, _headers: None  # told of events
        self.channels: dict[str, Channel] = {}
        self.gateways: set[str] = set()  # what runs, by uuid
        self.registrations: set[tuple[str, str]] = set()  # extension, domain
        self._database = database
        self._cache: dict[str, object] = {}

    def boot(self) -> None:
        """Everything that is enabled comes up and registers."""
        with self.lock:
            self._cache.clear()
            self.channels.clear()
            self.gateways = set(self._enabled_gateways())
            self.registrations = {
                (row["extension"], row["domain_name"]) for row in self._database.rows(TELEPHONES)
            }

    def ring(self, uuid: UUID | str, domain: str, extension: str, number: str) -> str:
        """A call from the extension is in progress from now on."""
        with self.lock:
            self.channels[str(uuid)] = Channel(str(uuid), domain, extension, number)
        return str(uuid)

    def hang_up(self, uuid: str, cause: str = "NORMAL_CLEARING") -> bool:
        """Whether there was such a call."""
        with self.lock:
            channel = self.channels.pop(uuid, None)
        if channel is None:
            return False
        headers = {"Unique-ID": uuid, "Hangup-Cause": cause, "variable_domain_name": channel.domain}
        self.heard("CHANNEL_HANGUP_COMPLETE", headers)
        return True

    def register(self, extension: str, domain: str) -> bool:
        """A telephone tries to register: whether the directory lets it."""
        with self.lock:
            is_let_in = self._directory(extension, domain)
            if is_let_in:
                self.registrations.add((extension, domain))
            return is_let_in

    def flush(self, user: str, domain: str) -> bool:
        """Drop the registration: whether there was one."""
        with self.lock:
            was_there = (user, domain) in self.registrations
            self.registrations.discard((user, domain))
            return was_there

    def flush_all(self) -> None:
        with self.lock:
            self.registrations.clear()

    def kill_gateway(self, uuid: str) -> bool:
        """Whether it ran."""
        with self.lock:
            ran = uuid in self.gateways
            self.gateways.discard(uuid)
            return ran

    def rescan(self) -> None:
        """Bring up what is enabled and does not run. What runs keeps running."""
        with self.lock:
            self.gateways |= self._enabled_gateways()

    def forget(self, key: str) -> bool:
        """Delete a key of the cache: whether it was there."""
        with self.lock:
            return self._cache.pop(key, None) is not None

    def forget_all(self) -> None:
        with self.lock:
            self._cache.clear()

    def gateway(self, uuid: str) -> Row | None:
        """The row of a gateway that runs, as the switch knows it."""
        with self.lock:
            if uuid not in self.gateways:
                return None
        rows = self._database.rows("SELECT * FROM v_gateways WHERE gateway_uuid::text = %s", uuid)
        return rows[0] if rows else None

    def _enabled_gateways(self) -> frozenset[str]:
        known = self._cache.get(GATEWAYS_KEY)
        if self.caches and isinstance(known, frozenset):
            return known
        enabled = frozenset(row["gateway_uuid"] for row in self._database.rows(ENABLED_GATEWAYS))
        self._cache[GATEWAYS_KEY] = enabled
        return enabled

    def _directory(self, extension: str, domain: str) -> bool:
        """Only what was found is cached; under the key of the extension in its context."""
        rows = self._database.rows(
            "SELECT user_context FROM v_extensions JOIN v_domains USING (domain_uuid) "
            "WHERE extension = %s AND domain_name = %s",
            extension,
            domain,
        )
        key = f"directory:{extension}@{rows[0]['user_context']}" if rows else ""
        if self.caches and key in self._cache:
            return True
        is_let_in = any(
            (row["extension"], row["domain_name"]) == (extension, domain)
            for row in self._database.rows(TELEPHONES)
        )
        if is_let_in:
            self._cache[key] = True
        return is_let_in
