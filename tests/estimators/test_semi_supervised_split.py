"""SemiSupervisedSplit, with scikit-learn's own estimators of unlabelled rows."""

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    LeaveOneGroupOut,
    RepeatedStratifiedKFold,
    StratifiedKFold,
    TimeSeriesSplit,
    cross_val_predict,
    cross_val_score,
)
from sklearn.semi_supervised import LabelSpreading, SelfTrainingClassifier

from sklstm import SemiSupervisedSplit

RNG = np.random.default_rng(0)
Y = RNG.integers(3, size=60)
Y[RNG.random(60) < 0.6] = -1
CENTRES = RNG.integers(3, size=60)
CENTRES[Y != -1] = Y[Y != -1]
X = RNG.normal(size=(60, 2)) + 3 * CENTRES[:, None]
LABELLED = np.flatnonzero(Y != -1)
GROUPS = RNG.integers(6, size=60)


@pytest.mark.parametrize(
    "cv",
    [
        3,
        StratifiedKFold(4, shuffle=True, random_state=0),
        KFold(5),
        RepeatedStratifiedKFold(n_splits=2, n_repeats=2, random_state=0),
        TimeSeriesSplit(3),
        [([0, 1, 2], [3, 4]), ([3, 4], [0])],
    ],
)
def test_labelled_rows_are_split_as_without_the_others(cv):
    own = StratifiedKFold(cv) if isinstance(cv, int) else cv
    expected = cv if isinstance(cv, list) else own.split(X[LABELLED], Y[LABELLED])
    found = list(SemiSupervisedSplit(cv).split(X, Y))
    assert len(found) == SemiSupervisedSplit(cv).get_n_splits(X, Y)
    for (train, test), (train_of_labelled, test_of_labelled) in zip(found, expected, strict=True):
        np.testing.assert_array_equal(test, LABELLED[test_of_labelled])
        np.testing.assert_array_equal(train[Y[train] != -1], LABELLED[train_of_labelled])
        np.testing.assert_array_equal(train[Y[train] == -1], np.flatnonzero(Y == -1))
        assert (np.diff(train) > 0).all()


@pytest.mark.parametrize("cv", [GroupKFold(3), LeaveOneGroupOut()])
def test_groups_stay_together(cv):
    split = SemiSupervisedSplit(cv)
    assert split.get_n_splits(X, Y, GROUPS) == cv.get_n_splits(
        X[LABELLED], Y[LABELLED], GROUPS[LABELLED]
    )
    for train, test in split.split(X, Y, GROUPS):
        assert not set(GROUPS[train]) & set(GROUPS[test])
        others = ~np.isin(GROUPS, GROUPS[test]) & (Y == -1)
        np.testing.assert_array_equal(train[Y[train] == -1], np.flatnonzero(others))


@pytest.mark.parametrize(
    ("y", "mark"),
    [
        (Y.tolist(), -1),
        (pd.Series(Y, index=np.arange(60)[::-1]), -1),
        (pd.Categorical(Y), -1),
        (Y.astype(float), -1.0),
        (Y[:, None], -1),
        (np.array(["x", "a", "b", "c"])[Y + 1], "x"),
        ([{-1: -1, 0: "a", 1: "b", 2: "c"}[label] for label in Y.tolist()], -1),
        (np.array([{-1: -1, 0: "a", 1: "b", 2: "c"}[v] for v in Y.tolist()], dtype=object), -1),
    ],
)
def test_forms_of_y(y, mark):
    expected = SemiSupervisedSplit(3).split(X, Y)
    found = SemiSupervisedSplit(3, unlabeled_label=mark).split(X, y)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one[0], other[0])
        np.testing.assert_array_equal(one[1], other[1])


def test_model_selection():
    cv = SemiSupervisedSplit(3)
    assert cross_val_score(LabelSpreading(), X, Y, cv=cv).min() > 0.5
    model = SelfTrainingClassifier(LogisticRegression())
    search = GridSearchCV(model, {"threshold": [0.6, 0.9]}, cv=cv, error_score="raise").fit(X, Y)
    assert search.n_splits_ == 3
    assert clone(search).cv.get_n_splits() == 3
    with pytest.raises(ValueError, match="partitions"):
        cross_val_predict(LabelSpreading(), X, Y, cv=cv)
    frames = pd.DataFrame(X)
    assert cross_val_score(LabelSpreading(), frames, pd.Series(Y), cv=cv).min() > 0.5


def test_groups_with_metadata_routing():
    cv = SemiSupervisedSplit(GroupKFold(3))
    with sklearn.config_context(enable_metadata_routing=True):
        scores = cross_val_score(
            LabelSpreading(), X, Y, cv=cv, params={"groups": GROUPS}, error_score="raise"
        )
    assert scores.tolist() == cross_val_score(LabelSpreading(), X, Y, cv=cv, groups=GROUPS).tolist()


def test_repr():
    assert repr(SemiSupervisedSplit(3)) == "SemiSupervisedSplit(cv=3, unlabeled_label=-1)"


def test_all_rows_labelled():
    y = np.arange(12) % 2
    for one, other in zip(
        SemiSupervisedSplit(3).split(X[:12], y), StratifiedKFold(3).split(X[:12], y), strict=True
    ):
        np.testing.assert_array_equal(one[0], other[0])
        np.testing.assert_array_equal(one[1], other[1])


@pytest.mark.parametrize(
    ("y", "mark", "message"),
    [
        (None, -1, "needs y"),
        (np.full(60, -1), -1, "y holds no label: all 60 rows are -1"),
        (np.eye(3)[Y], -1, r"y has shape \(60, 3\)"),
        (Y.astype(str), -1, "numpy makes strings of numbers"),
        (Y, None, "unlabeled_label=None must be a number or a string"),
        (Y, np.nan, "unlabeled_label=nan must be a number or a string"),
        (Y[:50], -1, "inconsistent numbers of samples"),
    ],
)
def test_bad_input(y, mark, message):
    with pytest.raises(ValueError, match=message):
        list(SemiSupervisedSplit(3, unlabeled_label=mark).split(X, y))
