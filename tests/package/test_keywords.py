"""Arguments by the names of other libraries."""

import copy
import inspect
import pickle
import re

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.utils._param_validation import InvalidParameterError

import sklstm
from sklstm import (
    AutoencoderClusterer,
    Doc2VecVectorizer,
    LSTMClassifier,
    LSTMForecaster,
    LSTMRegressor,
    LSTMSeq2Seq,
    LSTMTagger,
    SequencePadder,
    SequenceScaler,
    SequenceTokenizer,
    WindowReshaper,
    WordVectors,
)
from sklstm._keywords import INSTEAD, OTHER_NAMES

ESTIMATORS = [
    AutoencoderClusterer,
    Doc2VecVectorizer,
    LSTMClassifier,
    LSTMForecaster,
    LSTMRegressor,
    LSTMSeq2Seq,
    LSTMTagger,
    SequencePadder,
    SequenceScaler,
    SequenceTokenizer,
    WindowReshaper,
    WordVectors,
]
X, Y = np.random.default_rng(0).normal(size=(12, 5)), np.arange(12) % 2


@pytest.mark.parametrize(
    ("kind", "given", "way"),
    [
        (LSTMClassifier, "units", "its name here is 'hidden_size'"),
        (LSTMClassifier, "n_units", "its name here is 'hidden_size'"),
        (LSTMClassifier, "hidden_dim", "its name here is 'hidden_size'"),
        (LSTMForecaster, "lookback", "its name here is 'context_length'"),
        (LSTMForecaster, "seasonality", "its name here is 'season_length'"),
        (LSTMForecaster, "prediction_length", "its name here is 'horizon'"),
        (LSTMForecaster, "output_length", "its name here is 'horizon'"),
        (LSTMForecaster, "window", "its name here is 'context_length'"),
        (LSTMForecaster, "steps", "its name here is 'horizon'"),
        (LSTMForecaster, "validation_data", "set early_stopping=True and validation_fraction in t"),
        (LSTMRegressor, "epochs", "its name here is 'max_epochs'"),
        (LSTMRegressor, "n_epochs", "its name here is 'max_epochs'"),
        (LSTMTagger, "lr", "its name here is 'learning_rate'"),
        (LSTMTagger, "n_layers", "its name here is 'num_layers'"),
        (LSTMClassifier, "seed", "its name here is 'random_state'"),
        (LSTMClassifier, "input_size", "the number of features is that of X in fit; leave it out"),
        (LSTMClassifier, "input_shape", "the shape is that of X in fit; leave it out"),
        (LSTMClassifier, "activation", "an LSTM has its own; leave it out"),
        (LSTMClassifier, "num_classes", "the classes are those of y in fit; leave it out"),
        (LSTMClassifier, "hiden_size", "perhaps 'hidden_size' is meant."),
        (LSTMClassifier, "Hidden_Size", "its name here is 'hidden_size'."),
        (LSTMClassifier, "num_clusters", "there is no such argument; those accepted are"),
        (LSTMClassifier, "latent_size", "there is no such argument; those accepted are"),
        (SequenceTokenizer, "kernel_size", "there is no such argument; those accepted are"),
        (LSTMClassifier, "zzz", "there is no such argument; those accepted are hidden_size, num_l"),
        (AutoencoderClusterer, "latent_dim", "its name here is 'n_components'"),
        (AutoencoderClusterer, "num_clusters", "its name here is 'n_clusters'"),
        (SequenceTokenizer, "num_words", "its name here is 'max_features'"),
        (SequenceTokenizer, "maxlen", "its name here is 'max_length'"),
        (SequenceTokenizer, "oov_token", "its name here is 'unknown'"),
        (SequencePadder, "maxlen", "its name here is 'max_length'"),
        (SequencePadder, "value", "its name here is 'padding_value'"),
        (Doc2VecVectorizer, "size", "its name here is 'vector_size'"),
        (Doc2VecVectorizer, "iter", "its name here is 'epochs'"),
        (LSTMSeq2Seq, "latent_dim", "its name here is 'hidden_size'"),
        (LSTMSeq2Seq, "max_decoder_seq_length", "its name here is 'max_length'"),
        (LSTMSeq2Seq, "teacher_forcing_ratio", "its name here is 'teacher_forcing'"),
        (WordVectors, "size", "its name here is 'vector_size'"),
        (WordVectors, "lr", "its name here is 'alpha'"),
        (WordVectors, "workers", "its name here is 'n_jobs'"),
        (WindowReshaper, "window_size", "its name here is 'window'"),
    ],
)
def test_fault_31_the_constructor_and_set_params_name_ours(kind, given, way):
    with pytest.raises(TypeError) as caught:
        kind(**{given: 3})
    start = f"{kind.__name__}() got an unexpected keyword argument {given!r}: "
    assert str(caught.value).startswith(start + way)
    model = kind()
    with pytest.raises(ValueError, match=r"^Invalid parameter") as caught:
        model.set_params(**{given: 3})
    start = f"Invalid parameter {given!r} for estimator {kind.__name__}: "
    assert str(caught.value).startswith(start + way)


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_fault_31_every_name_in_the_table_is_explained_or_ours(kind):
    start = rf"^{kind.__name__}\(\) got an unexpected keyword argument"
    for given in {*OTHER_NAMES, *INSTEAD} - set(inspect.signature(kind).parameters):
        with pytest.raises(TypeError, match=start) as caught:
            kind(**{given: 1})
        assert "Base" not in str(caught.value)


