"""Run in a process of its own: an operator with an account that is to be made at the switch at an address.

The words: kind of the switch, tenant, extension; then its settings as name=value, secrets as name:=value.
"""

import sys
from datetime import UTC, datetime

from tollbook.cli.database import open_database

THEN = datetime(2017, 7, 1, tzinfo=UTC)


def prepare(kind: str, tenant: str, extension: str, words: list[str]) -> None:
    from tests.jobs.fee_office import add_customer, add_product
    from tollbook.connections.operations import set_connection
    from tollbook.connectors.secret import Secret
    from tollbook.customers.models import Account, Extension, Pairing
    from tollbook.customers.operations.service_passwords import kept
    from tollbook.provisioning.operations import set_policy

    secrets = dict(word.split(":=", 1) for word in words if ":=" in word)
    settings = dict(word.split("=", 1) for word in words if ":=" not in word)
    connection = set_connection(
        name="pbx", kind=kind, settings=settings, secrets={name: Secret(value) for name, value in secrets.items()}
    )
    set_policy(connection=connection, is_on=True)
    customer = add_customer("kowal")
    Pairing.objects.create(
        customer=customer,
        connection=connection,
        foreign_id=tenant,
        decided_at=THEN,
        decided_by="a person",
        why="they said so",
    )
    account = Account.objects.create(
        customer=customer,
        product=add_product("line"),
        code="desk",
        name="Reception",
        service_secret=kept("S3rviceSecret"),
    )
    Extension.objects.create(customer=customer, number=extension, account=account, name="Reception")


if __name__ == "__main__":
    open_database()
    prepare(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:])
