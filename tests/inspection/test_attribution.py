"""Integrated gradients: against linear models, finite differences, and their own sum."""

import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklstm import (
    LSTMClassifier,
    LSTMRegressor,
    LSTMTagger,
    SequenceScaler,
    SequenceTokenizer,
    SequenceUnion,
)
from sklstm.datasets import load_polarity
from sklstm.inspection import integrated_gradients
from sklstm.nn import CountPath, StepPath

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(60, 20)), np.arange(60) % 2
X[Y == 1, 5:9] += 2.0
RAGGED = [RNG.normal(size=(n, 2)) for n in RNG.integers(5, 30, size=40)]
MEANS = np.array([series[:, 0].mean() for series in RAGGED])
TEXTS, LABELS = load_polarity(return_X_y=True)
TEXTS, LABELS = list(TEXTS[:120]), np.asarray(LABELS[:120])
SOME = [*TEXTS[:6], "good good bad", "word"]
SMALL = {"hidden_size": 6, "max_epochs": 4, "random_state": 0, "learning_rate": 0.02}


def complete(result):
    """Assert that attributions add up to 1%, or to the precision of float32."""
    for i, part in enumerate(result.attributions):
        difference = result.outputs[i] - result.baseline_outputs[i]
        scale = max(abs(difference), 0.01 * np.abs(part).sum(), 1e-4 * abs(result.outputs[i]))
        assert abs(part.sum() - difference) <= 0.0101 * scale
        assert scale > 0
    assert (result.completeness_errors <= 0.01).all()


def both_paths(model):
    """Have the network and the linear model beside it both count."""
    path = model[-1].module_.linear_path
    if path is not None:
        with torch.no_grad():
            path.shares.copy_(torch.tensor([0.7, 1.3]))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"pooling": "mean"},
        {"pooling": "last", "num_layers": 2},
        {"pooling": "attention", "cell": "gru"},
        {"bidirectional": False},
        {"conv_filters": 8, "conv_pool_size": 2},
        {"dense_layer_sizes": (5,), "class_weight": "balanced"},
        {"output_layer": "softmax"},
        {"linear_path": False},
    ],
    ids=str,
)
def test_attributions_of_texts_add_up(options):
    model = make_pipeline(SequenceTokenizer(), LSTMClassifier(**SMALL | options))
    both_paths(model.fit(TEXTS, LABELS))
    result = integrated_gradients(model, SOME)
    complete(result)
    assert [len(words) for words in result.words] == [len(part) for part in result.attributions]
    assert result.targets.tolist() == model.predict(SOME).tolist()
    decision = model.decision_function(SOME)
    if options.get("output_layer") != "softmax":
        sign = np.where(result.targets == model.classes_[1], 1, -1)
        np.testing.assert_allclose(result.outputs, sign * decision, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"fcn_filters": None, "pooling": "mean"},
        {"standardize": "both"},
        {"standardize": "sequence", "fcn_filters": None},
        {"standardize": False, "cell": "gru"},
        {"conv_filters": 8, "conv_pool_size": 3, "bidirectional": False, "fcn_filters": None},
    ],
    ids=str,
)
def test_attributions_of_series_add_up(options):
    model = LSTMClassifier(**SMALL | options).fit(X, Y)
    result = integrated_gradients(model, X[:5])
    complete(result)
    assert {part.shape for part in result.attributions} == {(20, 1)}
    ragged = LSTMRegressor(**SMALL | options).fit(RAGGED, MEANS)
    result = integrated_gradients(ragged, RAGGED[:4])
    complete(result)
    np.testing.assert_allclose(result.outputs, ragged.predict(RAGGED[:4]), rtol=1e-4, atol=1e-5)
    assert [part.shape for part in result.attributions] == [s.shape for s in RAGGED[:4]]


