"""Rows without a label, as users of LSTMClassifier meet them."""

import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.ensemble import BaggingClassifier
from sklearn.metrics import accuracy_score
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_validate
from sklearn.pipeline import make_pipeline
from skorch.callbacks import Callback

from sklstm import LSTMClassifier, SemiSupervisedSplit, SequenceTokenizer

SMALL = {"hidden_size": 4, "embedding_dim": 4, "max_epochs": 2, "random_state": 0}
OFF = {"virtual_adversarial_weight": 0, "entropy_weight": 0, "class_prior_weight": 0}


def topics(n, n_labelled, seed=0, n_words=40, length=8):
    """Return texts of the words of a topic, most of them, and their topics, few of them known.

    The labelled texts hold a part of the words only; which others go with them is in the rest.
    """
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    own = np.where(rng.random((n, length)) < 0.85, y[:, None], 1 - y[:, None])
    words = rng.integers(n_words, size=(n, length))
    texts = [
        " ".join(f"w{a}_{b}" for a, b in zip(*row, strict=True))
        for row in zip(own, words, strict=True)
    ]
    given = y.copy()
    given[n_labelled:] = -1
    return texts, y, given


TEXTS, Y, GIVEN = topics(60, 20)
X = SequenceTokenizer().fit_transform(TEXTS)
SERIES = np.random.default_rng(0).normal(size=(60, 5, 2)) + Y[:, None, None]


def weights_of(model):
    return {name: value.numpy() for name, value in model.module_.state_dict().items()}


def assert_same_weights(one, other):
    one, other = weights_of(one), weights_of(other)
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)


@pytest.mark.parametrize("n_labelled", [6])
def test_unlabelled_rows_help(n_labelled):
    scores = []
    for seed in range(2):
        texts, y, given = topics(400, n_labelled, seed)
        tokens = SequenceTokenizer().fit_transform(texts)
        options = {
            "hidden_size": 8,
            "embedding_dim": 16,
            "linear_path": False,
            "random_state": seed,
        }
        semi = LSTMClassifier(unlabeled_label=-1, max_epochs=20, **options).fit(tokens, given)
        alone = LSTMClassifier(max_epochs=100, **options).fit(tokens[:n_labelled], y[:n_labelled])
        scores.append([m.score(tokens[n_labelled:], y[n_labelled:]) for m in (semi, alone)])
        first, last = semi.history_[0], semi.history_[-1]
        assert last["train_entropy"] < first["train_entropy"]
        assert first["train_divergence"] > 0
    semi, alone = np.min(scores, axis=0)[0], np.max(scores, axis=0)[1]
    assert semi > 0.88
    assert alone < 0.83


@pytest.mark.parametrize("data", [X, SERIES], ids=["tokens", "series"])
@pytest.mark.parametrize("early_stopping", [False, True])
def test_without_weights_unlabelled_rows_change_nothing(data, early_stopping):
    """Bit for bit: the order, the held-out part, the masks and the linear path stay the same."""
    options = {**SMALL, "early_stopping": early_stopping}
    rows = np.random.default_rng(1).permutation(60)
    semi = LSTMClassifier(**options, **OFF, unlabeled_label=-1).fit(data[rows], GIVEN[rows])
    known = rows[GIVEN[rows] != -1]
    alone = LSTMClassifier(**options).fit(data[known], Y[known])
    assert_same_weights(semi, alone)
    assert semi.path_weights_ == alone.path_weights_
    losses = [[row[k] for row in m.history_ for k in row if "loss" in k] for m in (semi, alone)]
    assert losses[0] == losses[1]


@pytest.mark.parametrize("data", [X, SERIES], ids=["tokens", "series"])
def test_without_unlabelled_rows_nothing_changes(data):
    marked = LSTMClassifier(**SMALL, unlabeled_label=-1).fit(data, Y)
    assert_same_weights(marked, LSTMClassifier(**SMALL).fit(data, Y))
    assert marked.virtual_adversarial_weight_ == 0.0
    assert "train_divergence" not in marked.history_[0]


