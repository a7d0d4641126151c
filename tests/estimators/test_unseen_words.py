"""Words that training never saw are read by their vectors in prediction.

The oracle is a model with the same weights whose vocabulary has these words, with these vectors.
"""

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np
import pytest
import torch
from gensim.models import KeyedVectors
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from skorch.callbacks import Callback

from sklstm import (
    AutoencoderClusterer,
    LSTMClassifier,
    LSTMRegressor,
    LSTMTagger,
    SequenceTokenizer,
    WordVectors,
)
from sklstm._sequences import Vocabulary
from sklstm.nn import TokenEmbedding
from sklstm.nn.embedding import extra_vectors

TEXTS = ["good film", "bad film", "good cast", "bad cast", "good good one", "bad bad one"]
Y = [1, 0, 1, 0, 1, 0]
UNSEEN = ["fine", "poor"]
NEW = ["fine film fine", "poor", "bad poor zzz film", "", "good film", "zzz"]
RNG = np.random.default_rng(0)
VECTORS = {
    word: RNG.normal(size=4).astype(np.float32)
    for word in ["good", "bad", "film", "cast", "one", *UNSEEN]
}
SMALL = {"hidden_size": 3, "max_epochs": 2, "random_state": 0, "device": "cpu"}

pytestmark = pytest.mark.filterwarnings("ignore:.* texts have no word to keep")


def tokenized(texts, *, oracle=False, **params):
    """Return texts with the words of TEXTS as vocabulary, for the oracle also those unseen."""
    known = list(SequenceTokenizer().fit(TEXTS).vocabulary_)
    speller = SequenceTokenizer(**params).fit(TEXTS)
    words = Vocabulary([*known, *(UNSEEN if oracle else [])], speller.vocabulary_.characters)
    return SequenceTokenizer(vocabulary=words, **params).transform(texts)


def oracle_of(model, X, *y):
    """Return a model with the weights of another, and the vectors of unseen words as well."""
    twin = clone(model).set_params(max_epochs=1).fit(X, *y)
    state = twin.module_.state_dict()
    for name, weight in model.module_.state_dict().items():
        n_new = len(state[name]) - len(weight) if weight.ndim else 0
        if n_new:  # the vectors, and the outputs of an autoencoder
            is_table = name.endswith(("embedding.weight", "words.weight"))
            rows = [torch.tensor(VECTORS[w]) if is_table else weight[1] for w in UNSEEN]
            weight = torch.cat([weight, torch.stack(rows)])
        state[name] = weight
    twin.module_.load_state_dict(state)
    return twin


MODELS = {
    "classifier": LSTMClassifier(embeddings=VECTORS, **SMALL),
    "frozen": LSTMClassifier(embeddings=VECTORS, freeze_embeddings=True, **SMALL),
    "convolution": LSTMClassifier(embeddings=VECTORS, conv_filters=3, **SMALL),
    "causal": LSTMClassifier(embeddings=VECTORS, bidirectional=False, bptt_length=2, **SMALL),
    "regressor": LSTMRegressor(embeddings=VECTORS, **SMALL),
}


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS.keys())
def test_predictions_are_those_of_a_model_that_knows_the_words(model):
    model = clone(model).fit(tokenized(TEXTS), Y)
    oracle = oracle_of(model, tokenized(TEXTS, oracle=True), Y)
    X, known = tokenized(NEW), tokenized(NEW, oracle=True)
    for method in ("predict", "predict_proba", "transform", "predict_proba_steps"):
        if hasattr(model, method):
            given, expected = (getattr(m, method)(x) for m, x in ((model, X), (oracle, known)))
            for row, other in zip(given, expected, strict=True):
                np.testing.assert_allclose(row, other, atol=1e-6)
    assert model.score(X, Y) == pytest.approx(oracle.score(known, Y))
    ids = [x.view(np.ndarray).tolist() for x in X]
    assert ids[1] == [1]  # what users see is unchanged
    # A prediction depends on its own sequence only.
    alone = np.concatenate([model.predict(X[[i]]) for i in range(len(X))])
    np.testing.assert_allclose(alone, model.predict(X), atol=1e-6)


