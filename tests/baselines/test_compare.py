"""Comparisons: the scores, the test of the difference, and what is compared with."""

import importlib.util
import os
import re
import signal

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import gamma
from sklearn.base import BaseEstimator
from sklearn.cluster import KMeans
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC
from skorch.callbacks import Callback

from sklstm import (
    AutoencoderClusterer,
    LSTMClassifier,
    LSTMRegressor,
    LSTMTagger,
    SequenceTokenizer,
    backtest,
)
from sklstm.baselines import Comparison, NaiveForecaster, RidgeForecaster, compare
from sklstm.baselines._compare import _Measured

RNG = np.random.default_rng(0)
WORDS = np.array([f"w{i}" for i in range(20)])
TEXTS = [" ".join(RNG.choice(WORDS, size=6)) for _ in range(90)]
LABELS = np.array(["w3" in text.split() or "w7" in text.split() for text in TEXTS]).astype(int)
SERIES = [RNG.normal(size=(int(n), 2)) for n in RNG.integers(12, 20, 60)]
RISES = np.array([x[-1, 0] > x[0, 0] for x in SERIES]).astype(int)
SMALL = {"hidden_size": 2, "max_epochs": 1}
LSTM = make_pipeline(SequenceTokenizer(), LSTMClassifier(embedding_dim=2, **SMALL))


def of_scores(ours, *others, sizes=(90, 10), **options):
    """Return a comparison with given scores."""
    names = ["LSTM", *(f"baseline {i}" for i in range(len(others)))]
    measured = {
        name: _Measured(list(scores), [2.0] * len(scores), [0.1] * len(scores), [5.0] * len(scores))
        for name, scores in zip(names, [ours, *others], strict=True)
    }
    return Comparison("LSTM", "accuracy", measured, [sizes] * len(ours), {}, **options)


# The test of the difference


def tail(t, df):
    """Return the probability of a value of Student's t beyond `t`, by integration."""
    scale = gamma((df + 1) / 2) / (np.sqrt(df * np.pi) * gamma(df / 2))
    return scale * quad(lambda x: (1 + x * x / df) ** (-(df + 1) / 2), t, np.inf)[0]


def test_the_corrected_t_test_by_hand():
    result = of_scores([0.9, 0.8, 0.7, 0.9], [0.8, 0.8, 0.6, 0.7])
    difference = np.array([0.1, 0.0, 0.1, 0.2])
    variance = ((difference - 0.1) ** 2).sum() / 3
    t = 0.1 / np.sqrt((1 / 4 + 10 / 90) * variance)
    assert result.p_values == {"baseline 0": pytest.approx(2 * tail(t, 3), rel=1e-6)}


def test_training_sets_that_overlap_find_no_difference_where_there_is_none():
    """The ordinary t-test on random splits rejects far more often than its level says."""
    rejected, ordinary = 0, 0
    for trial in range(60):
        rng = np.random.default_rng(trial)
        x, y = rng.normal(size=(60, 2)), rng.integers(0, 2, 60)
        scores = []
        for model in (GaussianNB(), LogisticRegression()):
            own = []
            for i in range(15):  # 50 to train on, 10 to test, drawn again and again
                order = np.random.default_rng(i).permutation(60)
                train, test = order[:50], order[50:]
                own.append(model.fit(x[train], y[train]).score(x[test], y[test]))
            scores.append(own)
        result = of_scores(*scores, sizes=(50, 10))
        rejected += result.p_values["baseline 0"] < 0.05
        difference = np.subtract(*scores)
        spread = difference.std(ddof=1) / np.sqrt(15)
        ordinary += spread > 0 and 2 * tail(abs(difference.mean()) / spread, 14) < 0.05
    assert rejected <= 6 < ordinary


def test_equal_scores_and_a_constant_difference():
    assert of_scores([0.9, 0.8], [0.9, 0.8]).p_values == {"baseline 0": 1.0}
    assert of_scores([0.75, 0.5], [0.5, 0.25]).p_values == {"baseline 0": 0.0}
    assert np.isnan(of_scores([0.9], [0.8]).p_values["baseline 0"])


