"""AutoencoderClusterer: the clusters it finds, and what its methods promise."""

import pickle
import re
import signal

import numpy as np
import pytest
import torch
from scipy.sparse import csr_matrix
from sklearn.cluster import KMeans
from sklearn.compose import make_column_transformer
from sklearn.datasets import make_blobs
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import adjusted_rand_score, silhouette_score
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from skorch.callbacks import Callback

from sklstm import AutoencoderClusterer, SequenceTokenizer
from sklstm._estimators.clusterer import Scaling, agreements

CENTERS = 5 * np.eye(3, 6)
BLOBS, GROUPS = make_blobs(90, centers=CENTERS, cluster_std=0.5, random_state=0)
SMALL = {
    "n_components": 3,
    "hidden_layer_sizes": (32,),
    "hidden_size": 12,
    "learning_rate": 5e-3,
    "max_epochs": 60,
    "clustering_epochs": 20,
    "n_init": 3,
    "random_state": 0,
}
READER = {"batch_size": 15, "noise": 0.1, "dropout": 0.0, "learning_rate": 0.01}
PLAIN = {"clustering": "kmeans", "noise": 0.0, "dropout": 0.0}


def small(n_clusters=3, **params):
    return AutoencoderClusterer(n_clusters, **(SMALL | params))


def waves(n=60, n_features=1, seed=0):
    """Return ragged sequences of slow and fast waves, and which of the two each is."""
    rng = np.random.default_rng(seed)
    kinds = np.arange(n) % 2
    made = []
    for kind in kinds:
        steps = np.arange(rng.integers(12, 20)) * (1.2 if kind else 0.4) + rng.random()
        made.append(np.stack([np.sin(steps + shift) for shift in range(n_features)], axis=1))
    return [wave[:, 0] for wave in made] if n_features == 1 else made, kinds


@pytest.fixture(scope="module")
def fitted():
    return small().fit(BLOBS)


@pytest.fixture(scope="module")
def fitted_waves():
    return small(2, **READER).fit(waves()[0])


@pytest.mark.parametrize("clustering", ["idec", "kmeans"])
def test_clusters_of_a_table(clustering):
    model = small(clustering=clustering, max_epochs=150)
    assert adjusted_rand_score(GROUPS, model.fit_predict(BLOBS)) == 1
    assert model.architecture_ == "dense"
    new, groups = make_blobs(50, centers=CENTERS, cluster_std=0.5, random_state=1)
    assert adjusted_rand_score(groups, model.predict(new)) == 1


@pytest.mark.parametrize("n_features", [1, 2])
@pytest.mark.parametrize("clustering", ["idec", "kmeans"])
def test_clusters_of_ragged_sequences(n_features, clustering):
    X, kinds = waves(n_features=n_features)
    model = small(2, clustering=clustering, **READER).fit(X)
    assert model.architecture_ == "lstm"
    assert adjusted_rand_score(kinds, model.labels_) == 1
    new, kinds = waves(20, n_features, seed=1)
    assert adjusted_rand_score(kinds, model.predict(new)) == 1


def test_clusters_of_texts():
    rng = np.random.default_rng(0)
    words = {0: "sea wave boat fish salt".split(), 1: "star moon night sky sun".split()}
    kinds = np.arange(60) % 2
    texts = [" ".join(rng.choice(words[kind], rng.integers(3, 8))) for kind in kinds]
    model = make_pipeline(SequenceTokenizer(), small(2, embedding_dim=8, **READER))
    assert adjusted_rand_score(kinds, model.fit_predict(texts)) == 1
    clusterer = model[-1]
    ids = clusterer.inverse_transform(clusterer.cluster_centers_, lengths=4)
    spoken = model[0].inverse_transform(ids)
    assert {word in words[0] for word in spoken[0]} == {spoken[0][0] in words[0]}
    assert clusterer.vocabulary_ == model[0].vocabulary_


