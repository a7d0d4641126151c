"""What a GPU must not change; skipped where there is none."""

import pickle
import warnings

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from sklearn.pipeline import make_pipeline

from sklstm import (
    AutoencoderClusterer,
    LSTMClassifier,
    LSTMForecaster,
    LSTMRegressor,
    LSTMSeq2Seq,
    LSTMTagger,
    SequenceTokenizer,
)
from sklstm.datasets import make_word_order
from sklstm.inspection import integrated_gradients

needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
rng = np.random.default_rng(0)
SERIES = [rng.normal(size=(int(n), 3)).cumsum(axis=0) for n in rng.integers(5, 60, 80)]
RISES = np.array([x[-1, 0] > x[0, 0] for x in SERIES])
TEXTS = ["".join("ud"[int(v > 0)] for v in x[:5, 0]) for x in SERIES]
STEPS = [(x[:, 0] > 0).astype(int) for x in SERIES]

MODELS = {
    "defaults": (LSTMClassifier(max_epochs=5, random_state=0), RISES),
    "lstm": (LSTMClassifier(40, fcn_filters=None, max_epochs=5, random_state=0), RISES),
    "gru": (LSTMClassifier(40, cell="gru", fcn_filters=None, max_epochs=5, random_state=0), RISES),
    "weight drop": (LSTMClassifier(20, recurrent_dropout=0.3, max_epochs=3, random_state=0), RISES),
    "gru, weight drop": (
        LSTMClassifier(20, cell="gru", recurrent_dropout=0.3, max_epochs=3, random_state=0),
        RISES,
    ),
    "state drop": (
        LSTMClassifier(
            20, recurrent_dropout=0.3, recurrent_dropout_method="states", max_epochs=2,
            random_state=0,
        ),
        RISES,
    ),
    "chunks": (
        LSTMClassifier(
            20, bidirectional=False, fcn_filters=None, bptt_length=10, max_epochs=3, random_state=0
        ),
        RISES,
    ),
    "regressor": (LSTMRegressor(20, max_epochs=5, random_state=0), [x.sum() for x in SERIES]),
    "forecaster": (LSTMForecaster(2, 3, max_epochs=3, random_state=0), None),
    "recursive forecaster": (
        LSTMForecaster(
            2, loss="student_t", strategy="recursive", recurrent_dropout=0.3, max_epochs=2,
            random_state=0,
        ),
        None,
    ),
    "tagger": (LSTMTagger(20, max_epochs=5, random_state=0), STEPS),
    "crf": (LSTMTagger(20, output_layer="crf", max_epochs=3, random_state=0), STEPS),
    "attention": (LSTMSeq2Seq(20, max_epochs=3, random_state=0), TEXTS),
    "sampling": (LSTMSeq2Seq(20, teacher_forcing=0.5, max_epochs=2, random_state=0), TEXTS),
}  # fmt: skip


def outputs(model, X):
    """Return the numbers that the model predicts."""
    if isinstance(model, LSTMSeq2Seq):
        assert len(model.predict(X, n_beams=2)) == len(X)
        return model.score_samples(X, ["udu"] * len(X))
    method = "predict" if isinstance(model, LSTMRegressor | LSTMForecaster) else "predict_proba"
    found = getattr(model, method)(X)
    return np.concatenate(list(found)) if found.dtype == object else found


@needs_gpu
@pytest.mark.parametrize("name", MODELS)
def test_predictions_are_those_of_the_same_model_on_a_cpu(name):
    model, y = MODELS[name]
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        model.set_params(device="cuda").fit(SERIES, y)
    found = outputs(model, SERIES)
    alone = np.concatenate([outputs(model, SERIES[i : i + 1]) for i in range(len(SERIES))])
    scale = max(1.0, np.abs(found).max())
    assert_allclose(alone, found, rtol=0, atol=1e-5 * scale)
    assert torch.backends.cudnn.allow_tf32  # as before
    moved = pickle.loads(pickle.dumps(model)).set_params(device="cpu")
    assert_allclose(outputs(moved, SERIES), found, rtol=0, atol=1e-5 * scale)


@needs_gpu
def test_texts_streams_and_attributions():
    texts, y = make_word_order(200, random_state=0)
    lstm = LSTMClassifier(32, bidirectional=False, device="cuda", max_epochs=30, random_state=0)
    model = make_pipeline(SequenceTokenizer(), lstm).fit(texts, y)
    assert model.score(texts, y) > 0.9
    tokens = model[:-1].transform(texts[:1])
    with model[-1].stream(response_method="predict_proba") as stream:
        for step in tokens[0]:
            last = stream.step(step)
    assert_allclose(last, model.predict_proba(texts[:1])[0], atol=1e-5)
    found = integrated_gradients(model, texts[:5])
    assert found.completeness_errors.max() < 0.01
    model[-1].set_params(device="cpu")
    expected = integrated_gradients(model, texts[:5])
    for ours, theirs in zip(found.attributions, expected.attributions, strict=True):
        assert_allclose(ours, theirs, atol=1e-3)


@needs_gpu
def test_clusters():
    model = AutoencoderClusterer(2, hidden_size=16, max_epochs=5, device="cuda", random_state=0)
    labels = model.fit(SERIES).labels_
    assert_allclose(model.predict(SERIES), labels)
    z = model.transform(SERIES)
    assert_allclose(model.set_params(device="cpu").transform(SERIES), z, atol=1e-4)


def test_predictions_leave_the_users_precision_as_it_is():
    model = LSTMClassifier(4, max_epochs=1, device="cpu", random_state=0).fit(SERIES, RISES)
    cudnn = torch.backends.cudnn
    before = cudnn.allow_tf32
    try:
        for allowed in (True, False):
            cudnn.allow_tf32 = allowed
            seen = []
            hook = model.module_.register_forward_hook(lambda *_: seen.append(cudnn.allow_tf32))  # noqa: B023
            model.predict(SERIES)
            hook.remove()
            assert seen
            assert not any(seen)
            assert cudnn.allow_tf32 is allowed
    finally:
        cudnn.allow_tf32 = before
