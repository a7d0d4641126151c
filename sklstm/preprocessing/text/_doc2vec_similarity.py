"""Which texts and labels are like a text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sklstm.preprocessing.text._documents import warn_of_empty
from sklstm.preprocessing.text._similarity import check_topn, cosine, nearest


class TextSimilarity:
    """`similarity` and `most_similar`, for `Doc2VecVectorizer`."""

    model_: Any
    label_classes_: np.ndarray
    label_vectors_: Any
    _n_text_vectors: int
    _read: Any
    _infer: Any

    def most_similar(
        self,
        text: str | Iterable[str],
        topn: int = 10,
        *,
        among: Literal["texts", "labels"] = "texts",
    ) -> list[tuple[Any, float]]:
        """Return the training texts, or the labels, that are most like a text.

        The text's vector, as `transform` gives it, is compared by its cosine with those that
        training left.

        Parameters
        ----------
        text : str or list of str
            One text, or its words.
        topn : int, default=10
            How many to return.
        among : {"texts", "labels"}, default="texts"
            What to look through: the training texts, with `tags` "texts" or "both", or the labels,
            with `tags` "labels" or "both".

        Returns
        -------
        found : list of (int, float), or of (label, float)
            The index of a training text, or the label, and the cosine from -1 to 1, the most
            similar first. Fewer than `topn` if there are not so many; training texts without
            known words are left out. Empty, with a warning, for a text without known words.

        Raises
        ------
        NotFittedError
            If there was no `fit`.
        ValueError
            If `fit` learned no vectors of what to look through, or `topn` is below 1.
        """
        check_is_fitted(self, "model_")
        topn = check_topn(topn)
        vectors, names = self._learned(among)
        return nearest(self._one(text), vectors, names, topn)

    def similarity(self, text_a: str | Iterable[str], text_b: str | Iterable[str]) -> float:
        """Return the cosine of the vectors of two texts.

        Parameters
        ----------
        text_a, text_b : str or list of str
            One text each, or its words; neither has to be among the training texts.

        Returns
        -------
        similarity : float
            From -1 to 1; 1 for two equal texts, and 0, with a warning, if one has no known word.

        Raises
        ------
        NotFittedError
            If there was no `fit`.
        """
        check_is_fitted(self, "model_")
        return cosine(self._one(text_a), self._one(text_b))

    def _one(self, text: str | Iterable[str]) -> np.ndarray:
        """Return the vector of one text."""
        documents = self._read([text])
        warn_of_empty(documents)
        return self._infer(documents)[0]

    def _learned(self, among: str) -> tuple[np.ndarray, np.ndarray]:
        """Return the vectors to look through, and what each stands for."""
        if among == "texts" and self._n_text_vectors:
            vectors = self.model_.dv.vectors[: self._n_text_vectors]
            return vectors, np.arange(len(vectors))
        if among == "labels" and hasattr(self, "label_classes_"):
            return self.label_vectors_, self.label_classes_
        if among not in ("texts", "labels"):
            raise ValueError(f"among must be 'texts' or 'labels', got {among!r}.")
        raise ValueError(
            f"among={among!r} needs a vector for each of the {among}; fit with tags={among!r} or "
            "tags='both'."
        )
