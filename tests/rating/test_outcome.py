"""Exactly one answer for every record, and which one where several would fit."""

import pytest

from tests.rating.sheets import assert_rated, calls, tariff
from tollbook.errors import FrameMismatch
from tollbook.rating.engine import rate_calls
from tollbook.rating.frames import FREE_REASONS, NOT_USAGE_REASONS, REASONS, SET_ASIDE_REASONS, VERDICT
from tollbook.rating.outcome import Answer

LIST = """
    prefix  price  forbidden  grace_period_s
    44      0.60   no         5
    449     -      yes        5
"""


def test_the_first_line_of_the_order_that_applies_decides() -> None:
    assert_rated(
        tariff(LIST),
        calls("""
            call             kind       start                answered  cld     talked    known_reason
            no_time          voice_out  -                    no        4420    0         no_account
            before_1970      voice_out  1969-12-31T23:59:59  yes       4420    60        -
            after_2199       voice_out  2200-01-01T00:00:00  yes       4420    60        -
            negative         voice_out  2026-01-05T12:00:00  no        4420    -1        excluded
            a_year           voice_out  2026-01-05T12:00:00  yes       4420    31622400  -
            over_a_year      voice_out  2026-01-05T12:00:00  yes       4420    31622401  -
            no_duration      voice_out  2026-01-05T12:00:00  yes       4420    -         -
            pigeon           pigeon     2026-01-05T12:00:00  no        4420    0         no_account
            no_kind          -          2026-01-05T12:00:00  yes       4420    60        -
            unreadable       voice_out  -                    yes       4420    60        unreadable
            not_answered     voice_out  2026-01-05T12:00:00  no        4420    60        no_account
            nothing_known    voice_out  2026-01-05T12:00:00  no        -       -         -
            zero             voice_out  2026-01-05T12:00:00  yes       999     0         excluded
            excluded         voice_out  2026-01-05T12:00:00  yes       -       60        excluded
            no_account       voice_out  2026-01-05T12:00:00  yes       -       60        no_account
            bad_number       voice_out  2026-01-05T12:00:00  yes       x       60        no_tariff
            no_tariff        voice_out  2026-01-05T12:00:00  yes       999     60        no_tariff
            no_rate          voice_out  2026-01-05T12:00:00  yes       999     60        currency_mismatch
            forbidden        voice_out  2026-01-05T12:00:00  yes       4490    3         -
            other_currency   voice_out  2026-01-05T12:00:00  yes       4420    3         currency_mismatch
            in_grace         voice_out  2026-01-05T12:00:00  yes       4420    5         -
            charged          voice_out  2026-01-05T12:00:00  yes       4420    60        -
            undecided        voice_out  2026-01-05T12:00:00  -         4420    60        -
        """),
        """
            call              outcome    reason                 line  billed    price
            no_time           set_aside  bad_time               -     -         -
            before_1970       set_aside  bad_time               -     -         -
            after_2199        set_aside  bad_time               -     -         -
            negative          set_aside  bad_quantity           -     -         -
            a_year            charged    -                      2     31622400  316224
            over_a_year       set_aside  bad_quantity           -     -         -
            no_duration       set_aside  bad_quantity           -     -         -
            pigeon            set_aside  unknown_kind           -     -         -
            no_kind           set_aside  unknown_kind           -     -         -
            unreadable        set_aside  unreadable             -     -         -
            not_answered      free       unanswered             -     0         0
            nothing_known     free       unanswered             -     0         0
            zero              free       unanswered             -     0         0
            excluded          free       excluded               -     0         0
            no_account        set_aside  no_account             -     -         -
            bad_number        set_aside  bad_number             -     -         -
            no_tariff         set_aside  no_tariff              -     -         -
            no_rate           set_aside  no_rate                -     -         -
            forbidden         set_aside  forbidden_destination  3     -         -
            other_currency    set_aside  currency_mismatch      2     -         -
            in_grace          free       grace                  2     0         0
            charged           charged    -                      2     60        0.60
            undecided         charged    -                      2     60        0.60
        """,
    )


def test_every_reason_known_beforehand_comes_back() -> None:
    records = calls("talked  known_reason\n" + "\n".join(f"60  {reason}" for reason in REASONS))

    rated = rate_calls(records, tariff("price\n0.60"))

    assert rated["reason"].to_list() == list(REASONS)
    assert rated["price_nanos"].to_list() == [0] * len(FREE_REASONS) + [None] * len(
        SET_ASIDE_REASONS + NOT_USAGE_REASONS
    )


def test_every_answer_but_charged_has_a_reason_people_know() -> None:
    assert {answer.reason for answer in Answer} == {*REASONS, None}


def test_a_reason_nobody_knows_is_a_defect_of_the_program() -> None:
    with pytest.raises(FrameMismatch, match="'bored'"):
        rate_calls(calls("talked  known_reason\n60  bored"), tariff("price\n0.60"))


def test_a_missing_column_is_named() -> None:
    with pytest.raises(FrameMismatch, match="'answered'"):
        rate_calls(calls("talked\n60").drop("answered"), tariff("price\n0.60"))


def test_columns_and_rows_stay_as_they_were_and_no_records_are_none() -> None:
    records = calls("call  cld  talked\nb  4420  60\na  33  60")
    rated = rate_calls(records, tariff("price\n0.60"))

    assert rated.select(records.columns).equals(records)
    assert rated.columns == [*records.columns, *VERDICT]
    assert rate_calls(records.clear(), tariff("price\n0.60")).schema == rated.schema


def test_a_kind_without_rates_is_set_aside() -> None:
    assert_rated(tariff("kind  price\nvoice_in  0.60"), calls("talked\n60"), "outcome  reason\nset_aside  no_rate")
