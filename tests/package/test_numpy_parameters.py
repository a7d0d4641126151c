"""Parameters as numpy and pandas hand them over: searches and data frames give numpy's scalars."""

import inspect

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV

import sklstm
from sklstm import (
    AutoencoderClusterer,
    Doc2VecVectorizer,
    FrameToSequences,
    LSTMClassifier,
    LSTMForecaster,
    LSTMLanguageModel,
    LSTMRegressor,
    LSTMSeq2Seq,
    LSTMTagger,
    SequencePadder,
    SequenceScaler,
    SequenceTokenizer,
    SequenceUnion,
    WindowReshaper,
    WordVectors,
    calendar_features,
    frame_to_series,
    make_windows,
)
from sklstm._jobs import job_count
from sklstm.datasets import make_adding_problem, make_moving_digits
from sklstm.metrics import (
    continuous_ranked_probability_score,
    mean_scaled_interval_score,
    span_f1_score,
    token_accuracy_score,
)

RNG = np.random.default_rng(0)
VALUES = [RNG.normal(size=(n, 1)) for n in RNG.integers(2, 4, size=110)]
IMAGES = RNG.normal(size=(110, 2, 3, 3))
TABLE = RNG.normal(size=(110, 3))
LONG = [RNG.normal(size=(n, 2)) for n in (250, 100)]
SIGNS = np.array([int(sequence.mean() > 0) for sequence in VALUES])
SOME_SIGNS = np.where(np.arange(110) < 60, SIGNS, -1)
TEXTS = ["the cat sat on the mat", "dogs bark at cats", "a cat and a dog", "the red mat"] * 2
TOKENS = SequenceTokenizer().fit_transform(TEXTS)
SPELLED = SequenceTokenizer(characters=4).fit_transform(TEXTS)
TAGS = [np.array(["a", "b"])[ids[:, 0] % 2] for ids in SPELLED]
CLASSES = np.array([0, 1, 0, 1] * 2)
ROWS = pd.DataFrame(
    {"id": [1, 1, 2], "day": [0.5, 2.5, 1.0], "age": [30, 30, 40], "x": 1.0, "z": 2.0}
)

# Small integers, in which sums and products overflow, and floats of other precisions.
KINDS = {
    "signed": (np.int8, np.float16),
    "unsigned": (np.uint8, np.float32),
    "default": (np.int64, np.float64),
}


def twin(value, kind):
    """Return a parameter in numpy's types, the integer in the type given if it fits."""
    whole, real = kind
    if isinstance(value, bool):
        return np.bool_(value)
    if isinstance(value, int):
        limits = np.iinfo(whole)
        return whole(value) if limits.min <= value <= limits.max else np.int64(value)
    if isinstance(value, float):
        assert real(value) == value
        return real(value)
    if isinstance(value, str):
        return np.str_(value)
    if isinstance(value, tuple | list):
        return type(value)(twin(item, kind) for item in value)
    return value


