"""The .ts reader on files made by hand, and the archive's own."""

from collections import Counter

import numpy as np
import pytest

from sklstm.datasets import fetch_ucr
from sklstm.datasets._ucr import _read_ts

UNIVARIATE = """\
#Two gestures,
#  recorded twice.

@problemName Tiny
@TIMESTAMPS false
@missing true
@univariate true
@equalLength true
@classLabel true go stop
@data
1.0,2,-3e1:stop

4.5, ? ,6.5:go
"""
RAGGED = """\
@dimensions 2
@equalLength false
@CLASSLABEL True 10 9
@DATA
1,2,3:4,5,6:10
7,8:9,?: 9
"""
REGRESSION = "@targetlabel true\n@classLabel false\n@data\n1,2:0.25\n3,4:-1e2\n"


@pytest.fixture
def write(tmp_path):
    def to(name, text):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return to


@pytest.mark.parametrize("text", [UNIVARIATE, REGRESSION])
def test_fault_24_a_byte_order_mark_is_no_part_of_the_first_line(write, text):
    expected = _read_ts(write("Tiny_TRAIN.ts", text))
    found = _read_ts(write("Tiny_TRAIN.ts", "\ufeff" + text))
    np.testing.assert_array_equal(found.series, expected.series)
    assert found.labels == expected.labels
    assert found.comments == expected.comments


def test_equal_lengths_make_one_array(write, tmp_path):
    write("Tiny_TRAIN.ts", UNIVARIATE)
    tiny = fetch_ucr("Tiny", data_home=tmp_path)
    expected = np.array([[[1.0], [2.0], [-30.0]], [[4.5], [np.nan], [6.5]]])
    np.testing.assert_array_equal(tiny.data, expected)
    assert tiny.data.dtype == np.float64
    assert tiny.target.tolist() == ["stop", "go"]
    assert tiny.target_names == ["go", "stop"]
    assert tiny.DESCR.startswith("Tiny\n====\n\nTwo gestures, recorded twice.\n\nhttps://www.time")


@pytest.mark.parametrize("folder", [".", "ucr", "Tiny", "ucr/Tiny"])
def test_unequal_lengths_make_an_object_array(write, tmp_path, folder):
    write(f"{folder}/Tiny_TEST.ts", RAGGED)
    X, y = fetch_ucr("Tiny", subset="test", data_home=tmp_path, return_X_y=True)
    assert (X.shape, X.dtype) == ((2,), object)
    np.testing.assert_array_equal(X[0], [[1, 4], [2, 5], [3, 6]])  # steps in rows
    np.testing.assert_array_equal(X[1], [[7, 9], [8, np.nan]])
    assert y.tolist() == ["10", "9"]
    # in the header's order, not the alphabet's
    assert fetch_ucr("Tiny", subset="test", data_home=tmp_path).target_names == ["10", "9"]


def test_numbers_to_predict(write, tmp_path):
    write("Tiny_TRAIN.ts", REGRESSION)
    tiny = fetch_ucr("Tiny", data_home=tmp_path)
    assert tiny.target.tolist() == [0.25, -100.0]
    assert tiny.target.dtype == np.float64
    assert tiny.target_names is None


@pytest.mark.parametrize("header", ["@classLabel false\n", ""])
def test_nothing_to_predict(write, tmp_path, header):
    write("Tiny_TRAIN.ts", f"{header}@data\n1,2:3,4\n")
    tiny = fetch_ucr("Tiny", data_home=tmp_path)
    np.testing.assert_array_equal(tiny.data, [[[1, 3], [2, 4]]])
    assert tiny.target is None
    assert tiny.target_names is None


def test_classes_that_the_header_leaves_out(write, tmp_path):
    write("Tiny_TRAIN.ts", "@classLabel true\n@data\n1:b\n2:a\n3:b\n")
    assert fetch_ucr("Tiny", data_home=tmp_path).target_names == ["a", "b"]


