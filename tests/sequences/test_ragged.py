"""Flat layouts, the form that X had, object arrays, and missing values."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklstm._sequences import (
    TokenArray,
    as_ragged,
    concatenate,
    fill,
    is_missing,
    is_table,
    locate,
    missing_rows,
    object_array,
    positions,
    ranges,
    sequence_ids,
    split,
    unfill,
)

RAGGED = [[0.5], [1.0, 2.0]]
CUBE = np.arange(12.0).reshape(2, 3, 2)
some_lengths = st.lists(st.integers(0, 5), min_size=1, max_size=20).map(np.array)


@given(some_lengths)
def test_every_row_is_a_step_of_one_sequence(lengths):
    expected = [(i, step) for i, length in enumerate(lengths) for step in range(length)]
    assert [locate(row, lengths) for row in range(lengths.sum())] == expected
    pairs = zip(sequence_ids(lengths).tolist(), positions(lengths).tolist(), strict=True)
    assert list(pairs) == expected


@given(some_lengths, st.sampled_from(["pre", "post"]))
def test_what_is_split_or_filled_comes_back(lengths, side):
    flat = np.arange(lengths.sum())
    parts = split(flat, lengths)
    assert [len(part) for part in parts] == lengths.tolist()
    np.testing.assert_array_equal(np.concatenate(parts), flat)
    filled = fill(flat, lengths, 6, side, -1)
    assert (filled == -1).sum() == filled.size - len(flat)
    np.testing.assert_array_equal(unfill(filled, lengths, side), flat)


def test_ranges_of_rows():
    rows = ranges(np.array([7, 0, 3]), np.array([2, 0, 3]))
    assert rows.tolist() == [7, 8, 3, 4, 5]


@pytest.mark.parametrize("windows_share_rows", [True, False])
def test_a_row_of_overlapping_windows_is_in_the_first_of_them(windows_share_rows):
    windows = np.lib.stride_tricks.sliding_window_view(np.arange(5.0), 3)[:, :, None]
    sequences = as_ragged(windows, matrices=windows_share_rows)
    assert (sequences.starts is not None) == windows_share_rows
    assert sequences.locate(3) == ((1, 2) if windows_share_rows else (1, 0))


@pytest.mark.parametrize(
    ("X", "is_rectangle", "steps_are_numbers"),
    [
        (RAGGED, False, True),
        (object_array(map(np.array, RAGGED)), False, True),
        ([np.ones((2, 1)), np.ones((3, 1))], False, False),
        ([np.ones((2, 2)), np.ones((3, 2))], False, False),
        ([np.ones(3), np.ones(3)], False, True),
        ([[1.0, 2.0], (3.0, 4.0)], True, True),
        (CUBE, True, False),
        (CUBE[:, :, :1], True, False),
        (CUBE.tolist(), True, False),
        (CUBE[:, :, 0], True, True),
        (pd.DataFrame(CUBE[:, :, 0]), True, True),
        (pd.DataFrame({"sequence": [[1.0, 2.0], [3.0, 4.0]]}), False, True),
        (TokenArray([[4, 5], [5]]), False, True),
        (TokenArray(np.array([[4, 5], [5, 5]])), True, True),
    ],
)
def test_the_form_of_X_is_remembered(X, is_rectangle, steps_are_numbers):
    sequences = as_ragged(X)
    assert sequences.form.is_rectangle == is_rectangle
    assert sequences.form.steps_are_numbers == steps_are_numbers
    restored = sequences.form.restore(sequences.values, sequences.lengths)
    assert (restored.dtype == object) != is_rectangle
    assert restored[0].ndim == (1 if steps_are_numbers else 2)


def test_a_rectangle_of_other_lengths_becomes_ragged():
    form = as_ragged(CUBE).form
    restored = form.restore(np.ones((3, 2)), np.array([1, 2]))
    assert [item.shape for item in restored] == [(1, 2), (2, 2)]


@pytest.mark.parametrize(
    ("X", "expected"),
    [
        (CUBE[:, :, 0], True),
        (CUBE[:, :, 0].tolist(), True),
        (pd.DataFrame(CUBE[:, :, 0]), True),
        ([1.0, 2.0], True),
        (RAGGED, False),
        (CUBE, False),
        (["good film"], False),
        (pd.DataFrame({"text": ["good film"]}), False),
        (TokenArray(np.array([[4, 5]])), False),
    ],
)
def test_tables_differ_from_sequences(X, expected):
    assert is_table(X) == expected
    assert not is_table(X, "tokens")


def test_an_object_array_has_one_dimension():
    array = object_array(np.ones((3, 2)))
    assert array.shape == (3,)
    assert object_array([]).shape == (0,)


def test_numbers_stay_numbers_beside_strings():
    joined = concatenate([np.array([1.5, np.nan]), np.array(["a"])])
    assert joined.dtype == object
    assert joined[0] == 1.5
    assert concatenate([np.array([1]), np.array([1.5])]).dtype == np.float64


def test_missing_values():
    missing = [None, np.nan, np.float32("nan"), pd.NA, pd.NaT]
    assert all(map(is_missing, missing))
    assert not any(map(is_missing, [0, "", "nan", np.inf, []]))
    assert missing_rows(np.array([[1, np.inf], [1, 2]])).tolist() == [True, False]
    assert missing_rows(np.array(["a", None], dtype=object)).tolist() == [False, True]
    assert missing_rows(np.array(["2026-01-01", "NaT"], "M8[D]")).tolist() == [False, True]
    assert not missing_rows(np.array([1, 2])).any()