TRAINING = dict(
    learning_rate=0.0078125,
    max_epochs=1,
    batch_size=100,
    weight_decay=0.0078125,
    gradient_clip=1.0,
    optimizer="adam",
    shuffle=True,
    n_jobs=1,
    device="cpu",
    random_state=100,
    verbose=0,
    padding_value=-99.0,
    input_type="values",
)
NETWORK = dict(
    hidden_size=(3, 2),
    num_layers=2,
    bidirectional=True,
    cell="lstm",
    dropout=0.25,
    recurrent_dropout=0.5,
    recurrent_dropout_method="weights",
    lr_schedule="linear",
    warm_start=False,
    stateful=False,
    conv_filters=3,
    conv_kernel_size=2,
    early_stopping=True,
    validation_fraction=0.25,
    validation_strategy="auto",
    n_iter_no_change=2,
    tol=0.0,
    step_conv_kernel_size=2,
    step_conv_pool_size=2,
    standardize=True,
)
POOLED = TRAINING | NETWORK | dict(conv_pool_size=2, pooling="max")
POOLED |= dict(dense_layer_sizes=(3, 2), fcn_filters=None)
POOLED |= dict(fcn_kernel_sizes=(2, 3), linear_path="auto")
WORDS = dict(embedding_dim=3, freeze_embeddings=1, embedding_dropout=0.25, input_type="tokens")
WORDS |= dict(rare_word_dropout=0.5)
FITTED = AutoencoderClusterer(2, hidden_size=3, embedding_dim=2, max_epochs=1, clustering="kmeans")
STARTED = dict(encoder=FrozenEstimator(FITTED.fit(TOKENS)), freeze_encoder=1)
STARTED |= dict(encoder_learning_rate_decay=2.0, padding_value=None)
CAUSAL = dict(hidden_size=3, bidirectional=False, conv_filters=None, early_stopping=False)
LANGUAGE = {
    name: TRAINING[name] for name in TRAINING if name not in ("padding_value", "input_type")
}
LANGUAGE |= dict(hidden_size=5, num_layers=1, embedding_dim=4, cell="gru", lr_schedule="cosine")
LANGUAGE |= dict(dropout=0.25, input_dropout=0.25, hidden_dropout=0.25, embedding_dropout=0.25)
LANGUAGE |= dict(recurrent_dropout=0.25, activation_regularization=2.0, average_weights=0.5)
LANGUAGE |= dict(temporal_regularization=1.0, bptt_length=3, early_stopping=False)
FORECASTS = {
    name: TRAINING[name] for name in TRAINING if name not in ("padding_value", "input_type")
}
FORECASTS |= dict(horizon=2, context_length=5, scaling="standard", baseline="seasonal_naive")
FORECASTS |= dict(strategy="direct", teacher_forcing=0.5, cell="gru", lr_schedule="cosine")
FORECASTS |= dict(dropout=0.25, recurrent_dropout=0.25, max_windows=100, warm_start=True)
FORECASTS |= dict(validation_fraction=0.25, n_iter_no_change=2, tol=0.0)
SEQ2SEQ = {name: TRAINING[name] for name in TRAINING if name not in ("padding_value", "input_type")}
SEQ2SEQ |= dict(embedding_dim=4, cell="gru", bidirectional=True, dropout=0.25)
SEQ2SEQ |= dict(recurrent_dropout=0.25, lr_schedule="cosine")
GENSIM = dict(vector_size=4, window=100, min_count=1, hs=0, negative=5, sample=0.0009765625)
GENSIM |= dict(epochs=2, alpha=0.03125, min_alpha=0.0078125, n_jobs=1, random_state=100)
SPLITTING = dict(lowercase=True, ngram_range=(1, 1), token_pattern=r"\w+", strip_accents="unicode")
SPLITTING |= dict(analyzer="word", stop_words=["the"], unicode_form="NFC")
FILES = dict(input="content", encoding="utf-8", decode_error="strict")


def fit_predict(estimator, X, y):
    estimator.fit(X, y)
    results = [estimator.predict(X), estimator.predict(X), estimator.loss_curve_]
    if not estimator.early_stopping:
        estimator.partial_fit(X, y)
    return [*results, estimator.predict(X), estimator.module_.state_dict()]


def read_on(estimator, X, y):
    estimator.fit(X)
    results = [estimator.predict_proba(X), estimator.transform(X), estimator.loss_curve_]
    return [*results, estimator.score(X), estimator.module_.state_dict()]


def forecast(estimator, X, y):
    results = [estimator.fit(X).predict(X), estimator.loss_curve_]
    results += [estimator.predict_interval(X, np.float32(0.5)), estimator.score(X)]
    results.append(estimator.sample_paths(X, np.int8(2)))
    if not estimator.early_stopping:
        results.append(estimator.partial_fit(X).predict(X))
    return [*results, estimator.module_.state_dict()]


