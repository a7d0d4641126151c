"""IMDB: where it is looked for, how it is parsed and kept, and the real thing."""

import io
import os
import tarfile
from collections import Counter

import numpy as np
import pytest

from sklstm.datasets import _home, _imdb, fetch_imdb

# Sorted as text, 10 would come before 2.
REVIEWS = {
    "train/pos/10_8.txt": "good ten",
    "train/pos/2_9.txt": "good two",
    "train/neg/0_3.txt": "bad, caf\xe9<br />\r\nline two",
    "test/neg/7_1.txt": "worst",
    "test/pos/0_10.txt": "best",
    "train/unsup/1_0.txt": "who knows",
}
TRAIN = ["bad, caf\xe9<br />\r\nline two", "good two", "good ten"]


def write_archive(path, reviews=REVIEWS, prefix="aclImdb/"):
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, f"w:{path.suffix[1:]}") as archive:
        for name, text in {"README": "x", "train/pos/notes.txt": "x", **reviews}.items():
            content = text.encode()
            member = tarfile.TarInfo(prefix + name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def write_folder(path, reviews=REVIEWS):
    for name, text in reviews.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(text.encode())


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    """Begin on a machine without data, network or cache."""
    monkeypatch.delenv("SKLSTM_DATA", raising=False)
    monkeypatch.setenv("SKLSTM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(_home, "download", no_network)
    return tmp_path / "cache"


def no_network(url, folder, *, md5, progress):
    raise OSError("no network")


@pytest.mark.parametrize("name", ["aclImdb_v1.tar.xz", "imdb/aclImdb_v1.tar.gz", "aclImdb"])
def test_content_and_order(tmp_path, name):
    path = tmp_path / "data" / name
    write_archive(path) if path.suffix else write_folder(path)
    train = fetch_imdb(data_home=tmp_path / "data")
    assert train.data == TRAIN
    assert train.target.tolist() == [0, 1, 1]
    assert train.target.dtype.kind == "i"
    assert train.ratings.tolist() == [3, 9, 8]
    assert train.target_names == ["neg", "pos"]
    names = ["train/neg/0_3.txt", "train/pos/2_9.txt", "train/pos/10_8.txt"]
    assert train.filenames.tolist() == names
    assert "Maas" in train.DESCR


def test_subsets(tmp_path):
    write_archive(tmp_path / "aclImdb_v1.tar.xz")
    assert fetch_imdb(subset="test", data_home=tmp_path).data == ["worst", "best"]
    both = fetch_imdb(subset="all", data_home=tmp_path)
    assert both.data == [*TRAIN, "worst", "best"]
    assert both.filenames[-1] == "test/pos/0_10.txt"
    unsup = fetch_imdb(subset="unsup", data_home=tmp_path)
    assert unsup.data == ["who knows"]
    assert (unsup.target.tolist(), unsup.ratings.tolist()) == ([-1], [0])
    assert unsup.filenames.tolist() == ["train/unsup/1_0.txt"]
    with pytest.raises(ValueError, match=r"subset must be one of .*'train'.*, got 'valid'"):
        fetch_imdb(subset="valid", data_home=tmp_path)


@pytest.mark.parametrize("name", ["aclImdb_v1.tar.gz", "aclImdb"])
def test_fault_24_a_byte_order_mark_is_no_part_of_a_review(tmp_path, name):
    path = tmp_path / "data" / name
    marked = {member: f"\ufeff{text}" for member, text in REVIEWS.items()}
    (write_archive if path.suffix else write_folder)(path, marked)
    assert fetch_imdb(data_home=tmp_path / "data").data == TRAIN


def test_return_X_y(tmp_path):
    write_archive(tmp_path / "aclImdb_v1.tar.gz")
    X, y = fetch_imdb(data_home=tmp_path, return_X_y=True)
    assert X == TRAIN
    assert y.tolist() == [0, 1, 1]


def test_member_names_may_begin_with_a_dot(tmp_path):
    write_archive(tmp_path / "aclImdb_v1.tar.gz", prefix="./aclImdb/")
    assert fetch_imdb(data_home=str(tmp_path)).data == TRAIN


def test_places_in_their_order(tmp_path, cache, monkeypatch):
    named = {}
    for place in ("home", "env", "cache"):
        named[place] = {**REVIEWS, "test/pos/0_10.txt": place}
    write_archive(cache / "imdb" / "aclImdb_v1.tar.gz", named["cache"])
    assert fetch_imdb(subset="test").data[1] == "cache"
    write_archive(tmp_path / "env" / "imdb" / "aclImdb_v1.tar.xz", named["env"])
    monkeypatch.setenv("SKLSTM_DATA", str(tmp_path / "env"))
    assert fetch_imdb(subset="test").data[1] == "env"
    write_archive(tmp_path / "home" / "aclImdb_v1.tar.xz", named["home"])
    assert fetch_imdb(subset="test", data_home=tmp_path / "home").data[1] == "home"
    # A directory without the data does not stand in the way of the others.
    assert fetch_imdb(subset="test", data_home=tmp_path / "nowhere").data[1] == "env"


def test_a_second_call_reads_the_cache(tmp_path, cache, monkeypatch):
    path = write_archive(tmp_path / "aclImdb_v1.tar.xz")
    first = fetch_imdb(subset="all", data_home=tmp_path)
    monkeypatch.setattr(_imdb, "_members", None)
    second = fetch_imdb(subset="all", data_home=tmp_path)
    assert second.data == first.data
    np.testing.assert_array_equal(second.ratings, first.ratings)
    np.testing.assert_array_equal(second.filenames, first.filenames)
    # The same content in another place is not parsed again either.
    (tmp_path / "elsewhere").mkdir()
    path.rename(tmp_path / "elsewhere" / path.name)
    assert fetch_imdb(data_home=tmp_path / "elsewhere").data == TRAIN
    assert sorted(entry.name.rsplit("-")[-1] for entry in cache.iterdir()) == [
        "test.json.gz",
        "train.json.gz",
        "unsup.json.gz",
    ]


def test_another_archive_is_not_taken_for_the_cached_one(tmp_path):
    path = write_archive(tmp_path / "aclImdb_v1.tar.xz")
    fetch_imdb(data_home=tmp_path)
    times = path.stat()
    write_archive(path, {**REVIEWS, "train/neg/0_3.txt": "BAD, caf\xe9<br />\r\nline two"})
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert fetch_imdb(data_home=tmp_path).data[0].startswith("BAD")


def test_a_damaged_cache_is_built_anew(tmp_path, cache):
    write_archive(tmp_path / "aclImdb_v1.tar.xz")
    fetch_imdb(data_home=tmp_path)
    for entry in cache.iterdir():
        entry.write_bytes(entry.read_bytes()[:-9])
    assert fetch_imdb(data_home=tmp_path).data == TRAIN


def test_the_data_directory_is_left_alone(tmp_path, monkeypatch):
    write_archive(tmp_path / "data" / "imdb" / "aclImdb_v1.tar.xz")
    monkeypatch.setenv("SKLSTM_DATA", str(tmp_path / "data"))
    before = sorted((tmp_path / "data").rglob("*"))
    fetch_imdb()
    assert sorted((tmp_path / "data").rglob("*")) == before


def test_a_cache_that_cannot_be_written_is_a_warning(tmp_path, monkeypatch):
    write_archive(tmp_path / "aclImdb_v1.tar.xz")
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("SKLSTM_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.warns(UserWarning, match="SKLSTM_CACHE") as caught:
        train = fetch_imdb(data_home=tmp_path)
    assert train.data == TRAIN
    assert len(caught) == 1


def test_the_message_where_there_is_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("SKLSTM_DATA", str(tmp_path / "env"))
    with pytest.raises(OSError, match="Large Movie Review Dataset") as caught:
        fetch_imdb(data_home=tmp_path / "home", download_if_missing=False)
    message = str(caught.value)
    for told in ("home", "env", "cache", "aclImdb_v1.tar.gz", "SKLSTM_DATA", "ai.stanford.edu"):
        assert told in message
    with pytest.raises(OSError, match=r"(?s)no network.*not found.*Get it from"):
        fetch_imdb()


@pytest.mark.parametrize("given", [True, False])
def test_download_goes_to_data_home_or_to_the_cache(tmp_path, cache, monkeypatch, given):
    asked = []

    def serve(url, folder, *, md5, progress):
        asked.append((url, md5))
        return write_archive(folder / "aclImdb_v1.tar.gz")

    monkeypatch.setattr(_home, "download", serve)
    home = tmp_path / "home" if given else None
    assert fetch_imdb(data_home=home).data == TRAIN
    assert fetch_imdb(data_home=home).data == TRAIN
    assert asked == [(_imdb.SOURCE.url, "7c2ac02c03563afcf9b574c7e56c153a")]
    assert ((home or cache) / "imdb" / "aclImdb_v1.tar.gz").exists()


@pytest.mark.parametrize("name", ["aclImdb_v1.tar.xz", "aclImdb_v1.tar.gz"])
@pytest.mark.parametrize("kept", [0.0, 0.5, 0.99])
def test_a_damaged_archive_is_named(tmp_path, cache, name, kept):
    path = write_archive(tmp_path / name)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * kept)])
    with pytest.raises(OSError, match=f"{name} cannot be read.*Remove it"):
        fetch_imdb(data_home=tmp_path)
    assert not cache.exists()


