"""encoder=: training starts from the token vectors and the layers of a fitted model."""

from __future__ import annotations

import pickle
import re

import numpy as np
import pytest
import torch
from contract.comparing import unchanged
from sklearn.base import BaseEstimator, clone
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from skorch.callbacks import Callback
from torch import nn

from sklstm import (
    AutoencoderClusterer,
    LSTMClassifier,
    LSTMLanguageModel,
    LSTMRegressor,
    LSTMTagger,
    SequenceTokenizer,
)
from sklstm._sequences import InputSpec, Vocabulary
from sklstm.inspection import StateDisplay, integrated_gradients
from sklstm.nn import ConcatPooling, MaxPooling, RecurrentStack, TokenEmbedding

TEXTS = ["good film", "bad film now", "good cast here", "bad", "a good one", "one bad cast"] * 5
LABELS = [1, 0, 1, 0, 1, 0] * 5
TAGS = [[len(word) > 3 for word in text.split()] for text in TEXTS]
TOKENIZER = SequenceTokenizer(token_pattern=r"\w+").fit(TEXTS)
X = TOKENIZER.transform(TEXTS)
# Other words than those of the texts, in another order
WORDS = ["zebra", "film", "good", "bad", "one", "cast", "here", "fine", "poor"]

pytestmark = pytest.mark.filterwarnings("error")


class Model(BaseEstimator):
    """A fitted language model, as far as an encoder goes."""

    def __init__(self, direction="forward"):
        self.direction = direction

    def fit(self, X=None, y=None):
        return self


def language_model(words=WORDS, dim=5, sizes=(4, 3), direction="forward", seed=0, **stack):
    """Return a fitted one; without words its ids have no vocabulary."""
    model = Model(direction)
    n_ids = 4 + (len(words) if words else 9)
    known = Vocabulary(words) if words else None
    torch.manual_seed(seed)
    model.module_ = nn.Module()
    model.module_.embedding = TokenEmbedding(n_ids, dim, weight=torch.randn(n_ids, dim))
    model.module_.recurrent = RecurrentStack(dim, sizes, **stack)
    model.module_.eval()
    model.vocabulary_ = known
    model._input_ = InputSpec(True, 1, None, None, n_ids, known)
    return model


def pair(**backward):
    """Return a forward and a backward model, of other sizes."""
    options = {"dim": 3, "sizes": (6,), "direction": "backward", "seed": 1, "cell": "gru"}
    return [language_model(), language_model(**(options | backward))]


def frozen(models):
    if isinstance(models, list):
        return [FrozenEstimator(one) for one in models]
    return FrozenEstimator(models)


def lstm(models, kind=LSTMClassifier, **params):
    defaults = {"encoder": frozen(models), "batch_size": 6, "random_state": 0, "max_epochs": 2}
    if kind is not LSTMTagger:
        defaults["linear_path"] = False
    return kind(**(defaults | params))


def bytes_of(model):
    state = model.module_.state_dict()
    return {name: part.numpy().tobytes() for name, part in state.items()}


def by_hand(model, texts):
    """Return the states of every text of one model by its own modules, in the order of words."""
    found = []
    for text in texts:
        ids = [model.vocabulary_.get(word, 1) for word in text.split()]
        ids = ids[::-1] if model.direction == "backward" else ids
        with torch.no_grad():
            x = model.module_.embedding(torch.tensor(ids)[None, :, None])
            for layer in model.module_.recurrent.forward_layers:
                x, _ = layer.rnn(x)
        found.append(x[0].flip(0) if model.direction == "backward" else x[0])
    return found


# What the network starts from

POOLED = {
    "max": lambda ahead, back: np.r_[ahead.max(0).values, back.max(0).values],
    "mean": lambda ahead, back: np.r_[ahead.mean(0), back.mean(0)],
    "last": lambda ahead, back: np.r_[ahead[-1], back[0]],
    "concat": lambda ahead, back: np.concatenate(
        [POOLED[name](ahead, back) for name in ("last", "max", "mean")]
    ),
}


@pytest.mark.parametrize("pooling", POOLED)
@pytest.mark.parametrize("which", ["forward", "backward", "both", "both, the other way round"])
def test_frozen_states_are_those_of_the_encoder(which, pooling):
    ahead, back = pair()
    nothing = torch.empty
    models = {"forward": ahead, "backward": back, "both": [ahead, back]}.get(which, [back, ahead])
    model = lstm(models, pooling=pooling, freeze_encoder=True).fit(X, LABELS)
    texts = [*TEXTS[:6], "good zzz film", "one"]
    one, other = by_hand(ahead, texts), by_hand(back, texts)
    if which == "forward":
        other = [nothing(len(own), 0) for own in one]
    elif which == "backward":
        one = [nothing(len(own), 0) for own in other]
    expected = [POOLED[pooling](a, b) for a, b in zip(one, other, strict=True)]
    np.testing.assert_allclose(
        model.transform(TOKENIZER.transform(texts)), expected, atol=1e-6, rtol=1e-5
    )


