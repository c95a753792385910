"""Run in a process of its own: an operator whose customers are users of the Metroport at an address."""

import os
import sys
from contextlib import closing
from datetime import UTC, date, datetime

from tollbook.cli.database import open_database

THEN = datetime(2017, 7, 1, tzinfo=UTC)


def prepare(url: str, login: str, password: str) -> None:
    from tollbook.catalog.operations import set_platform_tariff, set_product
    from tollbook.connections.operations import open_connector, set_connection
    from tollbook.connectors.secret import Secret
    from tollbook.customers.models import Account, Customer, Number, Pairing

    connection = set_connection(
        name="mvno",
        kind="metroport",
        settings={"api_url": url, "login": login},
        secrets={"password": Secret(password)},
        timezone="Europe/Warsaw",
        import_from=date(2017, 6, 1),
    )
    set_platform_tariff(name="as is", currency="PLN", recorded_at=THEN)
    kinds = ("voice_out", "sms_out", "mms_out", "data", "video_out")
    product = set_product(code="mobile", name="Mobile", tariffs=dict.fromkeys(kinds, "as is"))
    with closing(open_connector(connection)) as connector:
        owners = {}
        for one in connector.customers():
            owners[one.foreign_id] = Customer.objects.create(
                code=one.foreign_id, name=one.name, currency="PLN", timezone="Europe/Warsaw", tax_rate=23
            )
            Pairing.objects.create(
                customer=owners[one.foreign_id],
                connection=connection,
                foreign_id=one.foreign_id,
                decided_at=THEN,
                decided_by="a person",
                why="they said so",
            )
        for card in connector.accounts(list(owners)):
            account = Account.objects.create(
                customer=owners[card.customer_id], product=product, code=card.foreign_id
            )
            for number in card.numbers:
                Number.objects.create(account=account, digits=int(number))


if __name__ == "__main__":
    assert "TOLLBOOK_HOME" in os.environ
    open_database()
    prepare(*sys.argv[1:4])