@pytest.mark.parametrize("characters", [None, 3])
@pytest.mark.parametrize("output_layer", ["softmax", "crf"])
def test_tags(characters, output_layer):
    tags = [[("x", "y")[i % 2] for i in range(len(t.split()))] for t in TEXTS]
    X = tokenized(TEXTS, characters=characters)
    model = LSTMTagger(embeddings=VECTORS, output_layer=output_layer, **SMALL).fit(X, tags)
    oracle = oracle_of(model, tokenized(TEXTS, oracle=True, characters=characters), tags)
    method = "predict" if output_layer == "crf" else "predict_proba"
    given = getattr(model, method)(tokenized(NEW, characters=characters))
    expected = getattr(oracle, method)(tokenized(NEW, oracle=True, characters=characters))
    for row, other in zip(given, expected, strict=True):
        if output_layer == "crf":
            assert row.tolist() == other.tolist()
        else:
            np.testing.assert_allclose(row, other, atol=1e-6)


def test_clusters():
    params = {"n_components": 2, "clustering_epochs": 1, "n_init": 1}
    model = AutoencoderClusterer(2, embeddings=VECTORS, **params, **SMALL).fit(tokenized(TEXTS))
    oracle = oracle_of(model, tokenized(TEXTS, oracle=True))
    given, expected = model.transform(tokenized(NEW)), oracle.transform(tokenized(NEW, oracle=True))
    np.testing.assert_allclose(given, expected, atol=1e-6)
    assert np.isfinite(model.score(tokenized(NEW)))


def test_labels_of_training_texts_with_unknown_words_are_predicted_again():
    params = {"n_components": 2, "clustering_epochs": 1, "n_init": 1}
    X = SequenceTokenizer(max_features=2).fit_transform(TEXTS * 2)
    assert any(x.unknown_words for x in X)
    model = AutoencoderClusterer(2, embeddings=VECTORS, **params, **SMALL).fit(X)
    np.testing.assert_array_equal(model.labels_, model.predict(X))


def keyed():
    keyed = KeyedVectors(4)
    keyed.add_vectors(list(VECTORS), list(VECTORS.values()))
    return keyed


def written(path):
    rows = (f"{word} {' '.join(map(str, vector.tolist()))}" for word, vector in VECTORS.items())
    path.write_text("\n".join(rows) + "\n")
    return path


@pytest.mark.parametrize("form", ["path", "str", "keyed", "word vectors"])
def test_every_form_of_vectors_by_word(form, tmp_path):
    embeddings = {
        "path": lambda: written(tmp_path / "v.txt"),
        "str": lambda: str(written(tmp_path / "v.txt")),
        "keyed": keyed,
        "word vectors": lambda: WordVectors.from_keyed_vectors(keyed()),
    }[form]()
    X, new = tokenized(TEXTS), tokenized(NEW)
    expected = clone(MODELS["frozen"]).fit(X, Y).predict_proba(new)
    model = clone(MODELS["frozen"]).set_params(embeddings=embeddings).fit(X, Y)
    np.testing.assert_allclose(model.predict_proba(new), expected, atol=1e-6)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_allclose(again.predict_proba(new), expected, atol=1e-6)


def as_unknown(texts):
    """Return tokenized texts that do not carry their unknown words."""
    return [x[:] for x in tokenized(texts)]


def test_without_embeddings_words_are_unknown():
    model = clone(MODELS["classifier"]).fit(tokenized(TEXTS), Y)
    by_vectors, unknown = (model.predict_proba(x) for x in (tokenized(NEW), as_unknown(NEW)))
    assert not np.allclose(by_vectors[0], unknown[0])
    np.testing.assert_array_equal(by_vectors[3:], unknown[3:])
    model.set_params(embeddings=None)
    np.testing.assert_array_equal(model.predict_proba(tokenized(NEW)), unknown)


def test_vectors_by_id_have_none_of_other_words():
    X = tokenized(TEXTS)
    table = RNG.normal(size=(X.vocabulary.n_ids, 4))
    model = LSTMClassifier(embeddings=table, **SMALL).fit(X, Y)
    np.testing.assert_array_equal(
        model.predict_proba(tokenized(NEW)), model.predict_proba(as_unknown(NEW))
    )