def test_states_of_every_step_are_those_of_the_encoder():
    ahead, back = pair()
    tagger = lstm([ahead, back], LSTMTagger, freeze_encoder=True).fit(X, TAGS)
    ids = [torch.tensor(np.asarray(own)).long() for own in X[:6]]
    block = nn.utils.rnn.pad_sequence(ids, batch_first=True)[..., None]
    lengths = torch.tensor([len(own) for own in ids])
    states, _ = tagger.module_.states(block, lengths)
    expected = zip(by_hand(ahead, TEXTS[:6]), by_hand(back, TEXTS[:6]), strict=True)
    for own, n, parts in zip(states, lengths, expected, strict=True):
        torch.testing.assert_close(own[:n], torch.cat(parts, dim=1), atol=1e-6, rtol=1e-5)


def test_an_autoencoder_is_an_encoder():
    autoencoder = AutoencoderClusterer(
        2, hidden_size=(4, 3), bidirectional=True, embedding_dim=5, max_epochs=1,
        clustering_epochs=1, tol=1, pooling="concat", dropout=0.0, random_state=0,
    )  # fmt: skip
    pipeline = make_pipeline(clone(TOKENIZER), autoencoder).fit(TEXTS)
    model = lstm(pipeline, freeze_encoder=True, pooling="concat").fit(X, LABELS)
    network = autoencoder.module_.autoencoder
    ids = [torch.tensor(np.asarray(own)).long() for own in X]
    for own, pooled in zip(ids, model.transform(X), strict=True):
        n = torch.tensor([len(own)])
        with torch.no_grad():
            states = network.encoder(network.embedding(own[None, :, None]), n)
            expected = network.pooling(states, n)[0]
        np.testing.assert_allclose(pooled, expected, atol=1e-6, rtol=1e-5)


def test_a_classifier_is_an_encoder():
    first = LSTMClassifier((4, 3), max_epochs=1, linear_path=False, random_state=0).fit(X, LABELS)
    second = lstm(first, freeze_encoder=True, pooling="max").fit(X, np.arange(len(X)) % 3)
    np.testing.assert_allclose(second.transform(X), first.transform(X), atol=1e-6, rtol=1e-5)
    assert second.predict_proba(X).shape == (len(X), 3)


def test_words_are_matched_by_name():
    model = lstm(encoder := language_model(), max_epochs=1, freeze_encoder=True)
    model.fit(X, LABELS)
    vectors, own = model.module_.embedding.weight, encoder.module_.embedding.weight
    for word, row in X.vocabulary.items():
        assert torch.equal(vectors[row], own[encoder.vocabulary_.get(word, 1)])
    assert torch.equal(vectors[:4], own[:4])
    assert model.embedding_coverage_ == 6 / 8  # without "a" and "now"


@pytest.mark.parametrize("models", [language_model(), pair()], ids=["one", "two"])
def test_words_that_only_the_encoder_knows_are_read_in_prediction(models):
    model = lstm(models, max_epochs=1, freeze_encoder=True, pooling="last").fit(X, LABELS)
    texts = ["fine film", "poor", "zebra zzz"]
    listed = models if isinstance(models, list) else [models]
    hands = [by_hand(one, texts) for one in listed]
    for row, pooled in enumerate(model.transform(TOKENIZER.transform(texts))):
        expected = [
            own[row][0 if one.direction == "backward" else -1]
            for one, own in zip(listed, hands, strict=True)
        ]
        np.testing.assert_allclose(pooled, np.concatenate(expected), atol=1e-6, rtol=1e-5)
    without = model.set_params(encoder=None).transform(TOKENIZER.transform(texts))
    np.testing.assert_array_equal(
        without, model.transform(TOKENIZER.transform(["zzz film", "zzz", "zzz zzz"]))
    )


def test_a_word_that_one_of_two_knows_is_unknown_to_the_other():
    ahead, back = pair(words=["good", "bad", "story"])
    model = lstm([ahead, back], max_epochs=1, freeze_encoder=True, pooling="last").fit(X, LABELS)
    assert model.embedding_coverage_ == 2 / 8
    texts = ["good story", "fine story"]
    expected = [
        np.r_[a[-1], b[0]] for a, b in zip(by_hand(ahead, texts), by_hand(back, texts), strict=True)
    ]
    np.testing.assert_allclose(
        model.transform(TOKENIZER.transform(texts)), expected, atol=1e-6, rtol=1e-5
    )


def test_few_known_words_are_a_warning():
    texts = [" ".join(f"w{i}{k}" for i in range(4)) for k in range(6)]
    few = SequenceTokenizer().fit_transform([*texts, "film"])
    with pytest.warns(UserWarning, match="encoder has a vector for only 1 of the 25 words"):
        lstm(language_model(), max_epochs=1).fit(few, [0, 1, 0, 1, 0, 1, 0])
    none = SequenceTokenizer().fit_transform(texts)
    with pytest.raises(ValueError, match="encoder has no word in common with the vocabulary of 24"):
        lstm(language_model()).fit(none, [0, 1, 0, 1, 0, 1])


