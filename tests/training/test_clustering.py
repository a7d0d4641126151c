"""Empty clusters in the joint training of an autoencoder and its clusters."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from sklearn.datasets import make_blobs

from sklstm._training import Table, TrainingPlan, train_clusters
from sklstm._training.clustering import RefreshTargets, has_distinct
from sklstm.nn.autoencoder import ClusteringAutoencoder, DenseAutoencoder
from sklstm.nn.losses import ClusteringLoss

BLOBS, _ = make_blobs(90, centers=5 * np.eye(3, 6), cluster_std=0.5, random_state=0)
TABLE = Table(BLOBS, BLOBS.mean(axis=0), 1.0)
WEIGHTS = np.ones(90, dtype=np.float32)
PLAN = TrainingPlan(
    max_epochs=2, n_batches=1, batch_size=90, optimizer="sgd", learning_rate=1e-9,
    weight_decay=0.0, gradient_clip=None, lr_schedule="constant", shuffle=False,
    early_stopping=False, n_iter_no_change=1, tol=0.0, device=torch.device("cpu"),
    n_jobs=1, seed=0,
)  # fmt: skip


@pytest.fixture
def module():
    """Return a network whose last centre is far from all samples."""
    torch.manual_seed(0)
    network = ClusteringAutoencoder(DenseAutoencoder(6, (8,), 2), torch.zeros(3, 2)).eval()
    with torch.no_grad():
        network.centers[:2] = latent_of(network)[:2]
        network.centers[2] = 1e4
    return network


def latent_of(module):
    with torch.no_grad():
        return module.encode(TABLE.tensor(slice(None), torch.device("cpu")))


def farthest(module):
    """Return the latent representation of the sample farthest from the nearer of two centres."""
    latent = latent_of(module)
    distance = ((latent[:, None] - module.centers[:2].detach()) ** 2).sum(dim=2)
    return latent[distance.min(dim=1).values.argmax()]


def test_an_empty_cluster_is_reinitialised_at_the_farthest_sample(module):
    expected = farthest(module)
    _, n_reseeded = train_clusters(module, TABLE, WEIGHTS, PLAN, clustering_weight=1.0, tol=1.0)
    assert n_reseeded == 1
    torch.testing.assert_close(module.centers[2].detach(), expected)


def test_fewer_different_samples_than_clusters_leave_some_empty(module):
    two = Table(np.repeat([[1.0] * 6, [2.0] * 6], 5, axis=0), np.zeros(6), 1.0)
    targets = RefreshTargets(module, ClusteringLoss(1.0), two, WEIGHTS[:10], PLAN, 0.0)
    centers = module.centers.detach().clone()
    assert not len(targets.refresh())
    assert targets.n_reseeded_ == 0
    assert targets.labels_.shape == (10,)
    torch.testing.assert_close(module.centers.detach(), centers, rtol=0, atol=0)


@pytest.mark.parametrize("scale", [1.0, 1e-20, 1e20])
def test_points_that_differ_in_the_last_bits_are_equal(scale):
    points = np.array([[1.0, -3.0], [2.0, 0.0]], dtype=np.float32) * np.float32(scale)
    rounded = np.concatenate([points, np.nextafter(points, np.float32(np.inf))])
    assert has_distinct(rounded, 2)
    assert not has_distinct(rounded, 3)
    assert not has_distinct(rounded[:0], 1)
    assert has_distinct(np.concatenate([rounded, points[:1] * 1.001]), 3)


def test_the_optimizer_forgets_where_it_was_moving_an_empty_cluster(module):
    optimizer = torch.optim.Adam([module.centers], lr=1e-9)
    module.centers.grad = torch.ones(3, 2)
    optimizer.step()
    targets = RefreshTargets(module, ClusteringLoss(1.0), TABLE, WEIGHTS, PLAN, 0.0)
    targets.on_train_begin(SimpleNamespace(optimizer_=optimizer))
    averages = optimizer.state[module.centers]["exp_avg"]
    assert averages[:2].all()
    assert not averages[2].any()
