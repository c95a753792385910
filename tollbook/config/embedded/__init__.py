"""An own PostgreSQL server without administration: no port, no service, no password."""

from tollbook.config.embedded.errors import DatabaseUnavailable
from tollbook.config.embedded.server import EmbeddedServer

__all__ = ["DatabaseUnavailable", "EmbeddedServer"]