@pytest.mark.parametrize(
    ("ours", "other", "verdict"),
    [
        ([0.9, 0.91, 0.92], [0.7, 0.71, 0.73], "LSTM outperforms the best baseline, baseline 1"),
        ([0.7, 0.71, 0.73], [0.9, 0.91, 0.92], "LSTM does not pay here: baseline 1 outperforms"),
        ([0.7, 0.9, 0.8], [0.9, 0.7, 0.81], "No difference between LSTM and the best baseline"),
        ([0.9], [0.8], "LSTM scores higher than the best baseline, baseline 1: "),
        ([0.9], [0.8], "A single split, with 10 test samples, does not allow a test"),
        ([0.8], [0.8], "LSTM does not score higher than the best baseline, baseline 1: "),
    ],
)
def test_verdicts(ours, other, verdict):
    result = of_scores(ours, [0.1] * len(ours), other)
    assert result.best_baseline == "baseline 1"
    assert verdict in result.verdict
    assert "fits in 2.0 s" in result.verdict


# The comparison


def test_scores_are_those_of_cross_validation():
    cv = StratifiedKFold(3, shuffle=True, random_state=1)
    lr = make_pipeline(TfidfVectorizer(), LogisticRegression())
    result = compare(lr, TEXTS, LABELS, cv=cv, baselines={"other": DummyClassifier()})
    assert list(result.scores) == ["LogisticRegression", "other"]
    np.testing.assert_array_equal(
        result.scores["LogisticRegression"], cross_val_score(lr, TEXTS, LABELS, cv=cv)
    )
    scored = compare(lr, TEXTS, LABELS, cv=cv, scoring="neg_log_loss", baselines={})
    np.testing.assert_allclose(
        scored.scores["LogisticRegression"],
        cross_val_score(lr, TEXTS, LABELS, cv=cv, scoring="neg_log_loss"),
    )
    assert scored.best_baseline is None
    assert "no baseline" in scored.verdict


def test_texts_and_a_seed():
    first, again = (compare(LSTM, TEXTS, LABELS, cv=3, random_state=0) for _ in range(2))
    assert list(first.scores) == [
        "LSTMClassifier", "most frequent class", "TF-IDF + LR", "TF-IDF + LR (tuned)", "NB-SVM",
    ]  # fmt: skip
    for name, scores in first.scores.items():
        assert scores.shape == (3,)
        np.testing.assert_array_equal(scores, again.scores[name])
    assert first.scores["TF-IDF + LR (tuned)"].mean() > 0.8  # counts decide here
    assert first.left_out == {}
    assert not hasattr(LSTM[-1], "classes_")  # the estimator itself is not fitted


def test_tokens_give_what_their_words_give():
    tokens = SequenceTokenizer().fit_transform(TEXTS)
    lists = [text.split() for text in TEXTS]
    dummy = DummyClassifier()
    found = [compare(dummy, X, LABELS, cv=3, random_state=0) for X in (TEXTS, tokens, lists)]
    for other in found[1:]:
        for name in ("TF-IDF + LR", "TF-IDF + LR (tuned)", "NB-SVM"):
            np.testing.assert_allclose(other.scores[name], found[0].scores[name])


def test_several_labels_for_each_text():
    others = [int("w1" in text.split()) for text in TEXTS]
    y = np.stack([LABELS, others], axis=1)
    result = compare(LSTM, TEXTS, y, cv=3, random_state=0)
    assert not result.left_out
    assert result.scores["TF-IDF + LR (tuned)"].mean() > 0.6  # both labels have to be right


def test_series():
    result = compare(LSTMClassifier(**SMALL), SERIES, RISES, cv=3, random_state=0)
    names = ["most frequent class", "statistics + LR", "random convolutions + ridge"]
    names += ["1-NN DTW"] if importlib.util.find_spec("aeon") else []
    assert list(result.scores) == ["LSTMClassifier", *names]
    assert result.best_baseline == "statistics + LR"  # first and last value are among them


def test_numbers():
    y = np.array([x[0, 0] + 0.1 * len(x) for x in SERIES])
    result = compare(LSTMRegressor(**SMALL), SERIES, y, cv=3, random_state=0)
    assert result.best_baseline == "statistics + ridge"
    assert result.scores["statistics + ridge"].min() > 0.99
    model = make_pipeline(SequenceTokenizer(), LSTMRegressor(embedding_dim=2, **SMALL))
    assert "TF-IDF + ridge" in compare(model, TEXTS, LABELS * 1.0, cv=3).scores


def test_tags():
    words = [text.split() for text in TEXTS]
    tags = [[word[-1] for word in row] for row in words]
    model = make_pipeline(SequenceTokenizer(analyzer=list), LSTMTagger(embedding_dim=2, **SMALL))
    result = compare(model, words, tags, cv=3, random_state=0)
    assert result.scores["most frequent tag"].tolist() == [1.0] * 3