@pytest.mark.parametrize("data", [X, SERIES], ids=["tokens", "series"])
@pytest.mark.parametrize(
    "params",
    [{"virtual_adversarial_weight": 0.5}, {"entropy_weight": 0.5}, {"class_prior_weight": 1}],
)
def test_each_term_changes_the_weights(data, params):
    model = LSTMClassifier(**SMALL, unlabeled_label=-1, **{**OFF, **params}).fit(data, GIVEN)
    off = LSTMClassifier(**SMALL, unlabeled_label=-1, **OFF).fit(data, GIVEN)
    assert (
        not np.array_equal(
            model.module_.output.linear.weight.detach(), off.module_.output.linear.weight.detach()
        )
        if hasattr(model.module_.output, "linear")
        else any(
            not np.array_equal(a, b)
            for a, b in zip(weights_of(model).values(), weights_of(off).values(), strict=True)
        )
    )
    again = LSTMClassifier(**SMALL, unlabeled_label=-1, **{**OFF, **params}).fit(data, GIVEN)
    assert_same_weights(model, again)


@pytest.mark.parametrize("data", [X, SERIES], ids=["tokens", "series"])
@pytest.mark.parametrize(
    "y", [Y, np.arange(60) % 3, np.stack([Y, 1 - Y, np.arange(60) % 2], axis=1)]
)
def test_virtual_adversarial_training_with_all_labels(data, y):
    model = LSTMClassifier(**SMALL, virtual_adversarial_weight=1.0, output_layer="auto").fit(
        data, y
    )
    alone = LSTMClassifier(**SMALL, output_layer="auto").fit(data, y)
    assert model.history_[0]["train_divergence"] > 0
    assert "train_entropy" not in model.history_[0]
    assert model.history_[-1]["train_loss"] != alone.history_[-1]["train_loss"]


@pytest.mark.parametrize("loss", ["cross_entropy", "ordinal", "distance_weighted"])
@pytest.mark.parametrize("output_layer", ["auto", "softmax"])
def test_losses(loss, output_layer):
    y = np.arange(60) % 3
    y[20:] = -1
    model = LSTMClassifier(**SMALL, loss=loss, output_layer=output_layer, unlabeled_label=-1)
    model.fit(X, y)
    assert model.classes_.tolist() == [0, 1, 2]
    assert model.predict_proba(X).shape == (60, 3)
    assert {"train_divergence", "train_entropy"} <= model.history_[0].keys()


def test_two_outputs_for_two_classes():
    model = LSTMClassifier(**SMALL, output_layer="softmax", unlabeled_label=-1).fit(X, GIVEN)
    assert model.predict_proba(X).shape == (60, 2)


@pytest.mark.parametrize(
    ("y", "mark"),
    [
        (np.where(GIVEN < 0, "unlabeled", np.where(GIVEN == 1, "pos", "neg")), "unlabeled"),
        ([{0: "neg", 1: "pos", -1: -1}[label] for label in GIVEN.tolist()], -1),
        (np.array([{0: "neg", 1: "pos", -1: -1}[v] for v in GIVEN.tolist()], dtype=object), -1),
        ([{0: 0, 1: 1, -1: "?"}[label] for label in GIVEN.tolist()], "?"),
        (pd.Series(GIVEN, index=np.arange(60)[::-1]), -1),
        (pd.Series(GIVEN.astype(float)), -1),
        (pd.Categorical(GIVEN), -1),
        (
            pd.Series(np.where(GIVEN < 0, "?", np.where(GIVEN == 1, "b", "a")), dtype="category"),
            "?",
        ),
        (GIVEN[:, None].ravel().tolist(), np.int64(-1)),
    ],
    ids=[
        "str",
        "list",
        "object",
        "numbers",
        "Series",
        "floats",
        "Categorical",
        "category",
        "int64",
    ],
)
def test_forms_of_y(y, mark):
    plain = LSTMClassifier(**SMALL, unlabeled_label=-1).fit(X, GIVEN)
    model = LSTMClassifier(**SMALL, unlabeled_label=mark).fit(X, y)
    assert len(model.classes_) == 2
    assert mark not in model.classes_.tolist()
    assert_same_weights(model, plain)