@pytest.mark.parametrize("output_layer", ["softmax", "crf"])
def test_attributions_of_a_tag(output_layer):
    words = [text.split()[:8] for text in TEXTS[:40]]
    tags = [["long" if len(word) > 4 else "short" for word in text] for text in words]
    tagger = LSTMTagger(**SMALL, output_layer=output_layer)
    model = make_pipeline(SequenceTokenizer(analyzer=list, characters=6), tagger).fit(words, tags)
    result = integrated_gradients(model, words[:3], step=2)
    complete(result)
    assert result.targets.tolist() == [tags[2] for tags in model.predict(words[:3])]
    assert [part.shape for part in result.attributions] == [(len(text),) for text in words[:3]]
    last = integrated_gradients(model, words[:3], step=-1, target="long")
    complete(last)
    assert set(last.targets) == {"long"}
    with pytest.raises(ValueError, match=r"step=7, but X\[0\] has 2 steps"):
        integrated_gradients(model, [["a", "b"]], step=7)
    with pytest.raises(ValueError, match="step=None: LSTMTagger has an output at every step"):
        integrated_gradients(model, words[:1])


def test_a_linear_model_is_weight_times_input():
    model = LSTMClassifier(
        num_layers=0, pooling="mean", fcn_filters=None, max_epochs=5, random_state=0
    ).fit(RAGGED, MEANS > 0)
    result = integrated_gradients(model, RAGGED[:3], target=True, n_steps=1)
    weight = model.module_.output.weight.detach().numpy()[0]
    mean, scale = model._moments_
    for series, part in zip(RAGGED, result.attributions, strict=False):
        expected = weight * (series - mean) / scale / len(series)
        np.testing.assert_allclose(part, expected, atol=1e-6)
    # from another baseline: the difference from it
    result = integrated_gradients(model, RAGGED[:3], target=True, baseline=[1.0, -1.0])
    for series, part in zip(RAGGED, result.attributions, strict=False):
        expected = weight * (series - [1.0, -1.0]) / scale / len(series)
        np.testing.assert_allclose(part, expected, atol=1e-6)


def test_words_of_a_linear_model_are_their_vectors_times_weights():
    lstm = LSTMClassifier(num_layers=0, pooling="mean", linear_path=False, max_epochs=3)
    model = make_pipeline(SequenceTokenizer(), lstm.set_params(random_state=0)).fit(TEXTS, LABELS)
    (ids,) = model[0].transform(SOME[:1])
    vectors = lstm.module_.embedding.weight.detach().numpy()[ids]
    weight = lstm.module_.output.weight.detach().numpy()[0]
    result = integrated_gradients(model, SOME[:1], target=model.classes_[1], n_steps=2)
    np.testing.assert_allclose(result.attributions[0], vectors @ weight / len(ids), atol=1e-6)


def path_integral(f, begin, end, n=400):
    """Integrate the gradient by central differences at the midpoints of the path."""
    total = np.zeros_like(end)
    for alpha in (np.arange(n) + 0.5) / n:
        point = begin + alpha * (end - begin)
        for i in np.ndindex(end.shape):
            step = np.zeros_like(end)
            step[i] = 1e-4
            total[i] += (f(point + step) - f(point - step)) / 2e-4 / n
    return total * (end - begin)


def test_finite_differences_along_the_path():
    model = LSTMClassifier(
        2, fcn_filters=None, pooling="mean", max_epochs=20, learning_rate=0.05, random_state=0
    ).fit(RAGGED, MEANS > 0)
    series = RAGGED[0][:4]
    module = model.module_.double()

    def f(values):
        with torch.no_grad():
            outputs = module(torch.from_numpy(values)[None], torch.tensor([len(values)]))
        return float(outputs[0, 0])

    begin = np.broadcast_to(model._moments_[0], series.shape)
    expected = path_integral(f, begin, series.astype(np.float32).astype(float), n=60)
    model.module_.float()
    result = integrated_gradients(model, [series], target=True)
    np.testing.assert_allclose(result.attributions[0], expected, atol=2e-4)
    assert np.abs(expected).max() > 0.01


# The linear path


def test_contributions_of_words_by_hand():
    # ids below 6, the pair (4, 5); idf 1, so values are 1 + log(count), scaled to length 1
    path = CountPath(torch.tensor([4 * 6 + 5]), torch.ones(7), 1)
    with torch.no_grad():
        path.weight.copy_(torch.tensor([[0.0], [0], [0], [0], [1], [2], [4]]))
        path.bias.fill_(10.0)
    ids = torch.tensor([[[4], [5], [1], [4], [5]], [[5], [4], [0], [0], [0]]])
    lengths = torch.tensor([5, 2])
    found = path.contributions(ids, lengths)[:, :, 0, 0].detach()
    each = 1 / np.sqrt(3.0)  # of 4, 5 and the pair, all of them twice: half of it for each place
    first = np.array([1 + 2.0, 2 + 2.0, 0, 1 + 2.0, 2 + 2.0]) * each / 2
    np.testing.assert_allclose(found[0], first, rtol=1e-5)
    np.testing.assert_allclose(found[1], [2 / np.sqrt(2), 1 / np.sqrt(2), 0, 0, 0], rtol=1e-5)
    expected = path.linear(ids, lengths)[:, 0].detach() - 10
    np.testing.assert_allclose(found.sum(dim=1), expected, rtol=1e-5)


