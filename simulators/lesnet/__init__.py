"""A carrier's portal in the manner of Les.net. ITS LAYOUT IS AN ASSUMPTION, not Les.net's: that is not public.

Known are the form of a link, that a file is refreshed once in 24 hours, and the form of peers and DIDs. Assumed is all
else: cumulative text, a line per call with start in UTC, source, destination, seconds, rate, cost and peer, in commas
and without a header; and the orders over HTTP.
"""

import threading

from simulators.lesnet.simulator import Simulator

__all__ = ["Simulator", "serve"]


def serve(port: int, *, seed: int = 1, month: str = "2017-06") -> None:
    """Run on a port of this machine until it is interrupted; port 0 takes a free one."""
    with Simulator(seed, month, port=port) as simulator:
        links = " ".join(peer.path for peer in simulator.peers)
        print(f"Les.net is simulated at {simulator.url}, by assumption; files {links}", flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print("stopped")
