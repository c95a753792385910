"""`tollbook rate` on files: what comes out, and how every price is worked out by hand."""

import gzip
import json
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
import zstandard

from tests.cli.rate_sheets import Tollbook, sheet, table
from tollbook.money import decimal_of
from tollbook.rating.explain import Explanation, rebuild

ASTERISK = Path(__file__).parents[2] / "demo/asterisk-master.csv"


@pytest.mark.req("X2")
def test_every_call_comes_out_with_its_price(tollbook: Tollbook, rates: Path, calls: Path) -> None:
    run = tollbook("rate", calls, "--tariff", rates)

    assert run.status == 0
    # 61 s are 2 minutes: 2 × 0.012. 31 s are 30 + 6: 36/60 × 0.09 + 0.01.
    assert run.stdout.splitlines() == [
        "record_id,start,duration_s,cld,cli,account,outcome,reason,prefix,destination,billed_s,price,currency",
        "landline,2026-03-02T10:00:00Z,61,442079460000,48221234567,reception,"
        "charged,,44,United Kingdom,120,0.0240,EUR",
        "mobile,2026-03-02T10:01:00Z,31,447700900000,48221234567,reception,charged,,447,UK mobile,36,0.0640,EUR",
        "nobody,2026-03-02T10:02:00Z,0,447700900000,48221234567,sales,free,unanswered,,,0,0.0000,EUR",
        "personal,2026-03-02T10:03:00Z,60,447012345678,48221234567,sales,"
        "set_aside,forbidden_destination,4470,UK personal,,,EUR",
        "unlisted,2026-03-02T10:04:00Z,60,999000000000,48221234567,sales,set_aside,no_rate,,,,,EUR",
    ]


def test_the_summary_is_on_standard_error(tollbook: Tollbook, rates: Path, calls: Path) -> None:
    lines = [
        line.replace("│", " ").split()
        for line in tollbook("rate", calls, "--tariff", rates).stderr.splitlines()
        if "│" in line
    ]

    assert lines == [
        ["charged", "2", "2:36", "0.0880"],
        ["free", "unanswered", "1", "0.0000"],
        ["set_aside", "forbidden_destination", "1"],
        ["set_aside", "no_rate", "1"],
        ["all", "5", "0.0880"],
        ["UK", "mobile", "1", "0:36", "0.0640"],
        ["United", "Kingdom", "1", "2:00", "0.0240"],
    ]


def test_the_summary_as_json(tollbook: Tollbook, rates: Path, calls: Path, tmp_path: Path) -> None:
    run = tollbook("rate", calls, "--tariff", rates, "--out", tmp_path / "rated.csv", "--json")

    assert run.stderr == ""
    summary = json.loads(run.stdout)
    assert (summary["records"], summary["price"], summary["currency"]) == (5, "0.0880", "EUR")
    assert summary["outcomes"] == [
        {"outcome": "charged", "reason": None, "records": 2, "billed_s": 156, "price": "0.0880"},
        {"outcome": "free", "reason": "unanswered", "records": 1, "billed_s": 0, "price": "0.0000"},
        {
            "outcome": "set_aside",
            "reason": "forbidden_destination",
            "records": 1,
            "billed_s": 0,
            "price": None,
        },
        {"outcome": "set_aside", "reason": "no_rate", "records": 1, "billed_s": 0, "price": None},
    ]
    assert [line["destination"] for line in summary["destinations"]] == ["UK mobile", "United Kingdom"]


def test_json_does_not_mix_with_the_calls(tollbook: Tollbook, rates: Path, calls: Path) -> None:
    run = tollbook("rate", calls, "--tariff", rates, "--json")

    assert len(table(run.stdout)) == 5
    assert json.loads(run.stderr)["records"] == 5


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz", ".csv.zst", ".parquet"])
def test_output_files(tollbook: Tollbook, rates: Path, calls: Path, tmp_path: Path, suffix: str) -> None:
    out = tmp_path / f"rated{suffix}"

    run = tollbook("rate", calls, "--tariff", rates, "--out", out)

    assert (run.status, run.stdout) == (0, "")
    readers: dict[str, Callable[[], pl.DataFrame]] = {
        ".csv": lambda: pl.read_csv(out, infer_schema=False),
        ".csv.gz": lambda: pl.read_csv(gzip.decompress(out.read_bytes()), infer_schema=False),
        ".csv.zst": lambda: pl.read_csv(zstandard.open(out).read(), infer_schema=False),
        ".parquet": lambda: pl.read_parquet(out),
    }
    rated = readers[suffix]()
    assert rated["record_id"].to_list() == ["landline", "mobile", "nobody", "personal", "unlisted"]
    assert rated["price"].cast(pl.String).to_list() == ["0.0240", "0.0640", "0.0000", None, None]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["rates.csv", "calls.csv", out.name])


