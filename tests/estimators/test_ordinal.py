"""LSTMClassifier with ordered classes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.ensemble import StackingClassifier, VotingClassifier
from sklearn.metrics import make_scorer, mean_absolute_error
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score

from sklstm import LSTMClassifier

ORDER = ["poor", "fair", "good", "great"]
LOSSES = ["ordinal", "distance_weighted"]


def ratings(n=160, seed=0):
    """Return sequences, each with one of four ordered labels that depends on its mean."""
    rng = np.random.default_rng(seed)
    X = [rng.normal(size=rng.integers(3, 7)) for _ in range(n)]
    ranks = np.digitize([item.mean() for item in X], [-0.4, 0.0, 0.4])
    return X, np.array(ORDER)[ranks]


X, Y = ratings()


def small(**params):
    defaults = {"hidden_size": 12, "learning_rate": 0.02, "max_epochs": 25, "pooling": "mean"}
    plain = {"fcn_filters": None, "batch_size": 32, "dropout": 0.0, "random_state": 0}
    return LSTMClassifier(**(defaults | plain | params))


@pytest.mark.parametrize("loss", LOSSES)
def test_an_order_is_learned_and_columns_stay_sorted(loss):
    model = small(loss=loss, class_order=ORDER).fit(X, Y)
    np.testing.assert_array_equal(model.classes_, sorted(ORDER))
    assert model.score(*ratings(80, seed=1)) > 0.8
    probabilities = model.predict_proba(X)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(np.exp(model.predict_log_proba(X)), probabilities, atol=1e-6)
    predicted = model.predict(X)
    np.testing.assert_array_equal(model.classes_[probabilities.argmax(axis=1)], predicted)
    np.testing.assert_array_equal(
        model.classes_[model.decision_function(X).argmax(axis=1)], predicted
    )


def test_an_order_that_the_loss_does_not_use_may_change_between_warm_starts():
    model = small(warm_start=True, max_epochs=1).fit(X, Y).set_params(class_order=ORDER)
    assert model.fit(X, Y).n_iter_ == 2


@pytest.mark.parametrize("loss", LOSSES)
def test_neighbours_in_the_order_are_the_next_most_probable(loss):
    """With the right order, probabilities fall on both sides of the predicted class."""

    def unimodal(order):
        model = small(loss=loss, class_order=order).fit(X, Y)
        columns = np.searchsorted(model.classes_, order)
        rises = np.diff(model.predict_proba(X)[:, columns], axis=1) > 0
        return np.mean([(np.diff(row.astype(int)) <= 0).all() for row in rises])

    assert unimodal(ORDER) > 0.95
    if loss == "ordinal":  # a single score cannot learn a wrong order
        wrong = small(loss=loss, class_order=["great", "poor", "good", "fair"]).fit(X, Y)
        right = small(loss=loss, class_order=ORDER).fit(X, Y)
        assert wrong.score(X, Y) < right.score(X, Y) - 0.2


def test_an_ordinal_model_is_its_mirror_image():
    """Ranks and names give the same model; the reversed order a model as good."""
    ranks = np.array([ORDER.index(label) for label in Y])
    by_name = small(loss="ordinal", class_order=ORDER).fit(X, Y)
    by_number = small(loss="ordinal").fit(X, ranks)
    np.testing.assert_array_equal(by_number.classes_, [0, 1, 2, 3])
    columns = np.searchsorted(by_name.classes_, ORDER)
    np.testing.assert_allclose(
        by_name.predict_proba(X)[:, columns], by_number.predict_proba(X), atol=1e-6
    )
    turned = small(loss="ordinal", class_order=[3, 2, 1, 0]).fit(X, ranks)
    np.testing.assert_array_equal(turned.classes_, by_number.classes_)
    assert turned.score(X, ranks) > 0.8


def test_two_ordered_classes_are_a_logistic_model():
    y = np.where(np.isin(Y, ORDER[:2]), "worse", "better")
    model = small(loss="ordinal", class_order=["worse", "better"]).fit(X, y)
    decision, probabilities = model.decision_function(X), model.predict_proba(X)
    assert decision.shape == (len(X),)
    np.testing.assert_allclose(1 / (1 + np.exp(-decision)), probabilities[:, 1], atol=1e-5)
    np.testing.assert_array_equal(model.classes_[(decision > 0).astype(int)], model.predict(X))


def test_an_ordered_categorical_gives_the_order():
    y = pd.Series(pd.Categorical(Y, categories=ORDER, ordered=True))
    model = small(loss="ordinal").fit(X, y)
    expected = small(loss="ordinal", class_order=ORDER).fit(X, Y)
    np.testing.assert_array_equal(model.predict_proba(X), expected.predict_proba(X))
    with pytest.raises(ValueError, match="order of the classes"):
        small(loss="ordinal").fit(X, y.cat.as_unordered())


def test_a_class_without_a_sample_keeps_its_column():
    few = [i for i, label in enumerate(Y) if label != "fair"]
    model = small(loss="ordinal", class_order=ORDER).fit([X[i] for i in few], Y[few])
    assert model.predict_proba(X).shape == (len(X), 4)
    assert "fair" not in model.predict(X)


def test_ordered_classes_in_searches_and_scores():
    ranks = np.array([ORDER.index(label) for label in Y])
    search = GridSearchCV(
        small(max_epochs=5),
        {"loss": ["cross_entropy", *LOSSES]},
        scoring=make_scorer(mean_absolute_error, greater_is_better=False),
        cv=2,
    ).fit(X, ranks)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    named = small(loss="ordinal", class_order=ORDER, class_weight="balanced")
    assert cross_val_score(named, X, Y, cv=2, scoring="neg_log_loss").mean() > -1.2


def test_tools_that_encode_y_need_ranks():
    ranks = np.array([ORDER.index(label) for label in Y])
    named, numbered = small(loss="ordinal", class_order=ORDER), small(loss="ordinal", max_epochs=3)
    hint = "pass ranks as y"
    with pytest.raises(ValueError, match=hint):
        cross_val_predict(named, X, Y, cv=2, method="predict_proba")
    assert cross_val_predict(numbered, X, ranks, cv=2, method="predict_proba").shape == (160, 4)
    two = [("one", named), ("two", named)]
    with pytest.raises(ValueError, match=hint):
        VotingClassifier(two).fit(X, Y)
    with pytest.raises(ValueError, match=hint):
        StackingClassifier(two, cv=2).fit(X, Y)
    two = [("one", numbered), ("two", numbered)]
    for ensemble in (VotingClassifier(two, voting="soft"), StackingClassifier(two, cv=2)):
        assert set(ensemble.fit(X, ranks).predict(X)) <= set(range(4))


def test_training_continues_with_the_same_order_only():
    model = small(loss="ordinal", class_order=ORDER, warm_start=True, max_epochs=1).fit(X, Y)
    before = model.predict_proba(X)
    for change in (
        {"class_order": ORDER[::-1]},
        {"class_order": None},
        {"loss": "distance_weighted"},
        {"loss": "cross_entropy"},
    ):
        changed = clone(model).set_params(warm_start=True).fit(X, Y).set_params(**change)
        for go_on in (changed.fit, changed.partial_fit):
            with pytest.raises(ValueError, match=f"{next(iter(change))} is .* now, but the model"):
                go_on(X, Y)
        np.testing.assert_allclose(changed.predict_proba(X), before, atol=1e-6)
    assert model.set_params(class_order=tuple(ORDER)).fit(X, Y).n_iter_ == 2


def test_a_part_may_lack_classes_of_the_order():
    ranks = np.array([ORDER.index(label) for label in Y])
    few = np.flatnonzero(ranks < 3)
    model = small(loss="ordinal", class_order=[0, 1, 2, 3])
    for _ in range(2):
        model.partial_fit([X[i] for i in few], ranks[few], classes=[0, 1, 2])
    with pytest.raises(ValueError, match=r"classes\[1\] is 7, which class_order leaves out"):
        model.partial_fit([X[i] for i in few], ranks[few], classes=[0, 7])


def test_an_order_of_floats_keeps_whole_labels():
    ranks = np.array([ORDER.index(label) for label in Y])
    model = small(loss="ordinal", class_order=[0.0, 1.0, 2.0, 3.0], max_epochs=1).fit(X, ranks)
    assert model.predict(X).dtype == ranks.dtype


def test_weights_hold_for_ordered_classes():
    model = small(loss="ordinal", class_order=ORDER, class_weight={"poor": 1e4}, max_epochs=60)
    assert (model.fit([X[0]] * len(X), Y).predict(X[:1]) == "poor").all()


def test_parts_and_steps_of_ordered_classes():
    model = small(loss="ordinal", class_order=ORDER)
    model.partial_fit(X[:20], Y[:20], classes=ORDER).partial_fit(X[20:], Y[20:])
    steps = model.predict_proba_steps(X[:3])
    for row, item in zip(steps, X[:3], strict=True):
        assert row.shape == (len(item), 4)
    for row, item in zip(steps, X[:3], strict=True):
        prefixes = [item[: end + 1] for end in range(len(item))]
        np.testing.assert_allclose(row, model.predict_proba(prefixes), atol=1e-5)


BAD = {
    "strings": ({}, Y, r"order of the classes.*class_order=\[\.\.\.\]"),
    "left-out": ({"class_order": ORDER[:3]}, Y, r"y\[\d+\] is .*'great'.*leaves out"),
    "twice": ({"class_order": [*ORDER, "fair"]}, Y, "class_order names 'fair' more than once"),
    "twice-object": (
        {"class_order": [*ORDER, "fair"]},
        Y.astype(object),
        "class_order names 'fair' more than once",
    ),
    "unequal": ({"class_order": [ORDER, ["x"]]}, Y, "class_order must be a list of the classes"),
    "empty": ({"class_order": []}, Y, "class_order must be a list of the classes"),
    "nested": ({"class_order": [ORDER]}, Y, "class_order must be a list of the classes"),
    "one-class": ({"class_order": ["fair"]}, ["fair"] * len(X), "at least 2 classes"),
    "multilabel": ({}, np.eye(len(X), dtype=int)[:, :3], "ranks one label per sample"),
    "sigmoid": ({"output_layer": "sigmoid"}, np.arange(len(X)) % 3, "is for loss='cross_ent"),
}


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize(("params", "y", "message"), BAD.values(), ids=BAD.keys())
def test_bad_orders(loss, params, y, message):
    with pytest.raises(ValueError, match=message):
        small(loss=loss, **params).fit(X, y)


def test_bad_orders_leave_the_model_alone():
    model = small(loss="ordinal", class_order=ORDER).fit(X, Y)
    before = model.predict_proba(X)
    with pytest.raises(ValueError, match=r"y\[0\] is 'awful'"):
        model.fit(X, np.array(["awful", *Y[1:]]))
    with pytest.raises(ValueError, match="none of the classes known"):
        model.partial_fit(X, np.array(["awful", *Y[1:]]))
    with pytest.raises(ValueError, match=r"classes\[1\] is 'awful', which class_order leaves out"):
        model.partial_fit(X, Y, classes=["fair", "awful"])
    np.testing.assert_array_equal(model.predict_proba(X), before)
