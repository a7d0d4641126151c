"""Steps that are lists of words: as ids, and as the LSTM estimators read them."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.pipeline import make_pipeline

from sklstm import (
    AutoencoderClusterer,
    LSTMClassifier,
    LSTMRegressor,
    LSTMTagger,
    SequencePadder,
    SequenceTokenizer,
    WordVectors,
    search_space,
)
from sklstm._sequences import TokenArray, Vocabulary
from sklstm.baselines import compare
from sklstm.nn import TokenEmbedding

WORDS = [f"w{i}" for i in range(12)]
TINY = {"hidden_size": 6, "max_epochs": 2, "random_state": 0}
EXACT = {"rtol": 0, "atol": 1e-6}


def visits(n=40, seed=0):
    """Return sequences of 2 to 6 steps, of 1 to 4 words each."""
    rng = np.random.default_rng(seed)
    return [
        [
            rng.choice(WORDS, rng.integers(1, 5), replace=False).tolist()
            for _ in range(rng.integers(2, 7))
        ]
        for _ in range(n)
    ]


X = visits()
Y = np.array([any("w0" in step for step in steps) for steps in X])


def baskets(**params):
    return SequenceTokenizer(analyzer=list, **params)


def test_ids_are_those_of_the_words_in_each_step():
    tokenizer = baskets().fit(X)
    counts = {w: sum(step.count(w) for steps in X for step in steps) for w in WORDS}
    assert list(tokenizer.vocabulary_) == sorted(WORDS, key=lambda word: (-counts[word], word))
    made = tokenizer.transform([*X, [["w1", "other"], [], ("w2",), {"w5", "w3"}]])
    width = 4
    for steps, ids in zip(X, made, strict=False):
        expected = [[tokenizer.vocabulary_[w] for w in s] + [0] * (width - len(s)) for s in steps]
        assert ids.tolist() == expected
    ids = tokenizer.vocabulary_
    last = [[ids["w1"], 1], [3, 0], [ids["w2"], 0], [ids["w3"], ids["w5"]]]
    assert made[-1].tolist() == [[*row, 0, 0] for row in last]
    assert made.vocabulary.bags
    np.testing.assert_array_equal(baskets().fit_transform(X)[3], made[3])
    for steps, words in zip(X, tokenizer.inverse_transform(made), strict=False):
        assert [word.tolist() for word in words] == steps
    assert [w.tolist() for w in tokenizer.inverse_transform(made)[-1]] == [
        ["w1", "<unk>"], [], ["w2"], ["w3", "w5"],
    ]  # fmt: skip


def test_marks_and_cuts_are_of_steps():
    tokenizer = baskets(vocabulary=["a", "b"], add_start=True, add_end=True, max_length=4)
    assert tokenizer.transform([[["b"], ["a", "c"], ["b", "a"]]])[0].tolist() == [
        [2, 0], [4, 1], [5, 4], [3, 0],
    ]  # fmt: skip
    tokenizer = baskets(vocabulary=["a", "b"], unknown="skip", truncation="post", max_length=2)
    assert tokenizer.transform([[["c"], ["a", "c"], ["b", "a"]]])[0].tolist() == [[3, 0], [4, 0]]
    assert baskets(min_df=2).fit([[["a", "b"], ["a"]], [["b"]]]).vocabulary_ == {"b": 4}


@pytest.mark.parametrize(
    "form",
    [
        lambda X: pd.Series(X),
        lambda X: pd.DataFrame({"visits": X}),
        lambda X: [tuple(map(tuple, steps)) for steps in X],
        lambda X: [np.array(steps, dtype=object) for steps in X],
    ],
    ids=["Series", "frame", "tuples", "arrays"],
)
def test_containers(form):
    given = [steps for steps in X if len({len(step) for step in steps}) > 1]
    expected = baskets().fit_transform(given)
    made = np.ravel(baskets().fit_transform(form(given)))
    for one, other in zip(made, expected, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_function_may_group_the_words_of_a_text():
    def in_pairs(text):
        words = text.split()
        return [words[i : i + 2] for i in range(0, len(words), 2)]

    made = SequenceTokenizer(analyzer=in_pairs).fit_transform(["a b c", "b b", ""][:2])
    assert made[0].tolist() == [[5, 4], [6, 0]]
    assert made[1].tolist() == [[4, 4]]


def test_texts_without_steps():
    tokenizer = baskets().fit(X)
    with pytest.warns(UserWarning, match=r"1 of 2 texts have no word"):
        made = tokenizer.transform([[], [["w1"]]])
    assert made[0].shape == (0, 1)
    with pytest.warns(UserWarning, match=r"1 of 1 texts"):
        assert tokenizer.transform([[]])[0].shape == (0, 1)
    with pytest.warns(UserWarning, match=r"1 of 1 texts"):
        assert baskets(vocabulary=WORDS).transform([[]])[0].shape == (0,)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([[["a"], ["b"]], [["a"], "b"]], r"step 1 of X\[1\] is str \('b'\), but other steps are"),
        ([[["a"]], [["b"]], ["b"]], r"X\[2\] is a list of words, but the steps of X\[0\] are li"),
        ([[["a"]], ["b", ["a"]]], r"got list \(\['a'\]\) as word 1 of X\[1\]"),
        ([["a"], [["b"]]], r"X\[0\] is a list of words, but the steps of X\[1\] are lists"),
        ([[["a"], ["b", 3]]], r"got int \(3\) as word 1 of step 1 of X\[0\]"),
        ([[["a"], [["b"]]]], r"got list \(\['b'\]\) as word 0 of step 1 of X\[0\]"),
    ],
)
def test_mixed_depths_are_refused_by_index(given, message):
    with pytest.raises(TypeError, match=message):
        baskets().fit(given)
    tokenizer = baskets(vocabulary=["a", "b"])
    with pytest.raises(TypeError, match=message):
        tokenizer.transform(given)


def test_what_cannot_be_is_refused():
    fitted = baskets().fit(X)
    before = copy.deepcopy(vars(fitted))
    with pytest.raises(ValueError, match=r"steps of X\[1\] are single words, but this tokenizer"):
        fitted.transform([[], ["w1", "w2"]])
    assert vars(fitted) == before
    flat = baskets().fit([["w1", "w2"]])
    with pytest.raises(ValueError, match=r"steps of X\[0\] are lists of words, but this tokeni"):
        flat.transform(X)
    with pytest.raises(ValueError, match="characters=3 adds the characters of the one word"):
        baskets(characters=3).fit(X)
    with pytest.raises(TypeError, match=r"must return words as str, got list"):
        WordVectors(analyzer=list).fit(X)
    with pytest.raises(ValueError, match="X has bags of words in each step"):
        AutoencoderClusterer(2).fit(fitted.transform(X))
    model = LSTMClassifier(**TINY).fit(fitted.transform(X), Y)
    flat = baskets(vocabulary=list(fitted.vocabulary_)).fit([[word] for word in WORDS])
    with pytest.raises(ValueError, match="tokenized with another vocabulary"):
        model.predict(flat.transform([["w1"]]))


def test_the_vocabulary_says_that_steps_are_bags(tmp_path):
    made = baskets().fit_transform(X)
    plain = Vocabulary(made.vocabulary)
    assert plain != made.vocabulary
    assert not plain.bags
    for again in (pickle.loads(pickle.dumps(made)), copy.deepcopy(made), made[:3], made[0]):
        assert again.vocabulary == made.vocabulary
        assert again.vocabulary.bags
    frame = baskets().set_output(transform="pandas").fit_transform(X)
    frame["sequence"] = frame["sequence"].map(lambda ids: ids.tolist())  # as files keep it
    frame.to_parquet(tmp_path / "frame.parquet")
    read = pd.read_parquet(tmp_path / "frame.parquet")
    read["sequence"] = read["sequence"].map(lambda ids: np.array(ids.tolist()))
    model = LSTMClassifier(**TINY).fit(made, Y)
    np.testing.assert_allclose(model.predict_proba(read), model.predict_proba(made), **EXACT)


# In the network


def test_the_vector_of_a_step_is_the_mean_of_its_words():
    torch.manual_seed(0)
    embedding = TokenEmbedding(9, 3, average=True)
    ids = torch.tensor([[[4, 7, 0], [8, 0, 0], [0, 0, 0]], [[5, 5, 6], [0, 4, 0], [1, 2, 3]]])
    table = embedding.weight.detach()
    found = embedding(ids)
    for row, vectors in zip(ids.tolist(), found, strict=True):
        for step, vector in zip(row, vectors, strict=True):
            own = [table[i] for i in step if i]
            expected = torch.stack(own).mean(dim=0) if own else torch.zeros(3)
            torch.testing.assert_close(vector.detach(), expected)
    found[0, 0, 0].backward()
    expected = torch.zeros_like(table)
    expected[[4, 7], 0] = 0.5
    torch.testing.assert_close(embedding.weight.grad, expected)
    with pytest.raises(TypeError, match="average must be True or False"):
        TokenEmbedding(9, 3, average="mean")


@pytest.mark.parametrize("conv_filters", [None, 4])
def test_steps_of_one_word_are_words(conv_filters):
    words = [[step[0] for step in steps] for steps in X]
    params = TINY | {"linear_path": False, "conv_filters": conv_filters}
    flat = make_pipeline(baskets(), LSTMClassifier(**params)).fit(words, Y)
    single = [[[word] for word in steps] for steps in words]
    bags = make_pipeline(baskets(), LSTMClassifier(**params)).fit(single, Y)
    np.testing.assert_allclose(bags.predict_proba(single), flat.predict_proba(words), **EXACT)


MODELS = {
    "classifier": (LSTMClassifier(**TINY), Y, "predict_proba"),
    "regressor": (LSTMRegressor(**TINY), Y.astype(float), "predict"),
    "tagger": (LSTMTagger(**TINY), [[len(s) > 2 for s in steps] for steps in X], "predict_proba"),
}


@pytest.mark.parametrize("name", MODELS)
def test_neither_order_nor_padding_of_a_step_counts(name):
    model, y, method = MODELS[name]
    model = make_pipeline(baskets(), model).fit(X, y)
    before = list(getattr(model, method)(X))
    rng = np.random.default_rng(1)
    mixed = [[rng.permutation(step).tolist() for step in steps] for steps in X]
    twice = [[step * 2 for step in steps] for steps in X]  # the same mean
    wide = [*X, [WORDS, ["w1"]]]  # whose steps pad all others
    for other in (mixed, twice, wide):
        for one, expected in zip(getattr(model, method)(other), before, strict=False):
            np.testing.assert_allclose(one, expected, **EXACT)
    # Sequences of different calls, padded to different widths, in one X.
    tokens = [model[0].transform([steps])[0] for steps in X]
    assert len({ids.shape[1] for ids in tokens}) > 1
    for one, expected in zip(getattr(model[-1], method)(tokens), before, strict=True):
        np.testing.assert_allclose(one, expected, **EXACT)
    # Which words there are does count.
    other = [[["w7"] for _ in steps] for steps in X]
    changes = [
        np.abs(np.subtract(one, two)).max()
        for one, two in zip(getattr(model, method)(other), before, strict=True)
    ]
    assert max(changes) > 1e-4


def test_a_model_of_small_steps_reads_larger_ones():
    single = [[step[:1] for step in steps] for steps in X]
    model = make_pipeline(baskets(), LSTMClassifier(**TINY)).fit(single, Y)
    assert model[-1].path_weights_["linear"] == 0  # it would read one word in each step
    assert model.predict_proba(X).shape == (40, 2)
    with pytest.raises(ValueError, match=r"linear_path=True .* each step holds several token ids"):
        make_pipeline(baskets(), LSTMClassifier(linear_path=True, **TINY)).fit(single, Y)
    tokenizer = baskets().fit(X)
    parts = [tokenizer.transform(single), tokenizer.transform(X)]
    model = LSTMClassifier(**TINY)
    for part in parts:  # of one id in each step, and of four
        model.partial_fit(part, Y)
    again = LSTMClassifier(warm_start=True, **TINY)
    for part in parts:
        again.fit(part, Y)
    for fitted in (model, again):
        assert fitted.predict(parts[0]).shape == (40,)
    stopped = LSTMClassifier(early_stopping=True, **TINY)
    assert "valid_loss" in stopped.fit(parts[0], Y, X_val=parts[1], y_val=Y).history_[0]


def test_vectors_of_words_are_found():
    vectors = {word: np.eye(12)[i] for i, word in enumerate(WORDS)}
    model = make_pipeline(baskets(), LSTMClassifier(embeddings=vectors, **TINY)).fit(X, Y)
    assert model[-1].embedding_coverage_ == 1.0
    assert model.predict_proba([[["w1", "never seen"]]]).shape == (1, 2)


def test_padding_of_sequences_does_not_count():
    tokens = baskets().fit_transform(X)
    model = LSTMClassifier(**TINY).fit(tokens, Y)
    padder = SequencePadder().fit(tokens)
    padded = padder.transform(tokens)
    assert padded.shape == (40, 6, 4)
    np.testing.assert_allclose(model.predict_proba(padded), model.predict_proba(tokens), **EXACT)
    assert padder.transform(TokenArray([np.arange(4, 14)[None]], tokens.vocabulary)).shape[2] == 10


def test_streams_read_steps_of_any_number_of_words():
    tokens = baskets().fit_transform(X)
    model = LSTMClassifier(bidirectional=False, **TINY).fit(tokens, Y)
    expected = model.predict_proba(tokens[:2])
    with model.stream(response_method="predict_proba") as stream:
        for ids in tokens[0]:
            found = stream.step(ids[ids > 0])
        np.testing.assert_allclose(found, expected[0], **EXACT)
        stream.reset()
        np.testing.assert_allclose(stream.feed(tokens[0]), expected[0], **EXACT)
        stream.reset()
        np.testing.assert_allclose(stream.step(4), stream.reset().step([4, 4, 0, 4]), **EXACT)
        with pytest.raises(ValueError, match="feed"):
            stream.step(np.empty(0, dtype=int))
    with model.stream(2) as stream:
        with pytest.raises(ValueError, match="feed"):
            stream.step([[4, 5], [6, 7], [8, 9]])
        assert stream.step([[4, 5, 0], [6, 7, 8]]).shape == (2,)


def test_the_order_of_steps_is_learned():
    # Whether "w0" comes before "w1": the bags have the same words either way.
    rng = np.random.default_rng(0)
    sequences, y = [], []
    for i in range(240):
        others = [rng.choice(WORDS[2:], 2, replace=False).tolist() for _ in range(5)]
        first, second = sorted(rng.choice(5, 2, replace=False))
        others[first].append(f"w{i % 2}")
        others[second].append(f"w{1 - i % 2}")
        sequences.append(others)
        y.append(i % 2)
    model = make_pipeline(baskets(), LSTMClassifier(32, learning_rate=0.01, random_state=0))
    model.set_params(lstmclassifier__max_epochs=30).fit(sequences[:180], y[:180])
    assert model.score(sequences[180:], y[180:]) > 0.95


def test_around_it():
    model = make_pipeline(baskets(), LSTMClassifier(**TINY))
    assert "lstmclassifier__dropout" in search_space(model, X, Y)
    many = visits(300)
    # Whether "w0" occurs is a matter of counts, which read the words of all steps.
    y = np.array([any("w0" in step for step in steps) for steps in many])
    for estimator, given in [(model, many), (model[-1], baskets().fit_transform(many))]:
        result = compare(estimator, given, y, cv=2, random_state=0)
        assert result.left_out == {}
        assert result.scores["TF-IDF + LR (tuned)"].mean() > 0.95


@pytest.mark.parametrize("add_end", [False, True])
def test_steps_without_words_stay_in_their_place(add_end):
    X = [[["milk"], [], ["tea", "milk"], ["never seen"]], [[], ["milk"]], [["tea"], []]]
    tokenizer = SequenceTokenizer(analyzer=list, add_start=True, add_end=add_end)
    words = tokenizer.inverse_transform(tokenizer.fit(X[1:]).transform(X))
    assert [[step.tolist() for step in text] for text in words] == [
        [["milk"], [], ["tea", "milk"], ["<unk>"]],
        [[], ["milk"]],
        [["tea"], []],
    ]


def test_parameters_that_a_function_leaves_without_effect_are_named():
    tokenizer = SequenceTokenizer(analyzer=list, stop_words=["milk"])
    with pytest.warns(UserWarning, match="stop_words will not be used: analyzer=<class 'list'>"):
        tokenizer.fit([["milk", "tea"]])
    assert set(tokenizer.vocabulary_) == {"milk", "tea"}
    tokenizer.transform([["milk"]])  # warns in fit only
