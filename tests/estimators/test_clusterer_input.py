"""What AutoencoderClusterer reads, and what it refuses by name."""

import awkward as ak
import numpy as np
import pandas as pd
import pytest
from contract.comparing import state
from scipy.sparse import csc_matrix, csr_array, csr_matrix
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline

from sklstm import AutoencoderClusterer, SequencePadder, SequenceTokenizer
from sklstm._sequences.tokens import TokenArray, Vocabulary

RNG = np.random.default_rng(0)
TABLE = RNG.normal(size=(20, 4))
RAGGED = [RNG.normal(size=RNG.integers(3, 7)) for _ in range(20)]
TOKENS = TokenArray([[4, 5], [5], [4, 4, 5], [5, 5]] * 5, Vocabulary(["sea", "star"]))


def small(n_clusters=2, **params):
    defaults = {"n_components": 2, "hidden_layer_sizes": (8,), "hidden_size": 4, "max_epochs": 2}
    rest = {"clustering": "kmeans", "n_init": 1, "random_state": 0}
    return AutoencoderClusterer(n_clusters, **(defaults | rest | params))


READ_AS = {
    "array": (TABLE, "dense"),
    "lists": (TABLE.tolist(), "dense"),
    "tuples": (tuple(map(tuple, TABLE)), "dense"),
    "objects": (TABLE.astype(object), "dense"),
    "frame": (pd.DataFrame(TABLE), "dense"),
    "one-column": (pd.DataFrame({"a": TABLE[:, 0]}), "dense"),
    "csr": (csr_matrix(TABLE), "dense"),
    "csc": (csc_matrix(TABLE), "dense"),
    "csr-array": (csr_array(TABLE), "dense"),
    "ragged": (RAGGED, "lstm"),
    "ragged-tuple": (tuple(RAGGED), "lstm"),
    "ragged-objects": (np.array(RAGGED, dtype=object), "lstm"),
    "series": (pd.Series(RAGGED), "lstm"),
    "column-of-sequences": (pd.DataFrame({"sequence": RAGGED}), "lstm"),
    "matrices": ([TABLE[:, :2]] * 20, "lstm"),
    "3-d": (RNG.normal(size=(20, 5, 2)), "lstm"),
    "tokens": (TOKENS, "lstm"),
}


@pytest.mark.parametrize(("X", "architecture"), READ_AS.values(), ids=READ_AS.keys())
@pytest.mark.filterwarnings("ignore:Number of distinct clusters")
def test_architecture_auto(X, architecture):
    model = small().fit(X)
    assert model.architecture_ == architecture
    assert model.predict(X).shape == (20,)
    assert model.transform(X).dtype == np.float32


def test_a_table_may_be_read_as_series_and_token_ids_may_be_lists():
    model = small(architecture="lstm").fit(TABLE)
    assert model.architecture_ == "lstm"
    assert model.n_features_in_ == 4
    assert model.inverse_transform(model.transform(TABLE)).shape == TABLE.shape
    ids = [[4, 5], [6]] * 10
    model = small(input_type="tokens").fit(ids)
    assert model.n_features_in_ == 1
    made = model.inverse_transform(model.transform(ids), lengths=[2, 1] * 10)
    assert [len(item) for item in made] == [2, 1] * 10


BAD_X = {
    "nan": (np.where(TABLE > 2, np.nan, TABLE), "X contains NaN"),
    "infinity": (np.where(TABLE == TABLE[3, 1], np.inf, TABLE), "contains infinity"),
    "sparse-nan": (csr_matrix(np.where(TABLE == TABLE[3, 1], np.nan, TABLE)), "contains NaN"),
    "series-nan": ([*RAGGED[:7], np.array([1.0, np.nan])], r"NaN.*X\[7\]"),
    "empty": ([], "empty|0 sample"),
    "no-rows": (np.empty((0, 4)), "0 sample"),
    "empty-sequence": ([*RAGGED[:4], []], r"X\[4\]"),
    "texts": (["a text", "another"], r"make_pipeline\(SequenceTokenizer\(\), AutoencoderCl"),
    "text-column": (pd.DataFrame({"t": ["a text", "b"]}), r"make_pipeline\(SequenceTokenizer\("),
    "numbers": ([1.0, 2.0, 3.0], "Expected 2D array, got 1D"),
    "characters": (
        SequenceTokenizer(characters=4).fit_transform(["sea star", "star sea"]),
        "holds characters beside the words",
    ),
    "huge": (TABLE * 1e300, "so large that their variance is infinite"),
    "few": (TABLE[:4], r"n_samples=4 should be >= 5 for n_clusters=5"),
}