@pytest.mark.req("X2")
def test_prices_in_parquet_are_decimals_not_floats(
    tollbook: Tollbook, rates: Path, calls: Path, tmp_path: Path
) -> None:
    tollbook("rate", calls, "--tariff", rates, "--out", tmp_path / "rated.parquet", "--decimals", "9")

    rated = pl.read_parquet(tmp_path / "rated.parquet")
    assert rated.schema["price"] == pl.Decimal(38, 9)
    assert rated["price"].to_list()[:2] == [Decimal("0.024000000"), Decimal("0.064000000")]
    assert rated["billed_s"].to_list() == [120, 36, 0, None, None]


@pytest.mark.parametrize("kind", ["gz", "zip", "zst", "parquet", "jsonl"])
def test_calls_in_other_files(tollbook: Tollbook, rates: Path, calls: Path, tmp_path: Path, kind: str) -> None:
    stored = tmp_path / f"stored.csv.{kind}" if kind in ("gz", "zip", "zst") else tmp_path / f"stored.{kind}"
    match kind:
        case "gz":
            stored.write_bytes(gzip.compress(calls.read_bytes()))
        case "zst":
            stored.write_bytes(zstandard.compress(calls.read_bytes()))
        case "zip":
            with zipfile.ZipFile(stored, "w") as archive:
                archive.write(calls, "calls.csv")
        case "parquet":
            pl.read_csv(calls, schema_overrides={"cld": pl.String, "cli": pl.String}).write_parquet(stored)
        case _:
            pl.read_csv(calls, infer_schema=False).write_ndjson(stored)

    rated = table(tollbook("rate", stored, "--tariff", rates).stdout)

    assert [row["price"] for row in rated] == ["0.0240", "0.0640", "0.0000", "", ""]


@pytest.mark.req("X1")
def test_explain_adds_how_each_price_came_about(tollbook: Tollbook, rates: Path, calls: Path) -> None:
    rated = table(tollbook("rate", calls, "--tariff", rates, "--explain").stdout)

    mobile = json.loads(rated[1]["explanation"])
    assert (mobile["prefix"], mobile["line"], mobile["number"], mobile["cli"]) == (
        *("447", 3, "447700900000", "48221234567"),
    )
    assert (mobile["connect_fee"], mobile["rounding"], mobile["decimals"]) == ("0.01", "half_up", 4)
    assert [(step["billed"], step["price"]) for step in mobile["steps"]] == [(36, "0.09")]
    # The price follows from the explanation alone.
    for row in rated:
        rebuilt = rebuild(Explanation.from_json(row["explanation"]))
        price = None if rebuilt.price_nanos is None else decimal_of(rebuilt.price_nanos)
        assert (rebuilt.outcome, price) == (row["outcome"], Decimal(row["price"]) if row["price"] else None)


def test_an_input_column_called_like_a_result_is_kept(tollbook: Tollbook, rates: Path, tmp_path: Path) -> None:
    calls = sheet(
        tmp_path / "calls.csv",
        """
        start,duration_s,cld,price,destination
        2026-03-02T10:00:00Z,60,442079460000,7.77,London
        """,
    )

    run = tollbook("rate", calls, "--tariff", rates)

    (row,) = table(run.stdout)
    assert (row["input_price"], row["input_destination"]) == ("7.77", "London")
    assert (row["price"], row["destination"]) == ("0.0120", "United Kingdom")
    assert "the input's column price is input_price in the output" in run.stderr


def test_names_with_separators_and_quotes_come_out_whole(tollbook: Tollbook, tmp_path: Path) -> None:
    rates = sheet(tmp_path / "rates.csv", 'prefix,price,destination\n44,0.01,"UK, ""fixed"""\n')
    calls = sheet(
        tmp_path / "calls.csv", 'start,duration_s,cld,account\n2026-03-02T10:00:00Z,60,44207,"Smith, ""J"""\n'
    )

    (row,) = table(tollbook("rate", calls, "--tariff", rates).stdout)

    assert (row["account"], row["destination"]) == ('Smith, "J"', 'UK, "fixed"')


