"""The platforms that run beside `tollbook demo`: simulated, on this machine, with a month of somebody's calls."""

import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from tollbook.cli import simulated_sites as sites
from tollbook.cli.demo_push import push_address
from tollbook.jobs.demo_platforms import DemoSite

FREESWITCH = "demo-freeswitch"


@contextmanager
def demo_platforms() -> Iterator[list[DemoSite]]:
    """Start them on free ports; they end with the block. The database has to be open."""
    secret = secrets.token_hex(16)
    with ExitStack() as running:
        yield [
            sites.portabilling(running),
            sites.metroport(running),
            sites.fusionpbx(running),
            sites.vodia(running),
            sites.lesnet(running),
            sites.kamailio(running),
            sites.freeswitch(push_address(running, FREESWITCH, secret), secret=secret, name=FREESWITCH),
        ]
