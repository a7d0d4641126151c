"""Labels to colour by, and the colour and marker of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils._missing import is_pandas_na, is_scalar_nan

# The ten colours of Petroff (2021), Accessible color sequences for data visualization,
# arXiv:2107.02270: told apart under the common kinds of colour blindness, too.
COLOURS = (
    "#3f90da", "#ffa90e", "#bd1f01", "#94a4a2", "#832db6",
    "#a96b59", "#e76300", "#b9ac70", "#717581", "#92dadd",
)  # fmt: skip
MARKERS = ("o", "^", "s", "D", "v", "P", "*")  # the next one once all colours are used
NONE_COLOUR, NONE_MARKER = "#c0c0c0", "X"  # a shape of its own, as two of the colours are grey
MOST_NAMES = 20  # more labels than this get a colour bar in place of a legend


def check_labels(labels: Any, n_samples: int, name: str) -> np.ndarray:
    """Return labels as a 1-D array, after checking that there is one for each sample.

    Raises
    ------
    TypeError
        If labels can't be put in an order.
    ValueError
        If they are not one a sample, or one is missing.
    """
    array = np.asarray(labels)
    if array.ndim != 1:
        raise ValueError(
            f"{name} must hold one label for each sample; got an array of shape {array.shape}."
        )
    if len(array) != n_samples:
        raise ValueError(f"{name} holds {len(array)} labels for {n_samples} samples.")
    # Of a list, as numpy would write [NaN, "a"] as ["nan", "a"].
    for i, label in enumerate(labels if isinstance(labels, list | tuple) else array):
        if label is None or is_scalar_nan(label) or is_pandas_na(label):
            raise ValueError(
                f"{name}[{i}] is {label!r}; every sample needs a label. Write `missing_label`, "
                "by default -1, for those without."
            )
    if array.dtype.kind == "O":
        if len({isinstance(label, str) for label in array}) > 1:
            raise TypeError(f"{name} mixes strings and other labels; write all of them alike.")
        array = np.array(array.tolist())
    return array


@dataclass(frozen=True)
class Names:
    """The different labels.

    Attributes
    ----------
    values : ndarray
        Labels in their order, without the missing one.
    codes : ndarray of shape (n_samples,)
        The place of each sample's label in `values`; -1 for none.
    """

    values: np.ndarray
    codes: np.ndarray

    @property
    def many(self) -> bool:
        """Whether there are too many for a legend."""
        return len(self.values) > MOST_NAMES

    @property
    def texts(self) -> list[str]:
        """What a legend calls the labels."""
        return [write(value) for value in self.values]


def write(label: Any) -> str:
    """Return a label as text, a whole number without its decimals."""
    return f"{label:g}" if isinstance(label, float | np.floating) else str(label)


def tell_apart(labels: np.ndarray, missing_label: Any) -> Names:
    """Find the different labels."""
    values, codes = np.unique(labels, return_inverse=True)
    # A number is no string: numpy would warn of the comparison of both.
    alike = isinstance(missing_label, str) == (values.dtype.kind in "US")
    if missing_label is None or not alike or values.dtype.kind == "b":
        return Names(values, codes)
    kept = values != missing_label
    place = np.where(kept, np.cumsum(kept) - 1, -1)
    return Names(values[kept], place[codes])


def is_map(palette: Any) -> bool:
    """Tell a colour map, or the name of one, from colours."""
    from matplotlib.colors import Colormap

    return isinstance(palette, str | Colormap)


def map_of(palette: Any) -> Any:
    """Return a colour map, or the one of that name."""
    from matplotlib import colormaps

    if isinstance(palette, str) and palette not in colormaps:
        raise ValueError(
            f"palette={palette!r} is no colour map of matplotlib; list(matplotlib.colormaps) has "
            "the names. For one colour, pass it in a list."
        )
    return colormaps.get_cmap(palette)


def colours_of(n_labels: int, palette: Any) -> np.ndarray:
    """Return a colour for each label, over and over again if there are too few."""
    if is_map(palette):
        return map_of(palette)(np.linspace(0, 1, max(n_labels, 2)))[:n_labels]
    chosen = _listed(palette)
    return chosen[np.arange(n_labels) % len(chosen)]


def markers_of(n_labels: int, palette: Any) -> list[str]:
    """Return a marker for each label, another one for each round of the colours."""
    n_colours = max(n_labels, 1) if is_map(palette) else len(_listed(palette))
    return [MARKERS[i // n_colours % len(MARKERS)] for i in range(n_labels)]


def _listed(palette: Any) -> np.ndarray:
    """Return the colours that are listed, a row each."""
    from matplotlib.colors import to_rgba_array

    try:
        chosen = to_rgba_array(list(COLOURS if palette is None else palette))
    except (TypeError, ValueError) as error:
        raise type(error)(
            "palette must be a colour map of matplotlib, the name of one, or a sequence of "
            f"colours; got {palette!r} ({error})."
        ) from error
    if not len(chosen):
        raise ValueError("palette holds no colour.")
    return chosen