def test_fault_31_every_name_leads_to_one_of_ours():
    ours = {name for kind in ESTIMATORS for name in inspect.signature(kind).parameters}
    of_methods = {"X", "y", "covariates", "coverage", "n_beams", "n_paths", "sample_weight"}
    of_methods |= {"static", "stride"}
    for given, names in OTHER_NAMES.items():
        assert names, given
        assert set(names) <= ours | of_methods, given


@pytest.mark.parametrize(
    ("method", "given", "way"),
    [
        ("fit", "epochs", "set 'max_epochs' in the constructor, LSTMClassifier(max_epochs=...)"),
        ("fit", "batch_size", "set 'batch_size' in the constructor"),
        ("fit", "verbose", "set 'verbose' in the constructor"),
        ("fit", "callbacks", "set 'callbacks' in the constructor"),
        ("fit", "lr", "set 'learning_rate' in the constructor"),
        ("fit", "validation_split", "set early_stopping=True and validation_fraction in the con"),
        ("fit", "validation_data", "pass X_val and y_val to fit"),
        ("fit", "sample_weights", "perhaps 'sample_weight' is meant"),
        ("fit", "weights", "its name here is 'sample_weight'"),
        ("fit", "x", "its name here is 'X'"),
        ("fit", "labels", "its name here is 'y'"),
        ("partial_fit", "epochs", "set 'max_epochs' in the constructor"),
        ("predict", "batch_size", "batches are chosen by the lengths of the sequences; leave it"),
        ("predict", "verbose", "nothing is printed; leave it out"),
        ("predict", "states", "perhaps 'state' is meant"),
        ("predict_proba", "batch_size", "batches are chosen"),
        ("transform", "batch_size", "batches are chosen"),
        ("score", "batch_size", "batches are chosen"),
        ("stream", "n_sequence", "perhaps 'n_sequences' is meant"),
    ],
)
def test_fault_31_methods_name_ours(method, given, way):
    model = LSTMClassifier(2, max_epochs=1).fit(X, Y)
    before = pickle.dumps(model)
    call = getattr(model, method)
    arguments = [] if method == "stream" else [X, Y]
    if method.startswith("predict") or method == "transform":
        arguments = [X]
    with pytest.raises(TypeError) as caught:
        call(*arguments, **{given: 3})
    start = f"LSTMClassifier.{method}() got an unexpected keyword argument {given!r}: {way}"
    assert str(caught.value).startswith(start)
    assert pickle.dumps(model) == before


@pytest.mark.parametrize(
    ("method", "given", "way"),
    [
        ("fit", "exog", "its name here is 'covariates'"),
        ("fit", "static_covariates", "its name here is 'static'"),
        ("fit", "X_val", "set early_stopping=True and validation_fraction in the constructor"),
        ("predict", "steps", "set 'horizon' in the constructor, LSTMForecaster(horizon=...)"),
        ("predict", "n", "set 'horizon' in the constructor"),
        ("predict", "verbose", "nothing is printed; leave it out"),
        ("predict_interval", "level", "its name here is 'coverage'"),
        ("sample_paths", "num_samples", "its name here is 'n_paths'"),
    ],
)
def test_methods_of_a_forecaster_name_ours(method, given, way):
    model = LSTMForecaster(hidden_size=2, max_epochs=1).fit(X)
    start = rf"LSTMForecaster\.{method}\(\) got an unexpected keyword argument '{given}': "
    with pytest.raises(TypeError, match=start + re.escape(way)):
        getattr(model, method)(X, **{given: 3})


