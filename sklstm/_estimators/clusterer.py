"""AutoencoderClusterer."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar

from sklearn.base import _fit_context
from sklearn.utils._param_validation import Interval, StrOptions

from sklstm._estimators._clusters import ClusterOutputs
from sklstm._estimators.params import NETWORK, TRAINING

_COUNT = Interval(Integral, 1, None, closed="left")
_SHARED_NETWORK = (
    "hidden_size num_layers bidirectional cell pooling dropout embedding_dim embeddings "
    "freeze_embeddings"
).split()
_SHARED_TRAINING = (
    "optimizer learning_rate weight_decay gradient_clip lr_schedule batch_size max_epochs shuffle "
    "input_type padding_value n_jobs device callbacks random_state verbose"
).split()


class AutoencoderClusterer(ClusterOutputs):
    """Cluster sequences or tables by the code of an autoencoder.

    An autoencoder learns to squeeze each sample into a few numbers, its code, and to restore it
    from them; clusters are looked for among the codes. Sequences of any and unequal lengths, of
    numbers or token ids, are read by an LSTM, whose code a second one unrolls again [1]_. Tables,
    dense or sparse, are read by dense layers.

    Parameters
    ----------
    n_clusters : int or "auto", default=8
        Number of clusters. "auto" tries those in `n_clusters_range` on the trained code, by
        k-means, and takes the one of the highest silhouette [2]_.
    n_clusters_range : tuple (least, most), default=(2, 10)
        Numbers of clusters that "auto" tries, both ends included.
    n_components : int, default=10
        Numbers of the code.
    architecture : {"auto", "dense", "lstm"}, default="auto"
        "dense" reads rows of a table, "lstm" sequences. "auto" reads two-dimensional and sparse X
        as a table, and everything else as sequences: for series of equal length in an array of
        shape (n_samples, T), set "lstm".
    hidden_layer_sizes : int or tuple of int, default=(1000,)
        For tables: units of the layers between a row and its code, as in `MLPClassifier`. The
        decoder has the same ones in reverse.
    hidden_size : int or tuple of int, default=64
        For sequences, as all up to `freeze_embeddings`: units of the recurrent layers, per
        direction. The decoder has the same ones in reverse.
    num_layers : int, default=1
        Recurrent layers on top of each other, where `hidden_size` is one number.
    bidirectional : bool, default=False
        Read each sequence, and unroll each code, in both directions; twice the work.
    cell : {"lstm", "gru"}, default="lstm"
        The kind of recurrence.
    pooling : {"last", "max", "mean", "attention"}, default="last"
        How the states of all steps become one vector, in front of the code: the final state, the
        largest value of each unit, the average, or an average with learned weights.
    embedding_dim : int, default=100
        Length of the vector of a token. Ignored where `embeddings` are given.
    embeddings : path, WordVectors, gensim KeyedVectors, mapping, array-like of shape \
            (n_ids, dim) or None, default=None
        Vectors to start from, as in `LSTMClassifier`: matched by word through the vocabulary that
        `SequenceTokenizer` sends along; an array goes by token id.
    freeze_embeddings : bool or int, default=False
        Keep the vectors of tokens as they are: for ever if True, in the first epochs of training
        if a number, and not at all if False.
    noise : float, default=0.4
        Share of the numbers, or tokens, that are hidden from the encoder while the autoencoder is
        trained, but to be restored all the same [3]_. 0 trains a plain autoencoder.
    dropout : float, default=0.2
        Share of hidden units set to zero in training. Between recurrent layers, on the pooled state
        and on the decoder's states; behind every dense hidden layer.
    clustering : {"idec", "kmeans"}, default="idec"
        "kmeans" takes the clusters of k-means on the code. "idec" goes on from these: it trains
        code and centres together, so that samples move towards the centre that they are nearest
        to, while reconstruction keeps the code from collapsing [4]_.
    clustering_weight : float, default=1.0
        "idec": weight of the clusters' loss beside the reconstruction's. The paper has 0.1;
        with 1.0 the clusters of several seeds agree more.
    clustering_epochs : int or "auto", default="auto"
        "idec": most passes over the data for code and centres together. "auto" makes about 1,000
        steps: as many passes as that takes, 10 at least and 100 at most.
    tol : float, default=1e-3
        "idec": stop when at most this share of the samples changed their cluster in an epoch.
    n_init : int, default=20
        Runs of k-means on the code, of which the best is taken.
    n_autoencoders : int, default=1
        Autoencoders to train from different weights, each with clusters of its own; the one is kept
        whose clusters agree most with those of the others [5]_, so that a start that led astray
        does not count. Takes as many times longer. Of two the first is kept, with `agreement_`.
    optimizer : {"adam", "adamw", "sgd", "rmsprop"}, default="adam"
        "sgd" has a Nesterov momentum of 0.9.
    learning_rate : float, default=1e-3
        Step size of the optimizer.
    weight_decay : float, default=0.0
        L2 penalty, decoupled from the gradient for "adamw".
    gradient_clip : float or None, default=None
        Largest norm of a step's gradient; None for no limit. Seeds agreed more without one; set 1.0
        if the loss of long sequences jumps.
    lr_schedule : {"constant", "linear", "cosine", "one_cycle"}, default="cosine"
        How the step size changes over `max_epochs`, and again over `clustering_epochs`.
    batch_size : int, default=256
        Samples per step; sequences of like length.
    max_epochs : int or "auto", default="auto"
        Passes over the data to train the autoencoder. "auto" makes about 1,000 steps: as many
        passes as that takes, 20 at least and 500 at most.
    shuffle : bool, default=True
        Draw a new order for every epoch.
    input_type : {"auto", "tokens", "values"}, default="auto"
        "auto" takes what `SequenceTokenizer` returns as token ids, and all else as values.
    padding_value : float or None, default=None
        Leading and trailing steps of sequences wholly equal to it are cut off. None cuts nothing,
        but the token id 0.
    n_jobs : int or None, default=None
        Threads to compute with. None means all cores, but 1 in a joblib worker; -1 all.
    device : str, default="auto"
        Where to compute: "auto" takes a GPU where there is one; or "cpu", "cuda", "mps".
    callbacks : list of skorch callbacks or None, default=None
        Called while training, both times.
    random_state : int, RandomState instance or None, default=None
        Seed of the weights, the order, the noise, dropout and k-means.
    verbose : int, default=0
        Print a progress bar, and the silhouettes of ``n_clusters="auto"``.

    Attributes
    ----------
    labels_ : ndarray of shape (n_samples,), dtype int32
        The cluster of each training sample.
    cluster_centers_ : ndarray of shape (n_clusters, n_components), dtype float32
        Centres among the codes; ``inverse_transform(cluster_centers_)`` shows what they look like.
    n_clusters_ : int
        Number of clusters.
    silhouette_scores_ : dict of int to float
        With ``n_clusters="auto"``: the silhouette of each number tried, on the code before
        "idec"; of 5,000 samples drawn, if there are more.
    inertia_ : float
        Sum of squared distances of the codes to their centres, times the samples' weights (which
        are scaled to a mean of 1).
    agreement_ : float
        If two autoencoders or more were trained: the adjusted Rand index of `labels_` and the
        clusters of the others, averaged. 1 if all found the same, about 0 for chance.
    architecture_ : {"dense", "lstm"}
        What was built.
    n_iter_ : int
        Passes over the data, both kinds together; as what follows, of the autoencoder that was
        kept.
    loss_curve_ : list of float
        Training loss of each.
    history_ : list of dict
        What was recorded of each; ``"phase"`` is "reconstruction" or "clustering", and
        ``"changed"`` the share of samples that changed their cluster.
    module_ : torch module
        The trained network; its ``autoencoder`` reads scaled samples.
    n_features_in_ : int
        Columns of a table, or T of sequences in an array of shape (n_samples, T), F in other
        sequences, and 1 for tokens.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, where X had such.
    vocabulary_ : Vocabulary
        The words behind the token ids, where X carried them.
    embedding_coverage_ : float
        Share of the vocabulary found in `embeddings`.

    See Also
    --------
    sklstm.inspection.EmbeddingDisplay : Draw the code in two dimensions.
    sklearn.cluster.KMeans : Clusters of the samples as they are; the baseline to beat.

    Notes
    -----
    Numbers are centred per feature and divided by one standard deviation over all features, inside
    the estimator. So the unit of X does not matter, but the proportions of its features do, as for
    k-means: where units differ, put StandardScaler, or SequenceScaler, in front.

    Clusters are numbered in no order. `predict` gives new samples the nearest centre.

    Clustering by autoencoder is not always better than by k-means: compare. `agreement_` needs no
    true labels, but tells only whether starts find the same clusters, not whether these are good.

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
       Computation 16, 2004, section 2, which compares those of different samples.

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
        "n_clusters": [_COUNT, StrOptions({"auto"})],
        "n_clusters_range": [tuple, list],
        "n_components": [_COUNT],
        "architecture": [StrOptions({"auto", "dense", "lstm"})],
        "hidden_layer_sizes": [_COUNT, tuple, list],
        "noise": [Interval(Real, 0, 1, closed="left")],
        "clustering": [StrOptions({"idec", "kmeans"})],
        "clustering_weight": [Interval(Real, 0, None, closed="left")],
        "clustering_epochs": [_COUNT, StrOptions({"auto"})],
        "tol": [Interval(Real, 0, 1, closed="both")],
        "n_init": [_COUNT],
        "n_autoencoders": [_COUNT],
    }
    embedding_dropout = 0.0  # `noise` hides tokens

    def __init__(
        self,
        n_clusters: int | str = 8,
        *,
        n_clusters_range: tuple[int, int] = (2, 10),
        n_components: int = 10,
        architecture: str = "auto",
        hidden_layer_sizes: int | tuple[int, ...] = (1000,),
        hidden_size: int | tuple[int, ...] = 64,
        num_layers: int = 1,
        bidirectional: bool = False,
        cell: str = "lstm",
        pooling: str = "last",
        embedding_dim: int = 100,
        embeddings: Any = None,
        freeze_embeddings: bool | int = False,
        noise: float = 0.4,
        dropout: float = 0.2,
        clustering: str = "idec",
        clustering_weight: float = 1.0,
        clustering_epochs: int | str = "auto",
        tol: float = 1e-3,
        n_init: int = 20,
        n_autoencoders: int = 1,
        optimizer: str = "adam",
        learning_rate: float = 1e-3,
        weight_decay: float = 0.0,
        gradient_clip: float | None = None,
        lr_schedule: str = "cosine",
        batch_size: int = 256,
        max_epochs: int | str = "auto",
        shuffle: bool = True,
        input_type: str = "auto",
        padding_value: float | None = None,
        n_jobs: int | None = None,
        device: str = "auto",
        callbacks: Any = None,
        random_state: Any = None,
        verbose: int = 0,
    ):
        self.n_clusters = n_clusters
        self.n_clusters_range = n_clusters_range
        self.n_components = n_components
        self.architecture = architecture
        self.hidden_layer_sizes = hidden_layer_sizes
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bidirectional = bidirectional
        self.cell = cell
        self.pooling = pooling
        self.embedding_dim = embedding_dim
        self.embeddings = embeddings
        self.freeze_embeddings = freeze_embeddings
        self.noise = noise
        self.dropout = dropout
        self.clustering = clustering
        self.clustering_weight = clustering_weight
        self.clustering_epochs = clustering_epochs
        self.tol = tol
        self.n_init = n_init
        self.n_autoencoders = n_autoencoders
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.gradient_clip = gradient_clip
        self.lr_schedule = lr_schedule
        self.batch_size = batch_size
        self.max_epochs = max_epochs
        self.shuffle = shuffle
        self.input_type = input_type
        self.padding_value = padding_value
        self.n_jobs = n_jobs
        self.device = device
        self.callbacks = callbacks
        self.random_state = random_state
        self.verbose = verbose

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> AutoencoderClusterer:
        """Train the autoencoder, and find the clusters.

        Parameters
        ----------
        X : table of shape (n_samples, n_features), or sequences of shape (n_samples,), \
                (n_samples, T) or (n_samples, T, F)
            A table may be an array, a data frame or a sparse matrix; sequences come in any form
            that LSTMClassifier reads.
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,) or None, default=None
            How much each sample counts: in the losses, the scaling, k-means and the sizes of
            clusters.

        Returns
        -------
        self : AutoencoderClusterer
            The fitted estimator.

        Raises
        ------
        ValueError
            If X holds NaN or infinity, has fewer samples than clusters, or holds sequences where a
            table is expected; or the loss becomes NaN or infinite.

        Warns
        -----
        ConvergenceWarning
            If clusters still changed after `clustering_epochs`, or Ctrl-C ended training early.
        UserWarning
            If a cluster became empty in training and was begun anew.
        """
        return self._fit(X, sample_weight)
