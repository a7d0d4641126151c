"""embeddings= and freeze_embeddings=: pretrained vectors, frozen and trained, and errors."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch
from contract.comparing import unchanged
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from sklstm import LSTMClassifier, LSTMRegressor, LSTMTagger, SequenceTokenizer, WordVectors
from sklstm._sequences.tokens import TokenArray, Vocabulary
from sklstm.nn import TokenEmbedding

TEXTS = ["good film", "bad film", "good cast", "bad cast", "a good one", "a bad one"] * 3
LABELS = [1, 0, 1, 0, 1, 0] * 3
X = SequenceTokenizer(token_pattern=r"\w+").fit_transform(TEXTS)
VECTORS = {
    word: np.random.default_rng(i).normal(size=5).astype(np.float32)
    for i, word in enumerate(X.vocabulary)
}


def lstm(**params):
    defaults = {"hidden_size": 4, "embeddings": VECTORS, "batch_size": 4, "random_state": 0}
    steady = {"lr_schedule": "constant", "learning_rate": 0.02}
    return LSTMClassifier(**(defaults | steady | params))


def table(model):
    """Return the vectors of a fitted model's words."""
    parts = [part for part in model.module_.modules() if isinstance(part, TokenEmbedding)]
    return parts[0].weight.numpy(force=True).copy()


def test_a_fitted_model_builds_its_network_again():
    built = lstm(max_epochs=1).fit(X, LABELS)._build_module()
    words = built.embedding.weight.numpy(force=True)
    assert words.shape == table(lstm(max_epochs=1).fit(X, LABELS)).shape


@pytest.fixture(scope="module")
def frozen():
    """Return a model whose vectors were frozen for three epochs."""
    return lstm(freeze_embeddings=True, max_epochs=3).fit(X, LABELS)


@pytest.mark.parametrize("number", [2, np.int64(2), np.uint8(2)])
def test_the_vectors_move_from_the_epoch_after(frozen, number):
    start = table(frozen)
    for word, row in X.vocabulary.items():
        np.testing.assert_array_equal(start[row], VECTORS[word])
    kept = lstm(freeze_embeddings=number, max_epochs=2).fit(X, LABELS)
    np.testing.assert_array_equal(table(kept), start)
    moved = lstm(freeze_embeddings=number, max_epochs=3).fit(X, LABELS)
    assert (table(moved)[4:] != start[4:]).any(axis=1).all()
    assert not table(moved)[0].any()


def test_the_first_epochs_are_those_of_frozen_vectors(frozen):
    curve = lstm(freeze_embeddings=2, max_epochs=3).fit(X, LABELS).loss_curve_
    assert curve[:2] == frozen.loss_curve_[:2]
    assert curve[2] != frozen.loss_curve_[2]


def test_freezing_for_one_epoch_is_not_freezing_permanently(frozen):
    start = table(frozen)
    for number in (1, np.int32(1)):
        assert (table(lstm(freeze_embeddings=number, max_epochs=2).fit(X, LABELS)) != start).any()
    for truth in (True, np.True_):
        kept = lstm(freeze_embeddings=truth, max_epochs=2).fit(X, LABELS)
        np.testing.assert_array_equal(table(kept), start)


@pytest.mark.parametrize("none", [0, np.False_])
def test_no_epoch_is_training_from_the_start(none):
    trained = lstm(freeze_embeddings=False, max_epochs=2).fit(X, LABELS)
    same = lstm(freeze_embeddings=none, max_epochs=2).fit(X, LABELS)
    assert same.loss_curve_ == trained.loss_curve_
    np.testing.assert_array_equal(table(same), table(trained))


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "sgd", "rmsprop"])
def test_frozen_vectors_do_not_decay(frozen, optimizer):
    params = {"weight_decay": 0.5, "optimizer": optimizer, "learning_rate": 1e-3}
    kept = lstm(freeze_embeddings=2, max_epochs=2, **params).fit(X, LABELS)
    np.testing.assert_array_equal(table(kept), table(frozen))
    moved = lstm(freeze_embeddings=2, max_epochs=3, **params).fit(X, LABELS)
    assert (table(moved) != table(frozen)).any()
    begun = lstm(freeze_embeddings=1, **params).partial_fit(X, LABELS).partial_fit(X, LABELS)
    assert (table(begun) != table(frozen)).any()


def test_every_estimator_has_it(frozen):
    numbers = np.linspace(0, 1, len(X))
    params = {"embeddings": VECTORS, "batch_size": 4, "random_state": 0, "freeze_embeddings": 1}
    for max_epochs in (1, 2):
        same = max_epochs == 1
        regressor = LSTMRegressor(4, max_epochs=max_epochs, **params).fit(X, numbers)
        assert (table(regressor) == table(frozen)).all() == same


