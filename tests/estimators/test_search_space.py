"""The ranges that a randomised search draws from."""

import sys
from types import ModuleType

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import HalvingRandomSearchCV, ParameterSampler, RandomizedSearchCV
from sklearn.pipeline import Pipeline, make_pipeline

from sklstm import (
    AutoencoderClusterer,
    LSTMClassifier,
    LSTMForecaster,
    LSTMRegressor,
    LSTMSeq2Seq,
    LSTMTagger,
    SequenceScaler,
    SequenceTokenizer,
    search_space,
)

RNG = np.random.default_rng(0)
SERIES = RNG.normal(size=(60, 12))
TEXTS = [" ".join(RNG.choice(list("abcdefgh"), size=5)) for _ in range(60)]
LONG = [" ".join(RNG.choice(list("abcdefgh"), size=80)) for _ in range(60)]
Y = np.arange(60) % 2
TAGGED = make_pipeline(SequenceTokenizer(), LSTMTagger())
PAST = [10 + RNG.normal(size=40 + i) for i in range(6)]


@pytest.mark.parametrize(
    ("model", "X"),
    [
        (LSTMClassifier(), SERIES),
        (LSTMRegressor(), [SERIES[i, : 5 + i % 3, None] for i in range(60)]),
        (make_pipeline(SequenceTokenizer(), LSTMClassifier()), TEXTS),
        (make_pipeline(SequenceTokenizer(), LSTMClassifier()), LONG),
        (TAGGED, TEXTS),
        (make_pipeline(SequenceScaler(), LSTMClassifier()), SERIES),
        (Pipeline([("skip", "passthrough"), ("lstm", LSTMClassifier())]), SERIES),
        (LSTMClassifier(), SequenceTokenizer().fit_transform(TEXTS)),
        (LSTMClassifier(), RNG.normal(size=(20, 4, 3, 3))),
        (LSTMForecaster(horizon=3, season_length=(2, 5)), PAST),
        (LSTMForecaster(), [RNG.normal(size=(30, 2)) for _ in range(4)]),
        (LSTMSeq2Seq(), TEXTS),
        (LSTMSeq2Seq(), SERIES),
    ],
)
def test_every_draw_is_accepted_by_the_estimator(model, X):
    model, space = clone(model), search_space(model, X)
    assert set(space) <= set(model.get_params())
    for params in ParameterSampler(space, 20, random_state=0):
        model.set_params(**params)
        for step in getattr(model, "named_steps", {"": model}).values():
            if step != "passthrough":
                step._validate_params()


def test_what_is_searched_follows_the_data():
    of_series = search_space(LSTMClassifier(), SERIES)
    assert {"fcn_filters", "conv_filters", "pooling"} <= set(of_series)
    assert not {"embedding_dim", "rare_word_dropout"} & set(of_series)
    pipeline = make_pipeline(SequenceTokenizer(), LSTMClassifier())
    of_texts = search_space(pipeline, TEXTS)
    assert {"lstmclassifier__embedding_dim", "sequencetokenizer__min_df"} <= set(of_texts)
    assert "lstmclassifier__conv_filters" not in of_texts
    assert "lstmclassifier__conv_filters" in search_space(pipeline, LONG)
    of_tags = search_space(TAGGED, TEXTS)
    assert of_tags["lstmtagger__output_layer"] == ["softmax", "crf"]
    assert "lstmtagger__pooling" not in of_tags
    numbers = search_space(LSTMRegressor(return_sequences=True), SERIES)
    assert not {"pooling", "fcn_filters"} & set(numbers)


