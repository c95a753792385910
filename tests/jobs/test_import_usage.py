"""From a file of calls to postings: what is charged, what is free, what waits, and that nothing is charged twice."""

from datetime import UTC, date, datetime
from decimal import Decimal

from polars.testing import assert_frame_equal

from tests.jobs.office import NOON, PRICES, Office, price_tariff
from tollbook.catalog.operations import set_product
from tollbook.connections.models import Connection
from tollbook.customers.models import Account, Customer, Number
from tollbook.jobs.import_usage import import_usage
from tollbook.jobs.retry_set_aside import retry_set_aside
from tollbook.jobs.reverse_usage import undo_import
from tollbook.ledger.models import Transaction
from tollbook.ledger.queries import balance
from tollbook.usage.frames import OUTCOMES
from tollbook.usage.models import ImportRun, UsageRecord
from tollbook.usage.queries import broken_equations, select_records

MONDAY = """
    record_id, start,                duration_s, cli,         cld,          answered
    1,         2017-06-19T08:00:00Z, 61,         48221000001, 442079460000, yes
    2,         2017-06-19T08:05:00Z, 31,         48221000001, 447700900000, yes
    3,         2017-06-19T08:06:00Z, 0,          48221000001, 447700900000, no
    4,         2017-06-19T08:07:00Z, 10,         48221000003, 48600000000,  yes
    5,         2017-06-19T08:08:00Z, 10,         48229999999, 48600000000,  yes
    6,         2017-06-19T08:09:00Z, 10,         48221000003, 447011111111, yes
    7,         2017-06-19T08:10:00Z, 10,         48221000003, 33100000000,  yes
"""


def counts(run: ImportRun) -> dict[str, int]:
    found = {name: getattr(run, name) for name in OUTCOMES}
    return {name: count for name, count in found.items() if count}


def owed(code: str) -> Decimal:
    return balance(Customer.objects.get(code=code), "EUR").amount


def test_each_call_is_charged_free_or_waits_with_a_reason(office: Office) -> None:
    run = office.import_(MONDAY)

    assert run.records_in == 7
    assert counts(run) == {"charged": 3, "free": 1, "set_aside": 3}
    records = {row["line"] - 1: row for row in select_records("true", ()).iter_rows(named=True)}
    assert [(n, r["outcome"], r["reason"], r["price_nanos"]) for n, r in sorted(records.items())] == [
        (1, "charged", None, 24_000_000),  # 61 s by the minute: 2 × 0.012
        (2, "charged", None, 46_000_000),  # 31 s as 36 s: 0.01 + 0.06 × 36 / 60
        (3, "free", "unanswered", 0),
        (4, "charged", None, 5_000_000),  # 10 s: 0.03 × 10 / 60
        (5, "set_aside", "no_account", None),
        (6, "set_aside", "forbidden_destination", None),
        (7, "set_aside", "no_rate", None),
    ]
    # Ann pays 23 % on 0.024 + 0.046 = 0.07; Bob pays none.
    assert owed("ann") == Decimal("0.0861")
    assert owed("bob") == Decimal("0.005")
    assert broken_equations() == []


def test_the_same_file_again_adds_nothing(office: Office) -> None:
    office.import_(MONDAY)

    again = office.import_(MONDAY)

    assert counts(again) == {"duplicate": 7}
    assert owed("ann") == Decimal("0.0861")
    assert broken_equations() == []


def test_a_longer_copy_adds_only_what_is_new(office: Office) -> None:
    office.import_(MONDAY)

    longer = office.import_(
        MONDAY + "    8, 2017-06-20T08:00:00Z, 60, 48221000001, 442079460000, yes", "tuesday.csv"
    )

    assert counts(longer) == {"duplicate": 7, "charged": 1}
    assert owed("ann") == Decimal("0.10086")  # 0.0861 + 0.012 × 1.23


def test_a_key_that_comes_with_other_content_replaces_the_record(office: Office) -> None:
    first = office.import_(MONDAY)

    corrected = office.import_(
        """
        record_id, start,                duration_s, cli,         cld,          answered
        1,         2017-06-19T08:00:00Z, 59,         48221000001, 442079460000, yes
        """,
        "corrected.csv",
    )

    assert counts(corrected) == {"charged": 1}
    first.refresh_from_db()
    assert counts(first) == {"charged": 2, "free": 1, "set_aside": 3, "superseded": 1}
    # One minute for 0.012 in place of two for 0.024: (0.012 + 0.046) × 1.23.
    assert owed("ann") == Decimal("0.07134")
    assert broken_equations() == []


def test_a_key_twice_in_one_file_is_a_duplicate_or_a_correction(office: Office) -> None:
    run = office.import_(
        """
        record_id, start,                duration_s, cli,         cld,          answered
        1,         2017-06-19T08:00:00Z, 60,         48221000003, 442079460000, yes
        1,         2017-06-19T08:00:00Z, 60,         48221000003, 442079460000, yes
        1,         2017-06-19T08:00:00Z, 120,        48221000003, 442079460000, yes
        """
    )

    assert counts(run) == {"charged": 1, "duplicate": 1, "superseded": 1}
    assert owed("bob") == Decimal("0.024")
    assert broken_equations() == []