def test_the_same_comes_out_however_the_input_is_quoted_and_separated(tollbook: Tollbook, tmp_path: Path) -> None:
    rates = sheet(tmp_path / "rates.csv", 'prefix,price,destination\n44,0.01,"UK, ""fixed"""\n48,0.02,\n')
    calls = """
        record_id,start,duration_s,cld,account,note
        named,2026-03-02T10:00:00Z,60,44207,reception, a blank before
        empty,2026-03-02T10:00:00Z,60,48221,,
        wrong,2026-03-02T10:00:00Z,xx,48221,żółw,
    """
    sheet(tmp_path / "plain.csv", calls)
    sheet(tmp_path / "semicolons.csv", calls.replace(",", ";"))
    sheet(tmp_path / "quoted.csv", calls.replace("empty,", '"empty",'))

    plain, *others = (
        tollbook("rate", tmp_path / f"{name}.csv", "--tariff", rates).stdout
        for name in ("plain", "semicolons", "quoted")
    )

    assert plain.splitlines()[1:] == [
        'named,2026-03-02T10:00:00Z,60,44207,reception, a blank before,charged,,44,"UK, ""fixed""",60,0.0100,EUR',
        "empty,2026-03-02T10:00:00Z,60,48221,,,charged,,48,,60,0.0200,EUR",
        "wrong,2026-03-02T10:00:00Z,xx,48221,żółw,,set_aside,bad_quantity,,,,,EUR",
    ]
    assert others == [plain, plain]


def test_a_call_that_makes_no_sense_is_kept_and_named(tollbook: Tollbook, rates: Path, tmp_path: Path) -> None:
    calls = sheet(
        tmp_path / "calls.csv",
        """
        record_id,start,duration_s,cld
        good,2026-03-02T10:00:00Z,60,442079460000
        late,yesterday,60,442079460000
        long,2026-03-02T10:00:00Z,a minute,442079460000
        """,
    )

    run = tollbook("rate", calls, "--tariff", rates)

    assert run.status == 0
    assert [(row["record_id"], row["outcome"], row["reason"]) for row in table(run.stdout)] == [
        ("good", "charged", ""),
        ("late", "set_aside", "bad_time"),
        ("long", "set_aside", "bad_quantity"),
    ]
    assert "set aside, line 3: bad_time" in run.stderr
    assert "set aside, line 4: bad_quantity" in run.stderr


def test_a_bad_price_list_stops_before_anything_is_written(
    tollbook: Tollbook, calls: Path, tmp_path: Path
) -> None:
    rates = sheet(tmp_path / "rates.csv", "prefix,price\n44,cheap\n447,0.09\n")
    out = tmp_path / "rated.csv"

    run = tollbook("rate", calls, "--tariff", rates, "--out", out)

    assert (run.status, run.stdout, out.exists()) == (2, "", False)
    assert "line 2, price 'cheap': is not an amount" in run.stderr
    assert "Traceback" not in run.stderr


def test_bad_rows_can_be_skipped_and_are_listed(tollbook: Tollbook, calls: Path, tmp_path: Path) -> None:
    rates = sheet(tmp_path / "rates.csv", "prefix,price\n44,cheap\n447,0.09\n")

    run = tollbook("rate", calls, "--tariff", rates, "--skip-bad-rows")

    assert run.status == 0
    assert "skipped, price list line 2, price 'cheap': is not an amount" in run.stderr
    assert [row["prefix"] for row in table(run.stdout)] == ["", "447", "", "447", ""]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing.csv", "--tariff", "rates.csv"], "missing.csv"),
        (["calls.csv", "--tariff", "missing.csv"], "missing.csv cannot be read"),
        (["calls.csv", "--tariff", "rates.csv", "--out", "rated.xlsx"], "cannot tell the kind of file"),
        (["calls.csv", "--tariff", "rates.csv", "--out", "none/rated.csv"], "does not exist"),
        (["calls.csv", "--tariff", "rates.csv", "--out", "calls.csv"], "is the file of calls itself"),
        (["calls.csv", "--tariff", "rates.csv", "--decimals", "10"], "option decimals = 10"),
        (["calls.csv", "--tariff", "rates.csv", "--timezone", "Mars/Base"], "is not a time zone"),
        (["calls.csv", "--tariff", "rates.csv", "--known-at", "soon"], "--known-at 'soon' is not a date"),
        (["calls.csv", "--tariff", "rates.csv", "--format", "carrier-pigeon"], "carrier-pigeon"),
        (["calls.csv", "--tariff", "rates.csv", "--country", "XX"], "XX"),
        (["rates.csv", "--tariff", "rates.csv"], "start"),
        (["calls.csv", "--tariff", "holiday.csv"], "holiday calendar 'Nowhere' is not known"),
        (["calls.csv", "--tariff", "twice.csv"], "lines 2 and 3"),
        (["calls.csv"], "--tariff"),
    ],
)
def test_unusable_input_is_status_2_with_a_message(
    tollbook: Tollbook,
    rates: Path,
    calls: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    message: str,
) -> None:
    sheet(rates.with_name("holiday.csv"), "prefix,price,holiday\n44,0.01,Nowhere\n")
    sheet(rates.with_name("twice.csv"), "prefix,price\n44,0.01\n44,0.02\n")
    monkeypatch.chdir(calls.parent)
    before = {path.name: path.read_bytes() for path in calls.parent.iterdir()}

    run = tollbook("rate", *arguments)

    assert (run.status, run.stdout) == (2, "")
    assert message in run.stderr
    assert "Traceback" not in run.stderr
    assert {path.name: path.read_bytes() for path in calls.parent.iterdir()} == before