def write(estimator, X, y):
    estimator.fit(X, y)
    results = [estimator.predict(X), estimator.predict(X, np.int8(2)), estimator.loss_curve_]
    results += [estimator.score_samples(X, y), estimator.score(X, y)]
    if not estimator.early_stopping:
        estimator.partial_fit(X, y)
    return [*results, estimator.score_samples(X, y), estimator.module_.state_dict()]


def cluster(estimator, X, y):
    estimator.fit(X)
    return [estimator.labels_, estimator.transform(X), estimator.score_samples(X)]


def transform(estimator, X, y):
    results = [estimator.fit_transform(X), estimator.transform(X)]
    if hasattr(estimator, "inverse_transform"):
        results.append(estimator.inverse_transform(results[0]))
    return results


def tabulate(estimator, X, y):
    return [table.to_dict("list") for table in transform(estimator, X, y)]


def word_vectors(estimator, X, y):
    return [estimator.fit(X).vectors_, estimator.most_similar("cat", np.int8(2))]


CASES = {
    "classifier": (
        LSTMClassifier,
        POOLED | dict(fcn_filters=(3, 2)),
        VALUES,
        SIGNS,
        fit_predict,
    ),
    "classifier of tokens": (
        LSTMClassifier,
        POOLED
        | WORDS
        | dict(padding_value=None, loss="distance_weighted", distance_power=2.0)
        | dict(output_layer="auto", class_order=[0, 1], class_weight={0: 1.0, 1: 2.0}),
        TOKENS,
        CLASSES,
        fit_predict,
    ),
    "classifier beside a linear model": (
        LSTMClassifier,
        POOLED | WORDS | dict(padding_value=None, linear_path=True),
        TOKENS,
        CLASSES,
        fit_predict,
    ),
    "classifier of rows without a label": (
        LSTMClassifier,
        POOLED
        | dict(unlabeled_label=-1, virtual_adversarial_weight=0.5, entropy_weight=0.5)
        | dict(virtual_adversarial_norm=0.03125, class_prior_weight=0.5),
        VALUES,
        SOME_SIGNS,
        fit_predict,
    ),
    "classifier that starts from an encoder": (
        LSTMClassifier,
        POOLED | WORDS | STARTED | dict(max_epochs=2),
        TOKENS,
        CLASSES,
        fit_predict,
    ),
    "classifier of images": (
        LSTMClassifier,
        POOLED | dict(conv_filters=None, step_conv_filters=(3, 2)),
        IMAGES,
        SIGNS,
        fit_predict,
    ),
    "classifier in chunks": (
        LSTMClassifier,
        POOLED | CAUSAL | dict(bptt_length=2),
        VALUES,
        SIGNS,
        fit_predict,
    ),
    "classifier with state": (
        LSTMClassifier,
        POOLED | CAUSAL | dict(stateful=True),
        VALUES,
        SIGNS,
        fit_predict,
    ),
    "regressor": (
        LSTMRegressor,
        POOLED
        | dict(loss="quantile", quantiles=(0.25, 0.5), return_sequences=False)
        | dict(fcn_filters=[3, 2]),
        VALUES,
        SIGNS / 2,
        fit_predict,
    ),
    "regressor of tokens": (
        LSTMRegressor,
        POOLED | WORDS | dict(padding_value=None, loss="huber", huber_delta=0.5),
        TOKENS,
        CLASSES / 2,
        fit_predict,
    ),
    "regressor that starts from an encoder": (
        LSTMRegressor,
        POOLED | WORDS | STARTED | dict(max_epochs=2),
        TOKENS,
        CLASSES / 2,
        fit_predict,
    ),
    "regressor beside a linear model": (
        LSTMRegressor,
        POOLED | dict(early_stopping=False, linear_path=True),
        TABLE,
        SIGNS / 2,
        fit_predict,
    ),
    "regressor without a linear model": (
        LSTMRegressor,
        POOLED | dict(early_stopping=False, linear_path=False),
        TABLE,
        SIGNS / 2,
        fit_predict,
    ),
    "regressor of images": (
        LSTMRegressor,
        POOLED | CAUSAL | dict(step_conv_filters=3, bptt_length=1, freeze_embeddings=True),
        IMAGES,
        SIGNS / 2,
        fit_predict,
    ),
    "tagger": (
        LSTMTagger,
        TRAINING
        | NETWORK
        | WORDS
        | dict(char_embedding_dim=3, char_filters=3, char_kernel_size=3, output_layer="crf")
        | dict(padding_value=None, class_weight={"a": 1.0, "b": 2.0}),
        SPELLED,
        TAGS,
        fit_predict,
    ),
    "tagger that starts from an encoder": (
        LSTMTagger,
        TRAINING | NETWORK | WORDS | STARTED | dict(max_epochs=2),
        TOKENS,
        [np.asarray(ids) % 2 for ids in TOKENS],
        fit_predict,
    ),
    "tagger in chunks": (
        LSTMTagger,
        TRAINING | NETWORK | CAUSAL | dict(bptt_length=1, step_conv_filters=2),
        IMAGES,
        [["a", "b"]] * len(IMAGES),
        fit_predict,
    ),
    "language model of texts": (
        LSTMLanguageModel,
        LANGUAGE
        | dict(analyzer="word", max_features=100, lowercase=True, batch_size=2)
        | dict(tie_weights=True, adaptive_softmax=False),
        TEXTS,
        None,
        read_on,
    ),
    "language model of token ids": (
        LSTMLanguageModel,
        LANGUAGE
        | dict(hidden_size=(5, 4), num_layers=2, adaptive_softmax=(3, 6), direction="backward")
        | dict(tie_weights=False, warm_start=True, padding_value=-99.0)
        | dict(early_stopping=True, validation_fraction=0.25, n_iter_no_change=2, tol=0.0),
        TOKENS,
        None,
        read_on,
    ),
    "forecaster": (
        LSTMForecaster,
        FORECASTS
        | dict(season_length=(2, 3), loss="quantile", quantiles=(0.25, 0.5), hidden_size=(3, 2))
        | dict(num_layers=2, early_stopping=True, conformal=True, target_features=(1, 0)),
        LONG,
        None,
        forecast,
    ),
    "forecaster of one feature": (
        LSTMForecaster,
        FORECASTS
        | dict(season_length=2, quantiles=0.5, hidden_size=3, loss="student_t", num_layers=1)
        | dict(early_stopping=False, conformal=False, target_features=1, strategy="recursive"),
        LONG,
        None,
        forecast,
    ),
    "texts to texts": (
        LSTMSeq2Seq,
        SEQ2SEQ
        | dict(hidden_size=5, num_layers=1, attention=True, analyzer="char", max_features=100)
        | dict(lowercase=True, max_length=7, teacher_forcing=0.5, early_stopping=False),
        TEXTS,
        TEXTS[::-1],
        write,
    ),
    "values to token ids": (
        LSTMSeq2Seq,
        SEQ2SEQ
        | dict(hidden_size=(5, 4), num_layers=2, attention=False, cell="lstm", teacher_forcing=1.0)
        | dict(early_stopping=True, validation_fraction=0.25, n_iter_no_change=2, tol=0.0)
        | dict(padding_value=-99.0, input_type="values", max_length="auto", warm_start=True),
        VALUES[:8],
        TOKENS,
        write,
    ),
    "clusterer of a table": (
        AutoencoderClusterer,
        dict(n_clusters=2, n_components=2, hidden_layer_sizes=(5, 4), max_epochs=1)
        | dict(clustering="idec", clustering_weight=0.5, clustering_epochs=1, tol=0.0)
        | dict(n_init=2, n_autoencoders=2, noise=0.25, dropout=0.25, architecture="dense")
        | {name: TRAINING[name] for name in TRAINING if name not in ("padding_value", "input_type")}
        | dict(lr_schedule="cosine"),
        TABLE,
        None,
        cluster,
    ),
    "clusterer of sequences": (
        AutoencoderClusterer,
        TRAINING
        | dict(n_clusters="auto", n_clusters_range=(2, 3), n_components=2, clustering="kmeans")
        | dict(hidden_size=(3, 2), num_layers=2, bidirectional=True, cell="gru", pooling="mean"),
        VALUES,
        None,
        cluster,
    ),
    "clusterer of tokens": (
        AutoencoderClusterer,
        dict(n_clusters=2, n_components=2, hidden_size=3, max_epochs=1, clustering_epochs=1)
        | dict(embedding_dim=3, freeze_embeddings=True, random_state=100, input_type="tokens"),
        TOKENS,
        None,
        cluster,
    ),
    "padder": (
        SequencePadder,
        dict(max_length=200, padding="post", truncation="post", padding_value=-99.0),
        LONG,
        None,
        transform,
    ),
    "scaler": (
        SequenceScaler,
        dict(method="standard", with_mean=True, with_std=False, padding_value=-99.0),
        LONG,
        None,
        transform,
    ),
    "scaler to a range": (
        SequenceScaler,
        dict(method="minmax", feature_range=(-100, 100)),
        LONG,
        None,
        transform,
    ),
    "sequences of a frame": (
        FrameToSequences,
        dict(id=["id"], time="day", columns=["x", "z"], static="age", freq=1.0, max_gap=3)
        | dict(missing="drop", output="table"),
        ROWS,
        None,
        tabulate,
    ),
    "union": (
        SequenceUnion,
        dict(transformers=[("a", SequenceScaler()), ("b", "passthrough")], n_jobs=1),
        LONG,
        None,
        transform,
    ),
    "trailing windows": (
        WindowReshaper,
        dict(mode="trailing", window=200, partial="repeat"),
        LONG[0],
        None,
        transform,
    ),
    "windows of rows": (
        WindowReshaper,
        dict(mode="rows", n_features=100, layout="by_feature"),
        np.arange(1000.0).reshape(1, 1000),
        None,
        transform,
    ),
    "tokenizer": (
        SequenceTokenizer,
        SPLITTING
        | FILES
        | dict(max_features=100, max_length=5, truncation="middle", unknown="id", min_df=1)
        | dict(add_start=True, add_end=True, max_df=0.75),
        TEXTS,
        None,
        transform,
    ),
    "tokenizer of characters": (
        SequenceTokenizer,
        dict(vocabulary={"cat": 100, "dog": 5}, characters=127, min_df=0.25, max_df=100),
        TEXTS,
        None,
        transform,
    ),
    "word2vec": (
        WordVectors,
        SPLITTING | FILES | GENSIM | dict(algorithm="word2vec", sg=1, spread=0.5),
        TEXTS,
        None,
        word_vectors,
    ),
    "fastText": (
        WordVectors,
        GENSIM | dict(algorithm="fasttext", min_n=3, max_n=4, bucket=100),
        TEXTS,
        None,
        word_vectors,
    ),
    "DBOW": (
        Doc2VecVectorizer,
        SPLITTING
        | GENSIM
        | dict(dm=0, dbow_words=1, ns_exponent=0.75, shrink_windows=True, infer_epochs=2)
        | dict(infer_alpha=0.0625, tags="texts", training_vectors="inferred"),
        TEXTS,
        None,
        transform,
    ),
    "DM": (
        Doc2VecVectorizer,
        GENSIM | dict(dm=1, dm_mean=0, dm_concat=1, window=2),
        TEXTS,
        None,
        transform,
    ),
}
# Of other types than numbers and text, and those of texts that are functions.
OTHER = {"embeddings", "callbacks", "tokenizer", "preprocessor"}