def test_clusters_over_random_states():
    rows = np.concatenate([RNG.normal(size=(30, 8)), 9 + RNG.normal(size=(30, 8))])
    y = np.repeat([0, 1], 30)
    clusterer = AutoencoderClusterer(2, hidden_size=4, max_epochs=2)
    result = compare(clusterer, rows, y, n_repeats=3, random_state=0)
    assert result.scores["k-means"].tolist() == [1.0] * 3
    assert np.isnan(result.p_values["k-means"])
    assert "3 random states do not allow a test" in result.verdict
    by_other = compare(KMeans(2, n_init=1), rows, y, n_repeats=2, scoring="v_measure_score")
    assert by_other.scoring == "v_measure_score"


def test_groups_stay_together():
    groups = np.arange(90) // 10
    seen = []

    class Noting(DummyClassifier):
        def fit(self, X, y):
            seen.append(set(X[:, 0].tolist()))
            return super().fit(X, y)

        def score(self, X, y):
            assert not seen[-1] & set(X[:, 0].tolist())
            return 1.0

    compare(Noting(), groups[:, None], LABELS, cv=3, groups=groups, baselines={})
    assert len(seen) == 3


# Forecasters

SEASONAL = [
    level + size * np.tile([0.0, 2.0, 1.0, -1.0], 40) + noise
    for level, size, noise in zip((9, 30, 50), (1, 3, 2), RNG.normal(0, 0.3, (3, 160)), strict=True)
]


class Season(BaseEstimator):
    """Repeats the mean season of each series, with an error if asked for."""

    def __init__(self, horizon=8, season_length=4, error=0.0):
        self.horizon = horizon
        self.season_length = season_length
        self.error = error

    def fit(self, X, y=None, covariates=None):
        return self

    def predict(self, X, covariates=None):
        found = []
        for x in X:
            steps = np.arange(len(x), len(x) + self.horizon)
            means = np.array([x[phase::4].mean() for phase in range(4)])
            found.append(means[steps % 4] + self.error)
        return np.stack(found)


def test_forecasters_are_scored_at_the_same_origins():
    result = compare(Season(), SEASONAL, cv=3)
    models = {
        "Season": Season(),
        "last value": NaiveForecaster(8, strategy="last"),
        "drift": NaiveForecaster(8, strategy="drift"),
        "mean": NaiveForecaster(8, strategy="mean"),
        "seasonal naive": NaiveForecaster(8, season_length=4),
        "Naive2": NaiveForecaster(8, strategy="naive2", season_length=4),
        "ridge on lags": RidgeForecaster(8, season_length=4),
    }
    assert list(result.scores) == list(models)
    for name, model in models.items():
        expected = backtest(model, SEASONAL, metrics="mase", season=4).scores["mase"]
        np.testing.assert_array_equal(result.scores[name], -expected)
    assert result.scoring == "neg_mase"
    assert not result.left_out
    assert (result.fit_seconds["ridge on lags"] > 0).all()
    difference = result.scores["Season"] - result.scores["mean"]
    steps = np.mean([3 * (160 - 8 * k) for k in (1, 2, 3)])  # to train on; 24 are forecast
    spread = np.sqrt((1 / 3 + 24 / steps) * difference.var(ddof=1))
    assert result.p_values["mean"] == pytest.approx(2 * tail(difference.mean() / spread, 2))
    assert "by the corrected resampled t-test on 3 origins" in result.verdict


def test_the_verdict_on_naive_forecasts():
    good = compare(Season(), SEASONAL, cv=4)
    assert good.verdict.startswith("No difference between Season and the best baseline, ridge on")
    assert "naive forecast" not in good.verdict
    poor = compare(Season(error=2.0), SEASONAL, cv=4)
    assert poor.verdict.startswith("Season does not pay here: ridge on lags outperforms it")
    assert "A naive forecast, seasonal naive, is as good or better, too: neg_mase -" in poor.verdict
    walk = [RNG.normal(size=200).cumsum() for _ in range(5)]
    equal = compare(NaiveForecaster(5, strategy="last"), walk, cv=3)
    assert equal.best_baseline == "last value"
    assert equal.verdict.startswith("No difference between NaiveForecaster and the best baseline")
    assert equal.verdict.endswith("This baseline is a naive forecast, which needs no training.")
    one = compare(Season(), SEASONAL, cv=1)
    assert "A single origin does not allow a test of the difference." in one.verdict
    assert np.isnan(one.p_values["mean"])


def of_forecasts(ours, naive, ridge):
    """Return a comparison of forecasters with given scores."""
    measured = {
        name: _Measured(list(scores), [2.0] * 3, [0.1] * 3, [5.0] * 3)
        for name, scores in {"LSTM": ours, "drift": naive, "ridge": ridge}.items()
    }
    return Comparison(
        "LSTM", "neg_mase", measured, [(90, 10)] * 3, {}, unit="origins", naive=["drift", "Naive2"]
    )


