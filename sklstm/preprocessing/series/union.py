"""Join the outputs of several transformers: sequences step by step, static columns beside them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from scipy import sparse
from sklearn.base import TransformerMixin, _fit_context, clone
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import Tags, _safe_indexing, get_tags
from sklearn.utils._set_output import _get_output_config
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    _raise_for_params,
    _routing_enabled,
    process_routing,
)
from sklearn.utils.metaestimators import _BaseComposition
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import check_is_fitted, validate_data

from sklstm._display import LinksToReference
from sklstm._keywords import ExplainedKeywords
from sklstm._sequences import (
    Ragged,
    as_ragged,
    contain_rectangle,
    contain_sequences,
    is_sequence,
    is_table,
    object_array,
    plain,
    split,
    token_ids_in,
)
from sklstm.preprocessing.series.frames import listed, suggestion

_FORMS = "(name, transformer) or (name, transformer, columns)"


class SequenceUnion(ExplainedKeywords, LinksToReference, TransformerMixin, _BaseComposition):
    """Apply several transformers, and join what they return, step by step where it is ragged.

    A ColumnTransformer or FeatureUnion whose parts may return sequences:

    - Sequences are joined along their features, if each sample has the same number of steps in
      all parts: (T_i, F) and (T_i, G) become (T_i, F + G).
    - Static features, arrays of shape (n, k), are repeated on every step beside sequences.
    - If all parts are static, they are stacked as columns, as FeatureUnion does.

    Parameters
    ----------
    transformers : list of tuple
        The parts, as tuples (name, transformer) or (name, transformer, columns). Without columns
        a part is given all of X, as in FeatureUnion; with columns it is given these, as in
        ColumnTransformer: a name or index gives one column (1-D), a list of them a table. A
        callable is called with X and returns the columns. "passthrough" in the place of a
        transformer leaves its input as it is, and "drop" leaves the part out.
    n_jobs : int, default=None
        Number of parts that are computed at the same time. None means 1, -1 all cores.

    Attributes
    ----------
    transformers_ : list of tuple
        The fitted parts, as tuples (name, transformer, columns).
    output_indices_ : dict of str to slice
        Which features of the output, or of each of its steps, are from which part.
    n_features_in_ : int
        Number of columns of X. Defined only if X is a frame or an array of shape (n, k).
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns. Defined only if X is a data frame whose column names are all strings.

    See Also
    --------
    FrameToSequences : A frame with one row for each id, from a long table.
    sklearn.compose.ColumnTransformer : Joins static features; those of fitted LSTMs are static.

    Notes
    -----
    **Series of equal length.** An array of shape (n, k) is static. A part that returns sequences
    as an array returns (n, T, F).

    **Token ids** and values cannot be joined step by step: an id stands for a word, and the words
    of a text are not at the times of a series. Nor can sequences of different lengths. Fit an LSTM
    on each, and join their features (late fusion), which are static::

        SequenceUnion([
            ("series", LSTMClassifier(), ["pulse", "temperature"]),
            ("note", make_pipeline(SequenceTokenizer(), LSTMClassifier()), "note"),
            ("static", StandardScaler(), ["age"]),
        ])

    **Supervised parts leak.** An LSTM within a part is fitted on the same y as the estimator after
    the union. Its features fit the labels of the training data far better than those of new data,
    so that the estimator relies on them too much. Scores of cross-validation of the whole pipeline
    are right, but lower than they could be. For good late fusion fit the last estimator on
    predictions for samples that the LSTM was not fitted on: scikit-learn's
    :class:`~sklearn.ensemble.StackingClassifier` and
    :class:`~sklearn.ensemble.StackingRegressor` do so by cross-validation within `fit`, with one
    pipeline for each part. Transformers that do not read y, such as scalers and
    `AutoencoderClusterer`, do not have this problem.

    References
    ----------
    Baltrusaitis, Ahuja and Morency, "Multimodal Machine Learning: A Survey and Taxonomy", IEEE
    TPAMI 2019, section 6.1, on early and late fusion.

    Examples
    --------
    Two scaled series, and the age of each patient on every step:

    >>> import numpy as np
    >>> import pandas as pd
    >>> from sklstm import SequenceScaler, SequenceUnion
    >>> table = pd.DataFrame({
    ...     "pulse": [np.array([70.0, 72.0]), np.array([60.0, 61.0, 62.0])],
    ...     "temperature": [np.array([36.0, 38.0]), np.array([36.5, 37.0, 37.5])],
    ...     "age": [40, 50],
    ... })
    >>> union = SequenceUnion([
    ...     ("series", SequenceScaler(method="minmax"), ["pulse", "temperature"]),
    ...     ("age", "passthrough", ["age"]),
    ... ])
    >>> union.fit_transform(table)[0]
    array([[ 0.83,  0.  , 40.  ],
           [ 1.  ,  1.  , 40.  ]])
    >>> union.output_indices_
    {'series': slice(0, 2, None), 'age': slice(2, 3, None)}
    """

    transformers_: list[tuple[str, Any, Any]]
    output_indices_: dict[str, slice]

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "transformers": [list, tuple],
        "n_jobs": [Integral, None],
    }

    def __init__(self, transformers: list[tuple[Any, ...]], *, n_jobs: int | None = None):
        self.transformers = transformers
        self.n_jobs = n_jobs

    # The parameters of the parts

    @property
    def _parts(self) -> Any:
        """The parts as pairs of name and transformer, which scikit-learn's mixin works on."""
        try:
            return [(part[0], part[1]) for part in self.transformers]
        except (TypeError, IndexError):  # not yet checked
            return self.transformers

    @_parts.setter
    def _parts(self, pairs: Any) -> None:
        self.transformers = [
            (*pair, *part[2:]) for pair, part in zip(pairs, self.transformers, strict=True)
        ]

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters, those of the parts included.

        Parameters
        ----------
        deep : bool, default=True
            Whether to include the parts by their names, and their parameters as
            ``name__parameter``.

        Returns
        -------
        params : dict
            The parameters by name.
        """
        params: dict[str, Any] = self._get_params("_parts", deep=deep)
        return params

    def set_params(self, **params: Any) -> SequenceUnion:  # type: ignore[override]
        """Set parameters, those of the parts included.

        Parameters
        ----------
        **params : object
            Parameters by name: ``name=transformer`` replaces a part, ``name__parameter`` sets a
            parameter of its transformer.

        Returns
        -------
        self : SequenceUnion
            The union.
        """
        self._set_params("_parts", **params)
        return self

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any = None, **params: Any) -> SequenceUnion:
        """Fit all parts.

        Parameters
        ----------
        X : data frame, array or list of sequences
            One row or entry for each sample.
        y : array-like, default=None
            Passed to all parts; see the notes of the class about parts that learn from it.
        **params : object
            Metadata, such as `sample_weight`, for the parts that ask for it; needs scikit-learn's
            metadata routing.

        Returns
        -------
        self : SequenceUnion
            The fitted union.
        """
        self._fit_transform(X, y, params)
        return self

    @_fit_context(prefer_skip_nested_validation=False)
    def fit_transform(self, X: Any, y: Any = None, **params: Any) -> Any:
        """Fit all parts, and join their outputs for the same samples.

        Parameters
        ----------
        X : data frame, array or list of sequences
            One row or entry for each sample.
        y : array-like, default=None
            Passed to all parts; see the notes of the class about parts that learn from it.
        **params : object
            Metadata, such as `sample_weight`, for the parts that ask for it; needs scikit-learn's
            metadata routing.

        Returns
        -------
        joined : object array of shape (n,), or array of shape (n, T, F) or (n, k)
            As `transform` returns it.
        """
        return self._contain(self._fit_transform(X, y, params), X)

    def transform(self, X: Any) -> Any:
        """Transform X by all parts, and join their outputs.

        Parameters
        ----------
        X : data frame, array or list of sequences
            One row or entry for each sample.

        Returns
        -------
        joined : object array of shape (n,), or array of shape (n, T, F) or (n, k)
            Sequences of shape (T_i, F), if a part returns sequences: an array (n, T, F) if all
            that do return such arrays. Otherwise the columns of all parts, sparse if those of a
            part are.

        Raises
        ------
        TypeError, ValueError
            If a part returns token ids beside other parts, parts differ in their numbers of
            samples or of steps, or NaN in a static feature is to be put beside sequences. The
            message names the parts and the first such sample.
        """
        check_is_fitted(self)
        if hasattr(self, "n_features_in_") and isinstance(X, np.ndarray):
            if X.ndim == 1:
                raise ValueError(
                    "Expected 2D array, got 1D array instead. Reshape your data: "
                    "X.reshape(1, -1) is a single sample."
                )
            validate_data(self, X, reset=False, skip_check_array=True)
        fitted = [part for part in self.transformers_ if not _is_dropped(part[1])]
        outputs = Parallel(n_jobs=self.n_jobs)(
            delayed(_transform)(name, transformer, _select(X, columns, name), columns)
            for name, transformer, columns in fitted
        )
        joined, _ = _join([part[0] for part in fitted], outputs, [part[2] for part in fitted])
        return self._contain(joined, X)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names of the output columns.

        Parameters
        ----------
        input_features : None
            Ignored.

        Returns
        -------
        names : array of str
            ``["sequence"]`` if the output is ragged; otherwise the names of the columns of all
            parts, after the name of the part: ``"static__age"``.

        Raises
        ------
        ValueError
            If the output has shape (n, T, F), and therefore no columns.
        """
        check_is_fitted(self)
        if self._output_ndim == 3:
            raise ValueError("The output has shape (n, T, F), not columns that could be named.")
        return np.array(self._names_out, dtype=object)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        with suppress(TypeError, ValueError):  # faulty parts are named in fit
            parts = [part for _, part in self._parts if not isinstance(part, str)]
            tags.input_tags.allow_nan = all(get_tags(part).input_tags.allow_nan for part in parts)
        return tags

    def get_metadata_routing(self) -> MetadataRouter:
        """Return which metadata the parts ask for.

        Returns
        -------
        router : MetadataRouter
            What scikit-learn's metadata routing reads.
        """
        router = MetadataRouter(owner=self)
        for name, transformer in self._parts:
            if isinstance(transformer, str):
                continue
            mapping = MethodMapping()
            callees = ("fit_transform",) if _has_own(transformer) else ("fit", "transform")
            for caller in ("fit", "fit_transform"):
                for callee in callees:
                    mapping.add(caller=caller, callee=callee)
            router.add(method_mapping=mapping, **{name: transformer})
        return router

    # Fitting

    def _checked_parts(self) -> list[tuple[str, Any, Any]]:
        """Return the parts as triples; raise if they are none."""
        parts = []
        for i, part in enumerate(self.transformers):
            if not isinstance(part, tuple | list) or len(part) not in (2, 3):
                raise TypeError(f"transformers[{i}] is {plain(part)!r}; accepted is {_FORMS}.")
            name, transformer = part[:2]
            if not isinstance(name, str):
                raise TypeError(f"transformers[{i}] has the name {name!r}; accepted is a string.")
            known = transformer in ("passthrough", "drop") if isinstance(transformer, str) else (
                hasattr(transformer, "fit") and hasattr(transformer, "transform")
            ) and not isinstance(transformer, type)  # fmt: skip
            if not known:
                raise TypeError(
                    f"part {name!r} has the transformer {transformer!r}; accepted is an object "
                    "with fit and transform, 'passthrough' or 'drop'."
                )
            parts.append((name, transformer, part[2] if len(part) == 3 else None))
        self._validate_names([name for name, _, _ in parts])
        if all(_is_dropped(transformer) for _, transformer, _ in parts):
            raise ValueError("transformers has no part that is not dropped.")
        return parts

    def _fit_transform(self, X: Any, y: Any, params: dict[str, Any]) -> Any:
        parts = self._checked_parts()
        if _routing_enabled():
            routed = process_routing(self, "fit_transform", **params)
        else:
            _raise_for_params(params, self, "fit_transform")
            routed = {}
        used = []
        for name, transformer, columns in parts:
            if _is_dropped(transformer):
                continue
            chosen = columns(X) if callable(columns) else columns
            estimator = FunctionTransformer() if isinstance(transformer, str) else transformer
            used.append((name, clone(estimator), chosen))
        results = Parallel(n_jobs=self.n_jobs)(
            delayed(_fit_one)(
                name, estimator, _select(X, columns, name), y, routed.get(name), columns
            )
            for name, estimator, columns in used
        )
        names = [name for name, _, _ in used]
        outputs = [output for output, _ in results]
        joined, widths = _join(names, outputs, [columns for _, _, columns in used])
        fitted = {name: one for name, (_, one) in zip(names, results, strict=True)}
        chosen = {name: columns for name, _, columns in used}
        names_out = ["sequence"]
        if joined.ndim == 2:
            names_out = [
                f"{name}__{own}"
                for name, output, width in zip(names, outputs, widths, strict=True)
                for own in _names_of(output, fitted[name], X, chosen[name], width)
            ]
        # From here on nothing fails, and the union changes.
        if hasattr(X, "columns") or (isinstance(X, np.ndarray) and X.ndim == 2):
            validate_data(self, X, reset=True, skip_check_array=True)
        else:
            self.__dict__.pop("n_features_in_", None)
            self.__dict__.pop("feature_names_in_", None)
        self.transformers_ = [
            (name, fitted.get(name, "drop"), chosen.get(name, columns))
            for name, _, columns in parts
        ]
        ends = np.cumsum(widths).tolist()
        self.output_indices_ = {
            name: slice(end - width, end)
            for name, width, end in zip(names, widths, ends, strict=True)
        }
        self._output_ndim, self._names_out = joined.ndim, names_out
        return joined

    def _contain(self, joined: Any, X: Any) -> Any:
        if joined.ndim == 3:
            return contain_rectangle(joined, X, self)
        if sparse.issparse(joined):
            dense = _get_output_config("transform", self)["dense"] != "default"
            return joined.toarray() if dense else joined
        return joined if joined.ndim == 2 else contain_sequences(joined, X, self)