def test_characters_are_trained_all_along():
    tokens = SequenceTokenizer(token_pattern=r"\w+", characters=6).fit_transform(TEXTS)
    tags = [[0] * len(steps) for steps in tokens]
    tags[0] = [1] * len(tags[0])

    def tagger(max_epochs):
        model = LSTMTagger(
            4, embeddings=VECTORS, freeze_embeddings=2, max_epochs=max_epochs, random_state=0
        )
        return model.fit(tokens, tags)

    first, second, third = (tagger(n) for n in (1, 2, 3))
    np.testing.assert_array_equal(table(first), table(second))
    assert (table(second) != table(third)).any()
    spelled = [m.module_.embedding.characters.weight for m in (first, second)]
    assert not torch.equal(*spelled)


def test_early_stopping_restores_weights_from_a_frozen_epoch(frozen):
    y = np.random.default_rng(0).permutation(LABELS)  # nothing to learn: the first epoch is best
    params = {"early_stopping": True, "n_iter_no_change": 2, "learning_rate": 0.3}
    params |= {"embedding_dropout": 0.1, "rare_word_dropout": 0.0}
    model = lstm(freeze_embeddings=1, max_epochs=20, **params)
    model.fit(X, y, X_val=X, y_val=1 - y)
    assert model.best_epoch_ == 1
    assert model.n_iter_ == 3
    np.testing.assert_array_equal(table(model), table(frozen))


@pytest.mark.parametrize("cuts", [(1, 1, 1), (2, 1)])
def test_warm_starts_count_epochs_on(frozen, cuts):
    model = lstm(freeze_embeddings=2, warm_start=True)
    for max_epochs in cuts:
        before = model.n_iter_ if hasattr(model, "n_iter_") else 0
        if before == 2:
            np.testing.assert_array_equal(table(model), table(frozen))
        model.set_params(max_epochs=max_epochs).fit(X, LABELS)
    assert model.n_iter_ == 3
    assert (table(model)[4:] != table(frozen)[4:]).any(axis=1).all()


def test_partial_fits_count_epochs_on(frozen):
    model = lstm(freeze_embeddings=2)
    for n in (1, 2):
        model.partial_fit(X, LABELS)
        assert model.n_iter_ == n
        np.testing.assert_array_equal(table(model), table(frozen))
    model = pickle.loads(pickle.dumps(model)).partial_fit(X, LABELS)
    assert (table(model) != table(frozen)).any()


def test_a_new_fit_counts_from_the_start(frozen):
    model = lstm(freeze_embeddings=2, max_epochs=3).fit(X, LABELS).set_params(max_epochs=2)
    np.testing.assert_array_equal(table(model.fit(X, LABELS)), table(frozen))


def test_what_is_set_later_holds_from_then_on(frozen):
    model = lstm(freeze_embeddings=True, max_epochs=1, warm_start=True).fit(X, LABELS)
    model.set_params(freeze_embeddings=False).fit(X, LABELS)
    moved = table(model)
    assert (moved != table(frozen)).any()
    model.set_params(freeze_embeddings=True).fit(X, LABELS)
    np.testing.assert_array_equal(table(model), moved)


def test_optimizer_averages_from_before_a_freeze_are_dropped():
    model = lstm(freeze_embeddings=False).partial_fit(X, LABELS)
    model.set_params(freeze_embeddings=True).partial_fit(X, LABELS)
    still = table(model)
    model.set_params(freeze_embeddings=False)
    unused = X[:1]  # its first step would move the vectors of other words by stale averages
    model.partial_fit(unused, LABELS[:1], classes=[0, 1])
    absent = sorted(set(X.vocabulary.values()) - set(unused[0].tolist()))
    np.testing.assert_array_equal(table(model)[absent], still[absent])


def test_a_frozen_layer_of_a_users_own_stays_frozen():
    class Own(LSTMClassifier):
        def _build_module(self):
            module = super()._build_module()
            module.embedding.weight.requires_grad_(False)
            return module

    model = Own(4, embeddings=VECTORS, max_epochs=1, random_state=0, warm_start=True)
    start = table(model.fit(X, LABELS))
    np.testing.assert_array_equal(table(model.fit(X, LABELS)), start)


def test_summary_counts_what_is_trained(capsys):
    n_numbers = table(lstm(max_epochs=1).fit(X, LABELS)).size
    trained = lstm(freeze_embeddings=1, max_epochs=2).fit(X, LABELS)
    frozen = lstm(freeze_embeddings=2, max_epochs=2).fit(X, LABELS)

    def counts(model):
        model.summary()
        line = capsys.readouterr().out.split("trained parameters: ")[1].split("\n")[0]
        return int(line.replace(",", ""))

    assert counts(trained) - counts(frozen) == n_numbers