def test_verbose_counts_the_words(capsys):
    lstm(pair(), max_epochs=1, verbose=1).fit(X, LABELS)
    out = capsys.readouterr().out
    assert "encoder[0]: 6 of 8 words have a vector (75.0%); 2 unknown" in out
    assert "encoder[1]: 6 of 8" in out


@pytest.mark.parametrize("words", [None, WORDS])
def test_ids_without_a_vocabulary_are_those_of_the_encoder(words):
    encoder = language_model(words)
    ids = [[4, 5, 6], [7, 8], [5, 5, 4, 9]] * 4
    model = lstm(encoder, input_type="tokens", max_epochs=1, freeze_encoder=True)
    model.fit(ids, [0, 1, 0] * 4)
    weight = model.module_.embedding.weight
    assert torch.equal(weight, encoder.module_.embedding.weight)
    assert model.predict([[12, 11]]).shape == (1,)  # known to the encoder alone
    with pytest.raises(ValueError, match=r"X holds the token id 13 and has no vocabulary.*0 to 12"):
        model.fit([[4, 13]] * 4, [0, 1] * 2)
    if words is None:
        with pytest.raises(ValueError, match="encoder was fitted on token ids without a vocabul"):
            lstm(encoder).fit(X, LABELS)


# The encoder stays as it is


@pytest.mark.parametrize("models", [language_model(), pair()], ids=["one", "two"])
def test_a_search_leaves_a_shared_encoder_bit_for_bit(models):
    listed = models if isinstance(models, list) else [models]
    before = [bytes_of(one) for one in listed]
    pipeline = make_pipeline(clone(TOKENIZER), lstm(models, freeze_encoder=False))
    grid = {
        "lstmclassifier__encoder": [None, frozen(models)],
        "lstmclassifier__learning_rate": [0.01, 0.1],
    }
    search = GridSearchCV(pipeline, grid, cv=2, n_jobs=2, error_score="raise").fit(TEXTS, LABELS)
    assert [bytes_of(one) for one in listed] == before
    best = search.best_estimator_[-1].set_params(encoder=frozen(models), max_epochs=3)
    best.fit(X, LABELS)
    assert [bytes_of(one) for one in listed] == before
    same = [part is own for part, own in zip(
        best.module_.parameters(), listed[0].module_.parameters(), strict=False)]  # fmt: skip
    assert not any(same)
    moved = torch.equal(
        best.module_.recurrent.forward_layers[0].rnn.weight_hh_l0,
        listed[0].module_.recurrent.forward_layers[0].rnn.weight_hh_l0,
    )
    assert not moved


def test_clones_share_the_encoder():
    for models in (language_model(), pair()):
        model = lstm(models)
        twin = clone(model)
        assert twin.fit(X, LABELS).loss_curve_ == model.fit(X, LABELS).loss_curve_
        given = model.encoder if isinstance(models, list) else [model.encoder]
        shared = twin.encoder if isinstance(models, list) else [twin.encoder]
        assert all(one is other for one, other in zip(given, shared, strict=True))


def test_a_pickle_without_the_encoder_predicts_the_same():
    encoder = language_model([*WORDS, *(f"w{i}" for i in range(20_000))])
    model = lstm(encoder).fit(X, LABELS)
    fitted = {name: part for name, part in vars(model).items() if name.endswith("_")}
    assert len(pickle.dumps(fitted)) < 20_000  # nothing of the encoder's 20,000 words
    expected = model.predict_proba(X)
    kept = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(kept.predict_proba(X), expected)
    assert kept.fit(X, LABELS).loss_curve_ == model.loss_curve_
    alone = pickle.dumps(model.set_params(encoder=None))
    assert len(alone) < 20_000
    np.testing.assert_array_equal(pickle.loads(alone).predict_proba(X), expected)


# Fine-tuning


class Rates(Callback):
    """Note the learning rate of each group of the optimizer, and whether it is trained."""

    def on_train_begin(self, net, **kwargs):
        self.rates_, self.trained_ = [], []

    def on_batch_begin(self, net, training=True, **kwargs):
        if training:
            groups = net.optimizer_.param_groups
            names = {id(weight): name for name, weight in net.module_.named_parameters()}
            self.names_ = [sorted(names[id(w)] for w in group["params"]) for group in groups]
            self.rates_.append([group["lr"] for group in groups])
            trained = [any(w.requires_grad for w in group["params"]) for group in groups]
            self.trained_.append(trained)

    def on_train_end(self, net, **kwargs):
        self.events_ = [
            batch.get("event_lr") for epoch in net.history[:, "batches"] for batch in epoch
        ]


class Changes(Callback):
    """Note which layers have changed in each epoch."""

    def on_train_begin(self, net, **kwargs):
        self.changed_ = []

    def on_epoch_begin(self, net, **kwargs):
        self.before_ = [part.clone() for part in net.module_.parameters()]

    def on_epoch_end(self, net, **kwargs):
        pairs = zip(net.module_.named_parameters(), self.before_, strict=True)
        moved = {name for (name, now), old in pairs if not torch.equal(now, old)}
        self.changed_.append({re.sub(r"(\.rnn)?\.[^.]+$", "", name) for name in moved})