def _is_dropped(transformer: Any) -> bool:
    return isinstance(transformer, str) and transformer == "drop"


def _has_own(transformer: Any) -> bool:
    """Return True if a transformer has a method `fit_transform` of its own."""
    own = getattr(type(transformer), "fit_transform", None)
    return own is not None and own is not TransformerMixin.fit_transform


@contextmanager
def _named(name: str, X: Any, columns: Any) -> Iterator[None]:
    """Add the name of the part to an error of its transformer, or replace the error.

    It is replaced where scikit-learn does not know what went wrong: a transformer of numbers was
    given sequences, or one of tables a single column.
    """
    try:
        yield
    except Exception as error:
        message = str(error)
        of_cells = "array element with a sequence" in message
        if of_cells and (held := _column_of_sequences(X, columns)):
            raise ValueError(
                f"part {name!r} gives {held} to a transformer that reads one number per sample. "
                "Scale sequences by SequenceScaler; other columns belong in a part of their own."
            ) from error
        if isinstance(columns, str | Integral) and (
            "Expected 2D array" in message or "Expected a 2-dimensional container" in message
        ):
            raise ValueError(
                f"part {name!r} reads the column {columns!r}, which is given as one dimension, but "
                f"its transformer reads tables; pass [{columns!r}] for a table of one column."
            ) from error
        error.add_note(f"This happened in part {name!r} of SequenceUnion.")
        raise


