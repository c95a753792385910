"""The running switch behind the database: told what was changed there, asked what really runs."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from tollbook.connectors.errors import NeedsAttention
from tollbook.connectors.esl import EventSocket
from tollbook.connectors.fusionpbx.options import Options

NOT_RUNNING = ("Invalid Gateway", "-ERR")
AT_EXPIRY = "takes effect when the switch's cache expires, as no event socket is set (esl_host)"
CACHE_STAYS = "what the switch has cached of it holds until it expires"


@dataclass(frozen=True, slots=True)
class Line:
    """An extension, as the switch names it."""

    extension: str
    domain: str
    context: str = ""  # of its user, which its cached directory entry is named by
    alias: str = ""

    @property
    def cache_keys(self) -> list[str]:
        contexts = dict.fromkeys(filter(None, (self.context, self.domain)))
        names = filter(None, (self.extension, self.alias))
        return [f"directory:{name}@{context}" for name in names for context in contexts]


class Switch:
    """What orders need of the event socket. Telling twice does no more than telling once."""

    def __init__(self, socket: EventSocket, options: Options) -> None:
        self._socket, self._options = socket, options

    @property
    def reaches_cache(self) -> bool:
        return bool(self._options.cache_command)

    def forget(self, lines: Iterable[Line], *, drops_registrations: bool) -> None:
        """Have extensions read anew, and their telephones ask to be let in again."""
        for line in lines:
            for key in line.cache_keys:
                self._forget_key(key)
            if drops_registrations:
                self._told(
                    f"sofia profile {self._options.sip_profile} flush_inbound_reg {line.extension}@{line.domain}"
                )

    def stop_gateway(self, uuid: str, *, profile: str, hostname: str) -> None:
        self._forget_gateways(hostname)
        if self.is_running(uuid):
            self._told(f"sofia profile {profile or self._options.gateway_profile} killgw {uuid}")

    def start_gateway(self, *, profile: str, hostname: str) -> None:
        self._forget_gateways(hostname)
        self._told(f"sofia profile {profile or self._options.gateway_profile} rescan")

    def is_running(self, gateway: str) -> bool:
        """Whether the gateway is up in the switch, whatever the database says."""
        return not self._socket.api(f"sofia status gateway {gateway}").startswith(NOT_RUNNING)

    def cut(self, is_theirs: Callable[[dict[str, Any]], bool]) -> int:
        """End calls in progress; how many were."""
        return sum(
            self._socket.hang_up(channel["uuid"]) for channel in self._socket.channels() if is_theirs(channel)
        )

    def reach(self) -> str:
        """Log in, and see that it answers; what it said."""
        return self._socket.api("status").partition("\n")[0]

    def close(self) -> None:
        self._socket.close()

    def _forget_gateways(self, hostname: str) -> None:
        name = hostname or self._socket.api("hostname").strip()
        self._forget_key(f"{name}:configuration:sofia.conf")

    def _forget_key(self, key: str) -> None:
        """That it was not cached is as good."""
        if self.reaches_cache:
            self._socket.api(self._options.cache_command.replace("{key}", key))

    def _told(self, command: str) -> None:
        said = self._socket.api(command)
        if said.startswith(("-ERR", "-USAGE", "Invalid Profile")):
            raise NeedsAttention(
                f"the switch refuses `{command}`: {said[:200]}; check sip_profile and gateway_profile",
                platform=self._socket.platform,
            )


def calls_of_extension(line: Line) -> Callable[[dict[str, Any]], bool]:
    user = f"{line.extension}@{line.domain}".lower()
    return lambda channel: user in _users(channel)


def calls_of_domain(domain: str) -> Callable[[dict[str, Any]], bool]:
    """Telephones' channels name their user; those of calls from outside have the tenant as their context."""
    end = f"@{domain}".lower()
    return lambda channel: (
        any(user.endswith(end) for user in _users(channel)) or channel.get("context", "").lower() == end[1:]
    )


def calls_of_gateway(uuid: str) -> Callable[[dict[str, Any]], bool]:
    needle = f"/{uuid}/"
    return lambda channel: any(needle in f"{channel.get(name, '')}/" for name in ("name", "application_data"))


def _users(channel: dict[str, Any]) -> set[str]:
    """Whose channel it is: `2112@tenant.example.ca`."""
    name = channel.get("name", "").rpartition("/")[2]
    return {user.lower() for user in (channel.get("presence_id", ""), name) if user}
