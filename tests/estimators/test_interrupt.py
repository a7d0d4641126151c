"""Ctrl-C: it ends a fit that the user has asked for, and a search as a whole."""

import signal

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    RandomizedSearchCV,
    StratifiedKFold,
    cross_val_predict,
    cross_val_score,
    cross_validate,
    learning_curve,
)
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.semi_supervised import SelfTrainingClassifier
from skorch.callbacks import Callback

from sklstm import (
    AutoencoderClusterer,
    LSTMClassifier,
    LSTMForecaster,
    LSTMRegressor,
    LSTMSeq2Seq,
    LSTMTagger,
)
from sklstm._callers import is_one_of_many

rng = np.random.default_rng(0)
X = rng.normal(size=(24, 6))
y = np.arange(24) % 3
SMALL = {"hidden_size": 2, "max_epochs": 4, "batch_size": 24, "random_state": 0}


class Interrupt(Callback):
    """Press Ctrl-C in one of the fits. The counts are of the class: copies count together."""

    n_fits, at, epoch = 0, 1, 2

    def on_train_begin(self, net, **kwargs):
        Interrupt.n_fits += 1

    def on_epoch_end(self, net, **kwargs):
        if (Interrupt.n_fits, len(net.history)) == (Interrupt.at, Interrupt.epoch):
            signal.raise_signal(signal.SIGINT)


@pytest.fixture(autouse=True)
def count_from_zero():
    Interrupt.n_fits, Interrupt.at, Interrupt.epoch = 0, 1, 2


def classifier(**params):
    return LSTMClassifier(callbacks=[Interrupt()], **SMALL | params)


GRID = {"learning_rate": [0.01, 0.02]}
SEARCHES = {
    "GridSearchCV": lambda model: GridSearchCV(model, GRID, cv=2).fit(X, y),
    "RandomizedSearchCV": lambda model: RandomizedSearchCV(model, GRID, n_iter=2, cv=2).fit(X, y),
    "HalvingGridSearchCV": lambda model: HalvingGridSearchCV(
        model, GRID, cv=2, min_resources=12
    ).fit(X, y),
    "cross_val_score": lambda model: cross_val_score(model, X, y, cv=2),
    "cross_val_predict": lambda model: cross_val_predict(model, X, y, cv=2),
    "cross_validate": lambda model: cross_validate(model, X, y, cv=2),
    "learning_curve": lambda model: learning_curve(model, X, y, cv=2, train_sizes=[0.5, 1.0]),
    "bagging": lambda model: BaggingClassifier(model, 3).fit(X, y),
    "boosting": lambda model: AdaBoostClassifier(model, n_estimators=3).fit(X, y),
    "stacking": lambda model: StackingClassifier([("a", model)], cv=2).fit(X, y),
    "voting": lambda model: VotingClassifier([("a", model), ("b", model)]).fit(X, y),
    "one against the rest": lambda model: OneVsRestClassifier(model).fit(X, y),
    "one against one": lambda model: OneVsOneClassifier(model).fit(X, y),
    "several outputs": lambda model: MultiOutputClassifier(model).fit(X, np.c_[y, y]),
    "chain": lambda model: ClassifierChain(model).fit(X, np.c_[y % 2, y % 2]),
    "calibration": lambda model: CalibratedClassifierCV(model, cv=2).fit(X, y),
    "self-training": lambda model: SelfTrainingClassifier(model).fit(X, np.where(y, y, -1)),
    "pipeline in a search": lambda model: cross_val_score(
        make_pipeline(StandardScaler(), model), X, y, cv=2
    ),
    "joblib": lambda model: joblib.Parallel(1)(joblib.delayed(model.fit)(X, y) for _ in range(2)),
    "the user's function in joblib": lambda model: joblib.Parallel(1)(
        joblib.delayed(lambda: model.fit(X, y))() for _ in range(2)
    ),
}


@pytest.mark.parametrize("search", SEARCHES)
def test_fault_17_ctrl_c_ends_a_search_at_its_first_fit(search):
    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        SEARCHES[search](classifier())
    assert Interrupt.n_fits == 1
    assert signal.getsignal(signal.SIGINT) is handler


def test_fault_17_ctrl_c_ends_a_search_at_the_refit():
    Interrupt.at = 5
    search = GridSearchCV(classifier(), GRID, cv=2)
    with pytest.raises(KeyboardInterrupt):
        search.fit(X, y)
    assert Interrupt.n_fits == 5
    assert not hasattr(search, "best_estimator_") or not hasattr(search.best_estimator_, "module_")


