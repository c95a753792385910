"""Run in a process of its own: an operator one of whose customers is at the PortaBilling at an address."""

import sys
from datetime import UTC, datetime

from tollbook.cli.database import open_database

THEN = datetime(2017, 7, 1, tzinfo=UTC)


def prepare(url: str, login: str, token: str, foreign_id: str) -> None:
    from tollbook.connections.operations import set_connection
    from tollbook.connectors.secret import Secret
    from tollbook.customers.models import Customer, Pairing

    connection = set_connection(
        name="north",
        kind="portabilling",
        settings={"url": url, "login": login, "attempts": "1", "timeout_s": "20"},
        secrets={"token": Secret(token)},
    )
    customer = Customer.objects.create(code="kowal", name="Kowal", currency="PLN")
    Pairing.objects.create(
        customer=customer,
        connection=connection,
        foreign_id=foreign_id,
        decided_at=THEN,
        decided_by="a person",
        why="they said so",
    )


if __name__ == "__main__":
    open_database()
    prepare(*sys.argv[1:5])
