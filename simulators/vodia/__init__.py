"""A stand-in for a Vodia PBX with several tenants: its REST interface, and what it sends by itself (`push`)."""

import threading

from simulators.vodia.simulator import Simulator

__all__ = ["Simulator", "serve"]


def serve(port: int, *, seed: int = 1, month: str = "2017-06") -> None:
    """Run on a port of this machine until it is interrupted; port 0 takes a free one."""
    with Simulator(seed, month, "any", port=port) as simulator:
        account = f"login {simulator.login}, password {simulator.password}"
        print(f"Vodia is simulated at {simulator.url}; {account}", flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print("stopped")
