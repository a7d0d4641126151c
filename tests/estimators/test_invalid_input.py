"""Invalid X, y, parameters and validation data of LSTMClassifier raise, and change nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from contract.comparing import unchanged
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.utils._param_validation import (
    InvalidParameterError,
    generate_invalid_param_val,
    make_constraint,
)

from sklstm import LSTMClassifier, LSTMRegressor
from sklstm._sequences.tokens import TokenArray, Vocabulary
from sklstm.preprocessing import SequenceTokenizer

TEXTS = ["a good film", "a bad film", "good actors", "bad actors", "good", "bad"]
Y = np.array([1, 0] * 3)
X = [np.array(item) for item in ([0.1, 0.9], [0.2], [0.8] * 3, [0.0, 0.1], [0.7], [0.3] * 4)]


def small(**params):
    params = {"hidden_size": 3, "embedding_dim": 3, "max_epochs": 2, "random_state": 0} | params
    return LSTMClassifier(**params)


# Token ids of three words, numbered from 4.
TOKENS = TokenArray([[4, 6], [5], [4], [6, 5], [4, 4], [5, 1]], Vocabulary(["good", "bad", "film"]))


def put(index, item):
    return [*X[:index], item, *X[index + 1 :]]


def each_fit(estimator):
    """Yield `fit`, `fit` with a warm start and `partial_fit` of one fitted estimator."""
    yield estimator.fit
    estimator.set_params(warm_start=True)
    yield estimator.fit
    yield estimator.partial_fit
    estimator.set_params(warm_start=False)


BAD_X = {
    "nan": (put(2, np.array([1.0, np.nan])), ValueError, r"NaN.*X\[2\] holds \[nan\] at step 1"),
    "infinity": (put(2, np.array([np.inf])), ValueError, r"infinity.*X\[2\] holds \[inf\] at step"),
    "too-large": (put(2, np.array([1e300])), ValueError, r"too large for float32: X\[2\]"),
    "empty": (put(3, np.array([])), ValueError, r"X\[3\] is an empty sequence \(1 of 6 are\)"),
    "mixed-features": (put(4, np.ones((2, 3))), ValueError, r"X\[4\] has 3 features per step"),
    "cube-in-list": (put(4, np.ones((2, 3, 1))), ValueError, r"X\[4\] has steps of shape \(3, 1\)"),
    "five-axes": (put(4, np.ones((2, 1, 3, 3, 3))), ValueError, r"X\[4\] has 5 dimensions"),
    "none": (put(1, None), ValueError, r"X\[1\] is None|X\[1\] "),
    "number": (put(1, 0.5), ValueError, r"X\[1\] is 0\.5, a float.*sequence of numbers"),
    "dict": (put(1, {"a": 1}), TypeError, r"X\[1\] is a dict with the keys 'a'; pass a list"),
    "complex": (put(1, np.array([1j])), ValueError, r"Complex data not supported: X\[1\]"),
    "complex-list": (put(1, [1j]), TypeError, r"X\[1\] cannot be read"),
    "dates": (put(1, np.array(["2020-01-01"], "M8[D]")), TypeError, r"X\[1\]"),
    "no-list": (5.0, ValueError, "scalar array"),
    "one-sequence": (X[0], ValueError, "Expected 2D array, got 1D array"),
    "four-axes": (np.ones((6, 2, 2, 2)), ValueError, r"X has steps of shape \(2, 2\)"),
    "six-axes": (np.ones((6, 2, 1, 1, 2, 2)), ValueError, r"X has shape \(6, 2, 1, 1, 2, 2\)"),
    "no-features": (np.ones((6, 2, 0)), ValueError, r"shape \(6, 2, 0\).*at least one feature"),
    "none-at-all": (None, ValueError, "X is None, where LSTMClassifier expects sequences"),
    "no-samples": ([], ValueError, r"0 sample\(s\)"),
}


@pytest.mark.parametrize(("bad", "error", "message"), BAD_X.values(), ids=BAD_X.keys())
def test_bad_X(bad, error, message):
    estimator = small().fit(X, Y)
    with unchanged(estimator, X):
        for fit in each_fit(estimator):
            with pytest.raises(error, match=message):
                fit(bad, Y)
        for name in ("predict", "predict_proba", "decision_function", "transform"):
            with pytest.raises(error, match=message):
                getattr(estimator, name)(bad)


@pytest.mark.parametrize(
    "texts", [TEXTS, np.array(TEXTS), np.array(TEXTS, dtype=object), pd.Series(TEXTS),
              [["good", "film"]] * 6, [["1", "2"]] * 6, [np.array(["1"])] * 6,
              pd.DataFrame({"text": TEXTS}), [b"good"] * 6,
              pd.DataFrame({"text": TEXTS}).to_numpy(), TEXTS[0],
              pd.DataFrame({"title": TEXTS, "text": TEXTS})]
)  # fmt: skip
def test_the_error_for_text_shows_the_pipeline_to_write(texts):
    analyzer = "analyzer=list" if isinstance(texts, list) and isinstance(texts[0], list) else ""
    message = rf"make_pipeline\(SequenceTokenizer\({analyzer}\), LSTMClassifier\(\)\)\.fit\(texts"
    estimator = small().fit(X, Y)
    with unchanged(estimator, X):
        for call in (estimator.predict, lambda texts: estimator.fit(texts, Y)):
            with pytest.raises(ValueError, match=message):
                call(texts)


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        ([[4], [4, -3]], r"X\[1\] holds the token id -3 at step 1; ids are whole numbers from 0"),
        ([[4], [4.5]], r"X\[1\] holds \[4\.5\] at step 0, but token ids are whole numbers"),
        ([[4], [np.nan]], r"X\[1\] holds \[nan\] at step 0"),
        ([[4], [2**31]], r"X\[1\] holds the token id 2147483648 at step 0"),
    ],
)
def test_bad_ids(ids, message):
    estimator = small(input_type="tokens").fit([[4, 5], [6]], [0, 1])
    with unchanged(estimator, [[4, 5]]):
        for fit in each_fit(estimator):
            with pytest.raises(ValueError, match=message):
                fit(ids, [0, 1])
        with pytest.raises(ValueError, match=message):
            estimator.predict(ids)


def test_token_array_of_negative_ids():
    with pytest.raises(ValueError, match=r"X\[0\] holds the token id -1 at step 0"):
        small().fit(TokenArray([[-1], [4]]), [0, 1])


@pytest.mark.parametrize(
    ("texts", "error", "message"),
    [
        ([], ValueError, r"X is empty \(0 texts\)"),
        (["good", None], ValueError, r"X\[1\] is missing \(None\)"),
        (["good", 3], TypeError, r"X\[1\] must be str or bytes, got int \(3\)"),
        ("good", ValueError, "got a single string"),
    ],
)
def test_bad_texts_in_a_pipeline(texts, error, message):
    model = make_pipeline(SequenceTokenizer(), small()).fit(TEXTS, Y)
    expected = model.predict_proba(TEXTS)
    with pytest.raises(error, match=message):
        model.predict(texts)
    with pytest.raises(error, match=message):
        model.fit(texts, [0, 1])
    np.testing.assert_array_equal(model.predict_proba(TEXTS), expected)


def test_empty_text_is_predicted_like_the_end_of_a_text():
    model = make_pipeline(SequenceTokenizer(), small()).fit(TEXTS, Y)
    with pytest.warns(UserWarning, match=r"1 of 2 texts .* the first is X\[0\]"):
        proba = model.predict_proba(["", "unheard-of"[:7]])
    assert (proba[0] != proba[1]).all()
    end = TokenArray([[3]], model[0].vocabulary_)
    np.testing.assert_array_equal(proba[0], model[1].predict_proba(end)[0])
    with pytest.warns(UserWarning, match=r"the first is X\[5\]"):
        model.fit([*TEXTS[:5], ""], Y)


def test_another_vocabulary():
    tokenizer = SequenceTokenizer().fit(TEXTS)
    estimator = small().fit(tokenizer.transform(TEXTS), Y)
    other = SequenceTokenizer().fit_transform(["another language", "with other words"])
    tokens = tokenizer.transform(TEXTS)
    with unchanged(estimator, tokens):
        with pytest.raises(ValueError, match=r"another vocabulary \(5 words\).*with \(5 words\)"):
            estimator.predict(other)
        with pytest.raises(ValueError, match="another vocabulary"):
            estimator.partial_fit(other, [0, 1])
        with pytest.raises(ValueError, match="X holds values, but this LSTMClassifier"):
            estimator.predict(X)
    with pytest.raises(ValueError, match="X holds token ids, but this LSTMClassifier"):
        small().fit(X, Y).predict(tokens)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (None, "requires y to be passed"),
        (Y[:-1], r"inconsistent numbers of samples: \[6, 5\]"),
        (np.ones(6), "at least 2 classes in y; got 1 class"),
        (np.array([0, 1, np.nan, 0, 1, 0]), "Input y contains NaN"),
        (np.linspace(0, 1, 6), "Unknown label type: continuous"),
        (np.arange(12).reshape(6, 2), r"1d array, got an array of shape \(6, 2\)"),
    ],
)
def test_bad_y(bad, message):
    estimator = small().fit(X, Y)
    with unchanged(estimator, X), pytest.raises(ValueError, match=message):
        estimator.fit(X, bad)


@pytest.mark.parametrize("missing", [None, np.nan, float("nan"), pd.NA])
@pytest.mark.parametrize("index", [0, 3])
def test_a_label_that_is_missing(missing, index):
    y = np.array(list("ababab"), dtype=object)
    y[index] = missing
    estimator = small().fit(X, Y)
    with unchanged(estimator, X):
        for bad in (y, pd.Series(y)):
            with pytest.raises(ValueError, match=rf"NaN or None: y\[{index}\] is "):
                estimator.fit(X, bad)


@pytest.mark.parametrize(("bad", "shown"), [(5, "5"), (-1, "-1"), (0.3, "0.3")])
def test_indicators_are_0_or_1_in_every_call(bad, shown):
    indicators = np.array([[0, 1], [1, 0], [1, 1]] * 2)
    estimator = small().fit(X, indicators)
    wrong = indicators.astype(type(bad))
    wrong[4, 1] = bad
    message = rf"y\[4\] holds {shown} for label 1"
    with unchanged(estimator, X):
        with pytest.raises(ValueError, match=message):
            estimator.partial_fit(X, wrong)
        with pytest.raises(ValueError, match=message):
            estimator.fit(X, indicators, X_val=X, y_val=wrong)


def test_classes_stay_those_of_the_first_call():
    estimator = small().partial_fit(X, Y, classes=[0, 1])
    message = r"classes=\[0, 1, 2\] .* first call .*: \[0, 1\]"
    with unchanged(estimator, X), pytest.raises(ValueError, match=message):
        estimator.partial_fit(X, Y, classes=[0, 1, 2])
    estimator.partial_fit(X, Y, classes=[1, 0])


@pytest.mark.parametrize(
    ("weights", "where"),
    [([1, 1, 1, 1, 0, 0], "held out"), ([0, 0, 0, 0, 1, 1], "left to train on")],
)
def test_early_stopping_needs_weight_on_both_sides(weights, where):
    estimator = small(early_stopping=True, validation_strategy="last", validation_fraction=0.3)
    with pytest.raises(ValueError, match=rf"samples {where} all have a weight of 0"):
        estimator.fit(X, Y, sample_weight=weights)


def test_unseen_classes():
    estimator = small().partial_fit(X, Y, classes=[0, 1, 2])
    with unchanged(estimator, X):
        with pytest.raises(ValueError, match=r"y\[3\] is .*7.*none .* known: \[0, 1, 2\]"):
            estimator.partial_fit(X, [0, 1, 2, 7, 0, 1])
        with pytest.raises(ValueError, match=r"y\[0\] is .*'a'.*none of the classes known"):
            estimator.partial_fit(X, list("abcabc"))
    estimator.partial_fit(X, [2, 1, 0, 2, 1, 0])
    assert estimator.classes_.tolist() == [0, 1, 2]
    assert estimator.n_iter_ == 2


def test_unfitted():
    methods = ["predict", "predict_proba", "predict_log_proba", "decision_function", "transform"]
    for name in [*methods, "predict_proba_steps"]:
        with pytest.raises(NotFittedError, match="This LSTMClassifier instance is not fitted yet"):
            getattr(small(), name)(X)
    for call in (small().summary, small().get_feature_names_out, lambda: small().score(X, Y)):
        with pytest.raises(NotFittedError, match="This LSTMClassifier instance is not fitted yet"):
            call()


def invalid_values():
    """Yield each parameter with an object of no use, and with what each constraint forbids.

    The ids are numbers: values may differ from process to process, where tests run in several.
    """
    for name, constraints in LSTMClassifier._parameter_constraints.items():
        if constraints == "no_validation":
            continue
        yield pytest.param(name, type("Nonsense", (), {})(), id=f"{name}-object")
        for number, constraint in enumerate(constraints):
            try:
                value = generate_invalid_param_val(make_constraint(constraint))
            except NotImplementedError:
                continue
            yield pytest.param(name, value, id=f"{name}-{number}")


@pytest.mark.parametrize(("name", "value"), list(invalid_values()))
def test_parameter_values(name, value):
    estimator = small().fit(X, Y)
    with unchanged(estimator, X):
        estimator.set_params(**{name: value})
        for fit in (estimator.fit, clone(estimator).partial_fit):
            with pytest.raises(InvalidParameterError, match=f"'{name}' parameter of LSTMClass"):
                fit(X, Y)
        estimator.set_params(**small().get_params())


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"hidden_size": (4, 3), "num_layers": 3}, r"\(4, 3\) names 2 layers but num_layers=3"),
        ({"hidden_size": (4, 0)}, r"hidden_size\[1\] is 0"),
        ({"hidden_size": (4, 2.5)}, r"hidden_size\[1\] is 2\.5"),
        ({"hidden_size": ()}, "hidden_size is empty"),
        ({"device": "warp"}, "device='warp' is not a torch device"),
        ({"device": "cuda:99"}, "device='cuda:99' is not available"),
        ({"embeddings": np.ones((9, 3))}, "embeddings are for token ids, but X holds values"),
        ({"class_weight": {0: 0.0, 1: 0.0}}, "leave no sample a weight above 0"),
        ({"class_weight": {0: 1.0, 1: 0.0}}, "at least 2 classes with a weight above"),
    ],
)  # fmt: skip
def test_parameters_that_do_not_go_together(params, message):
    estimator = small().fit(X, Y)
    with unchanged(estimator, X):
        estimator.set_params(**params)
        with pytest.raises(ValueError, match=message):
            estimator.fit(X, Y)
        estimator.set_params(**small().get_params())


@pytest.mark.parametrize("output_layer", ["sigmoid", "softmax"])
def test_output_layer_against_y(output_layer):
    y = {"sigmoid": [0, 1, 2, 0, 1, 2], "softmax": np.eye(6, 2, dtype=int)}[output_layer]
    with pytest.raises(ValueError, match=f"output_layer='{output_layer}'.*use '.*' or 'auto'"):
        small(output_layer=output_layer).fit(X, y)


def test_class_weight_balanced_in_parts():
    with pytest.raises(ValueError, match="class_weight='balanced' needs all of y at once"):
        small(class_weight="balanced").partial_fit(X, Y)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"max_epochs": 9}, r"loss became (nan|inf) in epoch \d, batch 1\. Lower learning_rate"),
        ({"max_epochs": 9, "batch_size": 3}, r"loss became (nan|inf) in epoch \d, batch [12]\. "),
        ({"max_epochs": 1, "learning_rate": 1e300}, r"weights that are NaN.*\(now 1e\+300\)"),
    ],
)
def test_training_that_diverges(params, message):
    estimator = small().fit(X, Y)
    same = [np.ones(2)] * len(Y)  # all samples are equal, so the loss cannot vanish
    with unchanged(estimator, X):
        estimator.set_params(learning_rate=3e38, optimizer="sgd", gradient_clip=None)
        estimator.set_params(**params)
        for fit in (estimator.fit, estimator.set_params(warm_start=True).fit):
            with pytest.raises(ValueError, match=message):
                fit(same, Y)
        estimator.set_params(**small().get_params())


def test_one_sample_of_each_class_at_least_is_left_to_train_on():
    estimator = small(early_stopping=True, validation_fraction=0.99).fit(X, Y)
    assert np.isfinite(estimator.loss_curve_).all()
    regressor = LSTMRegressor(3, max_epochs=2, early_stopping=True, validation_fraction=0.99)
    for strategy in ("auto", "last"):
        regressor.set_params(validation_strategy=strategy).fit(X, Y)
        assert np.isfinite(regressor.loss_curve_).all()


BAD_VALIDATION = {
    "half": ({"X_val": TOKENS}, "y_val is missing: pass X_val and y_val together"),
    "other-half": ({"y_val": Y}, "X_val is missing: pass X_val and y_val together"),
    "length": ({"X_val": TOKENS, "y_val": Y[:-1]}, r"inconsistent.*\[6, 5\]"),
    "class": (
        {"X_val": TOKENS, "y_val": Y + 3},
        r"y_val\[0\] is .*none of the classes known: \[0, 1\]",
    ),
    "values": (
        {"X_val": [[1.0]] * 6, "y_val": Y},
        "X_val cannot be used.*X holds values",
    ),
    "words": (
        {"X_val": TokenArray([[4]] * 6, Vocabulary(["other"])), "y_val": Y},
        "another vocabulary",
    ),
    "groups": ({"groups": np.zeros(6)}, "n_samples=1|[Gg]roup"),
    "groups-length": ({"groups": np.zeros(5)}, r"inconsistent.*\[6, 5\]"),
}


@pytest.mark.parametrize(
    ("arguments", "message"), BAD_VALIDATION.values(), ids=BAD_VALIDATION.keys()
)
def test_validation_data(arguments, message):
    estimator = small(early_stopping=True).fit(TOKENS, Y)
    with unchanged(estimator, TOKENS), pytest.raises(ValueError, match=message):
        estimator.fit(TOKENS, Y, **arguments)


def test_too_little_to_hold_out():
    estimator = small(early_stopping=True, warm_start=True).fit(TOKENS, Y)
    with pytest.raises(ValueError, match="at least 2 samples to hold some out"):
        estimator.fit(TOKENS[:1], Y[:1])