def test_what_is_searched_for_a_forecaster_follows_the_series():
    with_gaps = [np.where(np.arange(len(x)) == 3, np.nan, x) for x in PAST]
    space = search_space(LSTMForecaster(horizon=3, season_length=(2, 9)), with_gaps)
    assert space["context_length"] == ["auto", 18]  # twice the longest season
    assert space["scaling"] == ["standard", "multiplicative"]
    assert space["hidden_size"] == space["batch_size"] == [16, 32, 64]
    # (45 - 3) / 2 steps of the longest series are fewer than 22, twice two seasons of 11.
    shorter = search_space(LSTMForecaster(horizon=3, season_length=11), [*PAST, -PAST[0]])
    assert not {"context_length", "scaling"} & set(shorter)
    assert search_space(LSTMForecaster(5), PAST)["context_length"] == ["auto", 20]
    many = search_space(LSTMForecaster(5), PAST * 5)  # 1,125 windows
    assert many["hidden_size"] == many["batch_size"] == [32, 64, 128]
    windows = np.ones((30, 20))
    assert search_space(LSTMForecaster(5), windows, windows[:, :5])["context_length"][1] == 20
    assert "context_length" not in search_space(LSTMForecaster(5), windows)


def test_what_is_searched_for_pairs_follows_their_number_and_length():
    few, more, many = (search_space(LSTMSeq2Seq(), ["abc"] * n) for n in (100, 600, 2_000))
    assert [space["hidden_size"][0] for space in (few, more, many)] == [32, 64, 64]
    assert [space["batch_size"][0] for space in (few, more, many)] == [16, 16, 32]
    assert few["attention"] == [True, False]
    assert "attention" not in search_space(LSTMSeq2Seq(), ["a long text, of many characters"])
    words = LSTMSeq2Seq(analyzer="word")
    assert "attention" in search_space(words, ["a long text, of many characters"])


def test_what_an_encoder_determines_is_not_searched():
    autoencoder = AutoencoderClusterer(2, hidden_size=2, max_epochs=1, clustering="kmeans")
    fitted = make_pipeline(SequenceTokenizer(), autoencoder).fit(TEXTS)
    for lstm in (LSTMClassifier(), LSTMTagger()):
        lstm.set_params(encoder=FrozenEstimator(fitted))
        space = search_space(make_pipeline(SequenceTokenizer(), lstm), LONG)
        found = {name.partition("__")[2]: each for name, each in space.items()}
        own = {"output_layer"} if isinstance(lstm, LSTMTagger) else {"pooling"}
        assert set(found) == own | {
            "learning_rate", "dropout", "batch_size", "embedding_dropout", "min_df"
        }  # fmt: skip
        rates = [0.01 / 4, 0.01 * 4] if "pooling" in own else [5e-4, 8e-3]
        np.testing.assert_allclose(found["learning_rate"].support(), rates)
        assert found.get("pooling", ["max", "concat"]) == ["max", "concat"]


def test_sizes_follow_the_number_of_samples():
    few, more, many = (
        search_space(LSTMClassifier(), np.zeros((n, 3))) for n in (100, 2_000, 20_000)
    )
    assert few["hidden_size"] == [16, 32, 64]
    assert more["hidden_size"] == [32, 64, 128]
    assert many["hidden_size"] == [64, 128, 256]
    assert [s["batch_size"][0] for s in (few, more, many)] == [8, 16, 32]


def test_a_few_long_texts_are_cut():
    texts = [*["a b c"] * 57, *["a b " * 200] * 3]
    space = search_space(make_pipeline(SequenceTokenizer(), LSTMClassifier()), texts)
    assert space["sequencetokenizer__max_length"] == [3, None]


def test_what_the_user_has_set_stays():
    model = LSTMClassifier(dropout=0.1, hidden_size=np.int64(64), fcn_filters=None)
    space = search_space(model, SERIES)
    assert not {"dropout", "fcn_filters"} & set(space)
    tokens = SequenceTokenizer().fit_transform(TEXTS)
    vectors = {"a": np.ones(4)}
    assert "embedding_dim" not in search_space(LSTMClassifier(embeddings=vectors), tokens)


def test_nothing_is_fitted():
    model = make_pipeline(SequenceTokenizer(), LSTMClassifier())
    search_space(model, TEXTS)
    assert not hasattr(model[0], "vocabulary_")


