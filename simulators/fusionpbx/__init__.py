"""A stand-in for FusionPBX: its database in four generations, the event socket of its switch, and FS PBX's REST API.

with Simulator(server_dsn, generation="5.3") as simulator:
    simulator.dsn                # of a role that may only read
    simulator.control_dsn        # of one that may change the control tables too
    simulator.event_socket.port  # with .password, and switches for what may go wrong
    simulator.url                # of the REST API, with .token and .faults
"""

import threading

from simulators.fusionpbx.schema import GENERATIONS
from simulators.fusionpbx.simulator import Simulator

__all__ = ["GENERATIONS", "Simulator", "serve"]


def serve(
    server_dsn: str,
    *,
    port: int = 0,
    event_socket_port: int = 0,
    generation: str = "5.5",
    month: str = "2017-06",
    seed: int = 1,
    name: str = "fusionpbx_sim",
) -> None:
    """Run on ports of this machine until it is interrupted; port 0 takes a free one."""
    with Simulator(
        server_dsn,
        generation=generation,
        month=month,
        seed=seed,
        name=name,
        rest_port=port,
        event_socket_port=event_socket_port,
    ) as simulator:
        print(
            f"FusionPBX {generation} is simulated at {simulator.url}; token {simulator.token}, "
            f"event socket 127.0.0.1:{simulator.event_socket.port}, database {simulator.dsn}",
            flush=True,
        )
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print("stopped")