def test_an_archive_without_the_part_is_named(tmp_path):
    write_archive(tmp_path / "aclImdb_v1.tar.gz", {"train/pos/0_9.txt": "alone"})
    with pytest.raises(OSError, match=r"aclImdb_v1.tar.gz contains no reviews of the part 'test'"):
        fetch_imdb(subset="test", data_home=tmp_path)


def test_progress_bar(tmp_path, capsys):
    write_archive(tmp_path / "aclImdb_v1.tar.gz")
    fetch_imdb(data_home=tmp_path, progress=True)
    assert "Reading aclImdb_v1.tar.gz" in capsys.readouterr().err


class TestRealReviews:
    @pytest.fixture(autouse=True)
    def use_session_cache(self, monkeypatch, session_cache, data_dir):
        if not (data_dir / "imdb").exists():
            pytest.skip("SKLSTM_DATA holds no IMDB")
        monkeypatch.setenv("SKLSTM_CACHE", str(session_cache))
        monkeypatch.setenv("SKLSTM_DATA", str(data_dir))

    def test_train(self):
        train = fetch_imdb(subset="train")
        assert Counter(train.target.tolist()) == {0: 12_500, 1: 12_500}
        assert train.data[0].startswith("Story of a man who has unnatural feelings for a pig.")
        assert train.data[12_500].startswith("Bromwell High is a cartoon comedy.")
        assert set(train.ratings[train.target == 0].tolist()) == {1, 2, 3, 4}
        assert set(train.ratings[train.target == 1].tolist()) == {7, 8, 9, 10}
        numbers = [int(name.split("/")[2].split("_")[0]) for name in train.filenames]
        assert numbers == [*range(12_500), *range(12_500)]

    def test_test(self):
        test = fetch_imdb(subset="test")
        assert Counter(test.target.tolist()) == {0: 12_500, 1: 12_500}
        assert test.data[12_500].startswith("I went and saw this movie last night")

    def test_unsup(self):
        unsup = fetch_imdb(subset="unsup")
        assert len(unsup.data) == 50_000
        assert set(unsup.target.tolist()) == {-1}