def test_what_was_mended_is_charged_by_a_retry(office: Office) -> None:
    run = office.import_(MONDAY)
    account = Account.objects.get(code="bob-1")
    Number.objects.create(account=account, digits=48229999999)
    price_tariff("standard", PRICES + "33,France,0.0600,1/1,0,no\n", office.folder)

    retried = retry_set_aside(office.source, now=NOON)

    assert (retried.tried, retried.charged, retried.free) == (3, 2, 0)
    run.refresh_from_db()
    assert counts(run) == {"charged": 5, "free": 1, "set_aside": 1}
    # Bob: 0.005 before, 10 s to Poland 0.005, 10 s to France 0.01.
    assert owed("bob") == Decimal("0.02")
    assert broken_equations() == []
    assert retry_set_aside(office.source, now=NOON).charged == 0


def test_a_dry_run_of_a_retry_changes_nothing(office: Office) -> None:
    office.import_(MONDAY)
    Number.objects.create(account=Account.objects.get(code="bob-1"), digits=48229999999)
    before = select_records("true", ())

    assert retry_set_aside(office.source, now=NOON, dry_run=True).charged == 1

    assert_frame_equal(select_records("true", ()), before)
    assert owed("bob") == Decimal("0.005")


def test_an_undone_import_is_reversed_and_can_be_read_again(office: Office) -> None:
    run = office.import_(MONDAY)

    assert undo_import(run, posted_at=NOON) == 7

    assert (run.state, counts(run)) == ("undone", {"undone": 7})
    assert (owed("ann"), owed("bob")) == (Decimal(0), Decimal(0))
    assert Transaction.objects.filter(kind="usage_reversal").count() == 2
    assert counts(office.import_(MONDAY)) == {"charged": 3, "free": 1, "set_aside": 3}
    assert owed("ann") == Decimal("0.0861")
    assert broken_equations() == []


def test_undoing_a_correction_leaves_the_old_record_waiting_not_lost(office: Office) -> None:
    first = office.import_(MONDAY)
    corrected = office.import_(
        """
        record_id, start,                duration_s, cli,         cld,          answered
        1,         2017-06-19T08:00:00Z, 59,         48221000001, 442079460000, yes
        """,
        "corrected.csv",
    )

    undo_import(corrected, posted_at=NOON)

    first.refresh_from_db()
    assert counts(first) == {"charged": 2, "free": 1, "set_aside": 4}
    assert retry_set_aside(office.source, now=NOON, reason="correction_undone").charged == 1
    assert owed("ann") == Decimal("0.0861")
    assert broken_equations() == []


def test_a_call_belongs_to_the_month_of_its_customer(office: Office) -> None:
    office.import_(
        """
        record_id, start,                duration_s, cli,         cld,          answered
        june,      2017-06-30T21:59:59Z, 60,         48221000003, 442079460000, yes
        july,      2017-06-30T22:00:00Z, 60,         48221000003, 442079460000, yes
        """
    )

    months = Transaction.objects.order_by("month").values_list("month", flat=True)
    assert list(months) == [date(2017, 6, 1), date(2017, 7, 1)]  # midnight in Warsaw is 22:00 in Greenwich


def test_a_call_is_rated_by_the_version_in_force_when_it_started(office: Office) -> None:
    price_tariff("standard", PRICES.replace("0.0300", "0.0600"), office.folder, datetime(2017, 6, 20, tzinfo=UTC))

    office.import_(
        """
        record_id, start,                duration_s, cli,         cld,         answered
        before,    2017-06-19T23:59:59Z, 60,         48221000003, 48600000000, yes
        after,     2017-06-20T00:00:00Z, 60,         48221000003, 48600000000, yes
        """
    )

    prices = {row["record_key"]: row["price_nanos"] for row in select_records("true", ()).iter_rows(named=True)}
    assert prices == {"before": 30_000_000, "after": 60_000_000}


def test_a_start_that_cannot_be_is_set_aside_with_its_value(office: Office) -> None:
    run = office.import_(
        """
        record_id, start,                duration_s, cli,         cld,         answered
        1,         1969-12-31T23:59:59Z, 60,         48221000003, 48600000000, yes
        2,         2117-06-19T00:00:00Z, 60,         48221000003, 48600000000, yes
        """
    )

    assert counts(run) == {"set_aside": 2}
    details = [row["detail"] for row in select_records("reason = 'bad_time'", ()).iter_rows(named=True)]
    assert "1969-12-31" in details[0]
    assert "2117-06-19" in details[1]


def test_a_batch_of_any_size_gives_the_same_ledger(office: Office) -> None:
    office.import_(MONDAY, batch_rows=2)

    assert (owed("ann"), owed("bob")) == (Decimal("0.0861"), Decimal("0.005"))
    assert broken_equations() == []