def test_grid_search_distinguishes_true_from_one():
    grid = {"lstmclassifier__freeze_embeddings": [False, 1, True]}
    pipeline = make_pipeline(SequenceTokenizer(token_pattern=r"\w+"), lstm(max_epochs=2))
    search = GridSearchCV(pipeline, grid, cv=2, refit=False).fit(TEXTS, LABELS)
    given = [params["lstmclassifier__freeze_embeddings"] for params in search.cv_results_["params"]]
    assert [type(value) for value in given] == [bool, int, bool]
    assert clone(lstm(freeze_embeddings=1)).freeze_embeddings is not True


# Errors


WORDS = Vocabulary(["good", "bad", "film"])
TOKENS = TokenArray([[4, 6], [5], [4], [6, 5], [4, 4], [5, 1]], WORDS)
Y = np.array([1, 0] * 3)


def plain(**params):
    params = {"hidden_size": 3, "embedding_dim": 3, "max_epochs": 2, "random_state": 0} | params
    return LSTMClassifier(**params)


BAD_EMBEDDINGS = {
    "rows": (np.ones((3, 5)), ValueError, r"shape \(3, 5\), but 7 token ids need.*\(7, embed"),
    "vector": (np.ones(7), ValueError, r"shape \(7,\), but 7 token ids"),
    "nan": (np.full((7, 2), np.nan), ValueError, "NaN or infinity, in vector 0"),
    "lengths": ({"good": [1.0], "bad": [1.0, 2.0]}, ValueError, "vectors of different lengths"),
    "numbers": ({"good": 1.0, "bad": 2.0}, ValueError, "map each word to a 1-D vector"),
    "infinity": (
        {"good": [1.0], "bad": [np.inf]},
        ValueError,
        "NaN or infinity, in the vector of 'bad'",
    ),
    "no-word": (
        {"Good": [1.0]},
        ValueError,
        "no word in common with the vocabulary of 3 words",
    ),
    "object": (object(), TypeError, "embeddings is a object; accepted are the path of a file"),
    "name": ("glove", FileNotFoundError, "there is no file of word vectors at 'glove'"),
    "unfitted": (
        WordVectors(),
        NotFittedError,
        r"embeddings=WordVectors\(\) has no vectors yet.* embeddings=WordVectors\(\).fit\(texts\)",
    ),
    "no numbers": (np.ones((7, 0)), ValueError, "vectors of length 0; at least one dimension"),
    "no numbers by word": ({"good": [], "bad": []}, ValueError, "vectors of length 0"),
    "text": ({"good": ["a"]}, ValueError, "hold other values than numbers"),
}


@pytest.mark.parametrize(
    ("embeddings", "error", "message"), BAD_EMBEDDINGS.values(), ids=BAD_EMBEDDINGS.keys()
)
def test_bad_embeddings(embeddings, error, message):
    estimator = plain().fit(TOKENS, Y)
    with unchanged(estimator, TOKENS):
        estimator.set_params(embeddings=embeddings)
        with pytest.raises(error, match=message):
            estimator.fit(TOKENS, Y)
        estimator.set_params(embeddings=None)


def test_embeddings_by_word_need_words():
    with pytest.raises(ValueError, match="given by word, but X carries no vocabulary"):
        plain(embeddings={"good": [1.0]}, input_type="tokens").fit(list(map(np.asarray, TOKENS)), Y)


@pytest.mark.parametrize("freeze", [-1, 1.5, "first", None])
def test_bad_freeze_embeddings(freeze):
    estimator = plain().fit(TOKENS, Y)
    with unchanged(estimator, TOKENS):
        estimator.set_params(freeze_embeddings=freeze)
        with pytest.raises(ValueError, match="'freeze_embeddings' parameter of LSTMCl"):
            estimator.fit(TOKENS, Y)
        estimator.set_params(freeze_embeddings=False)


def test_few_words_with_a_vector_are_warned_of(capsys):
    words = Vocabulary([f"w{i}" for i in range(40)])
    tokens = TokenArray([[i, i + 1] for i in range(4, 43)], words)
    y = np.arange(39) % 2
    few = {f"w{i}": [1.0, float(i)] for i in range(4)}
    model = plain(embeddings={w: few[w] for w in ("w0", "w1", "w2")}, max_epochs=1)
    message = "for only 3 of the 40 words.* none for 'w3', 'w4'"
    with pytest.warns(UserWarning, match=message) as caught:
        model.fit(tokens, y)
    assert caught[0].filename == __file__
    assert model.embedding_coverage_ == 0.075
    assert not capsys.readouterr().out
    plain(embeddings=few, max_epochs=1).fit(tokens, y)  # no warning: one word in ten is enough
