"""Rare words train the vector of unknown words, and empty texts do not."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch
from sklearn.pipeline import make_pipeline

import sklstm._estimators.base as base
from sklstm import LSTMClassifier, LSTMRegressor, LSTMTagger, SequenceTokenizer
from sklstm._sequences.tokens import UNKNOWN_ID, TokenArray, Vocabulary
from sklstm.nn import CharacterConvolution, TokenEmbedding

TEXTS = ["a good film", "a bad film", "a good cast", "bad cast, bad film"] * 4
LABELS = np.array([1, 0, 1, 0] * 4)
SMALL = {"hidden_size": 4, "embedding_dim": 3, "batch_size": 8, "max_epochs": 2, "random_state": 0}
EMPTY = np.empty(0, dtype=np.int32)


def part_of(model, kind):
    return next(part for part in model.module_.modules() if isinstance(part, kind))


def unknown(model, kind=TokenEmbedding):
    return part_of(model, kind).weight[UNKNOWN_ID].detach().numpy()


def with_empty(tokens, n):
    return TokenArray([*tokens, *[EMPTY] * n], tokens.vocabulary)


@pytest.fixture
def counted(monkeypatch):
    """Return the counts that fits give to embeddings of words and to those of characters."""
    found = {TokenEmbedding: [], CharacterConvolution: []}
    for kind in found:

        def record(part, counts, kind=kind, set_counts=kind.set_counts):
            if counts is not None:
                found[kind].append(counts.tolist())
            set_counts(part, counts)

        monkeypatch.setattr(kind, "set_counts", record)
    return found


def occurrences(tokens):
    """Return how often each id of a word occurs, by brute force."""
    counts = [0] * tokens.vocabulary.n_ids
    for sequence in tokens:
        for i in np.ravel(sequence):
            counts[i] += i > 3
    return counts


def test_words_are_counted_in_what_is_trained_on(counted):
    tokens = SequenceTokenizer(add_start=True, add_end=True).fit_transform(TEXTS)
    LSTMClassifier(**SMALL).fit(tokens, LABELS)
    LSTMClassifier(**SMALL, input_type="tokens").fit([t.tolist() for t in tokens], LABELS)
    early = {"early_stopping": True, "validation_strategy": "last", "validation_fraction": 0.5}
    LSTMClassifier(**SMALL, **early).fit(tokens, LABELS)
    model = LSTMClassifier(**SMALL, warm_start=True).fit(tokens, LABELS)
    model.fit(tokens[:4], LABELS[:4])
    expected = [tokens, tokens, tokens[:8], tokens, tokens[:4]]
    assert counted[TokenEmbedding] == [occurrences(part) for part in expected]
    LSTMClassifier(**SMALL, rare_word_dropout=0).fit(tokens, LABELS)
    assert len(counted[TokenEmbedding]) == 5


def test_parts_of_the_data_are_counted_together(counted):
    tokens = SequenceTokenizer().fit_transform(TEXTS)
    model = LSTMClassifier(**SMALL)
    for part in (slice(0, 3), slice(3, 9), slice(9, None)):
        model = pickle.loads(pickle.dumps(model.partial_fit(tokens[part], LABELS[part], [0, 1])))
    ends = [tokens[:3], tokens[:9], tokens]
    assert counted[TokenEmbedding] == [occurrences(part) for part in ends]


def test_several_ids_a_step_are_counted_alike(counted):
    pairs = TokenArray([np.array([[4, 5], [4, 6]]), np.array([[6, 6]])] * 2, Vocabulary("abc"))
    LSTMClassifier(**SMALL).fit(pairs, [0, 1, 0, 1])
    assert counted[TokenEmbedding] == [[0, 0, 0, 0, 4, 2, 6]]


def test_characters_are_counted_in_the_different_words(counted):
    tokens = SequenceTokenizer(analyzer=list, characters=3).fit_transform([["ab", "b", "ab"]] * 5)
    model = LSTMTagger(**SMALL, char_filters=2, rare_word_dropout=1).fit(tokens, [[0, 1, 0]] * 5)
    assert counted[TokenEmbedding] == [[0, 0, 0, 0, 10, 5]]
    names = list(tokens.vocabulary.characters)
    assert dict(zip(names, counted[CharacterConvolution][0][4:], strict=True)) == {"a": 1, "b": 2}
    assert unknown(model, CharacterConvolution).any()
    plain = LSTMTagger(**SMALL, char_filters=2, rare_word_dropout=0).fit(tokens, [[0, 1, 0]] * 5)
    assert not unknown(plain, CharacterConvolution).any()


@pytest.mark.parametrize("kind", [LSTMClassifier, LSTMRegressor, LSTMTagger])
def test_rare_words_train_the_vector_of_unknown_words(kind):
    tokens = SequenceTokenizer().fit_transform(TEXTS)
    y = [np.arange(len(t)) % 2 for t in tokens] if kind is LSTMTagger else LABELS
    models = [
        kind(**SMALL | {"max_epochs": 6}, rare_word_dropout=a).fit(tokens, y) for a in (0.0, 1.0)
    ]
    assert np.abs(unknown(models[0])).max() <= 0.05  # as drawn
    assert (unknown(models[0]) != unknown(models[1])).all()
    # What only training needs is gone.
    assert part_of(models[1], TokenEmbedding).rare.counts is None
    assert abs(len(pickle.dumps(models[0])) - len(pickle.dumps(models[1]))) < 100


@pytest.mark.parametrize(("freeze", "moves"), [(True, False), (False, True), (1, True)])
def test_vectors_given_are_replaced_unless_frozen(freeze, moves):
    tokens = SequenceTokenizer().fit_transform(TEXTS)
    vectors = np.random.default_rng(0).normal(size=(tokens.vocabulary.n_ids, 3))
    params = {"embeddings": vectors, "freeze_embeddings": freeze}
    model = LSTMClassifier(**SMALL, **params).fit(tokens, LABELS)
    assert (unknown(model) != vectors[UNKNOWN_ID].astype(np.float32)).any() == moves


def test_the_labels_of_empty_texts_do_not_train_the_vector_of_unknown_words():
    tokens = with_empty(SequenceTokenizer().fit_transform(TEXTS), 4)
    fitted = [
        LSTMClassifier(**SMALL, rare_word_dropout=0.0).fit(tokens, [*LABELS, *[label] * 4])
        for label in (0, 1)
    ]
    np.testing.assert_array_equal(*map(unknown, fitted))
    ends = [part_of(model, TokenEmbedding).weight[3].detach() for model in fitted]
    assert not torch.equal(*ends)


def test_unknown_words_do_not_vote_for_the_class_of_a_few_empty_texts():
    rng = np.random.default_rng(0)
    fillers = iter(rng.permutation(10_000))
    texts, labels = [], []
    for i in range(80):
        words = [f"w{next(fillers)}" for _ in range(4)]
        words.insert(rng.integers(5), ["bad", "good"][i % 2])
        texts.append(" ".join(words))
        labels.append(i % 2)
    texts += [""] * 6
    labels += [1] * 6
    new = [" ".join(f"w{next(fillers)}" for _ in range(4)) + word for word in (" bad", " good")]
    lstm = LSTMClassifier(8, max_epochs=25, learning_rate=0.01, random_state=0)
    with pytest.warns(UserWarning, match="6 of 86 texts have no word to keep"):
        model = make_pipeline(SequenceTokenizer(), lstm).fit(texts, labels)
    assert model.predict(new).tolist() == [0, 1]
    with pytest.warns(UserWarning, match="1 of 2 texts"):
        empty, unheard_of = model.predict_proba(["", "none of these"])[:, 1]
    assert empty > 0.8
    assert 0.25 < unheard_of < 0.75


def test_epochs_are_bounded_by_the_tokens_that_are_trained_on(monkeypatch):
    plans = []

    def record(*args, **kwargs):
        plans.append(kwargs["n_tokens"])
        return plan_from(*args, **kwargs)

    plan_from = base.plan_from
    monkeypatch.setattr(base, "plan_from", record)
    tokens = SequenceTokenizer().fit_transform(TEXTS)
    LSTMClassifier(**SMALL).fit(tokens, LABELS)
    early = {"early_stopping": True, "validation_strategy": "last", "validation_fraction": 0.5}
    LSTMClassifier(**SMALL, **early).fit(tokens, LABELS)
    LSTMClassifier(**SMALL).fit([np.ones(3), np.zeros(5)] * 2, [0, 1, 0, 1])
    assert plans == [sum(map(len, tokens)), sum(map(len, tokens[:8])), 0]
