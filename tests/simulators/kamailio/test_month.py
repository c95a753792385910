"""The simulated Kamailio writes what the real one does. What the real one does is seen in tests/stories."""

from collections import Counter

import psycopg
import pytest

from simulators.faults import Fault
from simulators.kamailio import Simulator
from simulators.kamailio.month import make_month


def logged(kamailio: Simulator, name: str) -> list[str]:
    """Method, code and sender's tag of each row of acc about an awkward call, in the order of writing."""
    rows = kamailio.rows("SELECT * FROM acc WHERE callid = %s ORDER BY id", f"{name}@198.51.100.7")
    return [f"{row['method']} {row['sip_code']} from {row['from_tag'].partition('-')[0]}" for row in rows]


def test_a_seed_gives_the_same_month_again() -> None:
    assert make_month(1, "2017-06") == make_month(1, "2017-06")
    assert make_month(1, "2017-06") != make_month(2, "2017-06")
    assert {call.begun.month for call in make_month(1, "2017-12")} == {12}


def test_every_call_has_one_row_with_its_fraction(kamailio: Simulator) -> None:
    rows = kamailio.rows("SELECT * FROM acc_cdrs ORDER BY id")
    assert len(rows) == len(kamailio.calls) > 400
    [fraction] = [row for row in rows if row["callid"].startswith("fraction@")]
    assert fraction["duration"] == pytest.approx(2.506)
    assert fraction["start_time"].microsecond == 0


def test_a_refused_call_has_a_row_of_no_length_and_is_a_missed_one(kamailio: Simulator) -> None:
    [busy] = kamailio.rows("SELECT * FROM acc_cdrs WHERE callid LIKE 'busy@%%'")
    assert (busy["duration"], busy["start_time"]) == (0, busy["end_time"])
    codes = Counter(row["sip_code"] for row in kamailio.rows("SELECT sip_code FROM missed_calls"))
    assert codes.keys() == {"486", "487"}


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("fraction", ["INVITE 200 from f", "BYE 200 from f"]),
        ("callee-hangs-up", ["INVITE 200 from f", "BYE 200 from t"]),
        ("on-hold", ["INVITE 200 from f", "INVITE 200 from t", "INVITE 200 from t", "BYE 200 from f"]),
        ("hold-refused", ["INVITE 200 from f", "INVITE 488 from t", "BYE 200 from f"]),
        ("challenged", ["INVITE 200 from f", "BYE 401 from f", "BYE 200 from f"]),
        ("no-BYE", ["INVITE 200 from f"]),
        ("no-INVITE", ["BYE 200 from f"]),
        ("BYE-first", ["BYE 200 from f", "INVITE 200 from f"]),
        ("busy", ["INVITE 486 from f"]),
    ],
)
def test_requests_are_logged_as_they_were_sent(kamailio: Simulator, name: str, rows: list[str]) -> None:
    assert logged(kamailio, name) == rows


def test_a_call_that_forks_is_two_with_one_call_id(kamailio: Simulator) -> None:
    rows = kamailio.rows("SELECT to_tag FROM acc_cdrs WHERE callid LIKE 'forked@%%'")
    assert {row["to_tag"] for row in rows} == {"t-forked", "t-forked-twin"}


def test_who_is_let_in_may_read_calls_and_write_flags_only(kamailio: Simulator) -> None:
    where = f"host={kamailio.host} port={kamailio.port} dbname={kamailio.database} user={kamailio.user}"
    with psycopg.connect(f"{where} sslmode=disable", autocommit=True) as connection:
        connection.execute("INSERT INTO tollbook_flags VALUES ('100', 'suspended')")
        assert kamailio.flags() == {"100": "suspended"}
        connection.execute("DELETE FROM tollbook_flags")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("DELETE FROM acc_cdrs")
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute("INSERT INTO tollbook_flags VALUES ('100', 'on holiday')")


def test_what_is_ordered_goes_wrong_once(kamailio: Simulator) -> None:
    where = f"host={kamailio.host} port={kamailio.port} dbname={kamailio.database} user={kamailio.user}"
    for kind in ("status", "timeout_before", "timeout_after", "truncate", "wrong_type"):
        kamailio.faults.add(Fault(kind, match="acc_cdrs"))
        with pytest.raises(psycopg.DatabaseError), psycopg.connect(f"{where} sslmode=disable") as connection:
            connection.execute("SELECT count(*) FROM acc_cdrs").fetchall()
        assert kamailio.faults.left() == []
        with psycopg.connect(f"{where} sslmode=disable") as connection:
            assert connection.execute("SELECT count(*) FROM acc_cdrs").fetchone() == (len(kamailio.calls),)