def test_categories_of_an_ordered_categorical():
    levels = ["?", "low", "middle", "high"]
    y = np.array(["low", "middle", "high"])[np.arange(60) % 3]
    y[20:] = "?"
    y = pd.Categorical(y, categories=levels, ordered=True)
    model = LSTMClassifier(**SMALL, loss="ordinal", unlabeled_label="?").fit(X, y)
    assert model.classes_.tolist() == ["high", "low", "middle"]


def test_numpy_strings_that_were_numbers_are_explained():
    y = np.array(["neg", "pos", -1, "pos"])
    with pytest.raises(ValueError, match=r"y\[2\]='-1' among them: numpy makes strings"):
        LSTMClassifier(unlabeled_label=-1).fit(X[:4], y)


def test_class_weights_and_frequencies_are_those_of_labelled_rows():
    given = GIVEN.copy()
    given[2:12:2] = -1  # fewer of class 0
    options = {**SMALL, **OFF, "class_weight": "balanced"}
    semi = LSTMClassifier(**options, unlabeled_label=-1).fit(X, given)
    known = given >= 0
    assert_same_weights(semi, LSTMClassifier(**options).fit(X[known], given[known]))


def test_weights_of_samples():
    """A weight of 0 leaves a row out; those of labelled rows count as without the others."""
    weights = np.random.default_rng(0).uniform(0.5, 2.0, size=60)
    weights[40:] = 0.0
    one = LSTMClassifier(**SMALL, unlabeled_label=-1).fit(X, GIVEN, weights)
    other = LSTMClassifier(**SMALL, unlabeled_label=-1).fit(X[:40], GIVEN[:40], weights[:40])
    assert_same_weights(one, other)
    scaled = LSTMClassifier(**SMALL, unlabeled_label=-1).fit(X, GIVEN, 4.0 * weights)
    assert_same_weights(one, scaled)
    weights[20:] = 0.0
    alone = LSTMClassifier(**SMALL).fit(X[:20], Y[:20], weights[:20])
    assert_same_weights(LSTMClassifier(**SMALL, unlabeled_label=-1).fit(X, GIVEN, weights), alone)


def test_empty_texts_among_unlabelled_rows():
    ids = SequenceTokenizer().fit([" ".join(TEXTS)])
    with pytest.warns(UserWarning, match="1 of 61 texts have no word"):
        tokens = ids.transform([*TEXTS, ""])
    semi = LSTMClassifier(**SMALL, unlabeled_label=-1).fit(tokens, [*GIVEN.tolist(), -1])
    assert np.isfinite(semi.history_[-1]["train_divergence"])


def test_early_stopping_watches_labelled_rows():
    seen = []

    class Watch(Callback):
        def on_epoch_end(self, net, dataset_train=None, dataset_valid=None, **kwargs):
            seen.append((len(dataset_train), len(dataset_valid), set(dataset_train.y.tolist())))

    options = {**SMALL, "early_stopping": True, "validation_fraction": 0.25}
    model = LSTMClassifier(**options, unlabeled_label=-1, callbacks=[Watch()]).fit(X, GIVEN)
    assert seen[0] == (15, 5, {0, 1})
    assert {"valid_loss", "valid_score"} <= model.history_[0].keys()


def test_groups_are_held_out_with_their_unlabelled_rows():
    groups = np.arange(60) % 5
    kept = []

    class Spy(LSTMClassifier):
        def _unsupervised_terms(self, data):
            kept.append((set(data.groups), set(data.unlabelled.groups)))
            return super()._unsupervised_terms(data)

    Spy(**SMALL, early_stopping=True, unlabeled_label=-1).fit(X, GIVEN, groups=groups)
    assert kept[0][0] == kept[0][1]
    assert len(kept[0][0]) == 4


def test_validation_data_with_labels():
    model = LSTMClassifier(**SMALL, unlabeled_label=-1)
    model.fit(X[:50], GIVEN[:50], X_val=X[50:], y_val=Y[50:])
    assert "valid_loss" in model.history_[0]