def _column_of_sequences(X: Any, columns: Any) -> str:
    """Return which sequences X holds, as messages show it, or an empty string."""
    names = getattr(X, "column_names", None) or getattr(X, "columns", None)
    if names is None:
        return "sequences" if columns is None else f"the sequences in column {columns!r}"
    for name in names:
        cells = X[name]
        if any(
            is_sequence(cell) for cell in (cells.to_list() if hasattr(cells, "to_list") else cells)
        ):
            return f"the sequences in column {name!r}"
    return ""


def _fit_one(
    name: str, transformer: Any, X: Any, y: Any, routed: Any, columns: Any
) -> tuple[Any, Any]:
    """Return the output of a transformer, and the fitted transformer."""
    given = {} if routed is None else routed
    with _named(name, X, columns):
        if _has_own(transformer):
            return transformer.fit_transform(X, y, **given.get("fit_transform", {})), transformer
        transformer.fit(X, y, **given.get("fit", {}))
        return transformer.transform(X, **given.get("transform", {})), transformer


def _transform(name: str, transformer: Any, X: Any, columns: Any) -> Any:
    with _named(name, X, columns):
        return transformer.transform(X)


def _select(X: Any, columns: Any, name: str) -> Any:
    """Return what the part `name` reads of X."""
    if columns is None:
        return X
    if not hasattr(X, "columns") and np.ndim(X) != 2:
        raise TypeError(
            f"part {name!r} reads the columns {columns!r}, but X is a {type(X).__name__} of "
            "sequences; pass a frame or an array of shape (n, k), or leave out the columns."
        )
    known = list(getattr(X, "column_names", getattr(X, "columns", [])))
    unknown = [one for one in listed(columns) if isinstance(one, str) and one not in known]
    if known and unknown:
        raise ValueError(
            f"part {name!r} reads the column {unknown[0]!r}, but X has the columns {known!r}."
            f"{suggestion(unknown[0], known)}"
        )
    try:
        return _safe_indexing(X, columns, axis=1)
    except (ValueError, KeyError, IndexError) as error:
        raise ValueError(f"part {name!r} reads the columns {columns!r}: {error}") from error