def test_the_verdict_where_a_naive_forecast_is_not_the_best_baseline():
    near = of_forecasts([-1.0, -1.1, -0.9], [-1.3, -0.9, -1.2], [-0.8, -0.82, -0.79])
    message = " A difference to a naive forecast, drift, cannot be shown: neg_mase -1.133, p = "
    assert message in near.verdict
    # The forecast with the best mean may be outperformed, and a naive one with a worse mean not.
    uneven = of_forecasts([-0.7, -0.71, -0.69], [-0.8, -1.5, -1.2], [-0.9, -0.91, -0.89])
    assert uneven.verdict.startswith("LSTM outperforms the best baseline, ridge: ")
    assert " cannot be shown: neg_mase -1.167, p = " in uneven.verdict
    far = of_forecasts([-1.0, -1.1, -0.9], [-3.0, -3.1, -3.0], [-0.8, -0.82, -0.79])
    assert "naive" not in far.verdict
    better = of_forecasts([-1.0, -1.1, -0.9], [-0.85, -0.9, -0.8], [-0.8, -0.82, -0.79])
    assert "A naive forecast, drift, is as good or better, too: neg_mase -0.850." in better.verdict


def test_baselines_of_forecasts_follow_season_and_sign():
    names = list(compare(Season(season_length=1), SEASONAL, cv=2).scores)
    assert names == ["Season", "last value", "drift", "mean", "ridge on lags"]
    moved = [SEASONAL[0], SEASONAL[1] - 40, SEASONAL[2]]
    result = compare(Season(season_length=(4, 16)), moved, cv=2)
    assert "Naive2" not in result.scores
    assert result.left_out["Naive2"].endswith("for positive series, which X[1] is not")
    assert "Naive2 was left out: its seasonal factors" in repr(result)
    longest = NaiveForecaster(8, season_length=(4, 16))
    expected = backtest(longest, moved, n_splits=2, metrics="mase", season=4).scores["mase"]
    np.testing.assert_array_equal(result.scores["seasonal naive"], -expected)


def test_other_errors_baselines_and_covariates(capsys):
    seen = []

    class Noting(Season):
        def predict(self, X, covariates=None):
            seen.append(covariates)
            return super().predict(X)

    mine = {"mine": Season(error=1.0), "too long": RidgeForecaster(8, n_lags=150)}
    given = {"covariates": np.ones((3, 160, 2)), "verbose": 1, "scoring": "smape"}
    result = compare(make_pipeline(Noting()), SEASONAL, cv=2, baselines=mine, **given)
    assert list(result.scores) == ["Noting", "mine"]
    assert "no series of 158 steps" in result.left_out["too long"]
    for name, error in (("Noting", 0.0), ("mine", 1.0)):
        expected = backtest(Season(error=error), SEASONAL, n_splits=2, metrics="smape")
        np.testing.assert_array_equal(result.scores[name], -expected.scores["smape"])
    assert [len(known[0]) for known in seen] == [152, 160]
    score = result.scores["mine"].mean()
    assert f"mine: neg_smape {score:.4f}" in capsys.readouterr().out


def test_one_series_of_278_values():
    x = 100 + 10 * np.sin(np.arange(278) / 4) + RNG.normal(size=278)
    result = compare(RidgeForecaster(12, season_length=25), [x], cv=5)
    assert result.best_baseline == "ridge on lags"
    assert not result.left_out
    assert result.p_values["ridge on lags"] == 1.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"cv": StratifiedKFold()}, r"cv=StratifiedKFold.*it is an int, the number of origins"),
        ({"scoring": "accuracy"}, "scoring='accuracy': accepted for forecasters are 'mase'"),
        (
            {"baselines": {"a": NaiveForecaster(3)}},
            r"baselines\['a'\] has horizon=3, but Season has",
        ),
        ({"baselines": {"a": LinearSVC()}}, r"'a'\] is no forecaster: LinearSVC has no .* horizon"),
        ({"estimator": Season}, r"Season is a class; pass an instance of it, Season\(...\)"),
        ({"cv": 25}, r"X\[0\] has 160 steps, but 205 are needed"),
        ({"X": SEASONAL[0]}, "X is one series"),
        ({"estimator": LSTMClassifier(), "static": [1]}, "static is for forecasters, which"),
    ],
)
def test_wrong_arguments_of_forecasters(arguments, message):
    given = {"estimator": Season(), "X": SEASONAL, **arguments}
    with pytest.raises((TypeError, ValueError), match=message):
        compare(**given)


