"""A stand-in for Kamailio: its accounting tables with a month of calls, its users, and the flags its script asks.

with Simulator(server_dsn) as simulator:
    simulator.host, simulator.port      # of a door that the database is behind; faults are ordered at it
    simulator.database, simulator.user  # who may read, and write the flags
"""

import threading

from simulators.kamailio.calls import Call
from simulators.kamailio.simulator import Simulator

__all__ = ["Call", "Simulator", "serve"]


def serve(
    server_dsn: str, *, port: int = 0, month: str = "2017-06", seed: int = 1, name: str = "kamailio_sim"
) -> None:
    """Run on a port of this machine until it is interrupted; port 0 takes a free one."""
    with Simulator(server_dsn, month=month, seed=seed, name=name, port=port) as simulator:
        where = f"127.0.0.1:{simulator.port}, database {simulator.database}, user {simulator.user}"
        print(f"Kamailio's database is simulated at {where}", flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print("stopped")