def _names_of(output: Any, transformer: Any, X: Any, columns: Any, width: int) -> list[Any]:
    """Return the names of the static features of a part."""
    names: Any = getattr(output, "columns", None)
    if names is None and isinstance(transformer, FunctionTransformer) and columns is not None:
        names = getattr(_select(X, columns, ""), "columns", None)
    if names is None:
        try:
            names = transformer.get_feature_names_out()
        except (AttributeError, ValueError):
            names = range(width)
    names = list(names)
    return names if len(names) == width else list(range(width))


# Joining


def _join(names: list[str], outputs: list[Any], columns: list[Any]) -> tuple[Any, list[int]]:
    """Return the joined outputs of the parts, and the number of features of each.

    `columns` are those that each part reads, for messages.
    """
    are_ids = [not sparse.issparse(output) and token_ids_in(output)[0] for output in outputs]
    if any(are_ids):
        return _only_ids(names, outputs, are_ids)
    ragged: dict[str, Ragged] = {}
    static: dict[str, Any] = {}
    for name, output in zip(names, outputs, strict=True):
        if sparse.issparse(output) or _holds_words(output) or is_table(output):
            static[name] = _as_columns(output)
        elif len(outputs) == 1 and _holds_words(output, within=True):
            return _as_items(output), [1]
        else:
            ragged[name] = _as_sequences(output, name)
    _check_samples({**ragged, **static})
    if not ragged:
        columns = [static[name] for name in names]
        widths = [part.shape[1] for part in columns]
        if any(map(sparse.issparse, columns)):
            return sparse.hstack(columns).tocsr(), widths
        if len({part.dtype.kind in "biuf" for part in columns}) > 1:
            columns = [part.astype(object) for part in columns]  # numbers stay numbers
        return np.hstack(columns), widths
    lengths = _common_lengths(ragged)
    parts = []
    for name, output, read in zip(names, outputs, columns, strict=True):
        if name in ragged:
            parts.append(ragged[name].values)
        else:
            numbers = _as_numbers(static[name], name)
            _check_static(numbers, name, getattr(output, "columns", listed(read)))
            parts.append(np.repeat(numbers, lengths, axis=0))
    single = all(part.dtype == np.float32 for part in parts)
    values = np.concatenate(parts, axis=1, dtype=np.float32 if single else np.float64)
    widths = [part.shape[1] for part in parts]
    if all(sequences.form.is_rectangle for sequences in ragged.values()):
        return values.reshape(len(lengths), -1, values.shape[1]), widths
    return split(values, lengths), widths


