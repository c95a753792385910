"""What holds for every tariff and every call."""

import pickle
from functools import cache

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal, assert_series_equal

from tests.rating.random_tariffs import HOLIDAYS, RandomTariff, random_tariff
from tollbook.rating.engine import Tariff, compile_tariff, rate_calls
from tollbook.rating.explain import Explanation, explanation, explanations, rebuild
from tollbook.rating.frames import VERDICT

CALLS = 60
seeds = st.integers(1_000, 1_015)  # tariffs are compiled once for each


@cache
def example(seed: int) -> tuple[RandomTariff, Tariff, pl.DataFrame]:
    tariff = random_tariff(seed, CALLS)
    compiled = compile_tariff(tariff.rates_frame(), tariff.settings, holidays=HOLIDAYS)
    return tariff, compiled, rate_calls(tariff.calls_frame(), compiled)


@given(seed=seeds, call=st.integers(0, CALLS - 1), durations=st.lists(st.integers(1, 400_000_000), min_size=2))
def test_billed_time_never_falls_as_a_call_gets_longer(seed: int, call: int, durations: list[int]) -> None:
    _, compiled, rated = example(seed)
    longer = rated.select(pl.exclude(VERDICT.names()))[[call] * len(durations)].with_columns(
        kind=pl.lit("voice_out"), duration_us=pl.Series(sorted(durations), dtype=pl.Int64)
    )

    billed = rate_calls(longer, compiled)["billed"].drop_nulls().to_list()

    assert billed == sorted(billed)


@given(seed=seeds, at=st.integers(0, CALLS))
def test_splitting_a_batch_changes_nothing(seed: int, at: int) -> None:
    tariff, compiled, rated = example(seed)
    records = tariff.calls_frame()

    parts = [rate_calls(part, compiled) for part in (records[:at], records[at:])]

    assert_frame_equal(pl.concat(parts), rated)


@given(seed=seeds, order=st.permutations(range(CALLS)))
def test_the_order_of_rows_changes_nothing(seed: int, order: list[int]) -> None:
    tariff, compiled, rated = example(seed)

    assert_frame_equal(rate_calls(tariff.calls_frame()[order], compiled), rated[order])


@given(seed=seeds)
def test_a_price_is_negative_only_where_a_rate_is(seed: int) -> None:
    _, compiled, rated = example(seed)
    for call in rated.filter(pl.col("price_nanos") < 0).iter_rows(named=True):
        told = explanation(call, compiled)
        assert any(
            amount.startswith("-") for amount in [str(told.connect_fee), *(step.price for step in told.steps)]
        )


@pytest.mark.req("X1")
@given(seed=seeds)
def test_a_price_can_be_rebuilt_from_its_explanation_alone(seed: int) -> None:
    _, compiled, rated = example(seed)
    for call, text in zip(rated.iter_rows(named=True), explanations(rated, compiled), strict=True):
        told = Explanation.from_json(text)
        rebuilt = rebuild(told)
        assert (rebuilt.outcome, rebuilt.price_nanos) == (call["outcome"], call["price_nanos"])
        assert (told.reason, told.line) == (call["reason"], call["rate_line"])
        assert told.billed == call["billed"]
        assert sum(step.billed for step in told.steps) == (call["billed"] or 0)
        assert Explanation.from_json(told.to_json()) == told


@given(seed=seeds)
def test_a_pickled_tariff_prices_the_same(seed: int) -> None:
    tariff, compiled, rated = example(seed)

    again = pickle.loads(pickle.dumps(compiled))

    assert_frame_equal(rate_calls(tariff.calls_frame(), again), rated)


@pytest.mark.parametrize(("setting", "value"), [("BLOCK_ROWS", 7), ("NEAR_ROWS", 0)])
def test_blocks_and_the_order_in_which_a_long_list_is_read_change_nothing(
    monkeypatch: pytest.MonkeyPatch, setting: str, value: int
) -> None:
    tariff, compiled, rated = example(1_000)
    told = explanations(rated, compiled)

    monkeypatch.setattr(f"tollbook.rating.engine.{setting}", value)

    assert_frame_equal(rate_calls(tariff.calls_frame(), compiled), rated)
    assert_series_equal(explanations(rated, compiled), told)
