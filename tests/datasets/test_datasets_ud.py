"""The reader of CoNLL-U on files made by hand, and the treebank's own."""

from collections import Counter

import numpy as np
import pytest

from sklstm.datasets import fetch_ud_lines
from sklstm.datasets._ud_lines import _read_conllu

REST = "\t_\t0\troot\t_\t_"  # what a tagger does not look at
TINY = f"""\
# newdoc id = 1
# sent_id = 1
# text = I don't.
1\tI\tI\tPRON\tPERS{REST}
2-3\tdon't\t_\t_\t_\t_\t_\t_\t_\tSpaceAfter=No
2\tdo\tdo\tAUX\tPRES-AUX{REST}
3\tn't\tnot\tPART\tNEG{REST}
3.1\tknow\tknow\tVERB\tINF{REST}
4\t.\t.\tPUNCT\tPeriod{REST}

# sent_id = 2
1\t#\t#\tSYM\t_{REST}
2\ta b\tab\tX\t_{REST}

"""


@pytest.fixture
def write(tmp_path):
    def to(text, name="en_lines-ud-train.conllu"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return to


@pytest.mark.parametrize("folder", [".", "ud"])
def test_words_are_those_of_the_syntax(write, tmp_path, folder):
    write(TINY, f"{folder}/en_lines-ud-train.conllu")
    tiny = fetch_ud_lines(data_home=tmp_path)
    assert tiny.data == [["I", "do", "n't", "."], ["#", "a b"]]
    assert (tiny.target.shape, tiny.target.dtype) == ((2,), object)
    assert tiny.target[0].tolist() == ["PRON", "AUX", "PART", "PUNCT"]
    assert tiny.target[1].tolist() == ["SYM", "X"]
    assert tiny.target_names == ["AUX", "PART", "PRON", "PUNCT", "SYM", "X"]
    assert "CC BY-NC-SA" in tiny.DESCR


def test_the_treebanks_own_tags(write, tmp_path):
    write(TINY, "en_lines-ud-dev.conllu")
    X, y = fetch_ud_lines(subset="dev", tags="xpos", data_home=tmp_path, return_X_y=True)
    assert X == [["I", "do", "n't", "."], ["#", "a b"]]
    assert [tags.tolist() for tags in y] == [["PERS", "PRES-AUX", "NEG", "Period"], ["_", "_"]]


def test_sentences_of_one_length_stay_apart(write, tmp_path):
    write(f"1\ta\ta\tDET\t_{REST}\n\n1\tb\tb\tX\t_{REST}\n\n")
    X, y = fetch_ud_lines(data_home=tmp_path, return_X_y=True)
    assert X == [["a"], ["b"]]
    assert (y.shape, y.dtype) == ((2,), object)


@pytest.mark.parametrize("start", [0, TINY.index("1\tI\t")])
def test_fault_24_a_byte_order_mark_is_no_part_of_the_first_line(write, start):
    text = TINY[start:]  # from a comment, and from a word
    expected = _read_conllu(write(text), "upos")
    assert _read_conllu(write(text.encode("utf-8-sig")), "upos") == expected


def test_line_ends(write):
    sentences = _read_conllu(write(TINY), "upos")
    assert _read_conllu(write(TINY.replace("\n", "\r\n")), "upos") == sentences
    assert _read_conllu(write(f"\n{TINY}\n\n"), "upos") == sentences
    # signs that Python's str.splitlines would break a line at
    word = "a\u2028b\x85c"
    path = write(f"1\t{word}\t_\tX\t_{REST}\n\n")
    assert _read_conllu(path, "upos") == [([word], ["X"])]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (TINY[:-1], 13, "ends within a sentence.*cut off"),
        (TINY[:-12], 13, "expected 10 columns .*got 7"),
        (TINY[: TINY.index("\n4\t.")] + "\n", 8, "ends within a sentence.*cut off"),
        (f"1\ta\ta\tDET\t_{REST}\n1 a DET\n", 2, "expected 10 columns .*got 1"),
        (f"1\ta\ta\tDET\t_{REST}\t_\n\n", 1, "expected 10 columns .*got 11"),
        (f"1\t\ta\tDET\t_{REST}\n\n", 1, "column 2 is empty"),
        (f"one\ta\ta\tDET\t_{REST}\n\n", 1, "'one' is not the number of a word"),
        (f"1-\ta\ta\tDET\t_{REST}\n\n", 1, "'1-' is not the number of a word"),
        (f"# a\n2\ta\ta\tDET\t_{REST}\n\n", 2, "number 2 does not continue the sentence.*has 0"),
        (TINY.replace("2-3", "3-4"), 5, "number 3-4 does not continue the sentence.*has 1 "),
        (TINY.replace("3.1", "4.1"), 8, "number 4.1 does not continue the sentence.*has 3 "),
        (TINY.replace("\n\n", "\n", 1), 11, "number 1 does not continue the sentence.*has 4 "),
        ("1\tna\xefve".encode("latin-1"), 1, "not UTF-8"),
        (TINY.replace("#\t#", "\u2019\t#").encode()[: TINY.index("#\t#") + 1], 12, "not UTF-8"),
    ],
)
def test_errors_name_file_and_line(write, text, line, message):
    path = write(text)
    with pytest.raises(ValueError, match=f"en_lines-ud-train.conllu, line {line}: .*{message}"):
        _read_conllu(path, "upos")