def test_labels_are_predictions_whatever_the_company(fitted, fitted_waves):
    for model, X in ((fitted, BLOBS), (fitted_waves, waves()[0])):
        np.testing.assert_array_equal(model.predict(X), model.labels_)
        np.testing.assert_array_equal(model.predict(X[::-1]), model.labels_[::-1])
        for method in (model.transform, model.predict_proba, model.score_samples):
            together = method(X)
            for i in range(0, len(X), 17):
                np.testing.assert_allclose(method(X[i : i + 1])[0], together[i], atol=1e-5)


def test_sparse_and_dense_tables_are_one_and_the_same():
    rng = np.random.default_rng(0)
    X = BLOBS * (rng.random(BLOBS.shape) < 0.6)
    dense, sparse = small().fit(X), small().fit(csr_matrix(X))
    np.testing.assert_allclose(dense.transform(X), sparse.transform(csr_matrix(X)), atol=1e-4)
    np.testing.assert_array_equal(dense.labels_, sparse.labels_)
    np.testing.assert_array_equal(dense.predict(csr_matrix(X)), dense.labels_)


def test_soft_assignments_are_student_t_in_the_latent_space(fitted):
    latent = fitted.transform(BLOBS).astype(float)
    similar = 1 / (1 + ((latent[:, None] - fitted.cluster_centers_) ** 2).sum(axis=2))
    expected = similar / similar.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(fitted.predict_proba(BLOBS), expected, atol=1e-5)
    np.testing.assert_array_equal(fitted.labels_, expected.argmax(axis=1))
    distance = ((latent - fitted.cluster_centers_[fitted.labels_]) ** 2).sum()
    assert fitted.inertia_ == pytest.approx(distance, rel=1e-4)


def test_kmeans_in_the_latent_space_is_scikit_learns():
    model = small(clustering="kmeans").fit(BLOBS)
    latent = model.transform(BLOBS)
    expected = KMeans(3, n_init=3, random_state=0).fit(latent)
    assert adjusted_rand_score(expected.labels_, model.labels_) == 1
    assert model.inertia_ == pytest.approx(expected.inertia_, rel=1e-4)
    assert {row["phase"] for row in model.history_} == {"reconstruction"}


def test_joint_training_moves_samples_to_their_centres(fitted):
    plain = small(clustering="kmeans").fit(BLOBS)
    before = silhouette_score(plain.transform(BLOBS), plain.labels_)
    after = silhouette_score(fitted.transform(BLOBS), fitted.labels_)
    assert after > before
    phases = [row["phase"] for row in fitted.history_]
    assert phases == sorted(phases, key=["reconstruction", "clustering"].index)
    assert len(fitted.loss_curve_) == fitted.n_iter_ == len(phases)
    assert fitted.history_[-1]["changed"] <= fitted.tol


@pytest.mark.parametrize("form", ["table", "ragged", "width", "3-d"])
def test_errors_are_those_of_what_is_restored(form):
    rng = np.random.default_rng(0)
    X = {
        "table": BLOBS,
        "ragged": waves(n_features=2)[0],
        "width": rng.normal(size=(30, 5)),
        "3-d": rng.normal(3, 2, size=(30, 5, 2)),
    }[form]
    architecture = "lstm" if form == "width" else "auto"
    model = small(2, max_epochs=5, clustering="kmeans", architecture=architecture).fit(X)
    lengths = [len(item) for item in X] if form == "ragged" else None
    restored = model.inverse_transform(model.transform(X), lengths)
    errors = [-np.mean((a - b) ** 2) for a, b in zip(X, restored, strict=True)]
    np.testing.assert_allclose(model.score_samples(X), errors, rtol=1e-4)
    if form != "ragged":
        assert restored.shape == X.shape


def test_a_search_without_a_scorer_minimizes_the_error(fitted):
    weights = np.arange(90.0)
    expected = np.average(fitted.score_samples(BLOBS), weights=weights)
    assert fitted.score(BLOBS, sample_weight=weights) == pytest.approx(expected)
    grid = {"n_components": [1, 3]}
    search = GridSearchCV(small(max_epochs=100, **PLAIN), grid, cv=2).fit(BLOBS)
    assert search.best_params_ == {"n_components": 3}