def test_contributions_of_values_by_hand():
    path = StepPath(torch.full((3, 1), 0.5), torch.full((3, 1), 2.0), n_outputs=1)
    with torch.no_grad():
        path.weight.copy_(torch.tensor([[1.0], [10.0], [100.0]]))
    x = torch.tensor([[[1.0], [2.0], [3.0], [9.0]], [[4.0], [5.0], [0.0], [0.0]]])
    found = path.contributions(x, torch.tensor([4, 2]))[:, :, 0, 0].detach()
    np.testing.assert_allclose(found, [[0.25, 7.5, 125, 0], [1.75, 22.5, 0, 0]])


def test_the_linear_path_alone_is_exact():
    model = make_pipeline(SequenceTokenizer(), LSTMClassifier(**SMALL)).fit(TEXTS, LABELS)
    with torch.no_grad():
        model[-1].module_.linear_path.shares.copy_(torch.tensor([0.0, 2.0]))
    result = integrated_gradients(model, SOME, target=model.classes_[1], n_steps=1)
    path = model[-1].module_.linear_path
    for i, ids in enumerate(model[0].transform(SOME)):
        block = torch.from_numpy(np.array(ids, dtype=np.int64))[None, :, None]
        parts = 2 * path.contributions(block, torch.tensor([len(ids)]))[0, :, 0, 0]
        np.testing.assert_allclose(result.attributions[i], parts.detach(), atol=1e-6)
    np.testing.assert_allclose(result.baseline_outputs, 2 * path.bias.item(), rtol=1e-6)


def test_series_with_a_linear_path_of_values():
    y = X[:, :3].sum(axis=1)
    model = LSTMRegressor(**SMALL, linear_path=True).fit(X, y)
    assert model.path_weights_["linear"] > 0
    result = integrated_gradients(model, X[:4])
    complete(result)
    mean = np.full((1, 20), float(model._moments_[0][0]))
    np.testing.assert_allclose(result.baseline_outputs, model.predict(mean).repeat(4), rtol=1e-4)


# Targets and baselines


