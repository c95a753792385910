"""A stand-in for Metroport's management system (MMS) as a mobile virtual operator's customer sees it."""

import threading

from simulators.metroport.simulator import Simulator

__all__ = ["Simulator", "serve"]


def serve(port: int, *, seed: int = 1, month: str = "2017-06") -> None:
    """Run on a port of this machine until it is interrupted; port 0 takes a free one."""
    with Simulator(seed, month, port=port) as simulator:
        account = f"login {simulator.login}, password {simulator.password}"
        print(f"Metroport is simulated at {simulator.url}; {account}", flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print("stopped")
