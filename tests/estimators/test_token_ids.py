"""Token ids given to estimators: with their vocabulary, and where other packages lost it."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import AdaBoostClassifier, BaggingClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsOneClassifier
from sklearn.pipeline import make_pipeline
from sklearn.semi_supervised import SelfTrainingClassifier

from sklstm import (
    AutoencoderClusterer,
    LSTMClassifier,
    LSTMRegressor,
    LSTMTagger,
    SequencePadder,
    SequenceTokenizer,
)
from sklstm._sequences.tokens import TokenArray

RNG = np.random.default_rng(0)
WORDS = np.array([f"w{a}{b}" for a in "abcdef" for b in "abcdefgh"])
KIND = RNG.permutation(len(WORDS)) % 2  # what a word tells is not seen in its id
Y = np.arange(100) % 2
TEXTS = [" ".join(RNG.choice(WORDS[kind == KIND], RNG.integers(3, 7))) for kind in Y]
FRAME = pd.DataFrame({"text": TEXTS, "length": [float(len(text)) for text in TEXTS]})
TOKENIZER = SequenceTokenizer().fit(TEXTS)
T = TOKENIZER.transform(TEXTS)
P = SequencePadder().fit_transform(T)
LOST = "whole numbers without a vocabulary, which LSTM"


def small(**params):
    defaults = {"hidden_size": 8, "embedding_dim": 8, "max_epochs": 10, "learning_rate": 0.03}
    return LSTMClassifier(**(defaults | {"random_state": 0} | params))


def quick(**params):
    return small(max_epochs=1, hidden_size=2, embedding_dim=2, **params)


ACCURACY = small().fit(T[:80], Y[:80]).score(T[80:], Y[80:])


def test_the_words_tell_the_class():
    assert ACCURACY > 0.9


@pytest.mark.parametrize(
    "hand_on",
    [
        list,
        pd.Series,
        lambda T: pd.DataFrame({"words": T}),
        np.array,
        lambda T: np.concatenate([T[:9], T[9:]]),
        lambda T: np.asarray(T)[:, None],
    ],
    ids=["list", "Series", "column", "array", "concatenate", "one column"],
)
def test_fault_01_accuracy_is_that_of_the_token_array(hand_on):
    X = hand_on(T)
    rest = X[80:] if not hasattr(X, "iloc") else X.iloc[80:]
    model = small().fit(X[:80], Y[:80])
    assert model.score(rest, Y[80:]) == ACCURACY
    assert model.vocabulary_ == TOKENIZER.vocabulary_


INTEGERS = {
    "padded array": lambda: np.array(P),
    "padded lists": lambda: P.tolist(),
    "lists": lambda: [ids.tolist() for ids in T],
    "tuples": lambda: tuple(tuple(ids.tolist()) for ids in T),
    "int32 arrays": lambda: [np.asarray(ids) for ids in T],
    "uint16 arrays": lambda: [np.asarray(ids, dtype=np.uint16) for ids in T],
    "objects": lambda: np.asarray(P).astype(object),
    "Series": lambda: pd.Series([ids.tolist() for ids in T]),
    "frame": lambda: pd.DataFrame(np.asarray(P)),
    "nullable frame": lambda: pd.DataFrame(np.asarray(P)).astype("Int64"),
    "three dimensions": lambda: np.array(P)[:, :, None],
}


@pytest.mark.parametrize("name", INTEGERS)
def test_fault_01_integers_without_a_vocabulary_warn_at_fit(name):
    X = INTEGERS[name]()
    with pytest.warns(UserWarning, match=LOST) as caught:
        model = quick().fit(X, Y)
    assert "input_type='tokens'" in str(caught[0].message)
    assert "input_type='values'" in str(caught[0].message)
    assert caught[0].filename == __file__
    assert model.module_.embedding is None
    with pytest.warns(UserWarning, match=LOST):
        first = quick().partial_fit(X, Y, classes=[0, 1])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.predict(X)  # warned at fit
        first.partial_fit(X, Y)
        quick(input_type="values").fit(X, Y)
        tokens = quick(input_type="tokens").fit(X, Y)
    assert tokens.module_.embedding is not None


@pytest.mark.parametrize("estimator", [LSTMRegressor, LSTMTagger, AutoencoderClusterer])
def test_fault_01_every_estimator_warns(estimator):
    X = [ids.tolist() for ids in T]
    y = [np.zeros(len(ids), dtype=int) for ids in T] if estimator is LSTMTagger else Y
    if estimator is LSTMTagger:
        y[0][0] = 1
    model = estimator(hidden_size=2, max_epochs=1, random_state=0)
    if estimator is AutoencoderClusterer:
        model.set_params(n_clusters=2, n_components=2, clustering="kmeans")
    with pytest.warns(UserWarning, match=f"vocabulary, which {estimator.__name__} reads"):
        model.fit(X, y)


@pytest.mark.parametrize(
    "X",
    [
        [ids.astype(np.float32) for ids in map(np.asarray, T)],
        [[4, 5.0], *T[1:].tolist()],
        np.asarray(P) - 5,
        np.asarray(P) % 4,
        np.asarray(P).astype(np.uint8),
        np.asarray(P) > 4,
        [np.asarray(ids) - 9.0 for ids in T],
        [*(np.asarray(ids) for ids in T[1:]), np.array([4.5])],
        pd.DataFrame(np.asarray(P)).assign(n=0.5).set_axis([f"c{i}" for i in range(7)], axis=1),
    ],
    ids="floats float-in-first negative small bytes bool arithmetic one-float frame".split(),
)
def test_fault_01_other_numbers_stay_values_without_a_warning(X):
    if not isinstance(X, np.ndarray) and not hasattr(X, "iloc"):
        X = [np.asarray(item) if not isinstance(item, list) else item for item in X]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert quick().fit(X, Y).module_.embedding is None


def test_fault_01_matrices_of_integers_are_no_token_ids():
    frames = np.tile(np.arange(16).reshape(4, 4), (100, 2, 1, 1))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        quick(step_conv_filters=2, step_conv_kernel_size=1).fit(frames, Y)


def test_fault_01_several_integers_per_step_are_values_unless_they_look_like_characters():
    counts = np.random.default_rng(0).poisson(5, (100, 6, 4))
    frames = [pd.DataFrame(steps, columns=list("abcd")) for steps in counts]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for X in (counts, counts + 1, counts[:, :, :2] * [1, 0] + 1, frames):
            quick().fit(X, Y)
    with pytest.warns(UserWarning, match=LOST):  # a log of item ids, perhaps
        quick().fit([steps[["a"]] for steps in frames], Y)
    spelled = SequenceTokenizer(characters=4, add_start=True).fit_transform(TEXTS)
    tags = [np.arange(len(ids)) % 2 for ids in spelled]
    padded = np.asarray(SequencePadder().fit_transform(spelled))
    for X, y in (
        ([ids.tolist() for ids in spelled], tags),
        (padded, Y[:, None] + padded[:, :, 0] * 0),
    ):
        with pytest.warns(UserWarning, match=LOST):
            LSTMTagger(hidden_size=2, max_epochs=1).fit(X, y)


def test_fault_01_a_table_of_counts_is_no_sequence():
    counts = np.random.default_rng(0).poisson(5, (30, 4))
    model = AutoencoderClusterer(
        2, n_components=2, hidden_layer_sizes=(4,), max_epochs=1, clustering="kmeans"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert model.fit(counts).architecture_ == "dense"
    with pytest.warns(UserWarning, match="which AutoencoderClusterer reads as values"):
        model.set_params(architecture="lstm").fit(counts)


def test_fault_01_padded_ids_are_no_table_without_a_warning():
    model = AutoencoderClusterer(
        2, n_components=2, hidden_layer_sizes=(4,), max_epochs=1, clustering="kmeans"
    )
    post = SequencePadder(padding="post").fit_transform(T)
    for X in (np.asarray(P), P.tolist(), pd.DataFrame(np.asarray(P)), np.asarray(post)):
        with pytest.warns(UserWarning, match="padded with zeros, which Auto.* reads as a table"):
            assert model.fit(X).architecture_ == "dense"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert model.set_params(input_type="values").fit(P.tolist()).architecture_ == "dense"
        model.set_params(hidden_size=2)
        assert model.set_params(input_type="tokens").fit(P.tolist()).architecture_ == "lstm"
        assert model.set_params(input_type="auto").fit(P).architecture_ == "lstm"


def test_fault_01_predict_says_what_to_do_with_lost_ids():
    model = quick().fit(T, Y)
    expected = model.predict_proba(T)
    for X in ([ids.tolist() for ids in T], np.array(P), pd.DataFrame(np.asarray(P)), P + 0.0):
        with pytest.raises(
            ValueError, match=r"X holds values, but .* fitted on token ids"
        ) as caught:
            model.predict(X)
        assert "SequenceTokenizer" in str(caught.value)
        assert "set_params(input_type='tokens')" in str(caught.value)
        found = model.set_params(input_type="tokens").predict_proba(X)
        model.set_params(input_type="auto")
        np.testing.assert_allclose(found, expected, atol=1e-5)
    values = quick(input_type="values").fit(np.array(P), Y).set_params(input_type="auto")
    with pytest.raises(ValueError, match=r"X holds token ids, but .* fitted on values") as caught:
        values.predict(P)
    assert "input_type='values'" in str(caught.value)


@pytest.mark.parametrize("column", ["sequence", "tok__sequence", "words"])
def test_fault_01_polars_frames_of_ids_are_refused_at_fit(column):
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({column: [ids.tolist() for ids in T]})
    with pytest.raises(ValueError, match="polars frame of whole numbers, which cannot carry the"):
        quick().fit(frame, Y)
    assert quick(input_type="tokens").fit(frame, Y).module_.embedding is not None
    assert quick(input_type="values").fit(frame, Y).module_.embedding is None
    with pytest.warns(UserWarning, match=LOST):
        quick().fit(polars.Series(column, [ids.tolist() for ids in T]), Y)
    if column == "sequence":
        with pytest.raises(ValueError, match=r"values, pass .* X\['sequence'\]\.") as caught:
            SequencePadder().fit(frame)
        assert "input_type" not in str(caught.value)
        assert SequencePadder().fit_transform(frame["sequence"]).shape == P.shape
    columns = ColumnTransformer([("tok", SequenceTokenizer(), ["text"])])
    columns.set_output(transform="polars")
    with pytest.raises(ValueError, match=r"as a list, \['text'\]"):
        make_pipeline(columns, quick()).fit(FRAME, Y)


WRAPPERS = {
    "bagging": lambda model: BaggingClassifier(model, n_estimators=1, random_state=0),
    "boosting": lambda model: AdaBoostClassifier(model, n_estimators=1, random_state=0),
    "one against one": OneVsOneClassifier,
    "self-training": lambda model: SelfTrainingClassifier(model, max_iter=1),
}


@pytest.mark.parametrize("name", WRAPPERS)
def test_fault_01_wrapped_estimators_warn_or_read_tokens(name):
    wrap = WRAPPERS[name]
    y = np.where(np.arange(80) % 10 > 7, -1, Y[:80]) if name == "self-training" else Y[:80]
    with pytest.warns(UserWarning, match=LOST):
        make_pipeline(SequenceTokenizer(), SequencePadder(), wrap(quick(fcn_filters=None))).fit(
            TEXTS[:80], y
        )
    wrapped = wrap(small(input_type="tokens"))
    model = make_pipeline(SequenceTokenizer(), SequencePadder(), wrapped)
    assert model.fit(TEXTS[:80], y).score(TEXTS[80:], Y[80:]) >= ACCURACY - 0.1
    # One column of texts is one column of sequences, which keep their vocabulary.
    if name == "bagging":
        model = make_pipeline(SequenceTokenizer(), wrap(small()))
        model.fit(FRAME[["text"]][:80], Y[:80])
        assert model.score(FRAME[["text"]][80:], Y[80:]) >= ACCURACY - 0.1


def test_fault_01_resampled_token_ids():
    sampling = pytest.importorskip("imblearn.over_sampling")
    make = pytest.importorskip("imblearn.pipeline").make_pipeline
    sampler = sampling.RandomOverSampler(random_state=0)
    rows = np.flatnonzero((np.arange(80) < 60) | (Y[:80] == 0))
    texts, y = [TEXTS[i] for i in rows], Y[rows]
    with pytest.warns(UserWarning, match=LOST):
        make(SequenceTokenizer(), SequencePadder(), sampler, quick()).fit(texts, y)
    padded = make(SequenceTokenizer(), SequencePadder(), sampler, small(input_type="tokens"))
    column = make(SequenceTokenizer(), sampler, small())
    assert padded.fit(texts, y).score(TEXTS[80:], Y[80:]) >= ACCURACY - 0.1
    column.fit(FRAME[["text"]].iloc[rows], y)
    assert column.score(FRAME[["text"]][80:], Y[80:]) >= ACCURACY - 0.1


# SequenceTokenizer in a ColumnTransformer


def columns_of(column=("text",), tokenizer=None, **params):
    transformers = [("tok", tokenizer or SequenceTokenizer(), column)]
    return ColumnTransformer(transformers, **params)


@pytest.mark.parametrize(
    "columns",
    [
        columns_of(["text"]),
        columns_of(["text"], sparse_threshold=0),
        columns_of("text", SequenceTokenizer().set_output(transform="pandas")),
        columns_of("text").set_output(transform="pandas"),
        columns_of(["text"]).set_output(transform="pandas"),
        columns_of("text", make_pipeline(SequenceTokenizer(), SequencePadder())),
        columns_of(["text"], make_pipeline(SequenceTokenizer(), SequencePadder())),
        make_pipeline(columns_of(["text"]), SequencePadder()),
    ],
    ids="list sparse inner-pandas name-pandas list-pandas padded padded-list then-padded".split(),
)
def test_fault_30_a_column_transformer_hands_tokens_on(columns):
    model = make_pipeline(columns, small()).fit(FRAME[:80], Y[:80])
    assert model.score(FRAME[80:], Y[80:]) == ACCURACY
    assert model[-1].vocabulary_ == SequenceTokenizer().fit(TEXTS[:80]).vocabulary_


def test_fault_30_one_column_of_texts_is_one_column_of_sequences():
    for X in (FRAME[["text"]], FRAME[["text"]].iloc[::-1]):
        column = TOKENIZER.transform(X)
        assert type(column) is TokenArray
        assert column.shape == (100, 1)
        expected = TOKENIZER.transform(X["text"])
        assert expected.shape == (100,)
        for ids, other in zip(column[:, 0], expected, strict=True):
            np.testing.assert_array_equal(ids, other)
        assert SequenceTokenizer().fit_transform(X).shape == (100, 1)
        np.testing.assert_array_equal(
            SequencePadder().fit_transform(column), SequencePadder().fit_transform(expected)
        )
        words = TOKENIZER.inverse_transform(column)
        assert [" ".join(row) for row in words] == X["text"].tolist()
        model = quick().fit(column, Y)
        np.testing.assert_array_equal(model.predict_proba(column), model.predict_proba(expected))
        again = AutoencoderClusterer(
            2, n_components=2, hidden_size=2, max_epochs=1, clustering="kmeans"
        )
        assert again.fit(np.asarray(column)).architecture_ == "lstm"


def test_fault_30_a_search_over_columns():
    grid = {"lstmclassifier__hidden_size": [4, 8]}
    search = GridSearchCV(make_pipeline(columns_of(["text"]), small()), grid, cv=2)
    assert search.fit(FRAME, Y).best_score_ > 0.9


@pytest.mark.parametrize("container", ["default", "pandas"])
@pytest.mark.parametrize("beside", ["numbers", "sequences"])
def test_fault_30_columns_beside_the_tokens_are_refused_by_name(container, beside):
    columns = columns_of(["text"], remainder="passthrough")
    if beside == "sequences":
        columns = ColumnTransformer([(name, SequenceTokenizer(), ["text"]) for name in "ab"])
    columns.set_output(transform=container)
    for final in (quick(), SequencePadder(), AutoencoderClusterer(2)):
        with pytest.raises(ValueError, match=r"X has shape \(100, 2\), and sequences of token ids"):
            make_pipeline(columns, final).fit(FRAME, Y)
    with pytest.raises(ValueError, match="remainder='drop'"):
        make_pipeline(columns, quick()).fit(FRAME, Y)
    padded = make_pipeline(SequenceTokenizer(), SequencePadder())
    columns = columns_of("text", padded, remainder="passthrough")
    with pytest.raises(ValueError, match="combines token ids with numbers"):
        make_pipeline(columns, quick()).fit(FRAME, Y)