def test_continued_training():
    model = LSTMClassifier(**SMALL, unlabeled_label=-1, warm_start=True).fit(X, GIVEN)
    model.fit(X[:40], GIVEN[:40])
    assert model.n_iter_ == 4
    parts = LSTMClassifier(**SMALL, unlabeled_label=-1)
    rows = np.random.default_rng(0).permutation(60)
    for part in (rows[:30], rows[30:]):
        parts.partial_fit(X[part], GIVEN[part], classes=[0, 1])
    assert parts.n_iter_ == 2
    assert parts.classes_.tolist() == [0, 1]
    assert "train_entropy" in parts.history_[1]
    parts.partial_fit(X[:2], GIVEN[:2])  # with no unlabelled row, and the linear path of `fit`
    model.set_params(warm_start=False).fit(X, GIVEN).partial_fit(X, GIVEN)
    assert np.isfinite(model.history_[-1]["train_divergence"])


def test_fitted_models_are_copied():
    model = LSTMClassifier(**SMALL, unlabeled_label=-1).fit(X, GIVEN)
    back = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(back.predict_proba(X), model.predict_proba(X))
    assert clone(model).get_params() == model.get_params()


def test_summary_says_what_auto_became(capsys):
    model = LSTMClassifier(**SMALL, unlabeled_label=-1).fit(X, GIVEN)
    model.summary()
    assert "virtual_adversarial_weight=1.0" in capsys.readouterr().out
    LSTMClassifier(**SMALL).fit(X, Y).summary()
    assert "virtual_adversarial" not in capsys.readouterr().out


def test_callbacks_see_labelled_rows():
    found = []

    class Ask(Callback):
        def on_train_end(self, net, X=None, y=None, **kwargs):
            found.append((net.score(X, X.y), accuracy_score(X.y, net.predict(X.X)), len(X)))

    LSTMClassifier(**SMALL, unlabeled_label=-1, callbacks=[Ask()], linear_path=False).fit(X, GIVEN)
    assert found[0][0] == found[0][1]
    assert found[0][2] == 20


# Model selection


def test_cross_validation_scores_labelled_rows():
    model = make_pipeline(SequenceTokenizer(), LSTMClassifier(**SMALL, unlabeled_label=-1))
    cv = SemiSupervisedSplit(3)
    found = cross_validate(model, TEXTS, GIVEN, cv=cv, return_indices=True, return_estimator=True)
    assert np.isfinite(found["test_score"]).all()
    tested = np.concatenate(found["indices"]["test"])
    assert sorted(tested) == list(range(20))
    for train, one in zip(found["indices"]["train"], found["estimator"], strict=True):
        assert set(range(20, 60)) <= set(train)
        assert "train_entropy" in one[-1].history_[0]
    search = GridSearchCV(model, {"lstmclassifier__entropy_weight": [0.0, 1.0]}, cv=cv)
    search.fit(TEXTS, GIVEN)
    assert search.best_estimator_[-1].classes_.tolist() == [0, 1]
    groups = np.arange(60) // 2 % 4
    by_group = SemiSupervisedSplit(GroupKFold(2))
    assert len(cross_validate(model, TEXTS, GIVEN, cv=by_group, groups=groups)["test_score"]) == 2


# Bad input


@pytest.mark.parametrize(
    ("params", "y", "message"),
    [
        ({}, np.full(60, -1), "y holds no label: all 60 rows are -1, the unlabeled_label"),
        ({}, np.where(Y == 0, 0, -1), "samples of at least 2 classes in y; got 1 class: 0"),
        ({}, np.eye(2)[Y], r"y has shape \(60, 2\); for several labels of each row set"),
        (
            {"loss": "ordinal", "class_order": [0, 1, 2]},
            GIVEN,
            "class 2 is known from class_order or the categories of y, but no labelled row",
        ),
        (
            {"loss": "ordinal", "class_order": [-1, 0, 1]},
            GIVEN,
            r"class_order\[0\] is -1, the unlabeled_label, which is no class",
        ),
        ({"stateful": True, "bidirectional": False}, GIVEN, r"y\[20\] is -1.*stateful=True"),
        ({"bptt_length": 4, "bidirectional": False}, GIVEN, "bptt_length=4 reads sequences in"),
        ({}, [*GIVEN[:30].tolist(), None, *GIVEN[31:].tolist()], r"y\[30\] is None"),
        ({}, [*GIVEN[:30].tolist(), "a", *GIVEN[31:].tolist()], r"y\[30\] is 'a', but other"),
    ],
)
def test_bad_labels(params, y, message):
    model = LSTMClassifier(**SMALL, unlabeled_label=-1).fit(X, GIVEN)
    before = weights_of(model)
    with pytest.raises(ValueError, match=message):
        model.set_params(**params).fit(X, y)
    for name, value in weights_of(model).items():
        np.testing.assert_array_equal(value, before[name])