@pytest.mark.parametrize(
    ("model", "y"),
    [
        (LSTMRegressor(callbacks=[Interrupt()], **SMALL), X[:, 0]),
        (LSTMTagger(callbacks=[Interrupt()], **SMALL), [["a", "b"] * 3] * 24),
        (LSTMForecaster(callbacks=[Interrupt()], **SMALL), None),
        (LSTMSeq2Seq(callbacks=[Interrupt()], **SMALL), ["a", "bc"] * 12),
        (
            AutoencoderClusterer(
                3, callbacks=[Interrupt()], n_autoencoders=3, max_epochs=3, random_state=0
            ),
            None,
        ),
    ],
    ids=["regressor", "tagger", "forecaster", "sequences", "clusterer"],
)
def test_fault_17_every_estimator_passes_ctrl_c_to_the_search(model, y):
    with pytest.raises(KeyboardInterrupt):
        cross_val_score(model, X, y, cv=2, scoring=lambda *args: 0.0)
    assert Interrupt.n_fits == 1


def test_fault_17_targets_that_are_transformed_are_of_a_single_fit():
    model = TransformedTargetRegressor(LSTMRegressor(callbacks=[Interrupt()], **SMALL))
    with pytest.warns(ConvergenceWarning, match="interrupted in epoch 2"):
        assert model.fit(X, X[:, 0]).regressor_.n_iter_ == 2
    Interrupt.n_fits = 0
    with pytest.raises(KeyboardInterrupt):
        cross_val_score(model, X, X[:, 0], cv=2)


def test_fault_17_what_was_fitted_before_stays():
    model = clone(classifier(warm_start=True)).set_params(callbacks=None).fit(X, y)
    before = joblib.hash(model.module_.state_dict())
    model.set_params(callbacks=[Interrupt()])
    with pytest.raises(KeyboardInterrupt):
        joblib.Parallel(1)([joblib.delayed(model.fit)(X, y)])
    assert joblib.hash(model.module_.state_dict()) == before


def test_fault_17_no_half_trained_step_is_cached(tmp_path):
    def pipeline():
        return make_pipeline(classifier(), LogisticRegression(), memory=str(tmp_path))

    with pytest.raises(KeyboardInterrupt):
        pipeline().fit(X, y)
    fitted = pipeline().fit(X, y)  # not interrupted: of the second fit
    assert Interrupt.n_fits == 2
    assert fitted[0].n_iter_ == 4


FITS = {
    "fit": lambda model: model.fit(X, y),
    "partial_fit": lambda model: model.partial_fit(X, y),
    "fit_transform": lambda model: (model.fit_transform(X, y), model)[1],
    "last step": lambda model: make_pipeline(StandardScaler(), model).fit(X, y)[-1],
    "first step": lambda model: make_pipeline(model, LogisticRegression()).fit(X, y)[0],
    "fit_predict of a pipeline": lambda model: (
        (pipe := make_pipeline(StandardScaler(), model)).fit_transform(X, y),
        pipe[-1],
    )[1],
    "pipeline in a pipeline": lambda model: make_pipeline(
        StandardScaler(), make_pipeline(StandardScaler(), model)
    ).fit(X, y)[-1][-1],
    "the user's own folds": lambda model: next(
        model.fit(X[train], y[train]) for train, _ in StratifiedKFold(2).split(X, y)
    ),
}


@pytest.mark.parametrize("fit", FITS)
def test_fault_17_ctrl_c_ends_the_users_own_fit_gracefully(fit):
    model = classifier()
    if fit == "partial_fit":
        Interrupt.epoch = 1
    with pytest.warns(ConvergenceWarning, match="interrupted in epoch"):
        model = FITS[fit](model)
    assert len(model.predict(X)) == 24


def test_fault_17_a_callback_that_stops_training_is_no_interrupt():
    class Stop(Callback):
        def on_epoch_end(self, net, **kwargs):
            raise KeyboardInterrupt

    scores = cross_val_score(LSTMClassifier(callbacks=[Stop()], **SMALL), X, y, cv=2)
    assert len(scores) == 2


def test_fault_17_who_calls_is_read_from_the_stack():
    assert not is_one_of_many()
    seen = []

    def note(values):
        seen.append(is_one_of_many())
        return values

    make_pipeline(FunctionTransformer(note)).fit_transform(X)
    assert seen == [True]  # sklearn.preprocessing is no wrapper of a fit
    joblib.Memory(None).cache(note)(X)
    assert seen[1:] == [False]
    FeatureUnion([("a", FunctionTransformer(note))]).fit_transform(X)
    assert seen[2:] == [True]
    for name in ("optuna.study", "hyperopt.fmin", "multiprocessing.pool", "sklearn.new_search"):
        scope = {"__name__": name, "note": note}
        exec("def run():\n    note(0)", scope)
        scope["run"]()
    assert seen[3:] == [True] * 4