def test_unusual_samples_score_low(fitted, fitted_waves):
    strange = np.full((1, 6), 30.0)
    assert fitted.score_samples(strange) < fitted.score_samples(BLOBS).min()
    spike = waves()[0][0].copy()
    spike[5] = 8.0
    assert fitted_waves.score_samples([spike]) < fitted_waves.score_samples(waves()[0]).min()


def test_the_unit_of_x_does_not_matter(fitted):
    other = small().fit(BLOBS * 1000 + 5e6)
    np.testing.assert_array_equal(other.labels_, fitted.labels_)
    scores = other.score_samples(BLOBS * 1000 + 5e6)
    np.testing.assert_allclose(scores, fitted.score_samples(BLOBS) * 1e6, rtol=0.05)
    for unit in (1e-25, 1e25):
        other = small().fit(BLOBS * unit)
        scores = other.score_samples(BLOBS * unit) / unit**2
        np.testing.assert_allclose(scores, fitted.score_samples(BLOBS), rtol=0.05)
        restored = other.inverse_transform(other.transform(BLOBS * unit)) / unit
        expected = fitted.inverse_transform(fitted.transform(BLOBS))
        np.testing.assert_allclose(restored, expected, atol=0.1)


@pytest.mark.parametrize("form", ["table", "wide", "sparse", "ragged", "long"])
def test_fault_29_results_are_the_same_in_any_company(form):
    rng = np.random.default_rng(0)
    X = {
        "table": BLOBS,
        "wide": rng.normal(size=(90, 33)),
        "sparse": csr_matrix(BLOBS),
        "ragged": np.array(waves(n_features=2)[0], dtype=object),
        "long": rng.normal(size=(5, 3000, 1)),
    }[form]
    model = small(2, max_epochs=2, clustering="kmeans", hidden_size=24).fit(X)
    # scikit-learn's own tolerance for tables; some processors round long sums differently.
    tolerance = {"rtol": 1e-7 if model.architecture_ == "dense" else 1e-6, "atol": 1e-7}
    n = X.shape[0]
    order = rng.permutation(n)
    for method in (model.score_samples, model.transform, model.predict_proba, model.predict):
        whole = method(X)
        np.testing.assert_allclose(method(X[order]), whole[order], **tolerance)
        for few in (1, 2, 3, 15, 17, 31):
            rows = order[:few]
            np.testing.assert_allclose(method(X[rows]), whole[rows], **tolerance)


FAR = {
    "offset": lambda x: x + 1e8,
    "negative-offset": lambda x: x - 3e10,
    "huge": lambda x: x * 1e38 + 1e40,
    "minute": lambda x: x * 1e-50 + 1e-49,
    "integers": lambda x: np.round(x * 2**30).astype(np.int64) + 2**58,
    "objects": lambda x: (x + 1e8).astype(object),
    "lists": lambda x: (x + 1e8).tolist(),
}


