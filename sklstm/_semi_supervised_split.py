"""SemiSupervisedSplit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.model_selection import BaseCrossValidator, check_cv
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import _num_samples, check_consistent_length

from sklstm._sequences import as_container, as_objects, as_python, plain, unlabeled_rows


class SemiSupervisedSplit(BaseCrossValidator):
    """Split the labelled rows, and add the unlabelled rows to every training set.

    For :class:`~sklearn.model_selection.GridSearchCV`, `cross_validate` and the like, where y
    marks rows without a label, as `LSTMClassifier` and :mod:`sklearn.semi_supervised` accept it.
    Another splitter divides the labelled rows into training and test sets, so that scores are
    those of labelled rows only, and folds have the sizes and the classes that they would have
    without the unlabelled rows.

    Parameters
    ----------
    cv : int, splitter or iterable of (train, test), default=5
        How labelled rows are split. An int is the number of folds of a `StratifiedKFold` without
        shuffling. Indices in an iterable are those of labelled rows only, counted from 0.
    unlabeled_label : int, float or str, default=-1
        The value in y that marks rows without a label, as in scikit-learn's `semi_supervised`.

    See Also
    --------
    LSTMClassifier : Its `unlabeled_label` is the same value.

    Notes
    -----
    Where `split` gets groups and none of them is in both parts of a split, as with
    :class:`~sklearn.model_selection.GroupKFold`, unlabelled rows of the tested groups are left
    out of its training set, too. A splitter by time, such as
    :class:`~sklearn.model_selection.TimeSeriesSplit`, knows the labelled rows only: all
    unlabelled rows are in its training sets, those after the tested rows included.

    Unlabelled rows are in no test set, so `cross_val_predict` refuses this splitter.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm import SemiSupervisedSplit
    >>> X, y = np.arange(8).reshape(-1, 1), [0, 1, -1, -1, 0, 1, -1, -1]
    >>> for train, test in SemiSupervisedSplit(cv=2).split(X, y):
    ...     print(train, test)
    [2 3 4 5 6 7] [0 1]
    [0 1 2 3 6 7] [4 5]
    """

    # Groups are passed on to `cv`, under scikit-learn's metadata routing as well.
    __metadata_request__split = {"groups": True}

    def __init__(self, cv: Any = 5, *, unlabeled_label: Any = -1):
        self.cv = cv
        self.unlabeled_label = unlabeled_label

    def split(
        self, X: Any, y: Any = None, groups: Any = None
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield the indices of each training set and each test set.

        Parameters
        ----------
        X : sequences of shape (n_samples,), or array-like of shape (n_samples, ...)
            The samples.
        y : array-like of shape (n_samples,)
            Their labels, some of which are `unlabeled_label`.
        groups : array-like of shape (n_samples,) or None, default=None
            Passed on to `cv`, those of labelled rows.

        Yields
        ------
        train : ndarray of int
            Labelled rows to train on, and the unlabelled rows, in the order of the data.
        test : ndarray of int
            Labelled rows to test.

        Raises
        ------
        ValueError
            If y is None, has several labels for a row, or holds no label at all.
        """
        labelled, y_labelled = self._labelled(y)
        check_consistent_length(*(part for part in (X, y, groups) if part is not None))
        unlabelled = np.setdiff1d(np.arange(_num_samples(y)), labelled)
        X_labelled = labelled if X is None else _safe_indexing(X, labelled)
        given = () if groups is None else (_safe_indexing(groups, labelled),)
        groups = None if groups is None else np.asarray(groups)
        for train, test in self._splitter(y_labelled).split(X_labelled, y_labelled, *given):
            train, test = labelled[train], labelled[test]
            others = unlabelled
            if groups is not None and not np.isin(groups[train], groups[test]).any():
                others = unlabelled[~np.isin(groups[unlabelled], groups[test])]
            yield np.sort(np.concatenate([train, others])), test

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Return the number of splits.

        Parameters
        ----------
        X, y, groups
            As for `split`; needed where the number of splits depends on the data, as it does with
            :class:`~sklearn.model_selection.LeaveOneGroupOut`.

        Returns
        -------
        int
        """
        labelled, y_labelled = (None, None) if y is None else self._labelled(y)
        if labelled is not None:
            X = labelled if X is None else _safe_indexing(X, labelled)
            groups = None if groups is None else _safe_indexing(groups, labelled)
        return int(self._splitter(y_labelled).get_n_splits(X, y_labelled, groups))

    def _splitter(self, y: Any) -> Any:
        """Return the splitter of labelled rows."""
        return check_cv(self.cv, y, classifier=True)

    def _labelled(self, y: Any) -> tuple[np.ndarray, Any]:
        """Return the indices of the labelled rows, and their labels."""
        mark = as_python(self.unlabeled_label)
        if y is None:
            raise ValueError("SemiSupervisedSplit needs y, which says what rows are labelled.")
        if mark is None or mark != mark:  # NaN
            raise ValueError(
                f"unlabeled_label={mark!r} must be a number or a string, the value that marks rows "
                "without a label in y."
            )
        y = as_container(y, "y")
        labelled = np.flatnonzero(~unlabeled_rows(y, mark))
        if not len(labelled):
            raise ValueError(
                f"y holds no label: all {_num_samples(y)} rows are {plain(mark)!r}, the "
                "unlabeled_label."
            )
        labels = as_objects(_safe_indexing(y, labelled)).ravel()
        # An array of one type, as splitters want it, of numbers that were beside strings.
        return labelled, np.array(labels.tolist())