@pytest.mark.parametrize("text", ["", "# nothing but this\n\n"])
def test_a_file_without_sentences(write, text):
    with pytest.raises(ValueError, match=r"conllu: it contains no sentence"):
        _read_conllu(write(text), "upos")


def test_bad_arguments(tmp_path, monkeypatch):
    monkeypatch.delenv("SKLSTM_DATA", raising=False)
    monkeypatch.setenv("SKLSTM_CACHE", str(tmp_path / "cache"))
    with pytest.raises(ValueError, match=r"subset must be one of .*'train'.*, got 'all'"):
        fetch_ud_lines(subset="all")
    with pytest.raises(ValueError, match=r"tags must be one of .*'upos'.*, got 'pos'"):
        fetch_ud_lines(tags="pos")
    with pytest.raises(OSError, match=r"en_lines-ud-dev.conllu.*UD_English-LinES"):
        fetch_ud_lines(subset="dev", data_home=tmp_path, download_if_missing=False)


@pytest.mark.parametrize(
    ("subset", "n_sentences", "n_words", "n_tags", "n_nouns", "first"),
    [
        ("train", 3457, 64684, 17, 11444, "Show/VERB All/PRON"),
        ("dev", 1118, 21637, 17, 3936, "When/SCONJ a/DET user/NOUN connects/VERB to/ADP the/DET"),
        ("test", 1121, 19984, 16, 3566, "If/SCONJ you/PRON plot/VERB multiple/ADJ charts/NOUN"),
    ],
)
def test_the_treebank(data_file, subset, n_sentences, n_words, n_tags, n_nouns, first):
    folder = data_file(f"ud/en_lines-ud-{subset}.conllu").parent
    found = fetch_ud_lines(subset=subset, data_home=folder, download_if_missing=False)
    assert len(found.data) == len(found.target) == n_sentences
    assert list(map(len, found.data)) == list(map(len, found.target))
    counts = Counter(np.concatenate(found.target))
    assert sum(counts.values()) == n_words
    assert (len(found.target_names), counts["NOUN"]) == (n_tags, n_nouns)
    pairs = zip(found.data[0], found.target[0], strict=True)
    assert " ".join(f"{word}/{tag}" for word, tag in pairs).startswith(first)
    words = {word for sentence in found.data for word in sentence}
    assert {"do", "n't"} <= words
    assert "don't" not in words
    own = fetch_ud_lines(subset=subset, tags="xpos", data_home=folder)
    assert own.data == found.data
    assert "SG-NOM" in own.target_names


def test_numbers_of_the_description(data_file):
    folder = data_file("ud/en_lines-ud-test.conllu").parent
    subsets = ("train", "dev", "test")
    tags = {
        kind: [fetch_ud_lines(subset=part, tags=kind, data_home=folder).target for part in subsets]
        for kind in ("upos", "xpos")
    }
    names = {kind: set(np.concatenate([*y[0], *y[1], *y[2]])) for kind, y in tags.items()}
    assert len(names["upos"]) == 17
    assert len(names["xpos"] - {"_"}) == 159
    for y in tags["xpos"]:
        assert 0.2 < (np.concatenate(y) == "_").mean() < 0.22