@pytest.mark.parametrize("form", ["ragged", "3-d", "table", "sparse"])
@pytest.mark.parametrize("name", FAR)
def test_fault_09_a_far_offset_changes_nothing(name, form):
    move = FAR[name]
    if form in ("table", "sparse"):
        X, groups = BLOBS, GROUPS
        moved = csr_matrix(np.asarray(move(X), dtype=float)) if form == "sparse" else move(X)
    else:
        X, groups = waves(30)
        X = [item[:12] for item in X] if form == "3-d" else X
        moved = [move(item) for item in X]
        if form == "3-d":
            X, moved = np.array(X)[..., None], np.array(moved)[..., None]
    params = {"max_epochs": 3, "clustering_epochs": 2, "tol": 1.0, "hidden_size": 4}
    near = small(len(set(groups)), **params).fit(X)
    far = small(len(set(groups)), **params).fit(moved)
    assert adjusted_rand_score(near.labels_, far.labels_) == 1
    np.testing.assert_allclose(far.transform(moved), near.transform(X), atol=1e-3)
    np.testing.assert_array_equal(far.predict(moved), near.predict(X))
    unit = far._scaling_.scale / near._scaling_.scale
    np.testing.assert_allclose(far.score_samples(moved) / unit**2, near.score_samples(X), rtol=2e-3)
    lengths = [len(item) for item in X] if form == "ragged" else None
    made = far.inverse_transform(far.transform(moved), lengths)
    expected = near.inverse_transform(near.transform(X), lengths)
    for item, other in zip(made, expected, strict=True):
        assert item.dtype == np.float64
        centred = (item - far._scaling_.mean.mean()) / unit
        other = other - near._scaling_.mean.mean()
        spacing = np.spacing(np.abs(item).max()) / unit
        np.testing.assert_allclose(centred, other, atol=1e-3 + 8 * spacing)


def test_fault_09_waves_far_from_0_are_clustered_as_near():
    X, kinds = waves(30)
    model = small(2, **READER | {"max_epochs": 40, "clustering": "kmeans"})
    for move in (lambda x: x + 1e8, lambda x: x * 1e40, lambda x: x * 1e-50):
        moved = [move(item) for item in X]
        assert adjusted_rand_score(kinds, model.fit_predict(moved)) == 1


def test_fault_09_single_precision_stays_and_is_not_copied_first():
    X = [item.astype(np.float32) for item in waves(12)[0]]
    model = small(2, max_epochs=1, clustering="kmeans").fit(X)
    made = model.inverse_transform(model.transform(X), [len(item) for item in X])
    assert {item.dtype for item in made} == {np.dtype(np.float32)}
    assert model.transform(X).dtype == np.float32


@pytest.mark.filterwarnings("ignore:Number of distinct clusters")
@pytest.mark.parametrize("form", ["table", "sparse", "ragged"])
def test_fault_09_rounding_errors_of_constants_are_not_scaled_up(form):
    rng = np.random.default_rng(0)
    ulps = 1e8 * (1 + rng.integers(-2, 3, size=(40, 3)) * 2.0**-52)
    X = {"table": ulps, "sparse": csr_matrix(ulps), "ragged": list(ulps[:, :, None])}[form]
    model = small(2, max_epochs=1, clustering="kmeans").fit(X)
    assert model._scaling_.scale == 1
    assert np.ptp(model.transform(X), axis=0).max() < 1e-5
    # But small differences are data, which scikit-learn's rule takes for rounding errors.
    many = 1e8 + rng.normal(0, 1e-4, size=(20_000, 1))
    scale = Scaling.of_table(many, np.ones(len(many))).scale
    assert scale == pytest.approx(1e-4, rel=0.05)


def test_fault_09_what_double_precision_cannot_hold_is_refused():
    X = waves(12)[0]
    model = small(2, max_epochs=1)
    with pytest.raises(ValueError, match="differ so little that their variance is 0 in double"):
        model.fit([item * 1e-170 for item in X])
    with pytest.raises(ValueError, match="so large that their variance is infinite"):
        model.fit([item * 1e170 for item in X])
    with pytest.raises(ValueError, match="differ so little"):
        model.fit(BLOBS * 1e-170)


@pytest.mark.parametrize("pad", [np.float64, np.float32])
def test_fault_09_padding_is_found_in_either_precision(pad):
    rows = np.full((6, 4), pad(0.1), dtype=np.float64)
    rows[:, :2] = np.random.default_rng(0).normal(size=(6, 2))
    model = small(2, architecture="lstm", padding_value=0.1, max_epochs=1, clustering="kmeans")
    cut, whole = model.fit(rows).transform(rows), model.fit(rows[:, :2]).transform(rows[:, :2])
    np.testing.assert_array_equal(cut, whole)


