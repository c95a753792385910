"""A running `tollbook up`, as its own tests start it."""

from tests.cli.test_up import home, start

__all__ = ["home", "start"]
