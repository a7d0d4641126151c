"""AutoencoderClusterer: which of several autoencoders is kept, and what it warns of."""

import signal

import numpy as np
import pytest
from sklearn.datasets import make_blobs
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import adjusted_rand_score
from skorch.callbacks import Callback

from sklstm import AutoencoderClusterer
from sklstm._estimators._agreement import agreements

BLOBS, _ = make_blobs(90, centers=5 * np.eye(3, 6), cluster_std=0.5, random_state=0)


def small(n_clusters=3, **params):
    quick = {"n_components": 3, "hidden_layer_sizes": 32, "learning_rate": 5e-3, "n_init": 3}
    quick |= {"max_epochs": 60, "clustering_epochs": 20, "random_state": 0}
    return AutoencoderClusterer(n_clusters, **(quick | params))


def test_of_several_autoencoders_that_is_kept_which_the_others_agree_with_most():
    X = np.random.default_rng(3).normal(size=(80, 6))  # no clusters: each start finds others
    params = {"max_epochs": 5, "clustering_epochs": 2, "tol": 0.0}
    rng = np.random.RandomState(4)
    single = [small(4, **params, random_state=rng).fit(X) for _ in range(3)]
    index = [[adjusted_rand_score(a.labels_, b.labels_) for a in single] for b in single]
    means = [(sum(row) - 1) / 2 for row in index]
    best = int(np.argmax(means))
    assert best != 0  # so that taking the first would be seen
    model = small(4, **params, random_state=np.random.RandomState(4), n_autoencoders=3).fit(X)
    np.testing.assert_array_equal(model.labels_, single[best].labels_)
    np.testing.assert_array_equal(model.transform(X), single[best].transform(X))
    assert model.agreement_ == pytest.approx(means[best])
    assert model.loss_curve_ == single[best].loss_curve_
    assert not hasattr(single[0], "agreement_")


def test_agreement_leaves_out_samples_without_weight():
    clusterings = [np.array([0, 0, 1, 1, 0]), np.array([1, 1, 0, 0, 0]), np.array([0, 1, 0, 1, 2])]
    found = agreements(clusterings, np.array([1.0, 2.0, 1.0, 1.0, 0.0]))
    other = adjusted_rand_score([0, 0, 1, 1], [0, 1, 0, 1])
    np.testing.assert_allclose(found, [(1 + other) / 2, (1 + other) / 2, other])


class InterruptFit(Callback):
    """End training in the first epoch of the fit of this number."""

    seen = 0

    def __init__(self, fit):
        self.fit = fit

    def on_train_begin(self, net, **kwargs):
        type(self).seen += 1

    def on_epoch_end(self, net, **kwargs):
        if type(self).seen == self.fit:
            signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize(
    ("number", "message"),
    [
        (1, "interrupted in epoch 1;"),
        (2, "interrupted in autoencoder 2; the clusters are those of the one before"),
        (3, "interrupted in autoencoder 3; the clusters are those of one of the 2 before"),
    ],
)
def test_an_autoencoder_that_was_ended_early_stands_aside(number, message):
    InterruptFit.seen = 0
    model = small(n_autoencoders=4, clustering="kmeans", callbacks=[InterruptFit(number)])
    with pytest.warns(ConvergenceWarning, match=message) as caught:
        model.fit(BLOBS)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert InterruptFit.seen == number
    assert (model.n_iter_ == 1) == (number == 1)
    assert hasattr(model, "agreement_") == (number == 3)


def test_only_the_autoencoder_that_is_kept_warns():
    X = np.random.default_rng(0).normal(size=(80, 6))
    model = small(4, clustering_epochs=1, max_epochs=2, learning_rate=0.01, n_autoencoders=3)
    with pytest.warns(ConvergenceWarning, match="did not settle") as caught:
        model.fit(X)
    assert [warning.filename for warning in caught] == [__file__]
    assert f"{model.history_[-1]['changed']:.2%}" in str(caught[0].message)