def test_the_number_of_clusters_is_chosen_by_silhouette(capsys):
    model = small("auto", n_clusters_range=(2, 5), verbose=1, **PLAIN).fit(BLOBS)
    assert model.n_clusters_ == len(model.cluster_centers_) == 3
    assert list(model.silhouette_scores_) == [2, 3, 4, 5]
    expected = silhouette_score(model.transform(BLOBS), model.labels_)
    assert model.silhouette_scores_[3] == pytest.approx(expected, abs=1e-5)
    assert max(model.silhouette_scores_, key=model.silhouette_scores_.get) == 3
    assert f"3 clusters: silhouette {expected:.3f} (chosen)" in capsys.readouterr().out
    assert not hasattr(small(max_epochs=1, clustering="kmeans").fit(BLOBS), "silhouette_scores_")


def test_samples_without_weight_have_no_say_in_the_number():
    four = np.concatenate([BLOBS, BLOBS[GROUPS == 0] - 20])
    weights = np.r_[np.ones(90), np.zeros(len(four) - 90)]
    auto = {"n_clusters_range": (2, 5), "shuffle": False, "batch_size": 1000}
    weighted = small("auto", **auto, **PLAIN).fit(four, sample_weight=weights)
    alone = small("auto", **auto, **PLAIN).fit(BLOBS)
    assert weighted.n_clusters_ == alone.n_clusters_ == 3
    assert weighted.silhouette_scores_ == pytest.approx(alone.silhouette_scores_, abs=0.02)


def test_a_silhouette_of_many_samples_is_of_some(monkeypatch):
    monkeypatch.setattr("sklstm._estimators.clusterer.SILHOUETTE_SAMPLES", 40)
    model = small("auto", n_clusters_range=(2, 4), **PLAIN).fit(BLOBS)
    assert model.n_clusters_ == 3


def test_a_fit_with_an_empty_cluster_warns(monkeypatch):
    far = np.array([[0.0] * 3, [1.0] * 3, [1e4] * 3])
    monkeypatch.setattr(AutoencoderClusterer, "_initial_centers", lambda *args: far)
    with pytest.warns(UserWarning, match="[12] times a cluster became empty.*n_clusters=3 may be"):
        model = small().fit(BLOBS)
    assert len(np.unique(model.labels_)) == 3


def test_a_weight_is_a_number_of_repetitions():
    rng = np.random.default_rng(0)
    weights = rng.integers(0, 3, size=len(BLOBS))
    exact = {"noise": 0.0, "dropout": 0.0, "shuffle": False, "batch_size": 1000, "max_epochs": 20}
    for X in (BLOBS, csr_matrix(BLOBS), BLOBS.reshape(90, 3, 2)):
        weighted = small(**exact).fit(X, sample_weight=weights)
        repeated = small(**exact).fit(X[np.repeat(np.arange(90), weights)])
        np.testing.assert_allclose(weighted.transform(X), repeated.transform(X), atol=2e-3)
        assert adjusted_rand_score(weighted.predict(X), repeated.predict(X)) == 1


def test_random_state_decides_everything(fitted):
    torch.manual_seed(3)
    before = torch.random.get_rng_state()
    again = small().fit(BLOBS)
    assert torch.equal(torch.random.get_rng_state(), before)
    np.testing.assert_array_equal(again.transform(BLOBS), fitted.transform(BLOBS))
    other = small(random_state=1).fit(BLOBS)
    assert not np.allclose(other.transform(BLOBS), fitted.transform(BLOBS))


def test_noise_and_dropout_are_for_training_only(fitted):
    plain = small(noise=0.0, dropout=0.0).fit(BLOBS)
    assert not np.allclose(plain.transform(BLOBS), fitted.transform(BLOBS))
    np.testing.assert_array_equal(fitted.transform(BLOBS), fitted.transform(BLOBS))