def is_object_array(value):
    return isinstance(value, np.ndarray) and value.dtype.kind == "O"


def assert_same(actual, expected):
    assert type(actual) is type(expected)
    if isinstance(expected, dict):
        actual, expected = list(actual.values()), list(expected.values())
    if isinstance(expected, list | tuple) or is_object_array(expected):
        assert len(actual) == len(expected)
        for one, other in zip(actual, expected, strict=True):
            assert_same(one, other)
    else:
        np.testing.assert_array_equal(actual, expected)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore:.* times a cluster became empty")
@pytest.mark.filterwarnings("ignore:vocabulary holds")
@pytest.mark.parametrize("name", CASES)
def test_fault_20_numpy_scalars_give_the_results_of_plain_values(name):
    estimator, params, X, y, run = CASES[name]
    expected = run(estimator(**params), X, y)
    for kind in KINDS.values():
        given = {key: twin(value, kind) for key, value in params.items()}
        model = clone(estimator(**given))
        assert_same(run(model, X, y), expected)
        unchanged = model.get_params(deep=False)
        assert all(type(unchanged[key]) is type(value) for key, value in given.items())


def test_fault_20_all_parameters_are_tried():
    classes = {
        value
        for value in (getattr(sklstm, name) for name in sklstm.__all__)
        if inspect.isclass(value) and hasattr(value, "get_params")
    }
    assert classes == {case[0] for case in CASES.values()}
    for estimator in classes:
        tried = set().union(*(case[1] for case in CASES.values() if case[0] is estimator))
        assert set(estimator._get_param_names()) - OTHER == tried - OTHER, estimator.__name__


