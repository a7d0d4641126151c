"""The plan of training that parameters ask for."""

import math

import pytest
import torch

from sklstm import AutoencoderClusterer, LSTMClassifier, LSTMRegressor, LSTMTagger
from sklstm._training import CLUSTERING, RECONSTRUCTION, frozen_epochs, plan_from
from sklstm._training.plan import SUPERVISED

ESTIMATORS = (LSTMClassifier, LSTMRegressor, LSTMTagger, AutoencoderClusterer)
SAME = ("batch_size", "optimizer", "learning_rate", "weight_decay", "gradient_clip", "n_jobs")


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_every_estimator_has_the_parameters_of_a_plan(kind):
    callback = object()
    model = kind(batch_size=7, optimizer="sgd", learning_rate=0.5, callbacks=[callback], n_jobs=2)
    model.set_params(device="cpu", verbose=True, max_epochs=9, shuffle=False)
    plan = plan_from(model, n_batches=3, seed=1)
    assert [getattr(plan, name) for name in SAME] == [getattr(model, name) for name in SAME]
    assert plan.device == torch.device("cpu")
    assert (plan.max_epochs, plan.n_batches, plan.seed) == (9, 3, 1)
    assert (plan.callbacks, plan.verbose, plan.frozen_epochs) == ((callback,), 1, None)
    assert plan.order() is None


def test_part_of_the_data_takes_one_epoch_at_a_constant_rate():
    model = LSTMClassifier(max_epochs=9, lr_schedule="cosine")
    assert plan_from(model, n_batches=3, seed=0).lr_schedule == "cosine"
    plan = plan_from(model, n_batches=3, seed=0, partial=True)
    assert (plan.max_epochs, plan.lr_schedule) == (1, "constant")


def test_samples_that_continue_each_other_are_not_shuffled():
    model = LSTMClassifier(shuffle=True)
    assert plan_from(model, n_batches=3, seed=0).shuffle
    assert not plan_from(model, n_batches=3, seed=0, stateful=True).shuffle


@pytest.mark.parametrize(
    ("auto_epochs", "n_batches", "expected"),
    [
        (SUPERVISED, 391, 4),
        (SUPERVISED, 171, 9),
        (SUPERVISED, 15, 100),
        (SUPERVISED, 1, 100),
        (RECONSTRUCTION, 1, 500),
        (RECONSTRUCTION, 1000, 20),
        (CLUSTERING, 50, 20),
    ],
)
def test_auto_aims_at_a_number_of_steps(auto_epochs, n_batches, expected):
    model = AutoencoderClusterer(max_epochs="auto", clustering_epochs=2)
    plan = plan_from(model, n_batches=n_batches, seed=0, auto_epochs=auto_epochs)
    assert plan.max_epochs == expected
    plan = plan_from(model, n_batches=n_batches, seed=0, max_epochs=model.clustering_epochs)
    assert plan.max_epochs == 2


@pytest.mark.parametrize(
    ("n_batches", "n_tokens", "expected"),
    [
        (63, 0, 24),  # values
        (63, 20_000, 24),
        (63, 500_000, 7),
        (63, 587_269, 5),
        (63, 4_000_000, 4),
        (63, 9_000_000, 4),
        (782, 7_300_000, 4),
        (1, 100_000, 35),
        (1, 10, 100),
    ],
)
def test_auto_reads_a_limited_number_of_tokens(n_batches, n_tokens, expected):
    how = {"n_batches": n_batches, "n_tokens": n_tokens, "seed": 0}
    for kind in (LSTMClassifier, LSTMRegressor, LSTMTagger):
        assert plan_from(kind(), **how).max_epochs == expected
        assert plan_from(kind(max_epochs=30), **how).max_epochs == 30
    plan = plan_from(AutoencoderClusterer(), **how, auto_epochs=RECONSTRUCTION)
    assert plan.max_epochs == min(500, max(20, round(1000 / n_batches)))


@pytest.mark.parametrize(
    ("given", "n_done", "left"),
    [(False, 0, 0), (True, 9, math.inf), (0, 0, 0), (1, 0, 1), (5, 2, 3), (5, 9, 0)],
)
def test_frozen_epochs_count_from_the_first(given, n_done, left):
    assert frozen_epochs(given, n_done) == left
    model = LSTMClassifier(freeze_embeddings=given)
    how = {"n_batches": 1, "seed": 0, "n_epochs_done": n_done}
    assert plan_from(model, **how).frozen_epochs == (left or None)
    assert plan_from(model, **how, was_frozen=True).frozen_epochs == left
