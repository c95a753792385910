"""The switches of a story: `POST /_control/<name>` at the REST API's port, with a JSON object of arguments."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulators.fusionpbx.simulator import Simulator


def switches(simulator: "Simulator") -> dict[str, Callable[..., object]]:
    event_socket, switch = simulator.event_socket, simulator.switch

    def late(count: int = 5) -> list[str]:
        return [str(uuid) for uuid in simulator.late(count)]

    def set_event_socket(
        *, refuses: bool = False, piece_bytes: int | None = None, merges: bool = False, caches: bool = False
    ) -> None:
        """All at once: what is not named is as usual again."""
        event_socket.refuses, event_socket.piece_bytes, event_socket.merges = refuses, piece_bytes, merges
        switch.caches = caches

    def forbid(collections: list[str]) -> None:
        simulator.rest.forbidden = set(collections)

    return {
        "late": late,
        "set_gateway": simulator.set_gateway,
        "set_extension": simulator.set_extension,
        "set_domain": simulator.set_domain,
        "operator_rows": simulator.operator_rows,
        "ring": switch.ring,
        "register": switch.register,
        "event_socket": set_event_socket,
        "drop": event_socket.drop,
        "commands": lambda: event_socket.commands,
        "forbid": forbid,
    }