def test_classes_are_chosen():
    y = np.array(["a", "b", "c"])[np.arange(60) % 3]
    model = LSTMClassifier(**SMALL).fit(X, y)
    all_of = integrated_gradients(model, X[:3], target="b")
    each = integrated_gradients(model, X[:3], target=["b", "a", "c"])
    outputs = model.decision_function(X[:3])
    np.testing.assert_allclose(all_of.outputs, outputs[:, 1], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(each.outputs, outputs[[0, 1, 2], [1, 0, 2]], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(all_of.attributions[0], each.attributions[0], atol=1e-6)
    with pytest.raises(ValueError, match="target='z' is none of the classes known"):
        integrated_gradients(model, X[:3], target="z")
    with pytest.raises(ValueError, match="target holds 2 labels for 3 samples"):
        integrated_gradients(model, X[:3], target=["a", "b"])


def test_the_first_of_two_classes_is_the_opposite_of_the_second():
    model = LSTMClassifier(**SMALL).fit(X, Y)
    first, second = (integrated_gradients(model, X[:2], target=k) for k in (0, 1))
    np.testing.assert_allclose(first.attributions[0], -second.attributions[0], atol=1e-6)


def test_several_labels_ordered_classes_and_several_numbers():
    labels = np.column_stack([Y, 1 - Y, (X[:, 0] > 0)]).astype(int)
    model = LSTMClassifier(**SMALL).fit(X, labels)
    result = integrated_gradients(model, X[:3])
    complete(result)
    assert result.targets.tolist() == model.predict_proba(X[:3]).argmax(axis=1).tolist()
    ordered = LSTMClassifier(**SMALL, loss="ordinal", class_order=["low", "mid", "high"]).fit(
        X, np.array(["low", "mid", "high"])[np.arange(60) % 3]
    )
    result = integrated_gradients(ordered, X[:3], target="high")
    complete(result)
    expected = ordered.predict_log_proba(X[:3])[:, ordered.classes_.tolist().index("high")]
    np.testing.assert_allclose(result.outputs, expected, rtol=1e-4)
    numbers = LSTMRegressor(**SMALL).fit(X, X[:, :2] * 10 + 5)
    with pytest.raises(ValueError, match=r"shape \(2,\) for each sample; pass the index"):
        integrated_gradients(numbers, X[:3])
    with pytest.raises(ValueError, match="target=2 is out of range"):
        integrated_gradients(numbers, X[:3], target=2)
    result = integrated_gradients(numbers, X[:3], target=-1)
    complete(result)
    np.testing.assert_allclose(result.outputs, numbers.predict(X[:3])[:, 1], rtol=1e-4)


@pytest.mark.parametrize("loss", ["poisson", "quantile"])
def test_other_losses_of_numbers(loss):
    model = LSTMRegressor(**SMALL, loss=loss).fit(X, np.abs(X[:, 0]) + 1)
    result = integrated_gradients(model, X[:3])
    complete(result)
    np.testing.assert_allclose(result.outputs, model.predict(X[:3]), rtol=1e-4)


def test_numbers_at_every_step():
    y = [series[:, 0].cumsum() for series in RAGGED]
    model = LSTMRegressor(**SMALL, return_sequences=True, bidirectional=False).fit(RAGGED, y)
    result = integrated_gradients(model, RAGGED[:2], step=2)
    complete(result)
    assert (result.attributions[0][3:] == 0).all()  # a step sees none of those after it
    expected = [values[2] for values in model.predict(RAGGED[:2])]
    np.testing.assert_allclose(result.outputs, expected, rtol=1e-4, atol=1e-5)


def test_films_have_an_attribution_per_pixel():
    films = RNG.normal(size=(20, 4, 5, 6))
    model = LSTMClassifier(**SMALL, step_conv_filters=3).fit(films, np.arange(20) % 2)
    result = integrated_gradients(model, films[:2])
    complete(result)
    assert result.attributions[0].shape == (4, 5, 6)


def test_baselines():
    model = make_pipeline(SequenceTokenizer(), LSTMClassifier(**SMALL)).fit(TEXTS, LABELS)
    k = model.classes_[1]
    same = integrated_gradients(model, SOME, target=k, baseline=SOME)
    assert max(np.abs(part).max() for part in same.attributions) == 0
    assert (same.completeness_errors == 0).all()
    other = [" ".join(["film"] * len(words)) for words in same.words]
    one, repeated = (
        integrated_gradients(model, SOME, target=k, baseline=given) for given in ("film", other)
    )
    complete(repeated)
    np.testing.assert_allclose(one.attributions[0], repeated.attributions[0], atol=1e-6)
    np.testing.assert_allclose(
        repeated.baseline_outputs, model.decision_function(other), rtol=1e-4, atol=1e-6
    )
    with pytest.raises(ValueError, match=r"baseline\[0\] has 3 steps, but X\[0\] has"):
        integrated_gradients(model, SOME[:1], baseline=["one two three"])
    with pytest.raises(ValueError, match="baseline holds 2 sequences for 1 in X"):
        integrated_gradients(model, SOME[:1], baseline=["one two three", "four"])
    with pytest.raises(
        ValueError, match="baseline must be the 2 values of a step or sequences like X"
    ):
        integrated_gradients(LSTMClassifier(**SMALL).fit(RAGGED, MEANS > 0), RAGGED, baseline=[[]])


def test_what_hardly_counts_is_no_reason_for_a_warning():
    model = make_pipeline(SequenceTokenizer(), LSTMClassifier(**SMALL)).fit(TEXTS, LABELS)
    with torch.no_grad():
        model[-1].module_.linear_path.shares.copy_(torch.tensor([1e-7, 1.0]))
    result = integrated_gradients(model, ["zyx", "film"])  # unknown: nothing but the LSTM reads it
    complete(result)
    assert result.words == [["<unk>"], ["film"]]
    with pytest.warns(UserWarning, match="no word to keep"):
        empty = integrated_gradients(model, ["", "film"])
    assert empty.words == [["<end>"], ["film"]]
    complete(empty)


def test_two_baselines_of_two_features_are_sequences():
    model = LSTMClassifier(**SMALL, fcn_filters=None).fit(RAGGED, MEANS > 0)
    given = [np.ones_like(series) for series in RAGGED[:2]]
    result = integrated_gradients(model, RAGGED[:2], target=True, baseline=given)
    step = integrated_gradients(model, RAGGED[:2], target=True, baseline=[1, 1])
    number = integrated_gradients(model, RAGGED[:2], target=True, baseline=1.0)
    expected = model.decision_function(given)
    for found in (result, step, number):
        np.testing.assert_allclose(found.baseline_outputs, expected, rtol=1e-4, atol=1e-6)


# Numbers of points, and what surrounds them


def test_more_points_are_taken_where_they_are_needed():
    model = LSTMClassifier(**SMALL).fit(X, Y)
    with torch.no_grad():
        for weight in model.module_.parameters():
            weight *= 3  # so that the output bends along the path
    with pytest.warns(UserWarning, match=r"do not add up .* Use more \(n_steps\)"):
        rough = integrated_gradients(model, X[:8], n_steps=2)
    assert rough.completeness_errors.max() > 0.01
    assert set(rough.n_steps) == {2}
    fine = integrated_gradients(model, X[:8])
    complete(fine)
    assert fine.n_steps.min() == 32


def test_a_call_leaves_everything_as_it_was():
    model = LSTMClassifier(**SMALL).fit(X, Y)
    model.module_.train()
    before = {name: value.clone() for name, value in model.module_.state_dict().items()}
    for weight in model.module_.parameters():
        weight.grad = None
    with torch.no_grad():
        inside = integrated_gradients(model, X[:2])
    with torch.inference_mode():
        inference = integrated_gradients(model, X[:2])
    assert model.module_.training
    assert all(weight.grad is None for weight in model.module_.parameters())
    for name, value in model.module_.state_dict().items():
        torch.testing.assert_close(value, before[name])
    np.testing.assert_array_equal(inside.attributions[0], inference.attributions[0])


def test_an_attribution_does_not_depend_on_the_other_samples():
    model = make_pipeline(SequenceTokenizer(), LSTMClassifier(**SMALL)).fit(TEXTS, LABELS)
    both_paths(model)
    together = integrated_gradients(model, SOME)
    for i, text in enumerate(SOME):
        alone = integrated_gradients(model, text)
        np.testing.assert_allclose(
            alone.attributions[0], together.attributions[i], rtol=1e-3, atol=1e-5
        )


def test_searches_and_other_estimators():
    model = make_pipeline(FunctionTransformer(), LSTMClassifier(2, max_epochs=1, random_state=0))
    search = GridSearchCV(model, {"lstmclassifier__hidden_size": [2]}, cv=2).fit(X, Y)
    found = integrated_gradients(search, X[:2])
    expected = integrated_gradients(search.best_estimator_, X[:2])
    np.testing.assert_array_equal(found.attributions[0], expected.attributions[0])
    with pytest.raises(TypeError, match="LogisticRegression has no network that can be explained"):
        integrated_gradients(LogisticRegression().fit(X, Y), X)
    with pytest.raises(NotFittedError):
        integrated_gradients(LSTMClassifier(), X)
    with pytest.raises(ValueError, match="n_steps must be 'auto' or a whole number above 0; got 0"):
        integrated_gradients(search, X, n_steps=0)
    with pytest.raises(ValueError, match="step=1, but LSTMClassifier has one output for each"):
        integrated_gradients(search, X, step=1)

    with pytest.raises(TypeError, match=r"_build_module\(\) returned a OwnModule"):
        integrated_gradients(OwnClassifier(max_epochs=1, linear_path=False).fit(X, Y), X[:1])


class OwnModule(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.output = torch.nn.Linear(1, 1)

    def forward(self, inputs, lengths):
        return self.output(inputs.mean(dim=1))


class OwnClassifier(LSTMClassifier):
    def _build_module(self):
        return OwnModule()


def test_words_with_vectors_of_their_own_are_explained():
    vectors = {"good": [1.0, 0.0, 0.5], "bad": [-1.0, 0.0, 0.5], "superb": [1.2, 0.1, 0.4]}
    X, y = ["good film", "bad film", "good", "bad"] * 10, [1, 0, 1, 0] * 10
    lstm = LSTMClassifier(
        4, embeddings=vectors, freeze_embeddings=True, linear_path=False, random_state=0
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # few words have a vector
        model = make_pipeline(SequenceTokenizer(), lstm).fit(X, y)
    result = integrated_gradients(model, "superb film", target=1)
    complete(result)
    assert result.attributions[0][0] > abs(result.attributions[0][1])


# Steps of several words, tables of texts, and what does not fit

BASKETS = [[["milk", "tea"], ["bread"]], [["tea"], ["milk", "jam", "bread"]], [["jam"]]] * 8
BOUGHT = [1, 0, 1] * 8


@pytest.fixture(scope="module")
def of_baskets():
    lstm = LSTMClassifier(**SMALL)
    return make_pipeline(SequenceTokenizer(analyzer=list), lstm).fit(BASKETS, BOUGHT)


def test_steps_of_several_words_have_one_number_each(of_baskets):
    given = BASKETS[:3]
    result = integrated_gradients(of_baskets, given, target=1)
    complete(result)
    assert [part.shape for part in result.attributions] == [(2,), (2,), (1,)]
    assert result.words == [["milk, tea", "bread"], ["tea", "milk, jam, bread"], ["jam"]]
    outputs = of_baskets.decision_function(given)
    np.testing.assert_allclose(result.outputs, outputs, rtol=1e-4, atol=1e-6)
    turned = [[step[::-1] for step in basket] for basket in given]
    other = integrated_gradients(of_baskets, turned, target=1)
    for one, part in zip(other.attributions, result.attributions, strict=True):
        np.testing.assert_allclose(one, part, atol=1e-6)
    assert other.words[0] == ["tea, milk", "bread"]
    for i, basket in enumerate(given):  # alone, steps are padded to another width
        alone = integrated_gradients(of_baskets, [basket], target=1)
        np.testing.assert_allclose(alone.attributions[0], result.attributions[i], atol=1e-6)


def test_a_step_of_several_words_is_their_mean_vector(of_baskets):
    lstm = LSTMClassifier(num_layers=0, pooling="mean", max_epochs=2, random_state=0)
    model = make_pipeline(SequenceTokenizer(analyzer=list), lstm).fit(BASKETS, BOUGHT)
    known = model[0].vocabulary_
    vectors = lstm.module_.embedding.weight.detach().numpy()
    weight = lstm.module_.output.weight.detach().numpy()[0]
    basket = [["milk", "jam", "bread"], ["tea", "new"]]
    means = [vectors[[known.get(word, 1) for word in step]].mean(axis=0) for step in basket]
    result = integrated_gradients(model, [basket], target=1, n_steps=2)
    np.testing.assert_allclose(result.attributions[0], means @ weight / 2, atol=1e-6)
    assert result.words == [["milk, jam, bread", "tea, <unk>"]]


def test_columns_of_texts():
    model = make_pipeline(SequenceTokenizer(), LSTMClassifier(**SMALL))
    frame = pd.DataFrame({"text": TEXTS})
    model.fit(frame, LABELS)
    expected = integrated_gradients(model, TEXTS[:2])
    for X in (frame[:2], frame["text"][:2], np.array(TEXTS[:2], dtype=object)[:, None]):
        found = integrated_gradients(model, X)
        assert found.words == expected.words
        np.testing.assert_array_equal(found.attributions[0], expected.attributions[0])


def test_words_of_a_column_that_others_choose():
    frame = pd.DataFrame({"price": np.arange(120.0), "text": TEXTS})
    plain = make_pipeline(SequenceTokenizer(), LSTMClassifier(**SMALL)).fit(TEXTS, LABELS)
    expected = integrated_gradients(plain, TEXTS[:2])
    for chosen in (
        ColumnTransformer([("words", SequenceTokenizer(), ["text"])]),
        SequenceUnion([("words", SequenceTokenizer(), "text")]),
    ):
        model = make_pipeline(chosen, LSTMClassifier(**SMALL)).fit(frame, LABELS)
        found = integrated_gradients(model, frame[:2])
        assert found.words == expected.words
        np.testing.assert_allclose(found.attributions[1], expected.attributions[1], rtol=1e-3)


def test_numbers_that_are_not_finite():
    model = LSTMClassifier(**SMALL, fcn_filters=None).fit(RAGGED, MEANS > 0)
    for given, name in (
        (np.nan, "baseline is nan"),
        ([0.0, np.inf], r"baseline\[1\] is inf"),
        (np.array([np.nan, 0.0]), r"baseline\[0\] is nan"),
        (1e300, "baseline is 1e\\+300"),
        ([np.full((len(RAGGED[0]), 2), np.nan)], r"baseline contains NaN .*baseline\[0\] holds"),
    ):
        with pytest.raises(ValueError, match=name):
            integrated_gradients(model, RAGGED[:1], baseline=given)
    with torch.no_grad():
        model.module_.output.weight.fill_(torch.nan)
    with pytest.warns(UserWarning, match="do not add up"):
        broken = integrated_gradients(model, RAGGED[:1], n_steps=2)
    assert not (broken.completeness_errors <= 0.01).any()


def test_baselines_of_another_kind():
    words = make_pipeline(SequenceTokenizer(), LSTMClassifier(**SMALL)).fit(TEXTS, LABELS)
    for given in (0, [0.0, 1.0], np.zeros(3)):
        with pytest.raises(ValueError, match=r"baseline=.* Accepted are None, for no words, one"):
            integrated_gradients(words, TEXTS[:1], baseline=given)
    model = LSTMRegressor(**SMALL, fcn_filters=None).fit(RAGGED, MEANS)
    with pytest.raises(ValueError, match=r"baseline has shape \(3,\), but a step of X has 2 va"):
        integrated_gradients(model, RAGGED[:1], baseline=[1, 2, 3])
    with pytest.raises(ValueError, match=r"baseline is one sequence of .* pass \[baseline\]"):
        integrated_gradients(model, RAGGED[:1], baseline=RAGGED[0])


def test_one_series_is_no_list_of_them():
    model = LSTMRegressor(**SMALL, fcn_filters=None).fit(RAGGED, MEANS)
    with pytest.raises(ValueError, match=r"X is one sequence of shape .*, 2\), .* pass \[X\]"):
        integrated_gradients(model, RAGGED[0])
    single = LSTMRegressor(**SMALL).fit(X, X[:, 0])
    with pytest.raises(ValueError, match=r"X is one sequence of shape \(20,\), .* pass \[X\]"):
        integrated_gradients(single, X[0])
    scaled = make_pipeline(SequenceScaler(), LSTMRegressor(**SMALL)).fit(RAGGED, MEANS)
    with pytest.raises(ValueError, match=r"X is one sequence.* pass \[X\]"):
        integrated_gradients(scaled, RAGGED[0])


def test_one_basket_is_no_list_of_them(of_baskets):
    with pytest.raises(ValueError, match=r"X is one sequence, .* pass \[X\]"):
        integrated_gradients(of_baskets, BASKETS[0])
    with pytest.raises(ValueError, match=r"baseline is one sequence, .* pass \[baseline\]"):
        integrated_gradients(of_baskets, BASKETS[:1], baseline=BASKETS[0])
    words = make_pipeline(SequenceTokenizer(), LSTMClassifier(**SMALL)).fit(TEXTS, LABELS)
    with pytest.raises(ValueError, match=r"baseline must be .* like X: baseline\[0\] is missing"):
        integrated_gradients(words, TEXTS[:1], baseline=[None])


def test_targets_name_what_is_wrong():
    model = LSTMClassifier(**SMALL).fit(X, Y)
    with pytest.raises(ValueError, match=r"target\[1\]=7 is none of the classes known"):
        integrated_gradients(model, X[:2], target=[0, 7])
    one, two = (LSTMRegressor(**SMALL).fit(X, y) for y in (X[:, 0], X[:, :2]))
    for given in (1, "a"):
        with pytest.raises(ValueError, match="one number for each sample, so target is not need"):
            integrated_gradients(one, X[:2], target=given)
        given = 2 if given == 1 else given
        with pytest.raises(ValueError, match=r"predicts 2 numbers .* accepted is one of 0 and 1"):
            integrated_gradients(two, X[:2], target=given)
