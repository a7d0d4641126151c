"""Files of word vectors: read as gensim reads them, or an error that names the line."""

from __future__ import annotations

import codecs
import gzip
import itertools
import pickle
import struct
import tracemalloc
from pathlib import Path
from unicodedata import normalize

import numpy as np
import pytest
from gensim.models import FastText, KeyedVectors
from gensim.models.fasttext import load_facebook_vectors, save_facebook_model
from gensim.test.utils import datapath

from sklstm import LSTMClassifier, SequenceTokenizer, WordVectors
from sklstm._sequences.vector_files import of_keyed_vectors, read_all, read_wanted

WORDS = ["the", "of", "2000", "naïve", "日本", "</s>", "good"]


@pytest.fixture(scope="module")
def keyed():
    keyed = KeyedVectors(5)
    keyed.add_vectors(WORDS, np.random.default_rng(0).normal(size=(7, 5)).astype(np.float32))
    return keyed


@pytest.fixture(scope="module")
def subword_model():
    texts = [["good", "film"], ["bad", "film"], ["goodness", "film"]] * 20
    return FastText(texts, vector_size=6, min_count=1, bucket=50, seed=0, workers=1, epochs=2)


def written(keyed, path, *, binary=False, header=True):
    """Write vectors by gensim, which compresses the file if the name ends in .gz."""
    keyed.save_word2vec_format(str(path), binary=binary, write_header=header)
    return path


FORMS = {
    "word2vec text": {},
    "word2vec binary": {"binary": True},
    "glove": {"header": False},
}


def named(form):
    return "vectors.bin" if FORMS[form].get("binary") else "vectors"


# With no_header gensim opens the file twice and closes it once.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(
    ("form", "name"),
    [
        *itertools.product(
            ["word2vec text", "glove"], ["vectors", "vectors.gz", "vectors.txt", "vectors.vec.gz"]
        ),
        *(("word2vec binary", f"vectors.{end}") for end in ("bin", "BIN", "bin.gz", "1.bin.gz")),
    ],
)
def test_a_file_is_read_as_gensim_reads_it(keyed, tmp_path, form, name):
    params = FORMS[form]
    path = written(keyed, tmp_path / name, **params)
    expected = KeyedVectors.load_word2vec_format(
        str(path), binary=params.get("binary", False), no_header=not params.get("header", True)
    )
    found = read_all(path)
    assert found.words == expected.index_to_key
    np.testing.assert_array_equal(found.vectors, expected.vectors)
    wanted = read_wanted(str(path), {"good", "日本", "2000", "absent"})
    assert wanted.words == ["2000", "日本", "good"]
    np.testing.assert_array_equal(wanted.vectors, expected.vectors[[2, 4, 6]])


def test_a_compressed_file_may_have_any_name(keyed, tmp_path):
    plain = written(keyed, tmp_path / "a.txt")
    packed = tmp_path / "a"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    np.testing.assert_array_equal(read_all(packed).vectors, keyed.vectors)
    misnamed = tmp_path / "b.gz"
    misnamed.write_bytes(plain.read_bytes())
    np.testing.assert_array_equal(read_all(misnamed).vectors, keyed.vectors)


def test_lines_as_other_programs_end_them(tmp_path):
    path = tmp_path / "vectors.vec"
    path.write_bytes(b"2 2\r\na 1 2 \r\nb 3 4 \r\n\r\n")
    np.testing.assert_array_equal(read_all(path).vectors, [[1, 2], [3, 4]])
    rows = b"\n".join(
        word + b" " + np.array(row, "<f4").tobytes() for word, row in [(b"a", [1, 2]), (b"b", [3])]
    )
    path = tmp_path / "vectors.bin"
    path.write_bytes(b"2 2\n" + rows + struct.pack("<f", 4) + b"\n")  # as word2vec.c does
    np.testing.assert_array_equal(read_all(path).vectors, [[1, 2], [3, 4]])