def _only_ids(names: list[str], outputs: list[Any], are_ids: list[bool]) -> tuple[Any, list[int]]:
    """Return the output of a single part that returns token ids; refuse others beside it."""
    if len(names) > 1:
        name = names[are_ids.index(True)]
        other = next(one for one in names if one != name)
        raise TypeError(
            f"part {name!r} returns token ids, which cannot be joined with part {other!r}: an id "
            "stands for a word, not for a number, and its steps are those of the text. Let an "
            f"LSTM read them within the part, ({name!r}, make_pipeline(SequenceTokenizer(), "
            "LSTMClassifier()), ...), and another one the sequences of other parts: their "
            "features are joined."
        )
    return outputs[0], [1]


def _holds_words(output: Any, *, within: bool = False) -> bool:
    """Return True for a column or table of strings; with `within` for sequences of strings."""
    try:
        first = np.asarray(_safe_indexing(output, slice(0, 1), axis=0)).ravel()[:1]
    except (AttributeError, IndexError, TypeError, ValueError):
        return False
    if within and len(first) and np.ndim(first[0]):
        first = np.asarray(first[0], dtype=object).ravel()[:1]
        return len(first) > 0 and isinstance(first[0], str)
    return len(first) > 0 and isinstance(first[0], str) and not _is_nested(output)


