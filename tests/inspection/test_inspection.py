"""EmbeddingDisplay: what is drawn where, in which colour, and what is refused."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from scipy.sparse import bsr_array, coo_array, coo_matrix, csc_matrix, csr_array, dok_matrix
from sklearn.cluster import Birch, BisectingKMeans, KMeans, MiniBatchKMeans
from sklearn.datasets import load_digits, load_iris, make_blobs
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.manifold import TSNE
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from sklstm.inspection import EmbeddingDisplay
from sklstm.inspection._colors import COLOURS, MISSING_COLOUR

mpl.use("Agg")

from matplotlib import pyplot as plt
from matplotlib.colors import to_hex

X, Y = load_iris(return_X_y=True)


@pytest.fixture(autouse=True)
def close():
    """Close what a test has drawn."""
    yield
    plt.close("all")


def offsets(display):
    return np.asarray(display.scatter_.get_offsets())


def colours(display):
    return [to_hex(colour) for colour in display.scatter_.get_facecolors()]


def legend(display):
    """Return the colour that the legend gives to each label."""
    handles = display.legend_.legend_handles
    return {handle.get_label(): to_hex(handle.get_color()) for handle in handles}


def centers(display):
    return np.asarray(display.centers_.get_offsets())


def identity():
    """Return a transformer whose embedding is X."""
    return FunctionTransformer().fit(X)


def test_pca_of_an_embedding_against_scikit_learn():
    scaler = StandardScaler().fit(X)
    display = EmbeddingDisplay.from_estimator(scaler, X, Y)
    pca = PCA(2).fit(scaler.transform(X))
    np.testing.assert_allclose(offsets(display), pca.transform(scaler.transform(X)))
    np.testing.assert_array_equal(display.embedding, offsets(display))
    assert display.ax_.get_xlabel() == "principal component 1 (73% of variance)"
    assert display.ax_.get_ylabel() == "principal component 2 (23% of variance)"
    assert display.figure_ is display.ax_.figure
    assert colours(display) == [COLOURS[label] for label in Y]
    assert legend(display) == {str(i): COLOURS[i] for i in range(3)}


def test_an_embedding_of_two_dimensions_is_drawn_as_it_is():
    pca = PCA(2).fit(X)
    display = EmbeddingDisplay.from_estimator(pca, X)
    np.testing.assert_allclose(offsets(display), pca.transform(X))
    assert (display.legend_, display.labels, display.centers_) == (None, None, None)
    assert set(colours(display)) == {COLOURS[0]}
    again = EmbeddingDisplay.from_estimator(pca, X, method="pca")
    assert again.ax_.get_xlabel().startswith("principal component 1")


def test_tsne_against_scikit_learn():
    scaler = StandardScaler().fit(X)
    display = EmbeddingDisplay.from_estimator(scaler, X, method="tsne", random_state=0)
    expected = TSNE(perplexity=30, random_state=0).fit_transform(scaler.transform(X))
    np.testing.assert_allclose(offsets(display), expected, atol=1e-3)
    assert display.ax_.get_xlabel() == "t-SNE 1"
    assert not len(display.ax_.get_xticks())


@pytest.mark.parametrize("n_samples", [2, 4, 20])
def test_tsne_of_few_samples(n_samples):
    embedding = X[:n_samples]
    display = EmbeddingDisplay.from_embedding(embedding, method="tsne", random_state=0)
    assert offsets(display).shape == (n_samples, 2)
    assert np.isfinite(offsets(display)).all()
    expected = TSNE(perplexity=(n_samples - 1) / 3, random_state=0).fit_transform(embedding)
    np.testing.assert_allclose(offsets(display), expected, rtol=1e-3)


def test_tsne_of_wide_narrow_and_sparse_embeddings():
    wide = load_digits().data[:60]
    reduced = PCA(50, random_state=0).fit_transform(wide)
    expected = TSNE(perplexity=59 / 3, random_state=0).fit_transform(reduced)
    for embedding in (wide, csr_array(wide)):
        display = EmbeddingDisplay.from_embedding(embedding, method="tsne", random_state=0)
        np.testing.assert_allclose(offsets(display), expected, rtol=1e-2, atol=1e-2)
    display = EmbeddingDisplay.from_embedding(X[:30, :1], method="tsne", random_state=0)
    assert offsets(display).shape == (30, 2)


class LatentClusterer(KMeans):
    """Like AutoencoderClusterer: `transform` gives the space in which the centres lie."""

    def fit(self, X, y=None):
        return super().fit(3 * X)

    def predict(self, X):
        return super().predict(3 * X)

    def transform(self, X):
        return 3 * X


class NarrowClusterer(LatentClusterer):
    """A clusterer whose centres have more columns than `transform(X)`."""

    def transform(self, X):
        return 3 * X[:, :3]


@pytest.mark.parametrize("steps", [[], [StandardScaler()]], ids=["alone", "pipeline"])
def test_clusters_and_their_centres(steps):
    model = make_pipeline(*steps, LatentClusterer(4, random_state=0)).fit(X)
    display = EmbeddingDisplay.from_estimator(model if steps else model[-1], X)
    embedding = model.transform(X)
    pca = PCA(2).fit(embedding)
    np.testing.assert_allclose(offsets(display), pca.transform(embedding))
    np.testing.assert_allclose(centers(display), pca.transform(model[-1].cluster_centers_))
    assert colours(display) == [COLOURS[label] for label in model.predict(X)]
    assert display.legend_.get_title().get_text() == "cluster"
    texts = {text.get_text(): text.xy for text in display.ax_.texts}
    for i, place in enumerate(centers(display)):
        np.testing.assert_array_equal(texts[str(i)], place)


@pytest.mark.parametrize("form", [coo_array, coo_matrix, csc_matrix, dok_matrix, bsr_array])
@pytest.mark.parametrize("steps", [[], [FunctionTransformer()]], ids=["alone", "pipeline"])
def test_any_sparse_form(form, steps):
    model = make_pipeline(*steps, FunctionTransformer(accept_sparse=True)).fit(X)
    display = EmbeddingDisplay.from_estimator(model if steps else model[-1], form(X))
    expected = EmbeddingDisplay.from_estimator(model, X)
    np.testing.assert_allclose(offsets(display), offsets(expected), atol=1e-8)


@pytest.mark.parametrize("n_clusters", [3, 4])
@pytest.mark.parametrize("wrap", [lambda model: model, FrozenEstimator], ids=["plain", "frozen"])
@pytest.mark.parametrize("kind", [KMeans, MiniBatchKMeans, BisectingKMeans])
def test_kmeans_whose_transform_gives_distances_is_refused(kind, wrap, n_clusters):
    model = wrap(kind(n_clusters, random_state=0).fit(X))
    message = (
        rf"transform of {type(model).__name__} gives the distances to its centres.*"
        r"from_embedding\(X, model.predict\(X\), centers=model.cluster_centers_\)"
    )
    for labels in (None, Y):
        with pytest.raises(TypeError, match=message):
            EmbeddingDisplay.from_estimator(model, X, labels)


def test_kmeans_drawn_as_its_error_says():
    model = make_pipeline(StandardScaler(), KMeans(4, random_state=0)).fit(X)
    message = r"\(model\[:-1\].transform\(X\), .* centers=model\[-1\].cluster_centers_\)"
    for estimator in (model, GridSearchCV(model, {}).fit(X)):
        with pytest.raises(TypeError, match=message):
            EmbeddingDisplay.from_estimator(estimator, X)
    display = EmbeddingDisplay.from_embedding(
        model[:-1].transform(X), model.predict(X), centers=model[-1].cluster_centers_
    )
    pca = PCA(2).fit(model[:-1].transform(X))
    np.testing.assert_allclose(offsets(display), pca.transform(model[:-1].transform(X)))
    np.testing.assert_allclose(centers(display), pca.transform(model[-1].cluster_centers_))


@pytest.mark.parametrize("n_clusters", [3, 4])
def test_centres_are_in_the_space_of_transform(n_clusters):
    model = LatentClusterer(n_clusters, random_state=0).fit(X)
    display = EmbeddingDisplay.from_estimator(model, X)
    pca = PCA(2).fit(3 * X)
    np.testing.assert_allclose(centers(display), pca.transform(model.cluster_centers_))
    np.testing.assert_allclose(offsets(display), pca.transform(3 * X))


def test_centres_are_left_out_where_they_cannot_be_placed():
    model = LatentClusterer(3, random_state=0).fit(X)
    tsne = EmbeddingDisplay.from_estimator(model, X, method="tsne", random_state=0)
    assert tsne.centers_ is None
    assert EmbeddingDisplay.from_estimator(model, X, Y).centers_ is None  # coloured by class
    birch = Birch(n_clusters=3).fit(X)
    assert EmbeddingDisplay.from_estimator(birch, X).centers_ is None
    narrow = NarrowClusterer(3, random_state=0).fit(X)
    assert EmbeddingDisplay.from_estimator(narrow, X).centers_ is None


def test_a_search_and_a_classifier():
    search = GridSearchCV(
        make_pipeline(StandardScaler(), LatentClusterer(3, random_state=0)), {}
    ).fit(X)
    display = EmbeddingDisplay.from_estimator(search, X)
    inner = search.best_estimator_
    pca = PCA(2).fit(inner.transform(X))
    np.testing.assert_allclose(centers(display), pca.transform(inner[1].cluster_centers_))
    classifier = LinearDiscriminantAnalysis().fit(X, np.array(["a", "b", "c"])[Y])
    display = EmbeddingDisplay.from_estimator(classifier, X)
    assert display.legend_.get_title().get_text() == "predicted class"
    assert list(display.labels) == list(classifier.predict(X))
    np.testing.assert_allclose(offsets(display), classifier.transform(X))


def test_texts_through_a_sparse_embedding():
    texts = [f"{a} {b} word" for a in ("one", "two", "three") for b in ("red", "green", "blue")]
    model = TfidfVectorizer().fit(texts)
    display = EmbeddingDisplay.from_estimator(model, texts, [t.split()[0] for t in texts])
    expected = PCA(2).fit_transform(model.transform(texts).toarray())
    np.testing.assert_allclose(offsets(display), expected, atol=1e-6)
    assert list(legend(display)) == ["one", "three", "two"]
    svd = make_pipeline(TfidfVectorizer(), TruncatedSVD(3), LatentClusterer(2, random_state=0))
    assert EmbeddingDisplay.from_estimator(svd.fit(texts), texts).centers_ is not None
    matrix = model.transform(texts)
    kmeans = KMeans(2, random_state=0).fit(matrix)
    display = EmbeddingDisplay.from_embedding(
        matrix, kmeans.labels_, centers=kmeans.cluster_centers_
    )
    np.testing.assert_allclose(offsets(display), expected, atol=1e-6)
    assert len(centers(display)) == 2


def test_a_large_sparse_embedding_stays_sparse():
    rng = np.random.default_rng(0)
    dense = rng.normal(size=(90, 70)) * (rng.random((90, 70)) < 0.2) * np.linspace(5, 1, 70)
    expected = PCA(2).fit_transform(dense)
    display = EmbeddingDisplay.from_embedding(csr_array(dense), random_state=0)
    np.testing.assert_allclose(np.abs(offsets(display)), np.abs(expected), atol=1e-6)


def test_frames():
    frame = pd.DataFrame(X, columns=list("abcd"))
    model = make_pipeline(StandardScaler(), PCA(3)).set_output(transform="pandas").fit(frame)
    display = EmbeddingDisplay.from_estimator(model, frame, pd.Series(Y, name="species", index=Y))
    embedding = model.transform(frame).to_numpy()
    np.testing.assert_allclose(np.abs(offsets(display)), np.abs(embedding[:, :2]))
    assert display.legend_.get_title().get_text() == "species"


def test_missing_labels_are_grey_and_beneath():
    labels = np.where(np.arange(len(X)) % 3 == 0, -1, Y)
    display = EmbeddingDisplay.from_embedding(X[:, :2], labels)
    missing = labels == -1
    expected = np.concatenate([X[missing, :2], X[~missing, :2]])
    np.testing.assert_array_equal(offsets(display), expected)
    assert colours(display) == [MISSING_COLOUR] * missing.sum() + [COLOURS[y] for y in Y[~missing]]
    assert legend(display) == {
        **{str(i): COLOURS[i] for i in range(3)},
        "none (-1)": MISSING_COLOUR,
    }
    # with None, -1 is a label as any other
    labelled = EmbeddingDisplay.from_embedding(X[:, :2], labels, missing_label=None)
    assert legend(labelled) == {"-1": COLOURS[0], "0": COLOURS[1], "1": COLOURS[2], "2": COLOURS[3]}
    strings = EmbeddingDisplay.from_embedding(
        X[:4, :2], ["a", "?", "b", "a"], missing_label="?", method="identity"
    )
    assert list(legend(strings)) == ["a", "b", "none (?)"]
    alone = EmbeddingDisplay.from_embedding(X[:4, :2], [-1] * 4)
    assert list(legend(alone)) == ["none (-1)"]


def test_twenty_labels_differ_in_colour_or_marker():
    labels = np.array([f"group {i:02}" for i in range(20)] * 3)
    embedding = np.random.default_rng(0).normal(size=(60, 2))
    display = EmbeddingDisplay.from_embedding(embedding, labels)
    assert display.colorbar_ is None
    paths = display.scatter_.get_paths()
    drawn = {
        label: (colour, len(path))
        for label, colour, path in zip(labels, colours(display), paths, strict=True)
    }
    assert len(set(drawn.values())) == 20
    handles = display.legend_.legend_handles
    assert len({(to_hex(h.get_color()), h.get_marker()) for h in handles}) == 20
    assert [text.get_text() for text in display.legend_.get_texts()] == sorted(set(labels))


def test_more_labels_get_a_colour_bar():
    embedding = np.random.default_rng(0).normal(size=(60, 2))
    numbers = np.arange(60) ** 2
    display = EmbeddingDisplay.from_embedding(embedding, numbers)
    assert display.legend_ is None
    viridis = mpl.colormaps["viridis"]
    assert colours(display) == [to_hex(viridis(n / 59**2)) for n in numbers]
    assert display.colorbar_.vmax == 59**2
    strings = EmbeddingDisplay.from_embedding(
        embedding, [f"w{i:02}" for i in range(60)], palette="cividis"
    )
    assert colours(strings)[0] == to_hex(mpl.colormaps["cividis"](0.0))
    ticks = [text.get_text() for text in strings.colorbar_.ax.get_yticklabels()]
    assert (ticks[0], ticks[-1]) == ("w00", "w59")
    assert EmbeddingDisplay.from_embedding(embedding, numbers, legend=False).colorbar_ is None


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ([True, False, True], ["False", "True"]),
        ([1.0, 2.0, 1.5], ["1", "1.5", "2"]),
        (np.array(["b", "a", "b"], dtype=object), ["a", "b"]),
        (pd.Categorical(["b", "a", "b"]), ["a", "b"]),
        (pd.Series(["b", "a", "b"], dtype="string"), ["a", "b"]),
    ],
)
def test_kinds_of_labels(labels, expected):
    assert list(legend(EmbeddingDisplay.from_embedding(X[:3, :2], labels))) == expected


def test_one_dimension_is_drawn_in_strips():
    model = LatentClusterer(3, random_state=0).fit(X[:, 2:3])
    display = EmbeddingDisplay.from_estimator(model, X[:, 2:3])
    np.testing.assert_array_equal(offsets(display)[:, 0], 3 * X[:, 2])
    np.testing.assert_array_equal(offsets(display)[:, 1].round(), model.predict(X[:, 2:3]))
    assert [text.get_text() for text in display.ax_.get_yticklabels()] == ["0", "1", "2"]
    np.testing.assert_allclose(centers(display)[:, 0], model.cluster_centers_[:, 0])
    np.testing.assert_array_equal(centers(display)[:, 1], [0, 1, 2])
    assert display.embedding.shape == (150, 1)
    plain = EmbeddingDisplay.from_embedding(X[:, :1])
    assert not len(plain.ax_.get_yticks())
    many = EmbeddingDisplay.from_embedding(X[:, :1], np.arange(150))
    assert many.colorbar_ is not None


def test_plot_again_elsewhere_with_other_settings():
    display = EmbeddingDisplay.from_embedding(X[:, :2], Y)
    first = display.ax_
    _, ax = plt.subplots()
    assert display.plot(ax, palette=["red", "blue"], scatter_kwargs={"s": 3}) is display
    assert display.ax_ is ax is not first
    assert legend(display) == {"0": "#ff0000", "1": "#0000ff", "2": "#ff0000"}
    markers = [handle.get_marker() for handle in display.legend_.legend_handles]
    assert markers == ["o", "o", "^"]
    assert display.scatter_.get_sizes().tolist() == [3]
    assert len(set(colours(display.plot(palette="viridis")))) == 3
    assert display.plot(legend=False).legend_ is None


def test_the_caller_s_objects_stay_as_they_are():
    labels, embedding, options = Y.copy(), X.copy(), {"s": 5}
    EmbeddingDisplay.from_embedding(embedding, labels, scatter_kwargs=options)
    np.testing.assert_array_equal(labels, Y)
    np.testing.assert_array_equal(embedding, X)
    assert options == {"s": 5}


def test_a_png_is_written(tmp_path):
    X, y = make_blobs(200, centers=12, random_state=0)
    display = EmbeddingDisplay.from_embedding(X, y)
    display.figure_.savefig(tmp_path / "embedding.png")
    assert (tmp_path / "embedding.png").stat().st_size > 10_000


def test_an_array_of_colours_is_a_palette():
    rgb = np.array([[1.0, 0, 0], [0, 0, 1]])
    for palette in (rgb, np.array(["#ff0000", "#0000ff"]), pd.Series(["red", "blue"])):
        display = EmbeddingDisplay.from_embedding(X, Y, palette=palette)
        assert colours(display) == [["#ff0000", "#0000ff", "#ff0000"][label] for label in Y]
        markers = [handle.get_marker() for handle in display.legend_.legend_handles]
        assert markers == ["o", "o", "^"]


@pytest.mark.parametrize("labels", [Y, np.arange(150)], ids=["legend", "colour bar"])
def test_a_colour_map_is_as_good_as_its_name(labels):
    display = EmbeddingDisplay.from_embedding(X, labels, palette=mpl.colormaps["plasma"])
    expected = EmbeddingDisplay.from_embedding(X, labels, palette="plasma")
    assert colours(display) == colours(expected)
    assert len(set(colours(display))) > 2