def test_fault_20_searches_over_numpy_grids():
    grid = {"hidden_size": np.arange(2, 4), "conv_filters": np.array([2, 3], dtype=np.uint8)}
    grid |= {"learning_rate": np.logspace(-3, -2, 2), "bidirectional": np.array([True, False])}
    model = LSTMClassifier(max_epochs=1, random_state=0)
    search = GridSearchCV(model, grid, cv=2, error_score="raise").fit(VALUES[:20], SIGNS[:20])
    assert len(search.cv_results_["params"]) == 16
    assert search.best_estimator_.predict(VALUES[:3]).shape == (3,)


def test_fault_20_padding_is_found_in_single_precision():
    """np.float64(0.1) does not equal 0.1 in float32, though the float 0.1 does."""
    X = [np.array([[1.0], [-1.0], [0.1], [0.1]], dtype=np.float32)] * 6
    given = {"max_epochs": 1, "random_state": 0, "hidden_size": 4}
    plain = LSTMClassifier(padding_value=0.1, **given).fit(X, [0, 1] * 3)
    numpy = LSTMClassifier(padding_value=np.float64(0.1), **given).fit(X, [0, 1] * 3)
    assert_same(numpy.predict_proba(X), plain.predict_proba(X))
    assert_same(numpy.predict_proba(X), plain.predict_proba([x[:2] for x in X]))
    padder = SequencePadder(max_length=4, padding="post", padding_value=np.float64(0.1))
    padded = padder.fit([x[:2] for x in X]).transform([x[:2] for x in X])
    assert [len(x) for x in padder.inverse_transform(padded)] == [2] * 6


