"""The CSV export of the call page."""

from simulators.fusionpbx import Simulator


def test_the_header_has_the_columns_in_quotes(fusionpbx: Simulator, own_fusionpbx: Simulator) -> None:
    header = fusionpbx.csv_export().decode().split("\n", 1)[0]
    assert header.startswith('"domain_uuid","sip_call_id","extension","extension_name","start_stamp","end_stamp"')
    assert header.endswith('"call_disposition","pdd_ms","rtp_audio_in_mos","wait","tta","domain_name"')
    assert '"call_disposition"' not in own_fusionpbx.csv_export().decode().split("\n", 1)[0]
    of_one = fusionpbx.csv_export("maple.example.ca").decode().split("\n", 1)[0]
    assert of_one.endswith('"wait","tta"')


def test_there_are_at_most_800_rows_and_the_newest_is_first(fusionpbx: Simulator) -> None:
    lines = fusionpbx.csv_export().decode().splitlines()
    assert len(lines) == 1 + 800
    place = lines[0].split(",").index('"start_epoch"')
    starts = [int(line.split('","')[place]) for line in lines[1:] if line.count('","') == lines[0].count('","')]
    assert starts == sorted(starts, reverse=True)


def test_the_limit_may_be_another(fusionpbx: Simulator) -> None:
    shown = fusionpbx.store.rows("SELECT count(*) AS calls FROM v_xml_cdr WHERE leg IS DISTINCT FROM 'b'")
    lines = fusionpbx.csv_export(limit=5_000).decode().splitlines()
    assert len(lines) == 1 + shown[0]["calls"]
    assert len(fusionpbx.csv_export(limit=1).decode().splitlines()) == 2


def test_quotation_marks_in_a_name_are_not_escaped(fusionpbx: Simulator) -> None:
    text = fusionpbx.csv_export(limit=5_000).decode()
    assert ',"Tremblay, "Bob" & Fils",' in text


def test_duration_is_what_is_billed_and_dates_are_the_viewers(fusionpbx: Simulator) -> None:
    lines = fusionpbx.csv_export("maple.example.ca", limit=5_000).decode().splitlines()
    names = lines[0].strip('"').split('","')
    row = next(
        dict(zip(names, line.strip('"').split('","'), strict=True))
        for line in lines
        if str(fusionpbx.awkward["over_utc_month_end"][0]) in line
    )
    assert (row["duration"], row["billsec"], row["missed_call"]) == ("120", "120", "")
    assert row["start_date_formatted"] == "30 Jun 2017"
    assert row["start_time_formatted"] == "07:59:30 PM"
    assert row["start_stamp"].startswith("2017-06-30 23:59:30")
