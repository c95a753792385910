"""The real file: 218 records of an Asterisk switch, with everything that real files have."""

from pathlib import Path

import pytest

from tests.jobs.office import NOON, Office
from tests.jobs.test_import_usage import counts
from tollbook.connections.models import Connection
from tollbook.customers.models import Account, Customer, Number
from tollbook.jobs.import_usage import import_usage
from tollbook.usage.models import ImportRun
from tollbook.usage.queries import broken_equations, select_records

MASTER = Path(__file__).parents[2] / "demo" / "asterisk-master.csv"
AMERICA = "prefix,destination,price,increment\n1,North America,0.0600,1/1\n"


@pytest.fixture
def switch(office: Office) -> Connection:
    """The switch's numbers all belong to one customer, who pays a tenth of a cent a second."""
    from tests.jobs.office import price_tariff
    from tollbook.catalog.operations import set_product

    price_tariff("america", AMERICA, office.folder)
    product = set_product(code="america", name="America", tariffs={"voice_out": "america"})
    customer = Customer.objects.create(code="docs", name="Documentation", currency="EUR")
    lines = MASTER.read_text(encoding="utf-8").splitlines()
    for number in {"1" + line.split(",")[1].strip('"').replace("-", "") for line in lines}:
        account = Account.objects.create(customer=customer, code=number, product=product)
        Number.objects.create(account=account, digits=int(number))
    return Connection.objects.create(
        name="switch", layout="asterisk", timezone="UTC", number_rules={"country": "US"}, match_by=["number"]
    )


def take(switch: Connection, path: Path) -> ImportRun:
    return import_usage(switch, path, now=NOON)


def test_all_218_records_are_accounted_for(switch: Connection) -> None:
    run = take(switch, MASTER)

    # 133 answered, 24 of them for no second; 85 not answered, 5 of those with a duration all the same.
    assert run.records_in == 218
    assert counts(run) == {"charged": 109, "free": 109}
    charged = select_records("outcome = 'charged'", ())
    assert charged["billed"].sum() == 38_839
    assert charged["price_nanos"].sum() == 38_839_000_000  # 0.06 a minute is 0.001 a second
    assert broken_equations() == []


def test_eight_lines_equal_to_another_are_calls_of_their_own(switch: Connection) -> None:
    take(switch, MASTER)

    keys = select_records("true", ())["record_key"]
    assert keys.n_unique() == 218
    assert sum(key.endswith(":2") for key in keys) == 8


def test_unanswered_records_with_a_duration_are_free(switch: Connection) -> None:
    take(switch, MASTER)

    rows = select_records("NOT answered AND duration_us > 0", ())
    assert rows["outcome"].to_list() == ["free"] * 5
    assert rows["duration_us"].sum() == (4 * 25 + 8) * 1_000_000


@pytest.mark.req("X7")
def test_the_file_again_adds_nothing_and_ten_more_lines_add_ten(switch: Connection, tmp_path: Path) -> None:
    take(switch, MASTER)
    assert counts(take(switch, MASTER)) == {"duplicate": 218}

    lines = MASTER.read_text(encoding="utf-8").splitlines(keepends=True)
    longer = tmp_path / "longer.csv"
    # The first ten calls once more, ten days later.
    more = [line.replace("2017-06-20", "2017-06-30") for line in lines[:10]]
    longer.write_text("".join(lines + more), encoding="utf-8")

    run = take(switch, longer)
    assert run.records_in == 228
    assert run.duplicate == 218
    assert run.charged + run.free == 10
    assert broken_equations() == []