LAYERS = ["embedding", "recurrent.forward_layers.0", "recurrent.forward_layers.1"]


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "sgd", "rmsprop"])
def test_each_layer_has_its_rate(optimizer):
    rate, decay = 0.01, 2.0
    model = lstm(
        language_model(), callbacks=[Rates()], freeze_encoder=False, optimizer=optimizer,
        lr_schedule="constant", learning_rate=rate, encoder_learning_rate_decay=decay,
    ).fit(X, LABELS)  # fmt: skip
    (found,) = model.callbacks_
    np.testing.assert_allclose(found.rates_, [[rate / 8, rate / 4, rate / 2, rate]] * 10)
    assert [{name.split(".rnn")[0] for name in group} for group in found.names_] == [
        {"embedding.weight"},
        {LAYERS[1]},
        {LAYERS[2]},
        {"output.weight", "output.bias"},
    ]
    assert np.all(found.trained_)


def test_rates_of_all_layers_follow_the_schedule():
    model = lstm(
        language_model(), callbacks=[Rates()], learning_rate=0.01, max_epochs=4,
        lr_schedule="slanted_triangular",
    ).fit(X, LABELS)  # fmt: skip
    (found,) = model.callbacks_
    n, cut_frac, ratio = 4 * 5, 0.1, 32
    cut = int(n * cut_frac)
    for t, rates in enumerate(found.rates_):
        p = t / cut if t < cut else 1 - (t - cut) / (cut * (1 / cut_frac - 1))
        top = 0.01 * (1 + p * (ratio - 1)) / ratio
        np.testing.assert_allclose(rates, [top / 2.6**3, top / 2.6**2, top / 2.6, top])
    assert found.events_ == [rates[-1] for rates in found.rates_]


EVERYTHING = {"output", *LAYERS}
HEAD = {"output"}


@pytest.mark.parametrize(
    ("freeze", "expected"),
    [
        ("gradual", [HEAD, HEAD | {LAYERS[2]}, HEAD | {*LAYERS[1:]}, EVERYTHING, EVERYTHING]),
        (True, [HEAD] * 5),
        (np.True_, [HEAD] * 5),
        (False, [EVERYTHING] * 5),
        (1, [HEAD, *[EVERYTHING] * 4]),
        (np.int8(3), [*[HEAD] * 3, *[EVERYTHING] * 2]),
    ],
)
@pytest.mark.parametrize("optimizer", ["adam", "sgd", "rmsprop"])
def test_layers_are_trained_from_the_top(freeze, expected, optimizer):
    model = lstm(
        language_model(), callbacks=[Changes(), Rates()], max_epochs=5, freeze_encoder=freeze,
        optimizer=optimizer, lr_schedule="constant", weight_decay=0.01, rare_word_dropout=0.0,
    )  # fmt: skip
    changes, rates = model.fit(X, LABELS).callbacks_
    assert changes.changed_ == expected
    trained = [[name in epoch for name in LAYERS] + [True] for epoch in expected]
    assert rates.trained_[::5] == trained
    # Calls of partial_fit and warm starts count epochs like those of one fit.
    parts = clone(model).set_params(callbacks=[Changes()])
    warm = clone(model).set_params(callbacks=[Changes()], warm_start=True, max_epochs=1)
    for part in expected:
        for one in (parts.partial_fit(X, LABELS), warm.fit(X, LABELS)):
            (found,) = one.callbacks_
            assert found.changed_ == [part]


def test_layers_of_two_are_unfrozen_together():
    model = lstm(
        pair(), callbacks=[Rates()], max_epochs=4, learning_rate=0.01, freeze_encoder="gradual"
    )
    (found,) = model.fit(X, LABELS).callbacks_
    names = [{name.split(".rnn")[0] for name in group} for group in found.names_[:3]]
    last = {"recurrent.forward_layers.1", "recurrent.backward_layers.0"}
    assert names == [{"embedding.weight"}, {"recurrent.forward_layers.0"}, last]
    assert found.trained_[::5] == [[i >= 3 - epoch for i in range(4)] for epoch in range(4)]


def test_token_vectors_may_stay_frozen():
    model = lstm(
        language_model(), callbacks=[Changes()], max_epochs=3, freeze_embeddings=True,
        freeze_encoder=1,
    ).fit(X, LABELS)  # fmt: skip
    (found,) = model.callbacks_
    assert found.changed_ == [HEAD, EVERYTHING - {"embedding"}, EVERYTHING - {"embedding"}]