def test_vectors_that_cannot_be_looked_up_are_warned_of(tmp_path):
    path = written(tmp_path / "v.txt")
    model = clone(MODELS["frozen"]).set_params(embeddings=path).fit(tokenized(TEXTS), Y)
    expected = model.predict(as_unknown(NEW))
    path.unlink()
    with pytest.warns(UserWarning, match="3 words of X, such as 'fine'.*no file of word vectors"):
        given = model.predict(tokenized(NEW))
    np.testing.assert_array_equal(given, expected)
    model.set_params(embeddings={word: vector[:2] for word, vector in VECTORS.items()})
    with pytest.warns(UserWarning, match="they have 2 dimensions, but those of fit had 4"):
        np.testing.assert_array_equal(model.predict(tokenized(NEW)), expected)


def test_a_file_without_any_of_the_words_is_nothing_to_warn_of(tmp_path, recwarn):
    path = written(tmp_path / "v.txt")
    model = clone(MODELS["frozen"]).set_params(embeddings=path).fit(tokenized(TEXTS), Y)
    np.testing.assert_array_equal(
        model.predict_proba(tokenized(["zzz", "bad yyy"])),
        model.predict_proba(as_unknown(["zzz", "bad yyy"])),
    )
    assert not [str(w.message) for w in recwarn if "could not be looked up" in str(w.message)]


def test_vectors_that_are_not_finite_are_left_out():
    model = clone(MODELS["frozen"]).fit(tokenized(TEXTS), Y)
    expected = model.predict_proba(tokenized(NEW))
    model.set_params(embeddings=VECTORS | {"zzz": np.full(4, np.nan)})
    np.testing.assert_allclose(model.predict_proba(tokenized(NEW)), expected, atol=1e-6)


def test_ids_past_those_of_the_model_stay_unknown():
    """Also where they are the ids that the vectors of unseen words get."""
    model = clone(MODELS["classifier"]).fit(tokenized(TEXTS), Y)
    (text,) = tokenized(["good zzz"])
    far = text.copy()
    np.asarray(far)[0] = model.vocabulary_.n_ids
    unknown = text.copy()
    np.asarray(unknown)[0] = 1
    other = tokenized(["fine"])[0]
    given, expected = (model.predict_proba([x, other])[0] for x in (far, unknown[:]))
    np.testing.assert_allclose(given, expected, atol=1e-6)


def test_threads_do_not_see_each_others_vectors():
    model = clone(MODELS["classifier"]).fit(tokenized(TEXTS), Y)
    n_ids = model.vocabulary_.n_ids
    barrier = Barrier(2, timeout=30)

    def read(word):
        with extra_vectors(n_ids, torch.tensor(VECTORS[word])[None]):
            barrier.wait()
            vectors = model.module_.embedding(torch.tensor([[[n_ids]]]))
            barrier.wait()
        return vectors[0, 0].numpy(force=True)

    with ThreadPoolExecutor(2) as pool:
        for word, vector in zip(UNSEEN, pool.map(read, UNSEEN), strict=True):
            np.testing.assert_array_equal(vector, VECTORS[word])


class Watching(Callback):
    """Compare what the net predicts for validation data during training with the loss."""

    def __init__(self):
        self.words, self.scores = [], []

    def on_epoch_end(self, net, dataset_train=None, dataset_valid=None, **kwargs):
        self.words = [x.unknown_words for x in dataset_valid.X]
        self.ids = [np.asarray(x).ravel().tolist() for x in dataset_valid.X]
        self.scores.append(net.predict_proba(dataset_valid.X))


def test_validation_data_are_read_as_in_prediction():
    X, new = tokenized(TEXTS), tokenized(NEW[:3])
    model = clone(MODELS["classifier"]).set_params(callbacks=[Watching()], max_epochs=3)
    model.fit(X, Y, X_val=new, y_val=[1, 0, 1])
    (watched,) = model.callbacks_
    np.testing.assert_allclose(watched.scores[-1], model.predict_proba(new), atol=1e-6)
    assert watched.words == [("fine", "fine"), ("poor",), ("poor", "")]
    assert watched.ids == [np.asarray(x).tolist() for x in new]
    loss = -np.log(model.predict_proba(new)[range(3), [1, 0, 1]]).mean()
    assert model.history_[-1]["valid_loss"] == pytest.approx(loss, abs=1e-5)
    # Training is the same without.
    expected = model.predict_proba(new)
    plain = clone(model.set_params(callbacks=None)).fit(X, Y)
    np.testing.assert_allclose(plain.predict_proba(new), expected, atol=1e-6)