def test_fault_20_parameters_set_after_fit():
    given = dict(bidirectional=False, max_epochs=1, random_state=0, hidden_size=4)
    model = LSTMClassifier(**given).fit(VALUES, SIGNS)
    expected = model.predict_proba(VALUES)
    model.set_params(bptt_length=np.int8(2), n_jobs=np.int8(-1), batch_size=np.int8(100))
    np.testing.assert_allclose(model.predict_proba(VALUES), expected, atol=1e-6)
    assert job_count(np.int8(-128)) == 1


def test_fault_20_zero_dimensional_arrays_are_refused_as_by_scikit_learn():
    with pytest.raises(ValueError, match="'hidden_size' parameter of LSTMClassifier"):
        LSTMClassifier(hidden_size=np.array(8)).fit(VALUES, SIGNS)


def test_fault_20_quantiles_from_an_array():
    quantiles = np.array([0.25, 0.5, 0.75], dtype=np.float32)
    model = LSTMRegressor(loss="quantile", quantiles=quantiles, max_epochs=1, random_state=0)
    model.fit(VALUES, SIGNS / 2)
    assert model.quantiles_ == (0.25, 0.5, 0.75)
    interval = model.predict_interval(VALUES, coverage=np.float32(0.5))
    assert_same(interval, model.predict_interval(VALUES, coverage=0.5))