def test_one_rate_for_all_is_an_ordinary_training():
    """The oracle is a model without encoder whose weights are set beforehand."""

    class Same(LSTMClassifier):
        def _build_module(self):
            module = super()._build_module()
            encoder = language_model().module_
            known = [Vocabulary(WORDS).get(word, 1) for word in X.vocabulary]
            with torch.no_grad():
                module.output.weight[:] = torch.linspace(-1, 1, 3)
                if self.encoder is None:
                    module.recurrent.load_state_dict(encoder.recurrent.state_dict())
                    module.embedding.weight[:] = encoder.embedding.weight[[0, 1, 2, 3, *known]]
            return module

    options = {"max_epochs": 3, "random_state": 0, "linear_path": False, "batch_size": 6}
    options["rare_word_dropout"] = 0.0  # which an encoder does without
    options |= {"pooling": "max", "learning_rate": 2e-3}
    plain = Same((4, 3), bidirectional=False, embedding_dim=5, **options).fit(X, LABELS)
    tuned = {"freeze_encoder": False, "encoder_learning_rate_decay": 1}
    model = Same(encoder=frozen(language_model()), **tuned, **options).fit(X, LABELS)
    np.testing.assert_allclose(model.loss_curve_, plain.loss_curve_, rtol=1e-6)
    np.testing.assert_allclose(model.predict_proba(X), plain.predict_proba(X), rtol=1e-5)


# What "auto" becomes

TARGETS = {LSTMClassifier: LABELS, LSTMRegressor: [float(len(own)) for own in X]}
WITH = {"learning_rate": 1e-2, "pooling": "concat"}
WITHOUT = {"learning_rate": 2e-3, "pooling": "max"}


def outputs(model):
    return model.predict(X) if isinstance(model, LSTMRegressor) else model.predict_proba(X)


@pytest.mark.parametrize("models", [None, language_model(), pair()], ids=["none", "one", "two"])
@pytest.mark.parametrize("kind", TARGETS)
def test_auto_is_what_its_value_is(kind, models):
    """The oracle are the same values, written out."""
    given = {"encoder": frozen(models) if models else None, "lr_schedule": "constant"}
    model = lstm(None, kind, callbacks=[Rates()], **given).fit(X, TARGETS[kind])
    expected = WITH if models else WITHOUT
    plain = clone(model).set_params(**expected).fit(X, TARGETS[kind])
    np.testing.assert_array_equal(outputs(model), outputs(plain))
    assert model.loss_curve_ == plain.loss_curve_
    assert model.callbacks_[0].rates_[0][-1] == expected["learning_rate"]
    assert type(model.module_.pooling) is (ConcatPooling if models else MaxPooling)
    for one in (model, plain, pickle.loads(pickle.dumps(model))):
        assert {name: getattr(one, f"{name}_") for name in expected} == expected
    assert all(model.get_params()[name] == "auto" for name in expected)
    # Other values are respected.
    other = clone(model).set_params(learning_rate=0.25, pooling="mean").fit(X, TARGETS[kind])
    assert other.learning_rate_ == other.callbacks_[0].rates_[0][-1] == 0.25
    assert other.pooling_ == "mean"
    assert other.transform(X).shape[1] * (3 if models else 1) == model.transform(X).shape[1]


def test_auto_follows_the_encoder_that_training_started_from():
    model = lstm(language_model(), callbacks=[Rates()], lr_schedule="constant").fit(X, LABELS)
    # Not the parameter, where training continues.
    model.set_params(encoder=None, warm_start=True).fit(X, LABELS)
    for one in (model, model.partial_fit(X, LABELS)):
        assert one.callbacks_[0].rates_[0][-1] == one.learning_rate_ == 1e-2
        assert isinstance(one.module_.pooling, ConcatPooling)
    with unchanged(model, X):
        model.set_params(pooling="max")
        with pytest.raises(ValueError, match=r"pooling is 'max' now.* fitted with 'auto'"):
            model.fit(X, LABELS)
        model.set_params(pooling="auto")
    # A rate may change.
    model.set_params(learning_rate=0.5).fit(X, LABELS)
    assert model.callbacks_[0].rates_[0][-1] == model.learning_rate_ == 0.5
    # A new network follows the parameter, in both directions.
    model.set_params(learning_rate="auto", warm_start=False).fit(X, LABELS)
    assert (model.learning_rate_, model.pooling_) == (2e-3, "max")
    model.set_params(encoder=frozen(language_model())).fit(X, LABELS)
    assert (model.learning_rate_, model.pooling_) == (1e-2, "concat")
    first = lstm(language_model()).partial_fit(X, LABELS)
    assert (first.learning_rate_, first.pooling_) == (1e-2, "concat")


def test_the_summary_says_what_auto_became(capsys):
    lstm(language_model(), conv_filters=8).fit(X, LABELS).summary()
    line = "auto: fcn_filters=None, pooling=concat, learning_rate=0.01"
    assert capsys.readouterr().out.splitlines()[-1] == line
    steps = [np.arange(len(own), dtype=float) for own in X]
    per_step = lstm(language_model(), LSTMRegressor, return_sequences=True, conv_filters=None)
    per_step.fit(X, steps).summary()  # there is nothing to be pooled
    line = "auto: fcn_filters=None, learning_rate=0.01"
    assert capsys.readouterr().out.splitlines()[-1] == line


