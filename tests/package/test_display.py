"""What estimators with large parameters print."""

import numpy as np
import pandas as pd
import pytest
import sklearn
from gensim.models import KeyedVectors
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.utils import estimator_html_repr

import sklstm
from sklstm import AutoencoderClusterer, LSTMClassifier, LSTMTagger, SequenceTokenizer, WordVectors
from sklstm._display import short

N_WORDS = 20_000
WORDS = [f"word{i}" for i in range(N_WORDS)]


class Unprintable(np.ndarray):
    """A vector that must not be written out."""

    def __repr__(self):
        raise AssertionError("a vector was written out")

    __str__ = __repr__


@pytest.fixture(scope="module")
def vectors():
    return dict(zip(WORDS, np.zeros((N_WORDS, 100), np.float32).view(Unprintable), strict=True))


def keyed_vectors(vectors):
    keyed = KeyedVectors(100)
    keyed.add_vectors(WORDS, np.zeros((N_WORDS, 100), np.float32))
    return keyed


FORMS = {
    "<dict: 20000 vectors of 100>": lambda vectors: vectors,
    "<ndarray (20000, 100)>": lambda vectors: np.zeros((N_WORDS, 100)),
    "<DataFrame (20000, 100)>": lambda vectors: pd.DataFrame(np.zeros((N_WORDS, 100))),
    "<list: 20000 vectors of 100>": lambda vectors: list(vectors.values()),
    "<KeyedVectors: 20000 vectors of 100>": keyed_vectors,
    "WordVectors()": lambda vectors: WordVectors.from_keyed_vectors(keyed_vectors(vectors)),
}


@pytest.mark.parametrize("shown", FORMS)
def test_fault_22_embeddings_print_their_size(shown, vectors):
    given = FORMS[shown](vectors)
    model = LSTMClassifier(hidden_size=32, embeddings=given)
    assert repr(model) == f"LSTMClassifier(embeddings={shown}, hidden_size=32)"
    for wrapped in (
        model,
        make_pipeline(SequenceTokenizer(), model),
        GridSearchCV(model, {"hidden_size": [8, 16]}),
        GridSearchCV(make_pipeline(SequenceTokenizer(), model), {}),
    ):
        assert shown in repr(wrapped).replace("\n", "")
        text = estimator_html_repr(wrapped)
        assert len(text) < 200_000
        assert wrapped._repr_mimebundle_()["text/plain"] == repr(wrapped)
    assert model.get_params()["embeddings"] is given
    assert model.get_params(deep=False)["embeddings"] is given
    assert make_pipeline(model).get_params()["lstmclassifier__embeddings"] is given


@pytest.mark.parametrize("estimator", [LSTMTagger, AutoencoderClusterer])
def test_fault_22_all_estimators_print_shortly(estimator, vectors):
    assert "<dict: 20000 vectors of 100>" in repr(estimator(embeddings=vectors))


def test_fault_22_settings_of_scikit_learn_still_hold(vectors):
    model = LSTMClassifier(embeddings=vectors)
    with sklearn.config_context(print_changed_only=False):
        assert "embeddings=<dict: 20000 vectors of 100>" in repr(model)
        assert "hidden_size=64" in repr(model)
        assert "..." in model.__repr__(N_CHAR_MAX=100)
    with sklearn.config_context(display="text"):
        assert not hasattr(model, "_repr_html_")
        assert list(model._repr_mimebundle_()) == ["text/plain"]
    assert clone(model).get_params()["embeddings"].keys() == vectors.keys()


def test_fault_22_vocabularies_and_stop_words_print_their_size():
    assert repr(SequenceTokenizer(vocabulary=WORDS)) == (
        "SequenceTokenizer(vocabulary=<list: 20000 items>)"
    )
    by_word = dict.fromkeys(WORDS, 0)
    assert "<dict: 20000 items>" in repr(SequenceTokenizer(vocabulary=by_word))
    assert "<list: 20000 items>" in repr(WordVectors(stop_words=WORDS))
    tokenizer = SequenceTokenizer(stop_words=WORDS, characters=5)
    with pytest.raises(ValueError, match="stop_words=<list: 20000 items>"):
        tokenizer.fit(["a text"])


def test_fault_22_small_parameters_print_as_before():
    model = LSTMClassifier((8, 4), class_weight={0: 1.0, 1: 2.0}, class_order=[1, 0])
    assert repr(model) == (
        "LSTMClassifier(class_order=[1, 0], class_weight={0: 1.0, 1: 2.0},\n"
        "               hidden_size=(8, 4))"
    )
    for value in (None, "text", 3, {}, [], {"a": np.array(1.0)}, np.arange(3), [{0: 1}, {1: 2}]):
        assert short(value) is value


def test_html_links_to_the_page_of_the_reference():
    prefix = "https://sklstm.github.io/sklstm/api/generated/sklstm."
    public = {name: getattr(sklstm, name) for name in sklstm.__all__}
    kinds = (kind for kind in public.items() if isinstance(kind[1], type))
    estimators = {name: kind for name, kind in kinds if hasattr(kind, "get_params")}
    assert len(estimators) >= 10
    for name, kind in estimators.items():
        made = kind([]) if name == "SequenceUnion" else kind()
        assert made._get_doc_link() == f"{prefix}{name}.html"
        assert f'href="{prefix}{name}.html' in made._repr_html_()
    link = sklstm.baselines.NBSVMClassifier()._get_doc_link()
    assert link == f"{prefix}baselines.NBSVMClassifier.html"

    class Derived(sklstm.LSTMClassifier):
        pass

    assert Derived()._get_doc_link() == ""  # this library has no page about it