class Interrupt(Callback):
    """Press Ctrl-C in the epoch with this number."""

    def __init__(self, epoch):
        self.epoch = epoch

    def on_epoch_end(self, net, **kwargs):
        if len(net.history) == self.epoch:
            signal.raise_signal(signal.SIGINT)


def test_ctrl_c_while_reconstructing_leaves_clusters_of_kmeans():
    with pytest.warns(ConvergenceWarning, match="interrupted in epoch 4"):
        model = small(callbacks=[Interrupt(4)]).fit(BLOBS)
    assert model.n_iter_ == 4
    assert len(set(model.labels_)) == 3
    np.testing.assert_array_equal(model.predict(BLOBS), model.labels_)


class Count(Callback):
    """Count epochs."""

    def initialize(self):
        self.seen_ = getattr(self, "seen_", 0)
        return self

    def on_epoch_end(self, net, **kwargs):
        self.seen_ += 1


def test_callbacks_see_every_epoch_and_may_end_training():
    model = small(callbacks=[Count()]).fit(BLOBS)
    assert model.history_[-1]["changed"] <= model.tol  # ended before its last epoch
    assert model.callbacks_[0].seen_ == model.n_iter_ < 80
    early = small(max_epochs=2, tol=1e-9, callbacks=[Interrupt(2)])
    with pytest.warns(ConvergenceWarning, match="interrupted") as caught:
        early.fit(BLOBS)
    assert len(caught) == 1
    assert caught[0].filename == __file__


def test_clusters_that_do_not_settle_are_warned_of():
    X = np.random.default_rng(0).normal(size=(80, 6))
    with pytest.warns(ConvergenceWarning, match="did not settle in clustering_epochs=1: "):
        small(4, clustering_epochs=1, max_epochs=2, tol=1e-3, learning_rate=0.01).fit(X)
    small(4, clustering_epochs=1, max_epochs=2, tol=0.0, learning_rate=0.01).fit(X)


def test_pickle_holds_no_training_data(fitted):
    size = len(pickle.dumps(fitted))
    more = small(max_epochs=1, clustering="kmeans").fit(np.repeat(BLOBS, 50, axis=0))
    assert len(pickle.dumps(more)) < size + 4 * 4500 + 2000  # labels_
    copy = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(copy.transform(BLOBS), fitted.transform(BLOBS))


def test_a_step_of_a_pipeline():
    model = make_pipeline(small(), KNeighborsClassifier())
    assert model.fit(BLOBS, GROUPS).score(BLOBS, GROUPS) == 1
    search = GridSearchCV(
        make_pipeline(small(**PLAIN), KNeighborsClassifier()),
        {"autoencoderclusterer__n_components": [1, 3]},
        cv=2,
    ).fit(BLOBS, GROUPS)
    assert search.best_score_ > 0.9


def test_latent_representations_as_columns_of_a_frame():
    import pandas as pd

    frame = pd.DataFrame(BLOBS, columns=list("abcdef")).assign(other="x")
    columns = make_column_transformer((small(max_epochs=2, clustering="kmeans"), list("abcdef")))
    latent = columns.set_output(transform="pandas").fit_transform(frame)
    names = [f"autoencoderclusterer__autoencoderclusterer{i}" for i in range(3)]
    assert list(latent.columns) == names
    assert (latent.dtypes == np.float32).all()
    assert list(columns["autoencoderclusterer"].feature_names_in_) == list("abcdef")


def test_one_cluster(fitted):
    model = small(1, max_epochs=2).fit(BLOBS)
    assert set(model.labels_) == {0}
    np.testing.assert_array_equal(model.predict_proba(BLOBS), np.ones((90, 1)))