@pytest.mark.parametrize("kind", TARGETS)
def test_other_words_than_auto_are_refused(kind):
    for name, value in {"learning_rate": "fast", "pooling": "all"}.items():
        message = rf"The '{name}' parameter of {kind.__name__} must be .*'auto'.* Got '{value}' ins"
        with pytest.raises(ValueError, match=message):
            kind(**{name: value}).fit(X, TARGETS[kind])


@pytest.mark.parametrize("kind", [LSTMTagger, AutoencoderClusterer, LSTMLanguageModel])
def test_others_have_no_such_auto(kind):
    with pytest.raises(ValueError, match=r"The 'learning_rate' parameter .* Got 'auto' instead"):
        kind(learning_rate="auto").fit(X, TAGS)


def nouns_of_two_kinds(rng, n_nouns=12):
    """Return texts without labels, and labelled ones with other nouns to train and test on.

    Only the texts without labels show which nouns are of one kind, by the words around them.
    """
    around = {"a": (["hot", "cold"], ["tastes", "cools"]), "b": (["wide", "steep"], ["turns"])}
    unlabelled = []
    for kind in rng.choice(list(around), size=400):
        before, after = (rng.choice(words) for words in around[kind])
        start = f"the {before}" if rng.random() < 0.5 else "the"
        unlabelled.append(f"{start} {kind}{rng.integers(n_nouns)} {after}")
    some, others = range(5), range(5, n_nouns)
    return unlabelled, *(
        [(f"the {k}{i}", k) for k in around for i in part] for part in (some, others)
    )


def test_the_defaults_learn_from_few_labels():
    """Those of a network that starts from nothing hardly move the output layer in that time."""
    unlabelled, train, test = nouns_of_two_kinds(np.random.default_rng(0))
    words = SequenceTokenizer().fit(unlabelled)
    encoder = LSTMLanguageModel(
        24, embedding_dim=16, learning_rate=0.01, max_epochs=8, batch_size=16, random_state=0
    ).fit(words.transform(unlabelled))
    X_train, y_train = zip(*(train * 2), strict=True)  # 20 labels
    X_test, y_test = zip(*test, strict=True)

    def losses(**params):
        found = []
        for seed in range(3):
            own = LSTMClassifier(
                encoder=FrozenEstimator(encoder), linear_path=False, random_state=seed, **params
            )
            model = make_pipeline(SequenceTokenizer(), own).fit(X_train, y_train)
            assert params or model.score(X_test, y_test) == 1.0
            found.append(log_loss(y_test, model.predict_proba(X_test)))
        return found

    assert max(losses()) < 0.45
    assert min(losses(**WITHOUT)) > 0.55  # of guessing, 0.69


# Together with everything else


def test_parameters_of_layers_are_those_of_the_encoder():
    model = lstm(
        language_model(), hidden_size=77, num_layers=3, cell="gru", embedding_dim=9,
        conv_filters=8, conv_pool_size=2,
    ).fit(X, LABELS)  # fmt: skip
    module = model.module_
    assert module.convolution is model.conv_filters_ is None
    assert module.embedding.weight.shape == (12, 5)
    assert [layer.rnn.hidden_size for layer in module.recurrent.forward_layers] == [4, 3]
    tagger = lstm(language_model(), LSTMTagger, hidden_size=77, conv_filters=8).fit(X, TAGS)
    assert tagger.module_.convolution is None


def test_the_linear_model_stands_beside_it():
    model = lstm(language_model(), linear_path=True).fit(X, LABELS)
    assert model.module_.linear_path is not None
    assert model.score(X, LABELS) > 0.8
    with pytest.raises(ValueError, match=r"stream\(\) reads .* Fit with linear_path=False"):
        model.stream()
    steps = model.predict_proba_steps(X[:2])
    np.testing.assert_allclose([own[-1] for own in steps], model.predict_proba(X[:2]), atol=1e-5)
    assert lstm(language_model(), linear_path="auto", bidirectional=False).fit(X, LABELS).stream()


@pytest.mark.parametrize("pooling", ["max", "last", "concat"])
@pytest.mark.parametrize("bptt_length", [None, 2])
@pytest.mark.parametrize("freeze", ["gradual", True])
def test_a_forward_encoder_streams(pooling, bptt_length, freeze):
    model = lstm(
        language_model(), pooling=pooling, bptt_length=bptt_length, freeze_encoder=freeze
    ).fit(X, LABELS)
    text = X[2]
    with model.stream(response_method="predict_proba") as stream:
        for word in text:
            streamed = stream.step(word)
    np.testing.assert_allclose(streamed, model.predict_proba([text])[0], atol=1e-5)


@pytest.mark.parametrize("models", [language_model(direction="backward"), pair()])
def test_what_reads_backward_does_not_stream(models):
    model = lstm(models).fit(X, LABELS)
    with pytest.raises(
        ValueError, match=r"the encoder also reads them from their ends. Fit with a"
    ):
        model.stream()
    with pytest.raises(ValueError, match=r"bptt_length=2 reads .* the encoder also reads them"):
        lstm(models, bptt_length=2).fit(X, LABELS)