@pytest.mark.parametrize("header", [b"", b"2 2\n"])
@pytest.mark.parametrize("packed", [False, True])
def test_a_last_line_without_a_line_break_may_be_cut_short(tmp_path, header, packed):
    path = tmp_path / "vectors"
    content = header + b"a 1 2\nb 3 0.4"  # cut from 0.4567
    path.write_bytes(gzip.compress(content) if packed else content)
    line = 2 + bool(header)
    with pytest.warns(UserWarning, match=rf"vectors, line {line}: .* no line break") as caught:
        loaded = WordVectors.load(path)
    assert caught[0].filename == __file__
    np.testing.assert_array_equal(loaded.vectors_, np.float32([[1, 2], [3, 0.4]]))
    with pytest.warns(UserWarning, match="If the file is truncated there, the last number lacks"):
        read_wanted(path, {"a"})


@pytest.mark.parametrize("shape", [(3, 2), (2, 1), (1, 1)])
def test_small_binary_files(tmp_path, shape):
    path = tmp_path / "vectors.bin"
    for seed in range(100):
        numbers = np.random.default_rng(seed).normal(size=shape).astype("<f4")
        rows = b"".join(b"w%d " % i + row.tobytes() + b"\n" for i, row in enumerate(numbers))
        path.write_bytes(b"%d %d\n" % shape + rows)
        np.testing.assert_array_equal(read_all(path).vectors, numbers)


@pytest.mark.parametrize("form", FORMS)
def test_a_byte_order_mark_is_no_part_of_the_first_word(keyed, tmp_path, form):
    path = written(keyed, tmp_path / named(form), **FORMS[form])
    path.write_bytes(codecs.BOM_UTF8 + path.read_bytes())
    found = read_all(path)
    assert found.words == WORDS
    np.testing.assert_allclose(found.vectors, keyed.vectors)


def test_a_word_with_spaces_is_split_off_from_the_right(tmp_path):
    path = tmp_path / "glove.840B.txt"
    path.write_text("the 1 2 3\n. . . 4 5 6\nat name@domain.com 7 8 9\n7 1 1 1\n")
    found = read_all(path)
    assert found.words == ["the", ". . .", "at name@domain.com", "7"]
    np.testing.assert_array_equal(found.vectors, [[1, 2, 3], [4, 5, 6], [7, 8, 9], [1, 1, 1]])


@pytest.mark.parametrize("binary", [False, True])
def test_of_a_word_that_comes_twice_the_first_counts(tmp_path, binary):
    rows = [(b"a", [1.0, 2.0]), (b"b", [3.0, 4.0]), (b"a", [5.0, 6.0])]
    path = tmp_path / ("vectors.bin" if binary else "vectors")
    if binary:
        parts = [word + b" " + np.array(row, "<f4").tobytes() for word, row in rows]
    else:
        parts = [b"%s %g %g\n" % (word, *row) for word, row in rows]
    path.write_bytes(b"3 2\n" + b"".join(parts))
    assert read_all(path).words == ["a", "b"]
    np.testing.assert_array_equal(read_wanted(path, {"a"}).vectors, [[1, 2]])


@pytest.mark.parametrize("packed", [False, True])
def test_facebooks_form_has_vectors_for_unknown_words(subword_model, tmp_path, packed):
    path = tmp_path / "model.bin"
    save_facebook_model(subword_model, str(path))
    expected = load_facebook_vectors(str(path))
    if packed:
        path.write_bytes(gzip.compress(path.read_bytes()))
    found = read_wanted(path, ["film", "goodish", "good"])
    assert (found.words, found.n_listed) == (["film", "good", "goodish"], 2)
    for word, vector in zip(found.words, found.vectors, strict=True):
        np.testing.assert_array_equal(vector, expected[word])
    assert len(read_all(path)) == len(expected)


@pytest.mark.parametrize("ending", [".gz", ".bz2", ".GZ"])
@pytest.mark.parametrize("packed", [False, True])
def test_facebooks_form_under_any_name(subword_model, tmp_path, ending, packed):
    path = tmp_path / "model.bin"
    save_facebook_model(subword_model, str(path))
    content = path.read_bytes()
    misnamed = tmp_path / f"model{ending}"  # by which gensim would unpack it
    misnamed.write_bytes(gzip.compress(content) if packed else content)
    np.testing.assert_array_equal(read_all(misnamed).vectors, load_facebook_vectors(path).vectors)