@pytest.mark.parametrize("given", ["beam_width", "beam_size", "num_beams"])
def test_the_number_of_beams_has_many_names(given):
    model = LSTMSeq2Seq(2, max_epochs=1).fit(["ab", "c"], ["b", "ca"])
    with pytest.raises(TypeError, match=f"{given!r}: its name here is 'n_beams'"):
        model.predict(["ab"], **{given: 3})


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_fault_31_private_names_never_show(kind):
    model = kind()
    for name in dir(model):
        static = inspect.getattr_static(kind, name, None)
        if name.startswith(("_", "set_", "get_")) or isinstance(static, property | classmethod):
            continue
        if not hasattr(model, name) or not callable(getattr(model, name)):
            continue
        if name in ("fit_transform", "fit_predict") and name not in vars(kind):
            continue  # scikit-learn's, which pass their arguments on to fit
        for arguments, keywords in (((1,) * 20, {}), ((), {"no_such": 1})):
            with pytest.raises(TypeError) as caught:
                getattr(model, name)(*arguments, **keywords)
            assert str(caught.value).startswith(f"{kind.__name__}.{name}()"), name


def test_fault_31_fit_transform_passes_on_what_fit_names():
    with pytest.raises(TypeError, match=r"^SequencePadder.fit\(\) got an unexpected .*'maxlen'"):
        SequencePadder().fit_transform(X, maxlen=3)


@pytest.mark.parametrize(
    ("kind", "parameters", "ours"),
    [
        (LSTMClassifier, {"loss": "categorical_crossentropy"}, "cross_entropy"),
        (LSTMClassifier, {"loss": "sparse_categorical_crossentropy"}, "cross_entropy"),
        (LSTMRegressor, {"loss": "mse"}, "squared_error"),
        (LSTMRegressor, {"loss": "mean_absolute_error"}, "absolute_error"),
        (LSTMClassifier, {"optimizer": "Adam"}, "adam"),
        (LSTMTagger, {"cell": "GRU"}, "gru"),
        (LSTMClassifier, {"pooling": "avg"}, "mean"),
    ],
)
def test_fault_31_values_of_other_libraries_are_named(kind, parameters, ours):
    ((name, value),) = parameters.items()
    message = f"The '{name}' parameter of {kind.__name__} must be .* {value!r} is {ours!r} here."
    with pytest.raises(InvalidParameterError, match=message):
        kind(**parameters).fit(X, Y)
    with pytest.raises(InvalidParameterError, match=r"Got 'none' instead\.$"):
        kind(**{name: "none"}).fit(X, Y)


class WithMore(LSTMClassifier):
    """A subclass with a parameter of its own."""

    def __init__(self, hidden_size=2, *, extra=1, max_epochs=1):
        super().__init__(hidden_size, max_epochs=max_epochs)
        self.extra = extra

    def predict(self, X, temperature=1.0):
        return super().predict(X)


def test_fault_31_subclasses_work_as_before():
    model = WithMore(extra=5).fit(X, Y)
    assert model.get_params() == {"hidden_size": 2, "extra": 5, "max_epochs": 1}
    assert clone(model).set_params(extra=7).extra == 7
    np.testing.assert_array_equal(model.predict(X, temperature=2.0), model.predict(X))
    assert "explaining" not in repr(WithMore.predict)
    with pytest.raises(ValueError, match="'units' for estimator WithMore: its name here is 'hid"):
        model.set_params(units=3)
    with pytest.raises(TypeError, match=r"WithMore.fit\(\) got .* 'epochs': set 'max_epochs' in t"):
        model.fit(X, Y, epochs=3)


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_fault_31_signatures_stay(kind):
    parameters = list(inspect.signature(kind).parameters)
    assert (
        parameters
        == inspect.getfullargspec(kind).args[1:] + inspect.getfullargspec(kind).kwonlyargs
    )
    assert sorted(kind().get_params()) == sorted(parameters)
    assert inspect.signature(kind.fit).parameters["X"].default is inspect.Parameter.empty
    assert kind.__init__.__qualname__ == f"{kind.__name__}.__init__"
    assert pickle.loads(pickle.dumps(kind.fit)) is kind.fit
    assert type(copy.deepcopy(kind())) is kind
    assert getattr(sklstm, kind.__name__) is kind


def test_fault_31_errors_inside_a_method_pass_through():
    with pytest.raises(TypeError, match=r"^X is a object; pass a list"):
        LSTMClassifier(2, max_epochs=1).fit(object(), Y)
    search = GridSearchCV(make_pipeline(LSTMClassifier(2)), {"lstmclassifier__units": [3]}, cv=2)
    with pytest.raises(ValueError, match="its name here is 'hidden_size'"):
        search.fit(X, Y)