@pytest.mark.parametrize("models", [language_model(), pair()], ids=["one", "two"])
def test_every_estimator_has_it(models):
    tagger = lstm(
        models, LSTMTagger, output_layer="crf", max_epochs=40, learning_rate=0.1,
        freeze_encoder=1, encoder_learning_rate_decay=1.5, class_weight="balanced",
    ).fit(X, TAGS)  # fmt: skip
    assert tagger.score(X, TAGS) > 0.9
    lengths = [float(len(own)) for own in X]
    params = {"max_epochs": 60, "learning_rate": 0.1, "freeze_encoder": 1, "pooling": "concat"}
    regressor = lstm(models, LSTMRegressor, **params).fit(X, lengths)
    assert regressor.score(X, lengths) > 0.9
    steps = [np.arange(len(own), dtype=float) for own in X]
    params = {"max_epochs": 2, "return_sequences": True}
    assert len(lstm(models, LSTMRegressor, **params).fit(X, steps).predict(X)[0]) == 2
    params = {"max_epochs": 40, "learning_rate": 0.1, "class_weight": {0: 2.0}}
    classifier = lstm(models, early_stopping=True, n_iter_no_change=40, **params).fit(
        X, LABELS, X_val=X, y_val=LABELS
    )
    assert classifier.score(X, LABELS) > 0.9


@pytest.mark.parametrize("models", [language_model(), pair()], ids=["one", "two"])
def test_it_can_be_inspected(models, capsys):
    model = lstm(models, max_epochs=1, freeze_encoder=True).fit(X, LABELS)
    model.summary()
    out = capsys.readouterr().out
    kind = "RecurrentPair" if isinstance(models, list) else "RecurrentStack"
    assert kind in out
    assert "fixed parameters (frozen encoder, unused biases)" in out
    found = integrated_gradients(model, X[:3])
    assert [len(own) for own in found["attributions"]] == [len(own) for own in X[:3]]
    display = StateDisplay.from_estimator(model, X[2])
    assert display.states.shape == (3, 3)
    if isinstance(models, list):
        backward = StateDisplay.from_estimator(model, X[2], direction="backward")
        expected = by_hand(models[1], [TEXTS[2]])[0]
        np.testing.assert_allclose(np.sort(backward.states), np.sort(expected), atol=1e-6)


def test_states_of_a_backward_encoder_are_its_own():
    model = lstm(language_model(direction="backward"), max_epochs=1).fit(X, LABELS)
    assert StateDisplay.from_estimator(model, X[2], direction="backward").states.shape == (3, 3)
    with pytest.raises(ValueError, match="the encoder of the model reads backward"):
        StateDisplay.from_estimator(model, X[2])


def test_a_fitted_model_builds_its_network_again():
    model = lstm(pair(), max_epochs=1).fit(X, LABELS)
    built = model._build_module()
    shapes = [part.shape for part in built.parameters()]
    assert shapes == [part.shape for part in model.module_.parameters()]


# Continued training


def test_continued_training_keeps_its_layers():
    model = lstm(language_model(), warm_start=True, max_epochs=1).fit(X, LABELS)
    first = model.encoder
    with unchanged(model, X):
        for other in (language_model(dim=4), language_model(sizes=(4,)), pair()):
            model.set_params(encoder=frozen(other))
            with pytest.raises(ValueError, match="can have started from: its layers differ"):
                model.fit(X, LABELS)
            with pytest.raises(ValueError, match="can have started from"):
                model.partial_fit(X, LABELS)
        model.set_params(encoder=first)
    assert model.set_params(encoder=None).fit(X, LABELS).n_iter_ == 2
    plain = LSTMClassifier(3, warm_start=True, max_epochs=1).fit(X, LABELS)
    plain.set_params(encoder=frozen(language_model()))
    with pytest.raises(ValueError, match=r"which was fitted without. Set encoder=None"):
        plain.fit(X, LABELS)


def test_another_encoder_reads_no_unknown_words():
    model = lstm(language_model(), max_epochs=1).fit(X, LABELS)
    new = TOKENIZER.transform(["fine film"])
    model.set_params(encoder=frozen(language_model(dim=4)))
    with pytest.warns(UserWarning, match="could not be looked up in encoder: .* its layers differ"):
        read = model.predict_proba(new)
    np.testing.assert_array_equal(read, model.set_params(encoder=None).predict_proba(new))


# What is refused


def test_a_bare_model_is_refused_with_the_line_to_write():
    line = r"from sklearn.frozen import FrozenEstimator\n    LSTMTagger\(encoder=FrozenEstimator\(m"
    for bare in (language_model(), make_pipeline(language_model()), "path", AutoencoderClusterer()):
        with pytest.raises(TypeError, match=f"(?s)encoder must be a fitted model in a .*{line}"):
            LSTMTagger(encoder=bare).fit(X, TAGS)
    for unfitted in (AutoencoderClusterer(), make_pipeline(AutoencoderClusterer())):
        with pytest.raises(NotFittedError, match=f"(?s)AutoencoderClusterer is not fitted.*{line}"):
            LSTMTagger(encoder=FrozenEstimator(unfitted)).fit(X, TAGS)
    both = r"\[FrozenEstimator\(forward_model\), FrozenEstimator\(backward_model\)\]"
    with pytest.raises(TypeError, match=rf"(?s)encoder\[1\] must be .*\(encoder={both}"):
        LSTMClassifier(encoder=[FrozenEstimator(language_model()), language_model()]).fit(X, LABELS)