def covariates_of(frame, **params):
    return frame_to_series(frame, **params).covariates


@pytest.mark.parametrize("kind", KINDS)
def test_fault_20_arguments_of_functions(kind):
    def check(function, *args, **params):
        given = {name: twin(value, KINDS[kind]) for name, value in params.items()}
        assert_same(function(*args, **given), function(*args, **params))

    rows = np.arange(900.0)
    check(make_windows, rows, rows, window=200, stride=100, horizon=120, label="mean", gaps="skip")
    check(make_windows, rows, window=100, stride=127)
    check(make_adding_problem, n_samples=3, n_steps=(2, 127), random_state=7)
    check(make_adding_problem, n_samples=3, n_steps=255, random_state=7)
    check(make_moving_digits, n_samples=2, n_steps=3, canvas_size=100, noise=0.5, random_state=7)
    days = pd.date_range("2024-01-01", periods=130, freq="D")
    check(calendar_features, days, features=["hour"], horizon=127, encoding="ordinal")
    table = pd.DataFrame({"ds": range(0, 390, 3), "y": 1.0, "price": 2.0})
    table.loc[len(table) - 127 :, "y"] = np.nan
    known = dict(id=None, target=["y"], covariates=["price"], missing="ffill")
    check(covariates_of, table, freq=3, horizon=127, **known)
    y_true, y_pred = [["B-X", "O", "O"], ["O"]], [["B-X", "O", "B-X"], ["O"]]
    check(span_f1_score, y_true, y_pred, average="macro", zero_division=1.0, padding_label="PAD")
    check(token_accuracy_score, [[1, 2, -1]], [[1, 1, 1]], padding_label=-1)
    bounds, scale = ([[3, 200]], [[1, 100]], [[2, 300]]), dict(y_train=rows**1.5, season=127)
    check(mean_scaled_interval_score, *bounds, **scale, coverage=0.75, average="macro")
    quantiles = [0.25, 0.5]
    check(continuous_ranked_probability_score, [1, 2], [[1, 3], [1, 2]], quantiles=quantiles)
    check(continuous_ranked_probability_score, [1, 2], [[1, 3], [1, 2]], fair=True)


@pytest.mark.parametrize(
    "name",
    "hidden_size max_epochs batch_size conv_filters learning_rate weight_decay gradient_clip tol "
    "distance_power".split(),
)
def test_fault_20_true_is_no_number(name):
    for value in (True, False, np.True_):
        with pytest.raises(ValueError, match=f"The '{name}' parameter of LSTMClassifier"):
            LSTMClassifier(**{name: value}).fit(VALUES, SIGNS)
    with pytest.raises(ValueError, match="The 'n_components' parameter"):
        AutoencoderClusterer(n_components=True).fit(VALUES)


@pytest.mark.parametrize("given", [(), ("a",), (None, 1), (0, 1, 2)])
def test_a_feature_range_is_a_pair_of_numbers(given):
    with pytest.raises(ValueError, match=r"feature_range=.* must be a pair of numbers"):
        SequenceScaler(method="minmax", feature_range=given).fit(LONG)