def _is_nested(output: Any) -> bool:
    """Return True for a list of sequences."""
    return isinstance(output, list) and len(output) > 0 and not isinstance(output[0], str)


def _as_items(output: Any) -> np.ndarray:
    """Return the sequences in a column as an object array."""
    if hasattr(output, "columns"):
        output = output[output.columns[0]]
    items = output.ravel() if isinstance(output, np.ndarray) else output
    return object_array(items.to_list() if hasattr(items, "to_list") else items)


def _as_columns(output: Any) -> Any:
    """Return static features as an array (n, k), or as they are if sparse."""
    if sparse.issparse(output):
        return output
    array = np.asarray(output)
    return array[:, None] if array.ndim == 1 else array


def _as_sequences(output: Any, name: str) -> Ragged:
    try:
        return as_ragged(
            output,
            input_type="values",
            dtype=[np.float64, np.float32],
            estimator_name="SequenceUnion",
        )
    except (TypeError, ValueError) as error:
        raise type(error)(f"of the output of part {name!r}: {error}") from error


def _as_numbers(static: Any, name: str) -> np.ndarray:
    """Return static features as floats; refuse strings, those of digits included."""
    array = static.toarray() if sparse.issparse(static) else static
    if array.dtype.kind not in "biuf":
        word = next((entry for entry in array.flat if isinstance(entry, str | bytes)), None)
        if word is not None:
            raise ValueError(
                f"part {name!r} returns the text {plain(word)!r}, which cannot be put beside "
                "the values of sequences; encode it as numbers, by OneHotEncoder for instance."
            )
        try:
            array = array.astype(np.float64)
        except (TypeError, ValueError) as error:
            raise type(error)(f"of the output of part {name!r}: {error}") from error
    return np.asarray(array if array.dtype == np.float32 else array.astype(np.float64))


def _check_static(numbers: np.ndarray, name: str, columns: Any) -> None:
    """Raise ValueError for NaN and infinity in static features, as sequences may not hold them."""
    bad = np.argwhere(~np.isfinite(numbers))
    if len(bad):
        row, k = bad[0].tolist()
        names = list(columns)
        of = f"column {names[k]!r}" if len(names) == numbers.shape[1] else f"feature {k}"
        raise ValueError(
            f"part {name!r} returns {plain(numbers[row, k])!r} for X[{row}] in {of}, which cannot "
            "be put beside the values of sequences; fill it, by SimpleImputer for instance."
        )


def _check_samples(parts: dict[str, Any]) -> None:
    counts = {
        name: len(part) if isinstance(part, Ragged) else part.shape[0]
        for name, part in parts.items()
    }
    first = next(iter(counts))
    for name, count in counts.items():
        if count != counts[first]:
            raise ValueError(
                f"part {name!r} returns {count} samples, but part {first!r} returns "
                f"{counts[first]}; each part needs one for each sample of X."
            )


def _common_lengths(ragged: dict[str, Ragged]) -> np.ndarray:
    """Return the number of steps of each sample, which all parts have to agree on."""
    first = next(iter(ragged))
    lengths = ragged[first].lengths
    for name, sequences in ragged.items():
        wrong = np.flatnonzero(sequences.lengths != lengths)
        if len(wrong):
            i = int(wrong[0])
            raise ValueError(
                f"part {name!r} has {sequences.lengths[i]} steps for X[{i}], but part {first!r} "
                f"has {lengths[i]}; sequences are joined step by step, so they need the same "
                "steps. To join series of different lengths let an LSTM read each within its "
                "part: their features are joined."
            )
    return lengths
