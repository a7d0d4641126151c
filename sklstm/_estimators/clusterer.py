"""AutoencoderClusterer."""

from __future__ import annotations

import copy
import warnings
from dataclasses import dataclass, replace
from numbers import Integral, Real
from typing import Any, ClassVar, Generic, NamedTuple, Self, TypeVar

import numpy as np
import torch
from scipy.sparse import issparse
from sklearn.base import (
    ClusterMixin,
    TransformerMixin,
    _fit_context,
)
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.metrics import adjusted_rand_score, silhouette_score
from sklearn.utils import ClassifierTags, Tags, check_random_state
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.sparsefuncs import mean_variance_axis, min_max_axis
from sklearn.utils.validation import check_array, check_is_fitted, validate_data
from torch import nn

from sklstm._callers import caller_level
from sklstm._display import short
from sklstm._estimators.base import (
    LayerRow,
    NamedFeatures,
    Seeds,
    TrainedEstimator,
    layer_rows,
    trained_parameters,
)
from sklstm._estimators.params import COUNT, NETWORK, TRAINING, Range, layer_sizes
from sklstm._jobs import one_openmp_thread_after_fork
from sklstm._keywords import ExplainedKeywords
from sklstm._sequences import (
    Ragged,
    TokenArray,
    as_table,
    equal_but_for_rounding,
    extremes,
    is_table,
    moments,
    plain,
    prediction_batches,
    row_parts,
    split,
    warn_of_padded_ids,
)
from sklstm._targets import given_weights, scaled
from sklstm._training import (
    CLUSTERING,
    RECONSTRUCTION,
    Forward,
    ModelInTraining,
    Samples,
    Table,
    TrainingPlan,
    batches_per_epoch,
    copied_callbacks,
    evaluation_mode,
    fast_cpu,
    plan_from,
    predict_rows,
    release,
    resolve_device,
    train_autoencoder,
    train_clusters,
)
from sklstm.nn import RecurrentStack, TokenEmbedding, make_pooling
from sklstm.nn.autoencoder import (
    Autoencoder,
    ClusteringAutoencoder,
    DenseAutoencoder,
    SequenceAutoencoder,
)

# A silhouette compares all pairs of samples: with more samples than this, some are drawn.
SILHOUETTE_SAMPLES = 5_000
# The most samples, and the most steps, that are decoded at once.
DECODED_SAMPLES, DECODED_STEPS = 256, 16_384
# The square of a smaller scale is no normal number, and loses digits.
SMALLEST_SCALE = float(np.sqrt(np.finfo(np.float64).tiny))

_DTYPES = [np.float64, np.float32]

Fitted = TypeVar("Fitted", bound="AutoencoderClusterer")

_SHARED_NETWORK = (
    "hidden_size num_layers bidirectional cell pooling embedding_dim embeddings "
    "freeze_embeddings dropout"
).split()
_SHARED_TRAINING = (
    "max_epochs random_state input_type padding_value optimizer learning_rate weight_decay "
    "gradient_clip lr_schedule batch_size shuffle n_jobs device callbacks verbose"
).split()