@pytest.mark.parametrize(("X", "message"), BAD_X.values(), ids=BAD_X.keys())
def test_bad_X_is_named_and_changes_nothing(X, message):
    model = small(5).fit(TABLE)
    before, labels = state(model), model.predict(TABLE)
    with pytest.raises(ValueError, match=message):
        model.fit(X)
    assert state(model) == before
    np.testing.assert_array_equal(model.predict(TABLE), labels)


BAD_LATER = {
    "columns": (TABLE[:, :3], "X has 3 features, but AutoencoderClusterer is expecting 4"),
    "nan": (np.full((1, 4), np.nan), "contains NaN"),
    "one-row": (TABLE[0], "Reshape your data"),
    "series": (RAGGED, "X holds sequences, but AutoencoderClusterer reads a table"),
    "3-d": (np.ones((3, 4, 2)), "X holds sequences.*as in fit"),
    "huge": (TABLE[:2] * 1e300, r"X\[0\] holds a value too far from those seen in fit"),
}


@pytest.mark.parametrize(("X", "message"), BAD_LATER.values(), ids=BAD_LATER.keys())
@pytest.mark.parametrize("method", ["predict", "predict_proba", "transform", "score_samples"])
def test_other_input_than_in_fit(X, message, method):
    model = small().fit(TABLE)
    with pytest.raises(ValueError, match=message):
        getattr(model, method)(X)


def test_other_input_than_the_sequences_in_fit():
    model = small().fit(RAGGED)
    with pytest.raises(ValueError, match="X has 2 features, but AutoencoderClusterer is expecting"):
        model.predict([np.ones((3, 2))])
    with pytest.raises(ValueError, match="X holds token ids, but this AutoencoderClusterer was"):
        model.predict(TOKENS)
    with pytest.raises(
        ValueError, match="2 token ids in each step; AutoencoderClusterer accepts one"
    ):
        small(input_type="tokens").fit([np.full((3, 2), 4)] * 4)


@pytest.mark.parametrize("architecture", ["dense", "lstm"])
def test_matrices_are_refused(architecture):
    X = np.ones((6, 3, 2, 2))
    with pytest.raises(ValueError, match=r"holds sequences|accepted are .n, T. and .n, T, F."):
        small(architecture=architecture).fit(X)


@pytest.mark.parametrize("X", [RAGGED, TOKENS, np.ones((6, 3, 2))], ids=["ragged", "ids", "3-d"])
def test_sequences_are_refused_where_a_table_was_asked_for(X):
    with pytest.raises(ValueError, match=r"X holds sequences.*architecture=.dense.; use"):
        small(architecture="dense").fit(X)


def test_sequences_too_far_off_are_named():
    model = small().fit([x * 1e-30 for x in RAGGED])
    with pytest.raises(ValueError, match=r"X\[1\] holds a value at step 0 too far from those"):
        model.predict([RAGGED[0] * 1e-30, RAGGED[1] * 1e30])


@pytest.mark.parametrize("output", ["default", "pandas"])
def test_padded_tokens_are_tokens_in_a_frame_too(output):
    texts = ["sea star", "star", "sea sea star"] * 4
    pipe = make_pipeline(SequenceTokenizer(), SequencePadder(), small())
    pipe.set_output(transform=output).fit(texts)
    assert pipe[-1].architecture_ == "lstm"
    assert pipe[-1].vocabulary_ == pipe[0].vocabulary_


def test_containers_that_numpy_can_read_are_tables():
    class Box:
        def __array__(self, dtype=None, copy=None):
            return TABLE

    assert small().fit(Box()).architecture_ == "dense"
    series, plain = (small(architecture="lstm").fit(X) for X in (Box(), TABLE))
    np.testing.assert_array_equal(series.transform(Box()), plain.transform(TABLE))
    assert series.inverse_transform(series.transform(TABLE))[0].shape == (4,)
    frame = pd.DataFrame(TABLE, columns=[*"abcd"])
    framed = small(architecture="lstm").fit(frame)
    assert framed.inverse_transform(framed.transform(frame)).shape == TABLE.shape
    assert small().fit(ak.Array([x.tolist() for x in RAGGED])).architecture_ == "lstm"


def test_entries_of_a_sparse_table_that_come_twice_add_up():
    twice = csr_matrix(([1.0, 2.0, 4.0], [0, 0, 1], [0, 2, 3]), shape=(2, 2))
    assert not twice.has_canonical_format
    model = small(1, n_components=1).fit(twice)
    once = small(1, n_components=1).fit(twice.toarray())
    np.testing.assert_array_equal(model.transform(twice), once.transform(twice.toarray()))
    assert twice.nnz == 3  # the user's own is left alone


