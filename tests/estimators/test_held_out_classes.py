"""Early stopping holds out no class whole."""

import numpy as np
import pytest
from contract.comparing import unchanged
from sklearn.model_selection import GroupShuffleSplit, ShuffleSplit, StratifiedShuffleSplit

from sklstm import LSTMClassifier, LSTMTagger
from sklstm._estimators import base

RNG = np.random.default_rng(0)
X = [RNG.normal(size=RNG.integers(1, 4)) for _ in range(21)]
LONE = np.array([0] * 7 + [1] + [0] * 13)
SEEDS = range(12)


@pytest.fixture
def splits(monkeypatch):
    """Return the list of splits that fits draw."""
    found, split = [], base.holdout_split

    def noted(*args, **kwargs):
        found.append(split(*args, **kwargs))
        return found[-1]

    monkeypatch.setattr(base, "holdout_split", noted)
    return found


def small(kind=LSTMClassifier, **params):
    defaults = {"hidden_size": 2, "max_epochs": 1, "random_state": 0, "early_stopping": True}
    return kind(**defaults | {"validation_fraction": 0.3} | params)


def test_fault_03_the_only_sample_of_a_class_stays_in_training(splits):
    for seed in SEEDS:
        small(random_state=seed).fit(X, LONE)
        train, held_out = splits[-1]
        assert sorted([*train, *held_out]) == list(range(21))
        assert len(held_out) == 6
        assert 7 in train


def test_fault_03_the_others_are_held_out_in_proportion():
    strata = np.array([0] * 40 + [1] * 20 + [2])
    rows = np.arange(61)
    for seed in range(40):
        train, held_out = base.holdout_split(
            61, 0.2, strategy="auto", strata=strata, groups=None, seed=seed
        )
        before = next(ShuffleSplit(1, test_size=12, random_state=seed).split(rows))
        if 60 in before[0]:  # nothing to mend
            np.testing.assert_array_equal(train, before[0])
            np.testing.assert_array_equal(held_out, before[1])
        else:
            assert np.bincount(strata[held_out], minlength=3).tolist() == [8, 4, 0]
            assert sorted([*train, *held_out]) == rows.tolist()


def test_fault_03_other_draws_are_what_they_were():
    strata, groups = np.repeat([0, 1, 2], [40, 30, 10]), np.arange(80) % 16
    rows = np.arange(80)
    for seed in SEEDS:
        options = {"strategy": "auto", "seed": seed}
        for given, expected in [
            ({"strata": strata, "groups": None},
             StratifiedShuffleSplit(1, test_size=16, random_state=seed).split(rows, strata)),
            ({"strata": strata, "groups": groups},
             GroupShuffleSplit(1, test_size=0.2, random_state=seed).split(rows, groups=groups)),
            ({"strata": None, "groups": None},
             ShuffleSplit(1, test_size=16, random_state=seed).split(rows)),
        ]:  # fmt: skip
            found = base.holdout_split(80, 0.2, **options, **given)
            for part, before in zip(found, next(expected), strict=True):
                np.testing.assert_array_equal(part, before)


def test_fault_03_whole_groups_are_held_out_without_the_only_one_of_a_class(splits):
    groups = np.array(list("abcdefg"))[np.arange(21) // 3]
    for seed in SEEDS:
        small(random_state=seed).fit(X, LONE, groups=groups)
        train, held_out = splits[-1]
        assert 7 in train
        assert len(set(groups[held_out])) == 3
        assert not set(groups[train]) & set(groups[held_out])


def test_fault_03_a_group_is_left_to_train_on(splits):
    for fraction in (0.6, 0.99):
        small(validation_fraction=fraction).fit(X[:20], [0, 1] * 10, groups=["g"] * 10 + ["h"] * 10)
        assert [len(part) for part in splits[-1]] == [10, 10]


def test_fault_03_a_large_part_leaves_each_class_a_sample(splits):
    y = np.repeat(["a", "b"], [18, 3])
    for strategy in ("stratified", "auto"):
        for seed in SEEDS:
            params = {"validation_fraction": 0.9, "validation_strategy": strategy}
            small(random_state=seed, **params).fit(X, y)
            assert set(y[splits[-1][0]]) == {"a", "b"}


def test_fault_03_a_label_of_several_stays_in_training(splits):
    y = np.zeros((21, 3), int)
    y[::2, 0], y[1::2, 1] = 1, 1
    y[5, 2] = y[5, 0] = 1
    for seed in SEEDS:
        small(random_state=seed).fit(X, y)
        assert 5 in splits[-1][0]


def test_fault_03_a_rare_tag_stays_in_training(splits):
    y = [np.where(x > 0, "a", "b").astype(object) for x in X]
    y[20][-1] = "c"
    for seed in SEEDS:
        small(LSTMTagger, random_state=seed).fit(X, y)
        assert 20 in splits[-1][0]


def test_fault_03_samples_without_weight_do_not_count(splits):
    y, weights = np.arange(21) % 2, np.ones(21)
    weights[y == 1] = 0
    weights[3] = 1
    for seed in SEEDS:
        small(random_state=seed).fit(X, y, sample_weight=weights)
        assert 3 in splits[-1][0]


REFUSED = {
    "last": (["a"] * 19 + ["b"] * 2, {"validation_strategy": "last"}, None, "of class 'b'"),
    "last-ordinal": (
        ["low"] * 10 + ["mid"] * 8 + ["high"] * 3,
        {"validation_strategy": "last", "loss": "ordinal", "class_order": ["low", "mid", "high"]},
        None,
        "of class 'high'",
    ),
    "last-multilabel": (
        [[1, 0], [1, 1], [0, 0]] * 5 + [[1, 0], [0, 1], [1, 1], [0, 0], [0, 1], [1, 0]],
        {"validation_strategy": "last", "validation_fraction": 0.95},
        None,
        "without label 0",
    ),
    "stratified": (
        ["a"] * 20 + ["b"],
        {"validation_strategy": "stratified"},
        None,
        "there is 1 of class 'b'",
    ),
    "each-its-own": (list("abcdefghijkl"), {}, None, "only one is of class 'a'"),
    "groups-of-a-class": (["a"] * 10 + ["b"] * 11, {}, [0] * 10 + [1] * 11, "of class '[ab]'"),
    "one-group": (LONE, {}, ["g"] * 21, "all samples are of one group"),
    "no-group": (LONE, {}, ["g", np.nan, "h"] * 7, r"groups\[1\] is nan"),
}


@pytest.mark.parametrize(("y", "params", "groups", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_fault_03_what_cannot_be_held_out_is_named(y, params, groups, message):
    model = small(early_stopping=False).fit(X, LONE)
    with unchanged(model, X):
        model.set_params(early_stopping=True, **params)
        with pytest.raises(ValueError, match=message):
            model.fit(X[: len(y)], y, groups=groups)
        model.set_params(**small(early_stopping=False).get_params())


def test_fault_03_a_tag_of_the_last_sequences_is_named():
    y = [np.where(x > 0, "a", "b").astype(object) for x in X]
    y[20][-1] = "c"
    with pytest.raises(ValueError, match="with a step of class 'c'"):
        small(LSTMTagger, validation_strategy="last").fit(X, y)


def test_fault_03_few_samples_are_split_if_a_class_can_spare_one(splits):
    small().fit(X[:3], [0, 1, 0])
    assert {0, 2} > set(splits[-1][1])
    with pytest.raises(ValueError, match="only one is of class 0"):
        small().fit(X[:2], [0, 1])