class AutoencoderClusterer(
    ExplainedKeywords,
    NamedFeatures,
    ClusterMixin,
    TransformerMixin,
    TrainedEstimator,
):
    """Cluster sequences or tables in the latent space of an autoencoder.

    An autoencoder learns to compress each sample to a vector of low dimensionality, its latent
    representation, and to reconstruct the sample from it. Clusters are then searched among the
    latent representations. Sequences of any and unequal lengths, of values or token ids, are
    encoded by one LSTM and decoded by another [1]_. Tables, dense or sparse, are encoded and
    decoded by dense layers.

    The first five parameters are the ones that most users set. The others follow by topic:
    clustering (`n_clusters_range` to `n_autoencoders`), the network for tables
    (`hidden_layer_sizes`), the network for sequences (`hidden_size` to `padding_value`), text
    (`embedding_dim` to `freeze_embeddings`), regularisation (`noise` to `weight_decay`),
    optimisation (`optimizer` to `shuffle`) and runtime (`n_jobs` to `verbose`).

    Parameters
    ----------
    n_clusters : int or "auto", default=8
        Number of clusters. "auto" runs k-means with each number in `n_clusters_range` on the
        trained latent representations, and selects the one with the highest silhouette [2]_.
    n_components : int, default=10
        Dimensionality of the latent space.
    architecture : {"auto", "dense", "lstm"}, default="auto"
        "dense" reads the rows of a table, "lstm" reads sequences. "auto" reads two-dimensional
        and sparse X as a table, and everything else as sequences. Set "lstm" for series of equal
        length in an array of shape (n_samples, T).
    max_epochs : int or "auto", default="auto"
        Number of epochs in which the autoencoder is trained. "auto" makes about 1,000 training
        steps: as many epochs as that takes, at least 20 and at most 500.
    random_state : int, RandomState instance or None, default=None
        Determines the initial weights, the order of the samples, noise, dropout and k-means. Pass
        an int for the same results in every call of `fit`.
    n_clusters_range : tuple (least, most), default=(2, 10)
        The numbers of clusters that ``n_clusters="auto"`` tries, both ends included.
    clustering : {"idec", "kmeans"}, default="idec"
        "kmeans" returns the clusters that k-means finds among the latent representations. "idec"
        continues from these: it trains the autoencoder and the cluster centres together, which
        moves samples towards their nearest centre, while the reconstruction loss keeps the latent
        space from collapsing [4]_.
    clustering_weight : float, default=1.0
        "idec": weight of the clustering loss relative to the reconstruction loss. The paper uses
        0.1; with 1.0 the clusters of several random states agree more.
    clustering_epochs : int or "auto", default="auto"
        "idec": maximum number of epochs in which autoencoder and centres are trained together.
        "auto" makes about 1,000 training steps: as many epochs as that takes, at least 10 and at
        most 100.
    tol : float, default=1e-3
        "idec": training stops when at most this fraction of the samples changed their cluster in
        an epoch.
    n_init : int, default=20
        Number of times that k-means is run with different initial centres. The best run is kept.
    n_autoencoders : int, default=1
        Number of autoencoders to train from different initial weights, each with its clusters. The
        one whose clusters agree most with those of the others is kept [5]_, which reduces the
        effect of a bad initialisation. The time of `fit` grows in proportion. Of two autoencoders
        the first is kept; `agreement_` is then still of interest.
    hidden_layer_sizes : int or tuple of int, default=(1000,)
        Number of units in each hidden layer of the encoder, as in `MLPClassifier`. The decoder has
        the same layers in reverse order.
    hidden_size : int or tuple of int, default=64
        Number of units in each recurrent layer of the encoder, per direction. The decoder has the
        same layers in reverse order.
    num_layers : int, default=1
        Number of recurrent layers, if `hidden_size` is an int.
    bidirectional : bool, default=False
        Whether encoder and decoder process the steps in both directions. Takes twice as long.
    cell : {"lstm", "gru"}, default="lstm"
        Type of the recurrent layers.
    pooling : {"last", "max", "mean", "attention", "concat"}, default="last"
        How the encoder's hidden states of all steps are reduced to one vector, from which the
        latent representation is computed: the final hidden state, the maximum of each unit, the
        mean, a mean with learned weights, or for "concat" the first three side by side.
    input_type : {"auto", "tokens", "values"}, default="auto"
        "auto" reads the output of `SequenceTokenizer` as token ids, and everything else as values;
        a `UserWarning` in `fit` says so of sequences of integers that may be token ids without
        their vocabulary. "tokens" reads whole numbers as token ids; "values" reads integers as
        values without a warning.
    padding_value : float or None, default=None
        Leading and trailing steps in which all features equal this value are removed. With None
        nothing is removed from values, and steps with the id 0 from tokens.
    embedding_dim : int, default=100
        Dimensionality of the learned word vectors. Ignored if `embeddings` is given.
    embeddings : path, str, WordVectors, gensim KeyedVectors, mapping, array-like of shape \
            (n_ids, dim) or None, default=None
        Pretrained word vectors, as in `LSTMClassifier`; a name such as "glove-6b-50d" is accepted,
        too. They are matched by word, by means of the vocabulary in the output of
        `SequenceTokenizer`; the rows of an array are matched by token id. In prediction, words
        that were not in the training data are read by their vectors, if they have one.
    freeze_embeddings : bool or int, default=False
        Whether the word vectors are kept fixed: permanently if True, not at all if False, and
        during the first epochs of training if an int.
    noise : float, default=0.4
        Fraction of the input values, or tokens, that are hidden from the encoder in training and
        still have to be reconstructed, as in a denoising autoencoder [3]_. Hidden tokens are
        read as unknown, which trains the vector of unknown words. With 0 nothing is hidden.
    dropout : float, default=0.2
        Fraction of hidden units set to zero in training. Applied after each dense hidden layer;
        for sequences between recurrent layers, to the pooled hidden state and to the hidden
        states of the decoder.
    weight_decay : float, default=0.0
        L2 penalty on the weights, decoupled from the gradient for "adamw".
    optimizer : {"adam", "adamw", "sgd", "rmsprop"}, default="adam"
        "sgd" uses Nesterov momentum of 0.9.
    learning_rate : float, default=1e-3
        Initial step size of the optimizer; see `lr_schedule`.
    gradient_clip : float or None, default=None
        Maximum gradient norm; None disables clipping. Random states agreed more without it. Set it
        to 1.0 if the training loss of long sequences jumps. Without effect where `callbacks` hold a
        GradientNormClipping.
    lr_schedule : {"constant", "linear", "cosine", "one_cycle", "slanted_triangular"}, \
            default="cosine"
        How the learning rate changes over `max_epochs`, and a second time over
        `clustering_epochs`. Without effect where `callbacks` hold an LRScheduler, or set the rate
        themselves.
    batch_size : int, default=256
        Number of samples in a training step. Batches hold sequences of similar lengths.
    shuffle : bool, default=True
        Whether to shuffle the samples in each epoch.
    n_jobs : int or None, default=None
        Number of torch threads. None means torch's own default, but 1 within a parallel joblib job
        (a grid search, say) or another child process; -1 means all cores. Always 1 in a forked
        process, where OpenMP allows no more.
    device : str, default="auto"
        "auto" uses a GPU if there is one; otherwise a device of torch, such as "cpu", "cuda" or
        "mps".
    callbacks : list of skorch callbacks or None, default=None
        Called during the training of the autoencoder, and again while clusters are trained, as
        described for `LSTMClassifier`; `fit` works with copies, which are in `callbacks_`
        afterwards. There is no validation data and no y: a score is that of
        ``EpochScoring(None, on_train=True)``.
    verbose : int or bool, default=0
        If positive, print a progress bar, and the silhouettes with ``n_clusters="auto"``.

    Attributes
    ----------
    labels_ : ndarray of shape (n_samples,), dtype int32
        Cluster of each training sample.
    cluster_centers_ : ndarray of shape (n_clusters, n_components), dtype float32
        Cluster centres in the latent space. ``inverse_transform(cluster_centers_)`` returns them in
        the form of X.
    n_clusters_ : int
        Number of clusters.
    silhouette_scores_ : dict of int to float
        With ``n_clusters="auto"``: the mean silhouette for each number of clusters that was tried,
        computed on the latent representations before "idec", and on 5,000 samples drawn at random
        if there are more.
    inertia_ : float
        Sum of squared distances of the latent representations to their cluster centre, weighted by
        the sample weights (scaled to a mean of 1).
    agreement_ : float
        With ``n_autoencoders > 1``: mean adjusted Rand index between `labels_` and the clusters of
        each other autoencoder. 1 if all found the same clusters, about 0 for random ones.
    architecture_ : {"dense", "lstm"}
        The architecture that was used.
    n_iter_ : int
        Number of epochs, including those of "idec". This and the following attributes describe the
        autoencoder that was kept.
    loss_curve_ : list of float
        Training loss of each epoch.
    history_ : list of dict
        What was recorded in each epoch. ``"phase"`` is "reconstruction" or "clustering",
        ``"changed"`` the fraction of samples that changed their cluster.
    module_ : torch module
        The trained network, in evaluation mode. Its ``autoencoder`` expects scaled samples.
    callbacks_ : list
        The copies of `callbacks` that training worked with, without what belongs to training.
    n_features_in_ : int
        Number of columns of a table, T for sequences in an array of shape (n_samples, T), F for
        other sequences, and 1 for tokens.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Column names of X, if X is a data frame whose column names are strings.
    vocabulary_ : Vocabulary
        The words of the token ids, if X came with a vocabulary.
    embedding_coverage_ : float
        Fraction of the vocabulary found in `embeddings`.

    See Also
    --------
    sklstm.inspection.EmbeddingDisplay : Plot the latent representations in two dimensions.
    sklearn.cluster.KMeans : Clusters the samples as they are; the baseline to compare with.

    Notes
    -----
    The estimator centres each feature, and divides all features by one standard deviation, taken
    over all of them. The unit of X therefore does not matter, but the relative scale of the
    features does, as for k-means. If features have different units, put `StandardScaler` or
    `SequenceScaler` before the estimator in a pipeline.

    The numbering of the clusters has no meaning. `predict` assigns new samples to the nearest
    centre.

    Clustering with an autoencoder is not always better than k-means: compare the two. `agreement_`
    needs no true labels, but only measures whether several autoencoders find the same clusters, not
    whether these are good.

    References
    ----------
    .. [1] N. Srivastava, E. Mansimov, R. Salakhutdinov, "Unsupervised Learning of Video
       Representations using LSTMs", ICML 2015, section 2.2.
    .. [2] P. Rousseeuw, "Silhouettes: a Graphical Aid to the Interpretation and Validation of
       Cluster Analysis", Journal of Computational and Applied Mathematics 20, 1987.
    .. [3] P. Vincent et al., "Extracting and Composing Robust Features with Denoising
       Autoencoders", ICML 2008, section 2.3.
    .. [4] X. Guo et al., "Improved Deep Embedded Clustering with Local Structure Preservation",
       IJCAI 2017, algorithm 1.
    .. [5] T. Lange et al., "Stability-Based Validation of Clustering Solutions", Neural
       Computation 16, 2004, section 2, which compares the clusters of different samples.

    Examples
    --------
    Waves of two frequencies, of unequal lengths:

    >>> import numpy as np
    >>> from sklstm import AutoencoderClusterer
    >>> rng = np.random.default_rng(0)
    >>> waves = [
    ...     np.sin(np.arange(rng.integers(20, 30)) * (0.3 if i % 2 else 1.0))
    ...     for i in range(40)
    ... ]
    >>> clusterer = AutoencoderClusterer(
    ...     2, hidden_size=16, batch_size=20, learning_rate=0.01, max_epochs=100, random_state=0
    ... )
    >>> labels = clusterer.fit_predict(waves)
    >>> len(set(labels[::2])), len(set(labels[1::2]))
    (1, 1)
    >>> clusterer.transform(waves).shape
    (40, 10)
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **{name: NETWORK[name] for name in _SHARED_NETWORK},
        **{name: TRAINING[name] for name in _SHARED_TRAINING},
        "n_clusters": [COUNT, StrOptions({"auto"})],
        "n_components": [COUNT],
        "architecture": [StrOptions({"auto", "dense", "lstm"})],
        "n_clusters_range": [tuple, list],
        "clustering": [StrOptions({"idec", "kmeans"})],
        "clustering_weight": [Range(Real, 0, None, closed="left")],
        "clustering_epochs": [COUNT, StrOptions({"auto"})],
        "tol": [Range(Real, 0, 1, closed="both")],
        "n_init": [COUNT],
        "n_autoencoders": [COUNT],
        "hidden_layer_sizes": [COUNT, tuple, list],
        "noise": [Range(Real, 0, 1, closed="left")],
    }
    embedding_dropout = rare_word_dropout = 0.0  # `noise` makes tokens unknown
    _value_dtype = _DTYPES  # as they are: float32 would lose small differences of large numbers
    architecture_: str

    def __init__(
        self,
        n_clusters: int | str = 8,
        *,
        # Most often set
        n_components: int = 10,
        architecture: str = "auto",
        max_epochs: int | str = "auto",
        random_state: int | np.random.RandomState | None = None,
        # Clustering
        n_clusters_range: tuple[int, int] = (2, 10),
        clustering: str = "idec",
        clustering_weight: float = 1.0,
        clustering_epochs: int | str = "auto",
        tol: float = 1e-3,
        n_init: int = 20,
        n_autoencoders: int = 1,
        # Network for tables
        hidden_layer_sizes: int | tuple[int, ...] = (1000,),
        # Network for sequences
        hidden_size: int | tuple[int, ...] = 64,
        num_layers: int = 1,
        bidirectional: bool = False,
        cell: str = "lstm",
        pooling: str = "last",
        input_type: str = "auto",
        padding_value: float | None = None,
        # Text
        embedding_dim: int = 100,
        embeddings: Any = None,
        freeze_embeddings: bool | int = False,
        # Regularisation
        noise: float = 0.4,
        dropout: float = 0.2,
        weight_decay: float = 0.0,
        # Optimisation
        optimizer: str = "adam",
        learning_rate: float = 1e-3,
        gradient_clip: float | None = None,
        lr_schedule: str = "cosine",
        batch_size: int = 256,
        shuffle: bool = True,
        # Runtime
        n_jobs: int | None = None,
        device: str = "auto",
        callbacks: list[Any] | None = None,
        verbose: int = 0,
    ):
        self.n_clusters = n_clusters
        self.n_components = n_components
        self.architecture = architecture
        self.max_epochs = max_epochs
        self.random_state = random_state
        self.n_clusters_range = n_clusters_range
        self.clustering = clustering
        self.clustering_weight = clustering_weight
        self.clustering_epochs = clustering_epochs
        self.tol = tol
        self.n_init = n_init
        self.n_autoencoders = n_autoencoders
        self.hidden_layer_sizes = hidden_layer_sizes
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bidirectional = bidirectional
        self.cell = cell
        self.pooling = pooling
        self.input_type = input_type
        self.padding_value = padding_value
        self.embedding_dim = embedding_dim
        self.embeddings = embeddings
        self.freeze_embeddings = freeze_embeddings
        self.noise = noise
        self.dropout = dropout
        self.weight_decay = weight_decay
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.gradient_clip = gradient_clip
        self.lr_schedule = lr_schedule
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.n_jobs = n_jobs
        self.device = device
        self.callbacks = callbacks
        self.verbose = verbose

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Train the autoencoder and find the clusters.

        Parameters
        ----------
        X : table of shape (n_samples, n_features), or sequences of shape (n_samples,), \
                (n_samples, T) or (n_samples, T, F)
            A table is an array, a data frame or a sparse matrix. Sequences are accepted in any form
            that `LSTMClassifier` accepts.
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,) or None, default=None
            Weight of each sample in the losses, the scaling, k-means and the sizes of clusters.

        Returns
        -------
        self : AutoencoderClusterer
            The fitted estimator.

        Raises
        ------
        ValueError
            If X contains NaN or infinity, has fewer samples than clusters, or contains sequences
            where a table is expected; or if the loss becomes NaN or infinite.

        Warns
        -----
        ConvergenceWarning
            If clusters still changed after `clustering_epochs`, or Ctrl-C ended training early.
            Within a search, an ensemble or a joblib job Ctrl-C raises KeyboardInterrupt instead,
            which ends them, too.
        UserWarning
            If a cluster became empty in training and was reinitialised.
        """
        trial = self._trial(keep_fitted=False)
        trial.architecture_ = self._architecture_for(X)
        read = trial._read(X, reset=True)
        if trial._is_dense and self.architecture == self.input_type == "auto":
            warn_of_padded_ids(X, type(self).__name__)
        n_samples = read.shape[0] if trial._is_dense else len(read)
        trial._check_n_samples(n_samples)
        weights = scaled(given_weights(sample_weight, n_samples), n_samples)
        samples = trial._learn_scaling(read, weights)
        if not trial._is_dense:
            trial._form_, trial._dtype_ = read.form, read.values.dtype
        del read  # sequences are scaled; only a table is read again, batch by batch
        return self._adopt(trial._train_all(samples, weights))

    def fit_predict(self, X: Any, y: Any = None, sample_weight: Any = None) -> np.ndarray:
        """Find the clusters, and return the cluster of each sample.

        Parameters
        ----------
        X : table or sequences
            As in `fit`.
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,) or None, default=None
            As in `fit`.

        Returns
        -------
        ndarray of shape (n_samples,), dtype int32
            `labels_`.
        """
        labels: np.ndarray = self.fit(X, sample_weight=sample_weight).labels_
        return labels

    def predict(self, X: Any) -> np.ndarray:
        """Return the cluster whose centre is nearest to each sample in the latent space.

        Parameters
        ----------
        X : table or sequences
            In the form of the X passed to `fit`.

        Returns
        -------
        ndarray of shape (n_samples,), dtype int32
            Indices of rows of `cluster_centers_`.
        """
        return self._nearest(self._read_fitted(X))

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the soft assignment of each sample to each cluster.

        The soft assignment is the similarity between the latent representation and each centre by
        Student's t-distribution, which "idec" trains, normalised over the clusters. These are not
        calibrated probabilities.

        Parameters
        ----------
        X : table or sequences
            In the form of the X passed to `fit`.

        Returns
        -------
        ndarray of shape (n_samples, n_clusters), dtype float32
            Each row sums to 1.
        """
        samples = self._read_fitted(X)
        return self._apply(self.module_, self.module_.assign, samples)

    def transform(self, X: Any) -> np.ndarray:
        """Return the latent representation of each sample.

        Parameters
        ----------
        X : table or sequences
            In the form of the X passed to `fit`.

        Returns
        -------
        ndarray of shape (n_samples, n_components), dtype float32
            A data frame after ``set_output(transform="pandas")``.
        """
        samples = self._read_fitted(X)
        return self._apply(self.module_, self.module_.encode, samples)

    def inverse_transform(self, X: Any, lengths: Any = None) -> Any:
        """Reconstruct samples from their latent representations.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_components)
            Latent representations, such as the output of `transform` or `cluster_centers_`.
        lengths : int, array-like of shape (n_samples,) or None, default=None
            Number of steps of each sequence to return. With None it is the number of steps of the
            sequences passed to `fit`, if they all had the same. Not for tables.

        Returns
        -------
        ndarray of shape (n_samples, n_features), (n_samples, T) or (n_samples, T, F), or object \
                array of ragged sequences, or TokenArray
            In the unit of the X passed to `fit`, and in its form if `lengths` allow it. float64,
            and float32 if X was sequences of float32. For tokens the most probable token of each
            step.

        Raises
        ------
        ValueError
            If X does not have `n_components` columns, or `lengths` are missing or invalid.
        """
        check_is_fitted(self)
        latent = check_array(as_table(X, "X"), dtype=np.float32, input_name="X")
        n_components = self._n_features_out
        if latent.shape[1] != n_components:
            raise ValueError(
                f"X has {latent.shape[1]} columns, but the latent space of this "
                f"{type(self).__name__} has {n_components} dimensions."
            )
        if self._is_dense:
            if lengths is not None:
                raise ValueError(
                    f"lengths={short(lengths)!r} is for sequences, but the model was fitted on a "
                    "table; pass lengths=None."
                )
            return self._scaling_.undo(np.stack(self._decode(latent, None)))
        steps = self._checked_lengths(lengths, len(latent))
        return self._in_form_of_fit(np.concatenate(self._decode(latent, steps)), steps)

    def score_samples(self, X: Any) -> np.ndarray:
        """Return the negative reconstruction error of each sample, which is low for outliers.

        Parameters
        ----------
        X : table or sequences
            In the form of the X passed to `fit`.

        Returns
        -------
        ndarray of shape (n_samples,), dtype float64
            Negative mean squared error over the features of a sample, and the steps of a sequence,
            in the squared unit of X. For tokens the negative mean cross-entropy, in nats per token.
        """
        samples = self._read_fitted(X)
        errors = self._apply(
            self.module_, lambda *inputs: self.module_.autoencoder(*inputs)[0], samples
        )
        return -errors.astype(np.float64) * self._squared_unit

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """Return the mean of `score_samples`, which searches maximise by default.

        It measures how well new samples are reconstructed, not how good the clusters are, and
        tends to increase with `n_components` and the number of units.

        Parameters
        ----------
        X : table or sequences
            In the form of the X passed to `fit`.
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,) or None, default=None
            Weights of the samples in the mean.

        Returns
        -------
        float
            At most 0.
        """
        scores = self.score_samples(X)
        return float(np.average(scores, weights=given_weights(sample_weight, len(scores))))

    # Reading X

    def _architecture_for(self, X: Any) -> str:
        """Return the architecture that reads X."""
        if self.architecture != "auto":
            return self.architecture
        return "dense" if is_table(X, self.input_type) else "lstm"

    @property
    def _is_dense(self) -> bool:
        return self.architecture_ == "dense"

    def _read(self, X: Any, *, reset: bool) -> Any:
        """Return a checked array or CSR matrix, or sequences."""
        if not self._is_dense:
            if issparse(X):
                raise TypeError(
                    f"X is sparse, a table of shape {X.shape}, but this AutoencoderClusterer reads "
                    'sequences (architecture="lstm"). For a table fit with architecture="dense".'
                )
            return self._read_sequences(X, reset=reset)
        X = as_table(X, "X")
        if not is_table(X) and len(X):
            raise ValueError(
                "X holds sequences, but AutoencoderClusterer reads a table of shape (n_samples, "
                "n_features)"
                + (
                    ' with architecture="dense"; use architecture="auto" or "lstm".'
                    if reset
                    else ", as in fit."
                )
            )
        table = validate_data(self, X, reset=reset, accept_sparse="csr", dtype=_DTYPES)
        if issparse(table) and not table.has_canonical_format:
            table = table.copy()  # it may be the user's matrix
            table.sum_duplicates()
        return table

    def _learn_scaling(self, read: Any, weights: np.ndarray) -> Samples:
        if self._is_dense:
            self._scaling_ = Scaling.of_table(read, weights)
        elif not read.is_tokens:
            self._scaling_ = Scaling.of_sequences(read, weights)
        return self._samples(read)

    def _samples(self, read: Any) -> Samples:
        """Return what was read, scaled."""
        if self._is_dense:
            return self._scaling_.table(read)
        sequences: Ragged = read
        return sequences if sequences.is_tokens else self._scaling_.sequences(sequences)

    def _read_fitted(self, X: Any) -> Samples:
        check_is_fitted(self)
        read = self._read(X, reset=False)
        return self._samples(read if self._is_dense else self._read_unknown(read))

    @property
    def _squared_unit(self) -> float:
        """Factor from squared errors of scaled values to those of X."""
        scaling = getattr(self, "_scaling_", None)
        return 1.0 if scaling is None else float(scaling.scale) ** 2

    def _check_n_samples(self, n_samples: int) -> None:
        if self.n_clusters == "auto":
            least, _ = self._range_of_clusters()
            needed, wanted = least + 1, f"n_clusters_range={self.n_clusters_range}"
        else:
            needed, wanted = int(self.n_clusters), f"n_clusters={self.n_clusters}"
        if n_samples < needed:
            raise ValueError(f"n_samples={n_samples} should be >= {needed} for {wanted}.")

    def _range_of_clusters(self) -> tuple[int, int]:
        """Return the smallest and the largest number of clusters to try."""
        given = self.n_clusters_range
        whole = len(given) == 2 and all(isinstance(number, Integral) for number in given)
        low, high = given if whole else (0, 0)
        if not 2 <= low <= high:
            raise ValueError(
                f"n_clusters_range={plain(given)!r} must be a pair (least, most) of integers with "
                "2 <= least <= most."
            )
        return int(low), int(high)

    # The network

    def _build_module(self) -> Autoencoder:
        """Build the autoencoder. Override this method to use an autoencoder that you wrote."""
        return self._build_dense() if self._is_dense else self._build_recurrent()

    def _build_dense(self) -> DenseAutoencoder:
        if self.embeddings is not None:
            raise ValueError(
                "embeddings are for token ids, but X is a table of values; let SequenceTokenizer "
                "make X."
            )
        return DenseAutoencoder(
            self.n_features_in_,
            layer_sizes(self.hidden_layer_sizes, 1, name="hidden_layer_sizes"),
            self.n_components,
            noise=self.noise,
            dropout=self.dropout,
        )

    def _build_recurrent(self) -> SequenceAutoencoder:
        spec = self._input_
        if spec.is_tokens and (spec.n_features > 1 or spec.has_bags):
            held = "bags of words" if spec.has_bags else f"{spec.n_features} token ids"
            raise ValueError(f"X has {held} in each step; AutoencoderClusterer accepts one token.")
        embedding = self._build_embedding()
        size = spec.n_features
        if isinstance(embedding, TokenEmbedding):
            size = embedding.weight.shape[1]
        sizes = layer_sizes(self.hidden_size, self.num_layers)
        encoder = RecurrentStack(
            size,
            sizes,
            cell=self.cell,
            bidirectional=self.bidirectional,
            dropout=self.dropout,
        )
        decoder = RecurrentStack(
            self.n_components,
            sizes[::-1],
            cell=self.cell,
            bidirectional=self.bidirectional,
            dropout=self.dropout,
        )
        return SequenceAutoencoder(
            embedding,
            encoder,
            make_pooling(self.pooling, encoder.output_size, self.bidirectional),
            decoder,
            self.n_components,
            spec.n_ids if spec.is_tokens else spec.n_features,
            noise=self.noise,
            dropout=self.dropout,
        )

    def _layer_rows(self) -> list[LayerRow]:
        autoencoder, centers = self.module_.autoencoder, self.module_.centers
        if self._is_dense:
            rows = layer_rows(autoencoder, self.n_features_in_, is_tokens=None)
        else:
            spec = self._input_
            rows = layer_rows(autoencoder, spec.n_features, is_tokens=spec.is_tokens)
            output = getattr(autoencoder, "output", None)
            if spec.is_tokens and isinstance(output, nn.Linear):  # whose weights are read directly
                shape = f"(batch, time, {output.out_features})"
                rows.append(("output", "Linear", shape, trained_parameters(output)))
        shape = f"(batch, {len(centers)})"
        return [*rows, ("centers", "student_t", shape, centers.numel())]

    # Training

    def _train_all(self, samples: Samples, weights: np.ndarray) -> Self:
        """Train `n_autoencoders` autoencoders and their clusters; return the one to keep."""
        rng = check_random_state(self.random_state)
        if self.n_autoencoders == 1:
            self._train(samples, weights, Seeds.draw(rng))
            return self
        attempts: list[Attempt[Self]] = []
        while len(attempts) < self.n_autoencoders and all(one.finished for one in attempts):
            attempts.append(copy.copy(self)._attempt(samples, weights, Seeds.draw(rng)))
        return self._most_agreed(attempts, weights)

    def _attempt(self, samples: Samples, weights: np.ndarray, seeds: Seeds) -> Attempt[Self]:
        """Train, and hold the warnings back: they matter only if this attempt is kept."""
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            finished = self._train(samples, weights, seeds)
        return Attempt(self, finished, warned)

    def _most_agreed(self, attempts: list[Attempt[Self]], weights: np.ndarray) -> Self:
        """Return the attempt whose clusters the others agree with most, and emit its warnings.

        One that was ended early is left out if there are others. Losses cannot decide: each
        measures how well a clustering fits its own latent space, and these differ.
        """
        last = attempts[-1]
        if not last.finished and len(attempts) > 1:
            attempts = attempts[:-1]
            warnings.warn(
                f"Training was interrupted in autoencoder {len(attempts) + 1}; the clusters are "
                f"those of {'the one' if len(attempts) == 1 else f'one of the {len(attempts)}'} "
                "before.",
                ConvergenceWarning,
                stacklevel=caller_level(),
            )
        chosen = attempts[0]
        if len(attempts) > 1:
            found = agreements([attempt.fitted.labels_ for attempt in attempts], weights)
            if self.verbose:
                shown = ", ".join(f"{value:.3f}" for value in found)
                print(f"Agreement of each autoencoder's clusters with the others': {shown}")
            chosen = attempts[int(found.argmax())]
            chosen.fitted.agreement_ = float(found.max())
        for one in chosen.warned:
            warnings.warn(one.message, one.category, stacklevel=caller_level())
        return chosen.fitted

    def _train(self, samples: Samples, weights: np.ndarray, seeds: Seeds) -> bool:
        """Train one autoencoder and its clusters; return False if training was interrupted."""
        autoencoder: Autoencoder = self._seeded_module(seeds.module)
        self.callbacks_ = copied_callbacks(self.callbacks)
        plan = plan_from(
            self,
            n_batches=batches_per_epoch(samples, self.batch_size),
            seed=seeds.training,
            auto_epochs=RECONSTRUCTION,
            callbacks=self.callbacks_,
        )
        self._auto_ = {"architecture": self.architecture_, "max_epochs": plan.max_epochs}
        outcome = train_autoencoder(
            autoencoder, samples, weights, plan, self._without_clusters(autoencoder)
        )
        self.history_ = [row | {"phase": "reconstruction"} for row in outcome.history]
        latent = self._apply(autoencoder, autoencoder.encode, samples)
        centers = self._initial_centers(latent, weights, seeds.split % (1 << 31)).astype(np.float32)
        self.module_ = ClusteringAutoencoder(autoencoder, torch.from_numpy(centers)).eval()
        interrupted = outcome.interrupted
        if self.clustering == "idec" and not interrupted and len(centers) > 1:
            interrupted = self._train_clusters(samples, weights, plan)
        release(self.callbacks_, self.callbacks, self.module_)
        self._record_auto(self._auto_ | {"n_clusters": len(centers)})
        self._describe(samples, weights)
        return not interrupted

    def _train_clusters(self, samples: Samples, weights: np.ndarray, first: TrainingPlan) -> bool:
        """Train autoencoder and centres together; return True if training was interrupted."""
        plan = plan_from(
            self,
            n_batches=first.n_batches,
            seed=first.seed + 1,
            max_epochs=self.clustering_epochs,
            auto_epochs=CLUSTERING,
            n_epochs_done=len(self.history_),
            was_frozen=first.frozen_epochs is not None,
            callbacks=self.callbacks_,
        )
        self._auto_["clustering_epochs"] = plan.max_epochs
        outcome, n_reseeded = train_clusters(
            self.module_,
            samples,
            weights,
            plan,
            ModelInTraining(self, ask=self._ask_in_training, restore=self._restore_samples),
            clustering_weight=self.clustering_weight,
            tol=self.tol,
        )
        self.history_ += [row | {"phase": "clustering"} for row in outcome.history]
        if n_reseeded:
            warnings.warn(
                f"{n_reseeded} times a cluster became empty in training and was reinitialised at "
                "the sample farthest from its centre. "
                f"n_clusters={len(self.module_.centers)} may be too many.",
                UserWarning,
                stacklevel=caller_level(),
            )
        return outcome.interrupted

    def _without_clusters(self, autoencoder: Autoencoder) -> ModelInTraining:
        """Return the clusterer for callbacks while the autoencoder is trained."""
        trial = copy.copy(self)
        # One centre that nothing depends on: what needs clusters is refused.
        trial.module_ = ClusteringAutoencoder(autoencoder, torch.zeros(1, self.n_components))

        def ask(method: str, X: Any, *args: Any, **kwargs: Any) -> Any:
            if method.startswith("predict"):
                raise NotFittedError(
                    f"net.{method} needs the clusters, which AutoencoderClusterer searches after "
                    "the autoencoder is trained; net.transform and net.score can be called now."
                )
            return trial._ask_in_training(method, X, *args, **kwargs)

        return ModelInTraining(trial, ask=ask, restore=self._restore_samples)

    def _restore_samples(self, samples: Samples) -> Any:
        """Return samples that were read as an X to be read again."""
        if isinstance(samples, Table):
            return samples.rows
        if not samples.is_tokens:
            samples = replace(samples, values=self._scaling_.undo(samples.values))
        return self._restore_sequences(samples)

    def _initial_centers(self, latent: np.ndarray, weights: np.ndarray, seed: int) -> np.ndarray:
        """Return the centres of k-means; choose their number if ``n_clusters="auto"``."""
        if self.n_clusters != "auto":
            return self._k_means(latent, int(self.n_clusters), weights, seed).cluster_centers_
        rows = np.flatnonzero(weights > 0)
        if len(rows) > SILHOUETTE_SAMPLES:
            rows = np.random.default_rng(seed).choice(rows, SILHOUETTE_SAMPLES, replace=False)
        low, high = self._range_of_clusters()
        scores: dict[int, float] = {}
        centers: dict[int, np.ndarray] = {}
        for number in range(low, min(high, len(latent) - 1) + 1):
            model = self._k_means(latent, number, weights, seed)
            labels = model.labels_[rows]
            # Undefined for one cluster, and for clusters of one sample each.
            defined = 1 < len(np.unique(labels)) < len(rows)
            scores[number] = float(silhouette_score(latent[rows], labels)) if defined else -1.0
            centers[number] = model.cluster_centers_
        best = max(scores, key=lambda number: scores[number])
        if self.verbose:
            for number, score in scores.items():
                chosen = " (chosen)" if number == best else ""
                print(f"{number} clusters: silhouette {score:.3f}{chosen}")
        self.silhouette_scores_ = scores
        return centers[best]

    def _k_means(
        self, latent: np.ndarray, n_clusters: int, weights: np.ndarray, seed: int
    ) -> KMeans:
        model = KMeans(n_clusters, n_init=self.n_init, random_state=seed)
        with one_openmp_thread_after_fork():
            return model.fit(latent, sample_weight=weights)

    def _describe(self, samples: Samples, weights: np.ndarray) -> None:
        """Set the fitted attributes that follow from the trained network."""
        if isinstance(samples, Ragged):  # as in prediction
            samples = self._read_unknown(samples)
        latent = self._apply(self.module_, self.module_.encode, samples)
        self.cluster_centers_ = self.module_.centers.detach().cpu().numpy().copy()
        self.labels_ = self._nearest(samples)
        distance = np.square(latent - self.cluster_centers_[self.labels_], dtype=np.float64)
        self.inertia_ = float((distance.sum(axis=1) * weights).sum())
        self.n_clusters_ = len(self.cluster_centers_)
        self.loss_curve_ = [row["train_loss"] for row in self.history_]
        self.n_iter_ = len(self.history_)
        if isinstance(samples, Ragged):
            same = bool((samples.lengths == samples.lengths[0]).all())
            self._length_ = int(samples.lengths[0]) if same else None

    # Encoding and decoding

    def _apply(self, module: nn.Module, forward: Forward, samples: Samples) -> np.ndarray:
        device = resolve_device(self.device, fallback=True)
        return predict_rows(module, forward, samples, device=device, n_jobs=self.n_jobs, fill=True)

    def _nearest(self, samples: Samples) -> np.ndarray:
        """Return the index of the nearest centre for each sample."""
        assigned = self._apply(self.module_, self.module_.assign, samples)
        return assigned.argmax(axis=1).astype(np.int32)

    def _checked_lengths(self, lengths: Any, n_samples: int) -> np.ndarray:
        """Return the number of steps of each sequence to decode."""
        if lengths is None:
            if self._length_ is None:
                raise ValueError(
                    "lengths=None, but the model was fitted on sequences of unequal lengths, and a "
                    "latent representation does not determine the number of steps. Pass lengths: "
                    "one int for all samples, or one for each."
                )
            lengths = self._length_
        steps = np.asarray(lengths)
        one_each = steps.ndim == 0 or steps.shape == (n_samples,)
        if steps.dtype.kind not in "iu" or not one_each:
            raise ValueError(
                f"lengths={short(lengths)!r} must be an int, or an array of shape "
                f"({n_samples},) of int."
            )
        steps = np.broadcast_to(steps, n_samples)
        bad = np.flatnonzero(steps < 1)
        if len(bad):
            raise ValueError(
                f"lengths[{bad[0]}] is {steps[bad[0]]}; a sequence has at least 1 step."
            )
        return steps.astype(np.int64)

    def _decode(self, latent: np.ndarray, lengths: np.ndarray | None) -> list[np.ndarray]:
        """Return the row, or the steps, of each sample, as the network gives them."""
        device = resolve_device(self.device, fallback=True)
        module = self.module_.to(device)
        steps = np.ones(len(latent), dtype=np.int64) if lengths is None else lengths
        decoded: list[Any] = [None] * len(latent)
        with evaluation_mode(module), fast_cpu(self.n_jobs), torch.inference_mode():
            for rows in prediction_batches(steps, DECODED_SAMPLES, DECODED_STEPS):
                batch = [torch.from_numpy(latent[rows]).to(device)]
                if lengths is not None:
                    batch.append(torch.from_numpy(lengths[rows]).to(device))
                results = module.autoencoder.decode(*batch).cpu().numpy()
                for row, result in zip(rows, results, strict=True):
                    decoded[row] = result if lengths is None else result[: steps[row]]
        return decoded

    def _in_form_of_fit(self, steps: np.ndarray, lengths: np.ndarray) -> Any:
        """Return decoded sequences, whose steps are concatenated, in the form of the X of fit."""
        if self._input_.is_tokens:
            ids = split(steps[:, 0].astype(np.int32), lengths)
            vocabulary = self._input_.vocabulary
            return ids if vocabulary is None else TokenArray(ids, vocabulary)
        values = self._scaling_.undo(steps).astype(self._dtype_, copy=False)
        # An array of sequences of one length, in whatever container X held them.
        form = replace(self._form_, is_rectangle=self._length_ is not None)
        return form.restore(values, lengths)

    # What scikit-learn asks

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = self.architecture != "lstm"
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = ["float32"]
        # Not a classifier, but scikit-learn's checks of sparse input read these tags of every
        # estimator that has predict_proba.
        tags.classifier_tags = ClassifierTags()
        return tags

    @property
    def _n_features_out(self) -> int:
        return int(self.cluster_centers_.shape[1])


class Attempt(NamedTuple, Generic[Fitted]):
    """One of several fits.

    Attributes
    ----------
    fitted : AutoencoderClusterer
        With `labels_`.
    finished : bool
        False if training was interrupted.
    warned : list of warnings.WarningMessage
        The warnings of this fit, not yet shown to the user.
    """

    fitted: Fitted
    finished: bool
    warned: list[warnings.WarningMessage]


def agreements(clusterings: list[np.ndarray], weights: np.ndarray) -> np.ndarray:
    """Return the mean adjusted Rand index of each clustering with all others.

    Parameters
    ----------
    clusterings : list of ndarray of shape (n_samples,)
        The cluster of each sample; at least two clusterings.
    weights : ndarray of shape (n_samples,)
        Samples of weight 0 are left out.

    Returns
    -------
    ndarray of shape (n_clusterings,)
        1 where all found the same clusters, about 0 for random ones.
    """
    seen = [labels[weights > 0] for labels in clusterings]
    index = np.array([[adjusted_rand_score(one, other) for other in seen] for one in seen])
    return np.asarray((index.sum(axis=1) - np.diag(index)) / (len(seen) - 1))


@dataclass(frozen=True)
class Scaling:
    """Centre each feature, and divide all features by one standard deviation over all of them.

    Relative scales of features are kept, which matter as for k-means, and training does not
    depend on the unit of X.

    Attributes
    ----------
    mean : ndarray of shape (n_features,), float64
        Mean of each feature.
    scale : float
        Square root of the mean variance of the features; 1 if all are constant.
    """

    mean: np.ndarray
    scale: float

    @classmethod
    def of_table(cls, X: Any, weights: np.ndarray) -> Scaling:
        """Learn from an array or a CSR matrix of shape (n_samples, n_features)."""
        if issparse(X):
            mean, variance = mean_variance_axis(X, axis=0, weights=weights.astype(X.dtype))
            return cls._checked(mean, variance, X, weights)
        return cls._of_rows(X, weights)

    @classmethod
    def of_sequences(cls, sequences: Ragged, weights: np.ndarray) -> Scaling:
        """Learn from all steps, each with the weight of its sequence."""
        return cls._of_rows(sequences.values, np.repeat(weights, sequences.lengths))

    @classmethod
    def _of_rows(cls, rows: np.ndarray, weights: np.ndarray) -> Scaling:
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            return cls._checked(*moments(rows, weights), rows, weights)

    @classmethod
    def _checked(
        cls, mean: np.ndarray, variance: np.ndarray, rows: Any, weights: np.ndarray
    ) -> Scaling:
        mean, variance = mean.astype(np.float64), variance.astype(np.float64)
        # So small a variance may be rounding errors, which must not be scaled up, or small
        # differences around a large mean: the values tell.
        eps = max(len(weights) * np.finfo(np.float64).eps, 4 * np.finfo(rows.dtype).eps)
        noisy = np.flatnonzero((variance > 0) & (variance <= np.square(eps * mean)))
        if len(noisy):
            variance[noisy[_are_constant(rows, weights, noisy)]] = 0.0
        scale = float(np.sqrt(np.mean(variance)))
        if not np.isfinite(scale):
            raise ValueError(
                "X contains values so large that their variance is infinite; scale them first."
            )
        features = np.arange(len(mean))
        if scale < SMALLEST_SCALE and not _are_constant(rows, weights, features).all():
            raise ValueError(
                "X contains values that differ so little that their variance is 0 in double "
                "precision; scale them first."
            )
        return cls(mean, scale if scale >= SMALLEST_SCALE else 1.0)

    def table(self, X: Any) -> Table:
        """Return rows that are scaled batch by batch."""
        return Table(X, self.mean, self.scale)

    def sequences(self, sequences: Ragged) -> Ragged:
        """Return scaled sequences."""
        values = np.empty_like(sequences.values, dtype=np.float32)
        with np.errstate(over="ignore"):
            for part in row_parts(values):
                values[part] = (sequences.values[part] - self.mean) / self.scale
        bad = np.flatnonzero(~np.isfinite(values).all(axis=1))
        if len(bad):
            index, step = sequences.locate(int(bad[0]))
            raise ValueError(
                f"X[{index}] holds a value at step {step} too far from those seen in fit: scaled "
                f"by their standard deviation, {self.scale:g}, it is too large for float32."
            )
        return replace(sequences, values=values)

    def undo(self, values: np.ndarray) -> np.ndarray:
        """Return values, (..., n_features), in the unit of X."""
        return values.astype(np.float64) * self.scale + self.mean


def _are_constant(rows: Any, weights: np.ndarray, features: np.ndarray) -> np.ndarray:
    """Return whether the values of each of these features are equal up to rounding errors."""
    if issparse(rows):
        low, high = min_max_axis(rows[weights > 0][:, features], axis=0)
        return equal_but_for_rounding(low, high, rows.dtype)
    low, high = (ends[features] for ends in extremes(rows, weights))
    return equal_but_for_rounding(low, high, rows.dtype)