def test_a_last_line_that_is_still_being_written_is_left_for_the_next_pass(office: Office) -> None:
    path = office.file(MONDAY)
    whole = path.read_text(encoding="utf-8")
    path.write_text(whole[: whole.index("yes\n7,") + 30], encoding="utf-8")
    first = import_usage(office.source, path, now=NOON, is_complete=False)

    path.write_text(whole, encoding="utf-8")
    second = import_usage(office.source, path, now=NOON, is_complete=False)

    assert first.records_in == 6
    assert first.left_for_next_pass.startswith("7,2017-06-19")
    assert counts(second) == {"duplicate": 6, "set_aside": 1}


def test_a_version_with_a_beginning_replaces_one_without_however_long_ago_it_began(office: Office) -> None:
    price_tariff("standard", PRICES.replace("0.0300", "0.0600"), office.folder, datetime(1900, 1, 1, tzinfo=UTC))

    office.import_(
        """
        record_id, start,                duration_s, cli,         cld,         answered
        1,         2017-06-19T08:00:00Z, 60,         48221000003, 48600000000, yes
        """
    )

    assert owed("bob") == Decimal("0.06")


def test_a_call_on_net_is_free_although_its_tariff_has_not_begun(office: Office) -> None:
    price_tariff("from 2018", PRICES, office.folder, datetime(2018, 1, 1, tzinfo=UTC))
    set_product(code="voice", name="Voice", tariffs={"voice_out": "from 2018"}, on_net="customer")

    office.import_(
        """
        record_id, start,                duration_s, cli,         cld,         answered
        own,       2017-06-19T08:00:00Z, 60,         48221000001, 48221000002, yes
        other,     2017-06-19T08:00:00Z, 60,         48221000001, 48600000000, yes
        """
    )

    records = select_records("true", ()).iter_rows(named=True)
    reasons = {row["record_key"]: row["reason"] for row in records}
    assert reasons == {"own": "on_net", "other": "no_rate"}


def test_late_records_are_recognised_among_years_of_known_ones(office: Office) -> None:
    lines = [
        f"{number:02d},2017-06-{number:02d}T08:00:00Z,60,48221000003,442079460000,yes" for number in range(1, 31)
    ]
    head = "record_id,start,duration_s,cli,cld,answered"
    office.import_("\n".join([head, *lines]))

    late = office.import_("\n".join([head, lines[0], lines[0].replace("01,", "01a,"), lines[29]]), "late.csv")

    assert counts(late) == {"duplicate": 2, "charged": 1}


def test_a_caller_without_a_number_reads_the_same_after_undoing_and_retrying(office: Office) -> None:
    head = "record_id,start,duration_s,cli,cld,answered,account\n"
    said = "a,2017-06-19T08:00:00Z,60,anonymous,442079460000,yes,bob-1"
    office.import_(head + said, "first.csv")
    undo_import(office.import_(head + said.replace(",60,", ",120,"), "second.csv"), posted_at=NOON)
    retry_set_aside(office.source, now=NOON)

    assert counts(office.import_(head + said.replace("a,", "b,", 1) + "\n" + said, "third.csv")) == {
        "charged": 1,
        "duplicate": 1,
    }


def test_the_same_id_at_another_platform_is_another_record(office: Office) -> None:
    """Record 7 of one platform and record 7 of another are two calls: neither doubles nor corrects the other."""
    other = Connection.objects.create(name="other", layout="tollbook", number_rules={}, match_by=["number"])
    sheet = (
        "record_id, start, duration_s, cli, cld\n7, 2017-06-19T08:00:00Z, {seconds}, 48221000001, 442079460000\n"
    )
    first = office.import_(sheet.format(seconds=60))

    second = import_usage(other, office.file(sheet.format(seconds=61), "other.csv"), now=NOON)

    assert [(run.charged, run.duplicate) for run in (first, second)] == [(1, 0), (1, 0)]
    # A minute at 0.012, and two.
    charged = UsageRecord.objects.filter(outcome="charged").order_by("pk")
    assert [record.price_nanos for record in charged] == [12_000_000, 24_000_000]


def test_a_record_says_when_it_was_billed_and_one_that_waits_says_nothing(office: Office) -> None:
    office.import_(MONDAY)
    later = datetime(2017, 7, 2, 9, 0, tzinfo=UTC)
    account = Account.objects.get(code="bob-1")
    Number.objects.create(account=account, digits=48229999999)

    retry_set_aside(office.source, now=later)

    billed = {row["line"] - 1: row["billed_at"] for row in select_records("true", ()).iter_rows(named=True)}
    assert billed == {1: NOON, 2: NOON, 3: NOON, 4: NOON, 5: later, 6: None, 7: None}


def test_what_is_taken_back_was_billed_all_the_same(office: Office) -> None:
    run = office.import_(MONDAY)

    undo_import(run, posted_at=datetime(2017, 7, 2, 9, 0, tzinfo=UTC))

    assert select_records("outcome = 'undone'", ())["billed_at"].drop_nulls().unique().to_list() == [NOON]