def test_long_comments_are_shortened(write, tmp_path):
    write("Tiny_TRAIN.ts", "# word \n" * 1000 + "@data\n1\n")
    description = fetch_ucr("Tiny", data_home=tmp_path).DESCR
    assert "word word ...\n\nhttps" in description
    assert len(description) < 1100


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("@data\n1,x,3\n", 2, "'x' in dimension 1 is not a number"),
        ("@data\n1,2\n1,,3\n", 3, "'' in dimension 1 is not a number"),
        ("@targetlabel true\n@data\n1,2:high\n", 3, "'high' after the last colon is not"),
        ("@data\n1:2\n1:2:3\n", 3, "3 dimensions, but the first series has 2"),
        ("@dimensions 2\n@data\n1\n", 3, "1 dimensions, but the header says 2"),
        ("@data\n1,2:3\n", 2, r"the dimensions of a series differ in length: \[2, 1\]"),
        ("@classLabel true a b\n@data\n1:c\n", 3, "class 'c' is not in the header, which has a, b"),
        ("@classLabel true a b\n@data\n1,2\n", 3, "no label after the series"),
        ("@problemName Tiny\n1,2\n", 2, "data without a line @data"),
        ("@timeStamps true\n@data\n(0,1):a\n", 1, "time stamps are not supported"),
        ("@dimensions many\n", 1, "@dimensions must be a whole number, got 'many'"),
        ("@missing\n", 1, "'@missing' has no value"),
    ],
)
def test_errors_name_file_and_line(write, text, line, message):
    path = write("Tiny_TRAIN.ts", text)
    with pytest.raises(ValueError, match=f"Tiny_TRAIN.ts, line {line}: .*{message}"):
        _read_ts(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [("@problemName Tiny\n", "there is no @data"), ("@data\n", "nothing follows @data")],
)
def test_files_without_series(write, text, message):
    with pytest.raises(ValueError, match=message):
        _read_ts(write("Tiny_TRAIN.ts", text))


def test_bad_arguments(tmp_path, monkeypatch):
    monkeypatch.delenv("SKLSTM_DATA", raising=False)
    with pytest.raises(ValueError, match=r"name must be that of a data set.*got '../Tiny'"):
        fetch_ucr("../Tiny")
    with pytest.raises(ValueError, match=r"subset must be one of .*, got 'all'"):
        fetch_ucr("Tiny", subset="all")
    with pytest.raises(OSError, match=r"Tiny_TRAIN.ts.*Dataset=Tiny"):
        fetch_ucr("Tiny", data_home=tmp_path)


@pytest.mark.parametrize(
    ("name", "shape", "n_classes", "first"),
    [
        ("GunPoint", {"train": (50, 150, 1), "test": (150, 150, 1)}, 2, -0.6478854),
        ("ItalyPowerDemand", {"train": (67, 24, 1), "test": (1029, 24, 1)}, 2, -0.71051757),
        ("JapaneseVowels", {"train": (270,), "test": (370,)}, 9, 1.860936),
        ("PickupGestureWiimoteZ", {"train": (50,), "test": (50,)}, 10, 1.0),
    ],
)
def test_the_archives_classes(data_file, name, shape, n_classes, first):
    folder = data_file(f"ucr/{name}_TRAIN.ts").parent
    for subset in ("train", "test"):
        found = fetch_ucr(name, subset=subset, data_home=folder)
        assert found.data.shape == shape[subset]
        assert found.target_names == [str(label + 1) for label in range(n_classes)]
        assert set(found.target) == set(found.target_names)
        assert np.isfinite(np.concatenate(found.data)).all()
    assert fetch_ucr(name, data_home=folder).data[0][0, 0] == first


def test_japanese_vowels(data_file):
    folder = data_file("ucr/JapaneseVowels_TRAIN.ts").parent
    X, y = fetch_ucr("JapaneseVowels", data_home=folder, return_X_y=True)
    assert set(Counter(y).values()) == {30}  # utterances of each speaker, as the file says
    assert {sequence.shape[1] for sequence in X} == {12}
    assert [len(sequence) for sequence in X[:2]] == [20, 26]
    np.testing.assert_array_equal(X[0][:2, 1], [-0.207383, -0.193249])


@pytest.mark.parametrize(("subset", "n"), [("train", 140), ("test", 61)])
def test_covid_rates(data_file, subset, n):
    folder = data_file("ucr/Covid3Month_TRAIN.ts").parent
    covid = fetch_ucr("Covid3Month", subset=subset, data_home=folder)
    assert covid.data.shape == (n, 84, 1)
    assert covid.target.dtype == np.float64
    assert covid.target.min() >= 0.0
    assert covid.target.max() < 1.0  # deaths per confirmed case
    assert covid.target_names is None