def test_of_several_autoencoders_that_is_kept_which_the_others_agree_with_most():
    X = np.random.default_rng(3).normal(size=(80, 6))  # no clusters: each start finds others
    params = {"max_epochs": 5, "clustering_epochs": 2, "tol": 0.0}
    best, seed = 0, 3
    while best == 0:  # or a model that keeps the first would pass
        seed += 1
        rng = np.random.RandomState(seed)
        single = [small(4, **params, random_state=rng).fit(X) for _ in range(3)]
        index = [[adjusted_rand_score(a.labels_, b.labels_) for a in single] for b in single]
        means = [(sum(row) - 1) / 2 for row in index]
        best = int(np.argmax(means))
    model = small(4, **params, random_state=np.random.RandomState(seed), n_autoencoders=3).fit(X)
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


def of_tokens():
    return SequenceTokenizer().fit_transform(["a b c", "b d e", "a a b c", "a", "b b"])


@pytest.mark.parametrize(
    ("X", "params", "shapes"),
    [
        (
            BLOBS,
            {"hidden_layer_sizes": (20, 8)},
            {
                "encoder.0": "(batch, 20)", "encoder.3": "(batch, 8)", "encoder.6": "(batch, 3)",
                "decoder.0": "(batch, 8)", "decoder.3": "(batch, 20)", "decoder.6": "(batch, 6)",
            },
        ),
        (
            waves(9, 2)[0],
            {"hidden_size": (5, 4), "bidirectional": True, "pooling": "attention"},
            {
                "encoder": "(batch, time, 8)", "pooling": "(batch, 8)", "to_latent": "(batch, 3)",
                "decoder": "(batch, time, 10)", "output": "(batch, time, 2)",
            },
        ),
        (
            of_tokens(),
            {"freeze_embeddings": True, "embeddings": np.eye(9, 5)},
            {
                "embedding": "(batch, time, 5)", "encoder": "(batch, time, 12)",
                "pooling": "(batch, 12)", "to_latent": "(batch, 3)",
                "decoder": "(batch, time, 12)", "output": "(batch, time, 9)",
            },
        ),
    ],
    ids=["table", "values", "tokens"],
)  # fmt: skip
def test_summary_counts_the_parameters_of_every_layer(X, params, shapes, capsys):
    model = small(**{"max_epochs": 1, "clustering": "kmeans"} | params).fit(X)
    model.summary()
    head, _, *lines = capsys.readouterr().out.splitlines()
    assert head.split() == ["part", "type", "output", "shape", "parameters"]
    end = next(i for i, line in enumerate(lines) if set(line) == {"-"})
    rows = {line.split()[0]: re.split(r"  +", line) for line in lines[:end]}
    assert {name: row[2] for name, row in rows.items()} == shapes | {"centers": "(batch, 3)"}
    counts = {name: int(row[3].replace(",", "")) for name, row in rows.items()}
    assert counts.pop("centers") == 3 * 3
    for name, count in counts.items():
        layer = model.module_.autoencoder.get_submodule(name)
        assert rows[name][1] == type(layer).__name__
        assert count == sum(p.numel() for p in layer.parameters() if p.requires_grad)
    of_torch = {flag: 0 for flag in (True, False)}
    for parameter in model.module_.parameters():
        of_torch[parameter.requires_grad] += parameter.numel()
    assert sum(counts.values()) + 9 == of_torch[True]
    totals = [f"trained parameters: {of_torch[True]:,}"]
    if of_torch[False]:
        note = "(frozen embeddings, unused biases)"
        totals.append(f"fixed parameters {note}: {of_torch[False]:,}")
    assert lines[end + 1 :] == [*totals, f"auto: architecture={model.architecture_}"]


def test_summary_tells_what_auto_became(capsys):
    model = AutoencoderClusterer("auto", n_clusters_range=(2, 3), random_state=0, n_init=1)
    model.set_params(hidden_layer_sizes=8, batch_size=10, learning_rate=0.01)
    model.fit(BLOBS).summary()
    became = capsys.readouterr().out.splitlines()[-1]
    assert became == (
        "auto: architecture=dense, max_epochs=111, clustering_epochs=100, "
        f"n_clusters={model.n_clusters_}"
    )
    epochs = [row["phase"] for row in model.history_].count("reconstruction")
    assert epochs == 111