def without_layers():
    return LSTMClassifier(num_layers=0, max_epochs=1, linear_path=False).fit(X, LABELS)


def of_values():
    return LSTMClassifier(2, max_epochs=1).fit([[0.1, 0.2]] * 4, [0, 1] * 2)


def convolved():
    return LSTMClassifier(2, conv_filters=2, max_epochs=1, linear_path=False).fit(X, LABELS)


def of_a_pair():
    return lstm(pair(), max_epochs=1).fit(X, LABELS)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: clone(TOKENIZER).fit(TEXTS), "got SequenceTokenizer without recurrent layers"),
        (without_layers, "got LSTMClassifier without recurrent layers"),
        (of_values, "got LSTMClassifier that was not fitted on token ids"),
        (convolved, "with a convolution before its recurrent layers; fit it with conv_filters=Non"),
        (of_a_pair, "got LSTMClassifier whose layers are those of other encoders"),
    ],
)
def test_what_is_no_encoder_is_refused(make, message):
    with pytest.raises(ValueError, match=f"encoder must be a model of token ids .* {message}"):
        LSTMClassifier(encoder=FrozenEstimator(make())).fit(X, LABELS)


@pytest.mark.parametrize(
    ("models", "message"),
    [
        ([], "encoder holds 0 models"),
        ([language_model()] * 3, "encoder holds 3 models; accepted are one, or a list of two"),
        ([language_model()] * 2, r"encoder\[0\] and encoder\[1\] both read forward"),
        ([language_model(direction="backward")] * 2, r"both read backward"),
        (
            [*pair()[1:], language_model(bidirectional=True)],
            r"encoder\[1\] reads in both direction",
        ),
    ],
)
def test_two_encoders_read_in_opposite_directions(models, message):
    with pytest.raises(ValueError, match=message):
        LSTMClassifier(encoder=frozen(models)).fit(X, LABELS)


def test_what_an_encoder_cannot_read_is_refused():
    model = lstm(language_model(), max_epochs=1).fit(X, LABELS)
    with unchanged(model, X):
        with pytest.raises(ValueError, match="encoder reads token ids, but X holds values"):
            model.fit([[0.1, 0.2]] * 4, [0, 1] * 2)
        with pytest.raises(
            ValueError, match=r"X has 2 token ids in each step, but encoder was .* 1"
        ):
            clone(model).set_params(input_type="tokens").fit([[[4, 5]]] * 4, [0, 1] * 2)
        vectors = {word: np.ones(3) for word in WORDS}
        with pytest.raises(ValueError, match="embeddings and encoder are both given"):
            model.set_params(embeddings=vectors).fit(X, LABELS)
        model.set_params(embeddings=None)
    spelled = SequenceTokenizer(token_pattern=r"\w+", characters=5).fit_transform(TEXTS)
    with pytest.raises(ValueError, match=r"encoder reads words alone.*set characters=None"):
        lstm(language_model(), LSTMTagger).fit(spelled, TAGS)


def test_bags_of_words_are_averages_of_its_vectors():
    bags = SequenceTokenizer(analyzer=list).fit_transform([[["good", "film"], ["bad"]]] * 4)
    encoder = language_model()
    model = lstm(encoder, freeze_encoder=True, pooling="last").fit(bags, [0, 1] * 2)
    with torch.no_grad():
        weight, known = encoder.module_.embedding.weight, encoder.vocabulary_
        steps = [weight[[known["good"], known["film"]]].mean(0), weight[known["bad"]]]
        expected = encoder.module_.recurrent(torch.stack(steps)[None], torch.tensor([2]))[0, -1]
    np.testing.assert_allclose(model.transform(bags)[0], expected, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize(
    "params",
    [
        {"freeze_encoder": -1},
        {"freeze_encoder": "slowly"},
        {"freeze_encoder": 1.5},
        {"encoder_learning_rate_decay": 0.5},
        {"encoder_learning_rate_decay": True},
    ],
)
def test_other_values_of_the_parameters_are_refused(params):
    with pytest.raises(ValueError, match=f"The '{next(iter(params))}' parameter"):
        lstm(language_model(), **params).fit(X, LABELS)


def test_rare_words_are_not_dropped():
    # The encoder has learned the vector of unknown words from its own texts.
    started = lstm(language_model(), rare_word_dropout=2.0).fit(X, LABELS)
    assert started.module_.embedding.rare.a == 0.0
    assert (
        lstm(language_model(), rare_word_dropout=2.0, encoder=None)
        .fit(X, LABELS)
        .module_.embedding.rare.a
        == 2.0
    )