def test_series_without_a_scale():
    constant = np.full(40, 3.0)
    with pytest.warns(UndefinedMetricWarning, match="MASE is undefined for 1 of 2") as found:
        result = compare(Season(season_length=1), [constant, SEASONAL[0]], cv=2)
    assert len(found) == 1
    assert not result.left_out
    with (
        pytest.warns(UndefinedMetricWarning, match="1 of 1 series"),
        pytest.raises(ValueError, match=r"MASE is undefined at an origin.*set scoring='mae'"),
    ):
        compare(Season(season_length=1), [constant], cv=2)
    ended = np.r_[SEASONAL[0], np.full(8, np.nan)]
    with (
        pytest.warns(UndefinedMetricWarning, match="all true values"),
        pytest.raises(ValueError, match=r"MAE is undefined at an origin.*leave out the missing"),
    ):
        compare(Season(), [ended], cv=2, scoring="mae")
    assert compare(Season(), [constant], cv=2, scoring="mae").scores["Season"].tolist() == [0, 0]


# What fails


def test_a_baseline_that_fails_is_named():
    baselines = {"no probabilities": make_pipeline(TfidfVectorizer(), LinearSVC())}
    result = compare(
        DummyClassifier(), TEXTS, LABELS, cv=2, scoring="neg_log_loss", baselines=baselines
    )
    assert list(result.scores) == ["DummyClassifier"]
    assert "predict_proba" in result.left_out["no probabilities"]
    assert "no probabilities was left out" in repr(result)


def test_an_error_of_the_estimator_is_raised():
    with pytest.raises(ValueError, match="SequenceTokenizer"):
        compare(LSTMClassifier(**SMALL), TEXTS, LABELS, cv=2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"y": None}, "y is missing"),
        ({"baselines": "all"}, "'baselines' parameter of compare must be"),
        ({"cv": []}, "gives no splits"),
        ({"baselines": {"a": 3}}, r"baselines\['a'\] must be an estimator, got 3"),
        ({"n_repeats": 0}, "'n_repeats' parameter of compare must be"),
        ({"estimator": 3}, "'estimator' parameter of compare must be"),
        ({"y": LABELS[:-1]}, "inconsistent numbers of samples"),
    ],
)
def test_wrong_arguments(arguments, message):
    given = {"estimator": DummyClassifier(), "X": TEXTS, "y": LABELS, "cv": 2, **arguments}
    with pytest.raises((ValueError, TypeError), match=message):
        compare(**given)


def test_ctrl_c_in_an_lstm_ends_the_comparison():
    class Stop(Callback):
        def on_epoch_end(self, net, **kwargs):
            os.kill(os.getpid(), signal.SIGINT)

    model = LSTMClassifier(**SMALL, callbacks=[Stop()])
    with pytest.raises(KeyboardInterrupt):
        compare(model, np.stack([x[:12] for x in SERIES]), RISES, cv=2, baselines={})


# What is shown


def test_table_text_and_html():
    result = of_scores([0.9, 0.8, 0.7], [0.8, 0.8, 0.6])
    assert result.table["model"] == ["LSTM", "baseline 0"]
    assert result.table["accuracy"] == pytest.approx([0.8, 2.2 / 3])
    assert result.table["spread"][0] == pytest.approx(0.1)
    frame = result.to_frame()
    assert frame.loc["baseline 0", "p"] == result.p_values["baseline 0"]
    lines = repr(result).splitlines()
    assert re.split(r"\s{2,}", lines[0]) == [
        "model", "accuracy", "spread", "fit, s", "score, s", "memory, MB", "p",
    ]  # fmt: skip
    assert lines[1].startswith("LSTM ")
    assert result.verdict in repr(result)


def test_html_escapes_names():
    result = compare(DummyRegressor(), [[1.0]] * 9, np.arange(9.0), cv=3, baselines={
        "<script>": DummyRegressor()
    })  # fmt: skip
    shown = result._repr_html_()
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown


def test_plot():
    plt = pytest.importorskip("matplotlib.pyplot")
    result = of_scores([0.9, 0.8, 0.7], [0.8, 0.8, 0.6])
    ax = result.plot()
    assert [label.get_text() for label in ax.get_yticklabels()] == ["baseline 0", "LSTM"]
    points = ax.lines[2].get_xdata()
    assert sorted(points.tolist()) == [0.7, 0.8, 0.9]
    assert result.plot(ax) is ax
    plt.close("all")