def test_a_damaged_file_leaves_no_half_output(tollbook: Tollbook, rates: Path, tmp_path: Path) -> None:
    many = "".join(f"2026-03-02T10:00:00Z,60,44207{n:06}\n" for n in range(300_000))
    whole = gzip.compress(f"start,duration_s,cld\n{many}".encode(), compresslevel=1)
    cut = tmp_path / "cut.csv.gz"
    cut.write_bytes(whole[: len(whole) * 9 // 10])

    for name in ("rated.csv", "rated.parquet"):
        run = tollbook("rate", cut, "--tariff", rates, "--out", tmp_path / name)

        assert run.status == 2
        assert "cut.csv.gz" in run.stderr
        assert sorted(path.name for path in tmp_path.iterdir()) == ["cut.csv.gz", "rates.csv"]


def test_a_line_that_is_no_record_is_a_row_of_its_own(tollbook: Tollbook, rates: Path, tmp_path: Path) -> None:
    calls = sheet(
        tmp_path / "calls.csv",
        """
        record_id,start,duration_s,cld
        good,2026-03-02T10:00:00Z,60,442079460000
        long,2026-03-02T10:00:00Z,60,442079460000,more,and more
        last,2026-03-02T10:00:00Z,60,442079460000
        """,
    )

    run = tollbook("rate", calls, "--tariff", rates)

    assert [(row["record_id"], row["outcome"], row["reason"], row["price"]) for row in table(run.stdout)] == [
        ("good", "charged", "", "0.0120"),
        ("", "set_aside", "unreadable", ""),
        ("last", "charged", "", "0.0120"),
    ]
    assert "set aside, line 3: unreadable" in run.stderr


def test_no_calls_at_all(tollbook: Tollbook, rates: Path, tmp_path: Path) -> None:
    calls = sheet(tmp_path / "calls.csv", "start,duration_s,cld\n")

    run = tollbook("rate", calls, "--tariff", rates)

    assert run.status == 0
    assert run.stdout == ("start,duration_s,cld,outcome,reason,prefix,destination,billed_s,price,currency\n")


@pytest.mark.req("X3")
def test_more_calls_than_a_batch_all_come_out_in_order(tollbook: Tollbook, rates: Path, tmp_path: Path) -> None:
    # Every third call is unanswered; the others cost one minute to the UK.
    count = 600_000
    lines = (f"{n},2026-03-02T10:00:00Z,{60 if n % 3 else 0},442079460000" for n in range(count))
    calls = tmp_path / "calls.csv"
    calls.write_text("record_id,start,duration_s,cld\n" + "\n".join(lines) + "\n")

    run = tollbook("rate", calls, "--tariff", rates, "--out", tmp_path / "rated.csv", "--json")

    summary = json.loads(run.stdout)
    assert (summary["records"], summary["price"]) == (count, "4800.0000")  # 400,000 × 0.012
    rated = pl.read_csv(tmp_path / "rated.csv", infer_schema=False)
    assert rated["record_id"].to_list() == [str(n) for n in range(count)]
    assert rated["price"].to_list() == ["0.0120" if n % 3 else "0.0000" for n in range(count)]


def test_the_calls_of_a_real_switch(tollbook: Tollbook, tmp_path: Path) -> None:
    # 218 calls of an Asterisk, 85 not answered and 24 answered for 0 s; the others talked 38,839 s. At 60 a minute
    # that is 38,839.
    rates = sheet(tmp_path / "rates.csv", "prefix,price\n1,60\n")
    out = tmp_path / "rated.csv"

    run = tollbook(
        *("rate", ASTERISK, "--format", "asterisk", "--country", "US", "--tariff", rates, "--currency", "USD"),
        *("--out", out, "--json"),
    )

    assert [
        (line["outcome"], line["reason"], line["records"], line["price"])
        for line in json.loads(run.stdout)["outcomes"]
    ] == [("charged", None, 109, "38839.0000"), ("free", "unanswered", 109, "0.0000")]
    assert pl.read_csv(out, infer_schema=False).height == 218