BAD_PARAMETERS = {
    "n_clusters": ({"n_clusters": 0}, "'n_clusters' parameter"),
    "name": ({"n_clusters": "many"}, "'n_clusters' parameter"),
    "range": ({"n_clusters": "auto", "n_clusters_range": (5, 3)}, r"n_clusters_range=\(5, 3\)"),
    "one": ({"n_clusters": "auto", "n_clusters_range": (1, 3)}, "2 <= least <= most"),
    "three": ({"n_clusters": "auto", "n_clusters_range": (2, 3, 4)}, "must be a pair"),
    "much": ({"n_clusters": "auto", "n_clusters_range": (30, 40)}, "n_samples=20 should be >= 31"),
    "letter": ({"n_clusters": "auto", "n_clusters_range": (2, "a")}, r"range=\(2, 'a'\) must"),
    "half": ({"n_clusters": "auto", "n_clusters_range": (2.5, 4)}, "must be a pair"),
    "noise": ({"noise": 1.0}, "'noise' parameter"),
    "layers": ({"hidden_layer_sizes": (5, 0)}, r"hidden_layer_sizes\[1\] is 0"),
    "no-layers": ({"hidden_layer_sizes": ()}, "hidden_layer_sizes is empty"),
    "clustering": ({"clustering": "dec"}, "'clustering' parameter"),
}


@pytest.mark.parametrize(("params", "message"), BAD_PARAMETERS.values(), ids=BAD_PARAMETERS.keys())
def test_bad_parameters(params, message):
    with pytest.raises(ValueError, match=message):
        small().set_params(**params).fit(TABLE)


def test_embeddings_are_for_tokens():
    with pytest.raises(ValueError, match="embeddings are for token ids, but X holds values"):
        small(embeddings={"sea": [1.0]}).fit(RAGGED)
    with pytest.raises(ValueError, match="embeddings are for token ids, but X is a table"):
        small(embeddings={"sea": [1.0]}).fit(TABLE)
    vectors = {"sea": [1.0, 2.0], "star": [0.0, 1.0]}
    model = small(embeddings=vectors, freeze_embeddings=True).fit(TOKENS)
    weight = model.module_.autoencoder.embedding.weight.detach().numpy()
    np.testing.assert_array_equal(weight[4:], list(vectors.values()))
    assert model.embedding_coverage_ == 1.0
    thawed = small(embeddings=vectors, freeze_embeddings=1, clustering="idec").fit(TOKENS)
    weight = thawed.module_.autoencoder.embedding.weight.detach().numpy()
    assert not np.array_equal(weight[4:], list(vectors.values()))


def test_not_fitted():
    for method in ("predict", "predict_proba", "transform", "inverse_transform", "score_samples"):
        with pytest.raises(NotFittedError):
            getattr(small(), method)(TABLE)


def test_what_inverse_transform_refuses():
    model = small().fit(RAGGED)
    latent = model.transform(RAGGED)
    with pytest.raises(
        ValueError, match=r"X has 3 columns, but the latent space of this Autoenc.* 2 dimensions"
    ):
        model.inverse_transform(np.ones((2, 3)))
    with pytest.raises(ValueError, match=r"sequences of unequal lengths.*Pass lengths"):
        model.inverse_transform(latent)
    with pytest.raises(ValueError, match=r"lengths=\[1, 2\] must be an int, or an array of shape"):
        model.inverse_transform(latent, [1, 2])
    with pytest.raises(ValueError, match=r"lengths\[3\] is 0; a sequence has at least 1 step"):
        model.inverse_transform(latent, [3, 3, 3, 0] * 5)
    assert [item.shape for item in model.inverse_transform(latent, 7)] == [(7,)] * 20
    matrices = [np.ones((3, 1)), np.ones((2, 1))] * 4
    deep = small(1).fit(matrices)
    assert deep.inverse_transform(deep.transform(matrices), 4)[0].shape == (4, 1)
    table = small().fit(TABLE)
    with pytest.raises(ValueError, match="lengths=3 is for sequences, but the model was fitted on"):
        table.inverse_transform(table.transform(TABLE), 3)


def test_constant_features_are_harmless():
    X = np.column_stack([TABLE, np.full(20, 7.0), np.zeros(20)])
    model = small().fit(X)
    assert np.isfinite(model.transform(X)).all()
    assert np.isfinite(model.inverse_transform(model.transform(X))).all()


@pytest.mark.filterwarnings("ignore:Number of distinct clusters")
@pytest.mark.parametrize("clustering", ["idec", "kmeans"])
@pytest.mark.parametrize("X", [np.ones((12, 4)), [np.ones(3)] * 12], ids=["table", "series"])
def test_samples_that_are_all_alike(X, clustering):
    model = small(2, clustering=clustering, tol=1.0).fit(X)
    assert len(set(model.labels_)) == 1
    assert np.isfinite(model.score_samples(X)).all()
