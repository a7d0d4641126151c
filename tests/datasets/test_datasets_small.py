"""TREC, 20 newsgroups, digits and polarity."""

import json
import lzma
import sys
from collections import Counter

import numpy as np
import pytest
from sklearn.datasets import load_digits

from sklstm.datasets import (
    _bundled,
    fetch_newsgroups,
    fetch_shakespeare,
    fetch_trec,
    load_digit_sequences,
    load_polarity,
)


@pytest.fixture
def empty_machine(monkeypatch, tmp_path):
    monkeypatch.delenv("SKLSTM_DATA", raising=False)
    monkeypatch.setenv("SKLSTM_CACHE", str(tmp_path / "cache"))


@pytest.mark.usefixtures("empty_machine")
class TestFabricated:
    @pytest.mark.parametrize("name", ["TREC.train", "trec/train_5500.label"])
    def test_trec(self, tmp_path, name):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        lines = b"LOC:city Where is a sister\xf0city : here ?\nNUM:date When ?  \nLOC:other Why ?\n"
        (tmp_path / name).write_bytes(lines)
        coarse = fetch_trec(data_home=tmp_path)
        assert coarse.data == ["Where is a sister\xf0city : here ?", "When ?", "Why ?"]
        assert coarse.target.tolist() == ["LOC", "NUM", "LOC"]
        assert coarse.target_names == ["LOC", "NUM"]
        X, fine = fetch_trec(data_home=tmp_path, fine=True, return_X_y=True)
        assert X == coarse.data
        assert fine.tolist() == ["LOC:city", "NUM:date", "LOC:other"]

    @pytest.mark.parametrize("form", ["jsonl.xz", "txt"])
    def test_newsgroups(self, tmp_path, form):
        rows = [("sci.space", "to the moon"), ("alt.atheism", "who knows")]
        if form == "txt":
            text = "".join(f"{label}\t{text}\n" for label, text in rows)
            (tmp_path / "20ng-test-all-terms.txt").write_text(text)
        else:
            with lzma.open(tmp_path / "20newsgroups-test.jsonl.xz", "wt") as file:
                for label, text in rows:
                    file.write(json.dumps({"label": label, "text": text}) + "\n")
        news = fetch_newsgroups(subset="test", data_home=tmp_path)
        assert news.data == ["to the moon", "who knows"]
        assert news.target.tolist() == ["sci.space", "alt.atheism"]
        assert news.target_names == ["alt.atheism", "sci.space"]

    def test_fault_24_a_byte_order_mark_is_no_part_of_the_first_label(self, tmp_path):
        (tmp_path / "TREC.train").write_bytes(b"\xef\xbb\xbfNUM:date When ?\nLOC:other Why ?\n")
        assert fetch_trec(data_home=tmp_path).target_names == ["LOC", "NUM"]
        path = tmp_path / "20ng-test-all-terms.txt"
        path.write_text("sci.space\tto the moon\n", encoding="utf-8-sig")
        assert fetch_newsgroups(subset="test", data_home=tmp_path).target_names == ["sci.space"]

    def test_messages_where_there_is_nothing(self, tmp_path):
        with pytest.raises(OSError, match=r"newsgroups train texts not found.*ana.cachopo.org"):
            fetch_newsgroups(data_home=tmp_path)
        with pytest.raises(OSError, match=r"TREC.test, TREC_10.label.*cogcomp"):
            fetch_trec(subset="test", data_home=tmp_path, download_if_missing=False)

    @pytest.mark.parametrize("fetch", [fetch_newsgroups, fetch_trec])
    def test_unknown_subset(self, fetch):
        with pytest.raises(ValueError, match=r"subset must be one of .*, got 'unsup'"):
            fetch(subset="unsup")


@pytest.mark.parametrize(
    ("subset", "size", "first", "n_fine"),
    [
        ("train", 5452, "How did serfdom develop in and then leave Russia ?", 50),
        ("test", 500, "How far is it from Denver to Aspen ?", 42),
    ],
)
def test_trec(data_dir, subset, size, first, n_fine):
    coarse = fetch_trec(subset=subset, data_home=data_dir, download_if_missing=False)
    fine = fetch_trec(subset=subset, fine=True, data_home=data_dir, download_if_missing=False)
    assert len(coarse.data) == len(coarse.target) == size
    assert coarse.data[0] == first
    assert coarse.target_names == ["ABBR", "DESC", "ENTY", "HUM", "LOC", "NUM"]
    assert len(fine.target_names) == n_fine
    assert [label.split(":")[0] for label in fine.target] == coarse.target.tolist()


@pytest.mark.parametrize(("subset", "size", "hockey"), [("train", 11293, 600), ("test", 7528, 399)])
def test_newsgroups(data_file, subset, size, hockey):
    path = data_file(f"20newsgroups/20newsgroups-{subset}.jsonl.xz")
    X, y = fetch_newsgroups(subset=subset, data_home=path.parent, return_X_y=True)
    assert len(X) == size
    assert len(set(y)) == 20
    assert Counter(y)["rec.sport.hockey"] == hockey
    assert all(text.replace(" ", "").isalpha() for text in X)


def test_shakespeare(data_file):
    path = data_file("text/tinyshakespeare.txt")
    plays = fetch_shakespeare(data_home=path.parent, download_if_missing=False)
    assert plays.train + plays.test == path.read_text(encoding="utf-8")
    assert len(plays.train) == 1_003_854  # of the usual split
    assert plays.train.startswith("First Citizen:\nBefore we proceed any further, hear me speak.")


def test_digits_are_scikit_learns_rows_as_steps():
    digits = load_digit_sequences()
    assert digits.data.shape == (1797, 8, 8)
    table = load_digits()
    # Step t of a sequence is the t-th eighth of scikit-learn's 64 columns.
    np.testing.assert_array_equal(digits.data[:, 3], table.data[:, 24:32])
    np.testing.assert_array_equal(digits.target, table.target)
    X, y = load_digit_sequences(return_X_y=True)
    assert (X.shape, y.shape) == ((1797, 8, 8), (1797,))


def test_polarity():
    polarity = load_polarity()
    assert polarity.target.tolist() == [0] * 100 + [1] * 100
    assert polarity.data[100].startswith("the rock is destined to be the 21st century's new")
    assert any("clich\xe9s" in text for text in polarity.data)
    assert any("\u2014" in text for text in polarity.data)
    assert all(text == text.strip() != "" for text in polarity.data)
    X, y = load_polarity(return_X_y=True)
    assert (X, y.tolist()) == (polarity.data, polarity.target.tolist())


def test_polarity_without_gensims_data(monkeypatch):
    monkeypatch.setattr(_bundled, "find_spec", lambda name: None)
    with pytest.raises(OSError, match=r"pang_lee_polarity.cor.*Install gensim"):
        load_polarity()


def test_polarity_does_not_import_gensim(monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "gensim"]:
        monkeypatch.delitem(sys.modules, name)
    load_polarity()
    assert "gensim" not in sys.modules