@pytest.mark.parametrize("mark", [np.nan, True, [1], np.inf])
def test_bad_marks(mark):
    with pytest.raises(ValueError, match="unlabeled_label"):
        LSTMClassifier(unlabeled_label=mark).fit(X, GIVEN)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("virtual_adversarial_weight", -1),
        ("virtual_adversarial_weight", "on"),
        ("virtual_adversarial_norm", 0),
        ("entropy_weight", -0.1),
        ("class_prior_weight", None),
    ],
)
def test_bad_weights(name, value):
    with pytest.raises(ValueError, match=f"'{name}' parameter of LSTMClassifier"):
        LSTMClassifier(**{name: value}).fit(X, Y)


def test_weights_are_not_those_of_labelled_rows_alone():
    with pytest.raises(ValueError, match="leave no sample a weight above 0"):
        LSTMClassifier(**SMALL, unlabeled_label=-1).fit(X, GIVEN, (GIVEN < 0).astype(float))


def test_labels_are_needed_where_they_are_scored():
    model = LSTMClassifier(**SMALL, unlabeled_label=-1)
    with pytest.raises(ValueError, match=r"y_val\[5\] is -1, the unlabeled_label, but validation"):
        model.fit(X, GIVEN, X_val=X[15:], y_val=GIVEN[15:])
    model.fit(X, GIVEN)
    with pytest.raises(ValueError, match=r"y\[20\] is -1, the unlabeled_label, but a score needs"):
        model.score(X, GIVEN)


def test_parts_without_labels():
    model = LSTMClassifier(**SMALL, unlabeled_label=-1)
    with pytest.raises(ValueError, match=r"classes\[0\] is -1, the unlabeled_label"):
        model.partial_fit(X, GIVEN, classes=[-1, 0, 1])
    model.partial_fit(X, GIVEN, classes=[0, 1])
    with pytest.raises(ValueError, match="y holds no label: all 40 rows"):
        model.partial_fit(X[20:], GIVEN[20:])
    assert model.n_iter_ == 1


class Own(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.output = torch.nn.Linear(1, 1)

    def forward(self, inputs, lengths):
        return self.output(inputs.float().mean(dim=(1, 2))[:, None])


class OwnNetwork(LSTMClassifier):
    def _build_module(self):
        return Own()


def test_a_network_of_the_users_own():
    message = r"virtual_adversarial_weight=1.0, entropy_weight=0.3, .* in the.*returned a Own"
    with pytest.raises(ValueError, match=message):
        OwnNetwork(**SMALL, unlabeled_label=-1).fit(X, GIVEN)
    with pytest.raises(ValueError, match="returned a Own"):
        OwnNetwork(**SMALL, virtual_adversarial_weight=1.0).fit(X, Y)
    model = OwnNetwork(**SMALL, **OFF, unlabeled_label=-1).fit(X, GIVEN)
    assert_same_weights(model, OwnNetwork(**SMALL).fit(X[:20], Y[:20]))


@pytest.mark.parametrize("params", [{"stateful": True}, {"bptt_length": 4}])
def test_virtual_adversarial_training_reads_whole_sequences(params):
    model = LSTMClassifier(**SMALL, **params, bidirectional=False, virtual_adversarial_weight=1.0)
    with pytest.raises(
        ValueError, match=r"virtual_adversarial_weight=1.0 in the loss.*whole sequences"
    ):
        model.fit(X, Y)


def test_a_meta_estimator_that_encodes_labels_makes_a_class_of_them():
    """Which is why the guide advises against it."""
    model = BaggingClassifier(LSTMClassifier(**SMALL, unlabeled_label=-1), n_estimators=1)
    assert model.fit(SERIES.reshape(60, -1), GIVEN).classes_.tolist() == [-1, 0, 1]