OLD_FASTTEXT = ["lee_fasttext.bin", "non_ascii_fasttext.bin", "cp852_fasttext.bin"]


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("name", OLD_FASTTEXT)
def test_fault_24_fasttext_without_a_magic_number(name, packed, tmp_path):
    source = Path(datapath(name))
    expected = load_facebook_vectors(str(source))
    path = tmp_path / "model.bin"
    path.write_bytes(gzip.compress(source.read_bytes()) if packed else source.read_bytes())
    vectors = WordVectors.load(path)
    assert list(vectors) == expected.index_to_key
    np.testing.assert_array_equal(vectors.vectors_, expected.vectors)
    np.testing.assert_array_equal(vectors["unseenword"], expected["unseenword"])
    word = expected.index_to_key[1]
    np.testing.assert_array_equal(read_wanted(path, [word]).vectors, [expected[word]])
    for size in (70, 100, 300, 2000):  # of which gensim would read the words endlessly
        path.write_bytes(source.read_bytes()[:size])
        with pytest.raises(ValueError, match=r"begins as a fastText model.* is it truncated"):
            read_all(path)


@pytest.mark.parametrize("header", ["", "2 2\r\n"])
@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_fault_24_text_with_a_byte_order_mark(tmp_path, encoding, header):
    path = tmp_path / "vectors.txt"
    path.write_bytes((header + "tea 1 2\r\nthé 3 4\r\n").encode(encoding))
    assert read_all(path).words == ["tea", "thé"]
    np.testing.assert_array_equal(read_wanted(path, {"tea"}).vectors, [[1, 2]])


DECOMPOSED = {form: normalize(form, "café") for form in ("NFC", "NFD")}


@pytest.mark.parametrize("of", DECOMPOSED)
@pytest.mark.parametrize("binary", [False, True])
def test_fault_35_a_word_is_found_in_either_of_its_spellings(tmp_path, binary, of):
    keyed = KeyedVectors(2)
    keyed.add_vectors(["tea", DECOMPOSED[of], "thé"], np.float32([[1, 2], [3, 4], [5, 6]]))
    path = written(keyed, tmp_path / ("a.bin" if binary else "a.txt"), binary=binary)
    for word in DECOMPOSED.values():
        for found in (read_wanted(path, ["tea", word]), of_keyed_vectors(keyed, ["tea", word])):
            assert found.words == ["tea", word]
            np.testing.assert_array_equal(found.vectors, [[1, 2], [3, 4]])
    both = read_wanted(path, list(DECOMPOSED.values()))  # that differ in a vocabulary
    assert sorted(both.words) == sorted(DECOMPOSED.values())
    np.testing.assert_array_equal(both.vectors, [[3, 4], [3, 4]])


@pytest.mark.parametrize("binary", [False, True])
def test_fault_35_the_very_spelling_comes_first(tmp_path, binary):
    keyed = KeyedVectors(1)
    keyed.add_vectors([DECOMPOSED["NFD"], "tea", DECOMPOSED["NFC"]], np.float32([[1], [2], [3]]))
    path = written(keyed, tmp_path / ("a.bin" if binary else "a.txt"), binary=binary)
    wanted = [DECOMPOSED["NFC"], "tea"]
    for found in (read_wanted(path, wanted), of_keyed_vectors(keyed, wanted)):
        vectors = dict(zip(found.words, found.vectors[:, 0], strict=True))
        assert vectors == {DECOMPOSED["NFC"]: 3, "tea": 2}