def test_searches_run():
    model = make_pipeline(
        SequenceTokenizer(), LSTMClassifier(max_epochs=1, random_state=0, linear_path=False)
    )
    space = search_space(model, TEXTS)
    found = RandomizedSearchCV(model, space, n_iter=2, cv=2, random_state=0).fit(TEXTS, Y)
    assert set(found.best_params_) == set(space)
    halving = HalvingRandomSearchCV(
        model, space, resource="lstmclassifier__max_epochs", max_resources=2, min_resources=1,
        factor=2, n_candidates=2, cv=2, random_state=0,
    )  # fmt: skip
    assert halving.fit(TEXTS, Y).n_resources_ == [1, 2]


FORECASTER = LSTMForecaster(horizon=2, hidden_size=(4,), max_epochs=1, random_state=0)
PAIRS = LSTMSeq2Seq(hidden_size=(4,), max_epochs=1, max_length=4, random_state=0)


@pytest.mark.parametrize(
    ("model", "X", "y"),
    [
        (FORECASTER, PAST, None),
        (FORECASTER, np.stack([x[:12] for x in PAST]), np.stack([x[12:14] for x in PAST])),
        (make_pipeline(SequenceScaler(), FORECASTER), PAST, None),
        (PAIRS, TEXTS[:20], [text[::-1] for text in TEXTS[:20]]),
        (PAIRS, SERIES[:20], TEXTS[:20]),
    ],
)
def test_searches_of_forecasters_and_pairs_run(model, X, y):
    space = search_space(model, X, y)
    found = RandomizedSearchCV(model, space, n_iter=2, cv=2, random_state=0, error_score="raise")
    found.fit(X, y)
    assert set(found.best_params_) == set(space)
    assert not any(name.endswith("hidden_size") for name in space)  # which is set
    assert np.isfinite(found.cv_results_["mean_test_score"]).all()
    resource = next(name for name in model.get_params() if name.endswith("max_epochs"))
    halving = HalvingRandomSearchCV(
        model, space, resource=resource, max_resources=2, min_resources=1, factor=2,
        n_candidates=2, cv=2, random_state=0, error_score="raise",
    )  # fmt: skip
    assert halving.fit(X, y).n_resources_ == [1, 2]
    assert len(halving.predict(X)) == len(X)


def test_optuna(monkeypatch):
    module, distributions = ModuleType("optuna"), ModuleType("optuna.distributions")
    distributions.FloatDistribution = lambda low, high, log: ("float", low, high, log)
    distributions.CategoricalDistribution = lambda choices: ("one of", choices)
    module.distributions = distributions
    monkeypatch.setitem(sys.modules, "optuna", module)
    monkeypatch.setitem(sys.modules, "optuna.distributions", distributions)
    space = search_space(LSTMClassifier(), SERIES, library="optuna")
    assert space["learning_rate"] == ("float", 5e-4, 8e-3, True)
    assert space["dropout"] == ("float", 0.3, 0.7, False)
    assert space["pooling"] == ("one of", ["max", "mean"])


def test_optuna_is_not_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(ImportError, match="pip install optuna"):
        search_space(LSTMClassifier(), SERIES, library="optuna")


@pytest.mark.parametrize(
    ("estimator", "X", "options", "message"),
    [
        (AutoencoderClusterer(), SERIES, {}, "got AutoencoderClusterer"),
        (SequenceTokenizer(), TEXTS, {}, "got SequenceTokenizer"),
        (LSTMForecaster(), PAST[0], {}, r"pass \[series\]"),
        (LSTMForecaster(season_length=()), PAST, {}, r"season_length=\(\) must be"),
        (LSTMClassifier(), TEXTS, {}, "SequenceTokenizer"),
        (LSTMClassifier(), SERIES, {"library": "hyperopt"}, "'library' parameter of search_space"),
    ],
)
def test_wrong_arguments(estimator, X, options, message):
    with pytest.raises((TypeError, ValueError), match=message):
        search_space(estimator, X, **options)