def test_streams_read_chunks_as_predictions_do():
    model = clone(MODELS["causal"]).fit(tokenized(TEXTS), Y)
    X = tokenized(NEW[:1])
    with model.stream(response_method="predict_proba") as stream:
        np.testing.assert_allclose(stream.feed(X[0]), model.predict_proba(X)[0], atol=1e-6)


def test_a_users_network_reads_them_as_unknown():
    class Own(LSTMClassifier):
        def _build_module(self):
            module = super()._build_module()
            weight = module.embedding.weight.detach()

            class Table(torch.nn.Module):
                def __init__(self):
                    super().__init__()
                    self.table = torch.nn.Embedding.from_pretrained(weight)

                def forward(self, ids):
                    return self.table(ids).flatten(2)

            module.embedding = Table()
            return module

    model = Own(embeddings=VECTORS, **SMALL).fit(tokenized(TEXTS), Y)
    assert not any(isinstance(part, TokenEmbedding) for part in model.module_.modules())
    np.testing.assert_array_equal(model.predict(tokenized(NEW)), model.predict(as_unknown(NEW)))


def test_a_pipeline_reads_new_texts_by_their_vectors():
    pipe = make_pipeline(SequenceTokenizer(), clone(MODELS["frozen"])).fit(TEXTS, Y)
    fine, poor = (pipe.predict_proba([f"{word} film"]) for word in UNSEEN)
    assert not np.allclose(fine, poor)
    X = pipe[0].transform(NEW)
    np.testing.assert_array_equal(pipe[-1].predict_proba(copy.deepcopy(X)), pipe.predict_proba(NEW))


def test_continued_training_does_not_read_ids_as_vectors_of_validation_data():
    X, new = tokenized(TEXTS), tokenized(["fine film", "poor"])
    n_ids = X.vocabulary.n_ids
    for item in X:
        item[0] = n_ids  # past those of the model, which the first validation word gets
    models = []
    for given in (X, [np.where(x == n_ids, 1, x) for x in X]):
        given = [type(X)(np.asarray(x), X.vocabulary) for x in given]
        model = clone(MODELS["classifier"]).fit(tokenized(TEXTS), Y)
        models.append(model.set_params(warm_start=True).fit(given, Y, X_val=new, y_val=[1, 0]))
    first, second = (model.predict_proba(new) for model in models)
    np.testing.assert_allclose(first, second, atol=1e-6)


def test_a_part_held_out_is_read_as_in_prediction():
    X = SequenceTokenizer(max_features=2).fit_transform(TEXTS * 4)
    model = clone(MODELS["classifier"]).set_params(early_stopping=True, callbacks=[Watching()])
    model.fit(X, Y * 4)
    (watched,) = model.callbacks_
    assert any(watched.words)
    held_out = [tuple(ids) for ids in watched.ids]
    assert set(held_out) <= {tuple(np.asarray(x).tolist()) for x in X}


@pytest.mark.parametrize("where", ["X_val", "held out"])
def test_path_weights_are_learned_on_samples_read_as_in_prediction(where, monkeypatch):
    learned_from = []

    def learning(network, *args, **kwargs):
        learned_from.append(network)
        return 1.0, 0.0  # the network alone

    monkeypatch.setattr("sklstm._estimators.base.learn_shares", learning)
    model = clone(MODELS["classifier"]).set_params(linear_path=True, validation_fraction=0.5)
    if where == "X_val":
        new = tokenized(NEW[:3])
        model.fit(tokenized(TEXTS), Y, X_val=new, y_val=[1, 0, 1])
    else:
        new = SequenceTokenizer(max_features=2).fit_transform(TEXTS * 4)
        model.fit(new, Y * 4)
    expected = model.decision_function(new)
    assert len(learned_from[0])
    for output in learned_from[0]:  # each of them is the output of one of these texts
        assert np.isclose(expected, output[0], atol=1e-5).any()