def test_facebooks_form_cut_short(subword_model, tmp_path):
    path = tmp_path / "model.bin"
    save_facebook_model(subword_model, str(path))
    whole = path.read_bytes()
    for size in (10, 200, len(whole) // 2):  # behind the middle lies what only training needs
        path.write_bytes(whole[:size])
        with pytest.raises(ValueError, match=r"model\.bin begins as a fastText model, but gensim"):
            read_all(path)


def test_numbers_that_nobody_wants_take_no_memory(tmp_path):
    path = tmp_path / "large.txt"
    row = " ".join(["0.125"] * 50)
    path.write_text("".join(f"word{i} {row}\n" for i in range(5_000)))
    tracemalloc.start()
    found = read_wanted(path, {"word7", "word4999"})
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.words == ["word7", "word4999"]
    assert peak < 5_000 * 50 * 4 / 4  # a quarter of what all vectors would take


GOOD = b"3 2\na 1 2\nb 3 4\nc 5 6\n"
NUMBERS = np.arange(6, dtype="<f4").reshape(3, 2)
BINARY = b"3 2\n" + b"".join(
    w + b" " + n.tobytes() for w, n in zip((b"a", b"b", b"c"), NUMBERS, strict=True)
)
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
DAMAGED = {
    "empty": (b"", "is empty; accepted are the text and binary formats"),
    "blank": (b"\n \n", "is empty"),
    "cut in a row": (GOOD[:-3], "line 4: expected 2 numbers, as on the lines before, found 1"),
    "cut after a row": (GOOD[:-6], "announces 3 words, but 2 follow, up to line 3; is the file t"),
    "more than promised": (GOOD + b"d 7 8\n", "announces 3 words, but 4 follow, up to line 5"),
    "longer row": (
        b"a 1 2\nb 3 4 5\n",
        "line 2: expected 2 numbers.* found 3.*of different dim",
    ),
    "shorter row": (b"a 1 2 3\nb 3 4\n", "line 2: expected 3 numbers.* found 2"),
    "other size in header": (b"1 3\na 1 2\n", "line 2: expected 3 numbers.* found 2"),
    "no number": (b"a 1 2\nb 3 x4\n", r"line 2: expected a number, found 'x4' for 'b'"),
    "nan": (b"a 1 2\nb nan 4\n", "line 2: expected finite numbers, found 'nan' for 'b'"),
    "infinity": (b"a 1 2\nb 1 -inf\n", "line 2: expected finite numbers, found '-inf' for 'b'"),
    "too large": (b"a 1 2\nb 1 1e39\n", "line 2: expected finite numbers, found '1e39' for 'b'"),
    "latin-1": (b"a 1 2\ncaf\xe9 3 4\n", r"line 2: the word 'caf\\xe9' is not UTF-8"),
    "latin-1 under a header": (b"2 2\na 1 2\ncaf\xe9 3 4\n", "line 3: the word .* is not UTF-8"),
    "prose": (
        b"It was a dark night.\n",
        "line 1: this is not a file of word vectors.*dark night",
    ),
    "header only": (b"3 2\n", "announces 3 words, but 0 follow"),
    "header of nothing": (
        b"3 0\na\n",
        "line 1: found a header of 3 words with vectors of length",
    ),
    "png": (PNG, r"line 1: this is not a file of word vectors: .*found .\\x89PNG"),
    "pickle": (pickle.dumps({"a": [1.0]}), r"is a pickle; .*KeyedVectors\.load"),
    "zip": (b"PK\x03\x04abc", "is a zip archive; unpack it first"),
    "array": (b"\x93NUMPY\x01\x00", "is a NumPy array, which has no words"),
    "binary cut in numbers": (BINARY[:-3], "word 3 of 3: found 5 of the 8 bytes of its vector"),
    "binary cut in a word": (BINARY[:-9], "word 3 of 3: found no word; the file is truncated"),
    "binary cut between": (BINARY[:-10], "word 3 of 3: found no word; the file is truncated"),
    "binary, more": (BINARY + b"d abcd", "announces 3 words, but more follows"),
    "binary, nan": (
        BINARY[:-8] + struct.pack("<2f", 1, np.nan),
        "word 3 of 3: expected finite numbers, found nan for 'c'",
    ),
    "binary, latin-1": (BINARY.replace(b"b ", b"\xe9 "), r"word 2 of 3: b'\\xe9' is not UTF-8"),
    "binary, no word": (b"9 2\n" + b"\x00" * 20_000, "word 1 of 9: expected a word and a space"),
    "no row under a name of text": (
        b"1 50\nno number at all\n",
        r"line 2: expected 50 numbers.* found none.* ends in \.bin",
    ),
    "packed, cut short": (gzip.compress(GOOD)[:-12], "the gzip file is truncated or damaged"),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_a_damaged_file(tmp_path, case):
    content, message = DAMAGED[case]
    path = tmp_path / ("vectors.bin" if case.startswith(("binary cut", "binary,")) else "vectors")
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message) as error:
        read_wanted(path, {"a", "b", "c"})
    assert str(path) in str(error.value)
    with pytest.raises(ValueError, match=message):
        WordVectors.load(path)


TWO = {"tea": [0.1, 0.9], "cup": [2.0, -3.0]}
OF_TWO_WORDS = {
    "tabs": "tea\t0.1\t0.9\ncup\t2\t-3\n",
    "tab and spaces": "tea\t0.1 0.9\ncup\t2 -3\n",
    "several spaces": "tea   0.1    0.9\ncup \t 2  -3\n",
    "leading spaces": " tea 0.1 0.9\n\t cup 2 -3\n",
    "trailing spaces": "tea 0.1 0.9 \t\ncup 2 -3  \n",
    "empty lines": "\ntea 0.1 0.9\n\n \t\ncup 2 -3\n\n",
    "line breaks of Windows": "tea 0.1 0.9\r\ncup 2 -3\r\n",
}


@pytest.mark.parametrize("name", ["vectors.txt", "vectors.bin", "vectors.bin.gz"])
@pytest.mark.parametrize("header", ["2 2\n", " 2\t2 \r\n", ""])
@pytest.mark.parametrize("case", OF_TWO_WORDS)
def test_fault_08_white_space_of_any_kind_separates(tmp_path, case, header, name):
    content = (header + OF_TWO_WORDS[case]).encode()
    path = tmp_path / name
    path.write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    found = read_all(path)
    assert found.words == list(TWO)
    np.testing.assert_array_equal(found.vectors, np.float32(list(TWO.values())))
    np.testing.assert_array_equal(read_wanted(path, {"cup"}).vectors, [[2, -3]])


@pytest.mark.parametrize("name", ["vectors.txt", "vectors.bin"])
def test_fault_08_numbers_of_four_characters_are_text(tmp_path, name):
    path = tmp_path / name
    path.write_text("2 3\ntea   10 -12  99\ncup  1e1 .125   7\n")  # 3 x 4 bytes, as of float32
    found = read_all(path)
    assert found.words == ["tea", "cup"]
    np.testing.assert_array_equal(found.vectors, [[10, -12, 99], [10, 0.125, 7]])
    path.write_text("2 3\ntea   10 -12  x9\ncup  1e1 .125   7\n")
    with pytest.raises(ValueError, match="line 2: expected a number, found 'x9' for 'tea'"):
        read_wanted(path, {"cup"})


@pytest.mark.parametrize("name", ["vectors", "vectors.txt", "vectors.gz"])
def test_fault_08_binary_is_known_by_its_content(keyed, tmp_path, name):
    path = tmp_path / "vectors.bin"
    written(keyed, path, binary=True)
    content = path.read_bytes()
    path = tmp_path / name
    path.write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    found = read_all(path)
    assert found.words == WORDS
    np.testing.assert_array_equal(found.vectors, keyed.vectors)


def test_fault_08_a_word_may_end_in_a_number_where_a_header_gives_the_dimension(tmp_path):
    path = tmp_path / "vectors"
    path.write_text("3 2\nwindows 95 0.1 0.9\ntea 1 2\nno\u00a0break 3 4\n")
    found = read_all(path)
    assert found.words == ["windows 95", "tea", "no\u00a0break"]
    np.testing.assert_array_equal(found.vectors, np.float32([[0.1, 0.9], [1, 2], [3, 4]]))
    path.write_text("12 2\n" + "tea 1 2 3\n" * 12)
    with pytest.raises(ValueError, match="announces vectors of length 2, but most rows have more"):
        read_all(path)


SEPARATED = ["tea, 0.1, 0.9\n", "tea,0.1,0.9\n", "tea 0,1 0,9\n", "tea; 0.1; 0.9\n", "a b, 1, 2\n"]


@pytest.mark.parametrize("header", ["", "1 2\n"])
@pytest.mark.parametrize("row", SEPARATED)
def test_fault_08_commas_are_refused_by_name(tmp_path, row, header):
    path = tmp_path / "vectors"
    path.write_text(header + row)
    with pytest.raises(ValueError, match=r"the numbers hold commas or semicolons .*by spaces or t"):
        read_wanted(path, {"tea", "absent"})
    path.write_text("1,000 0.1 0.9\nSmith, John 0.2 0.8\n")  # commas in words
    assert read_all(path).words == ["1,000", "Smith, John"]


def test_fault_08_vectors_of_one_number_below_a_word_that_is_a_number(tmp_path):
    path = tmp_path / "vectors"
    path.write_text("10 3\n20 4\ntea 5\n")
    found = read_all(path)
    assert found.words == ["10", "20", "tea"]
    np.testing.assert_array_equal(found.vectors, [[3], [4], [5]])
    path.write_text("2 1\n20 4\ntea 5\n")  # a header
    assert read_all(path).words == ["20", "tea"]
    for content in ("400000 50\nthe 0.4", "2 3\ntea 4\ncup 5\n"):  # truncated; another dimension
        path.write_text(content)
        with pytest.raises(ValueError, match=r"line 2: expected (50|3) numbers.* found 1"):
            read_all(path)


def test_fault_08_line_breaks_of_old_programs_are_refused(tmp_path):
    path = tmp_path / "vectors"
    path.write_bytes(b"2 2\ra 1 2\rb 3 4\r")
    with pytest.raises(ValueError, match=r"lines end in \\r alone"):
        read_all(path)


def test_fault_08_a_word_with_white_space_is_not_written_as_text(tmp_path):
    keyed = KeyedVectors(2)
    keyed.add_vectors(["a", "b\tc"], np.ones((2, 2), np.float32))
    vectors = WordVectors.from_keyed_vectors(keyed)
    with pytest.raises(ValueError, match=r"ends a word at white space, .* the word 'b\\tc'"):
        vectors.save(tmp_path / "vectors.txt")


def test_numbers_of_unwanted_words_are_not_looked_at(tmp_path):
    path = tmp_path / "vectors"
    path.write_bytes(b"a 1 2\nb nan 4\n")
    np.testing.assert_array_equal(read_wanted(path, {"a"}).vectors, [[1, 2]])


def test_no_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no file of word vectors at '.*absent'"):
        read_all(tmp_path / "absent")
    with pytest.raises(IsADirectoryError, match="is a directory; give the path of one file"):
        read_all(tmp_path)


TEXTS = ["good film", "bad film", "good cast", "bad cast"] * 3
LABELS = [1, 0, 1, 0] * 3


@pytest.mark.parametrize("of", [str, Path])
def test_embeddings_from_a_path(keyed, tmp_path, of):
    path = written(keyed, tmp_path / "vectors.txt", header=False)
    X = SequenceTokenizer().fit_transform(TEXTS)
    params = {"freeze_embeddings": True, "max_epochs": 1, "random_state": 0}
    model = LSTMClassifier(4, embeddings=of(path), **params).fit(X, LABELS)
    assert model.embedding_coverage_ == 0.25
    weight = model.module_.embedding.weight.numpy(force=True)
    np.testing.assert_array_equal(weight[model.vocabulary_["good"]], keyed["good"])
    same = LSTMClassifier(4, embeddings=keyed, **params).fit(X, LABELS)
    np.testing.assert_array_equal(weight, same.module_.embedding.weight.numpy(force=True))


def test_embeddings_from_facebooks_form_count_words_apart(subword_model, tmp_path, capsys):
    path = tmp_path / "model.bin"
    save_facebook_model(subword_model, str(path))
    X = SequenceTokenizer().fit_transform(["good film", "bad film", "goodish film"] * 2)
    model = LSTMClassifier(4, embeddings=path, freeze_embeddings=True, max_epochs=1, verbose=1)
    model.fit(X, [1, 0, 1] * 2)
    assert model.embedding_coverage_ == 0.75
    weight = model.module_.embedding.weight.numpy(force=True)
    expected = load_facebook_vectors(str(path))
    for word in ("good", "goodish"):
        np.testing.assert_array_equal(weight[model.vocabulary_[word]], expected[word])
    out = capsys.readouterr().out
    assert "3 of 4 words have a vector (75.0%), 1 more made from n-grams; 0 drawn at random" in out
