"""Labels that a plot is coloured by, and the colour and marker of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils._missing import is_pandas_na, is_scalar_nan

# The ten colours of Petroff (2021), Accessible color sequences for data visualization,
# arXiv:2107.02270, which can also be distinguished with the common kinds of colour blindness.
COLOURS = (
    "#3f90da", "#ffa90e", "#bd1f01", "#94a4a2", "#832db6",
    "#a96b59", "#e76300", "#b9ac70", "#717581", "#92dadd",
)  # fmt: skip
MARKERS = ("o", "^", "s", "D", "v", "P", "*")  # the next one once all colours are used
MISSING_COLOUR, MISSING_MARKER = "#c0c0c0", "X"  # another shape, as two of the colours are grey
MAX_LEGEND = 20  # with more labels than this there is a colour bar in place of a legend


def check_labels(labels: Any, n_samples: int, name: str) -> np.ndarray:
    """Return labels as a 1-D array, after checking that there is one for each sample.

    Raises
    ------
    TypeError
        If labels are strings and other objects, which cannot be sorted.
    ValueError
        If their number is not that of the samples, or one is None or NaN.
    """
    array = np.asarray(labels)
    if array.ndim != 1:
        raise ValueError(
            f"{name} must hold one label for each sample; got an array of shape {array.shape}."
        )
    if len(array) != n_samples:
        raise ValueError(f"{name} holds {len(array)} labels for {n_samples} samples.")
    # The items of a list, as numpy converts [NaN, "a"] to ["nan", "a"].
    found = labels if isinstance(labels, list | tuple) else array
    for i, label in enumerate(found):
        if label is None or is_scalar_nan(label) or is_pandas_na(label):
            shown = label.item() if isinstance(label, np.generic) else label
            raise ValueError(
                f"{name}[{i}] is {shown!r}; every sample needs a label. Give samples without one "
                "the value of `missing_label`, by default -1."
            )
    if array.dtype.kind in "OU" and len({isinstance(label, str) for label in found}) > 1:
        raise TypeError(f"{name} mixes strings and other labels; use one type for all of them.")
    if array.dtype.kind == "O":
        array = np.array(array.tolist())
    return array


@dataclass(frozen=True)
class Labels:
    """The distinct labels of samples.

    Attributes
    ----------
    values : ndarray of shape (n_labels,)
        The distinct labels, sorted, without the missing one.
    index : ndarray of shape (n_samples,)
        Index of each sample's label in `values`; -1 for a missing label.
    """

    values: np.ndarray
    index: np.ndarray

    @classmethod
    def of(cls, labels: np.ndarray, missing_label: Any) -> Labels:
        """Find the distinct labels."""
        values, index = np.unique(labels, return_inverse=True)
        # Numpy would warn of a comparison of a number with strings.
        same_type = isinstance(missing_label, str) == (values.dtype.kind in "US")
        if missing_label is None or not same_type or values.dtype.kind == "b":
            return cls(values, index)
        kept = values != missing_label
        place = np.where(kept, np.cumsum(kept) - 1, -1)
        return cls(values[kept], place[index])

    @property
    def many(self) -> bool:
        """Whether there are too many for a legend."""
        return len(self.values) > MAX_LEGEND

    @property
    def texts(self) -> list[str]:
        """The labels as text."""
        return [format_label(value) for value in self.values]

    @property
    def scale(self) -> np.ndarray:
        """The place of each label on a colour bar: a number itself, the rank of a string."""
        numbers = self.values.dtype.kind in "iuf"
        return self.values.astype(float) if numbers else np.arange(len(self.values))

    def colours(self, palette: Any) -> np.ndarray:
        """Return the colour of each label, and in the last row that of a missing one."""
        from matplotlib.colors import to_rgba_array

        if self.many:
            scale = self.scale
            own = self.colormap(palette)((scale - scale.min()) / np.ptp(scale))
        else:
            own = label_colours(len(self.values), palette)
        return np.concatenate([own, to_rgba_array(MISSING_COLOUR)])

    def markers(self, palette: Any) -> list[str]:
        """Return the marker of each label, and as the last one that of a missing one."""
        n_labels = len(self.values)
        own = ["o"] * n_labels if self.many else label_markers(n_labels, palette)
        return [*own, MISSING_MARKER]

    def colormap(self, palette: Any) -> Any:
        """Return the colour map of a colour bar."""
        if palette is None:
            return get_colormap("viridis")
        if not is_colormap(palette):
            raise ValueError(
                f"palette must be a colour map, or the name of one, for {len(self.values)} "
                f"labels, which have a colour bar in place of a legend; got {palette!r}."
            )
        return get_colormap(palette)


def format_label(label: Any) -> str:
    """Return a label as text, a whole number without decimals."""
    return f"{label:g}" if isinstance(label, float | np.floating) else str(label)


def is_colormap(palette: Any) -> bool:
    """Return True if `palette` is a colour map or the name of one, not a sequence of colours."""
    from matplotlib.colors import Colormap

    return isinstance(palette, str | Colormap)


def get_colormap(given: Any, name: str = "palette") -> Any:
    """Return a colour map, given itself or its name; `name` is that of the argument."""
    from matplotlib import colormaps

    if not is_colormap(given) or (isinstance(given, str) and given not in colormaps):
        single = " For a single colour, pass it in a list." if name == "palette" else ""
        raise ValueError(
            f"{name}={given!r} is no colour map of matplotlib; list(matplotlib.colormaps) has "
            f"the names.{single}"
        )
    return colormaps.get_cmap(given)


def label_colours(n_labels: int, palette: Any) -> np.ndarray:
    """Return a colour for each label, (n_labels, 4); they repeat if there are too few."""
    if is_colormap(palette):
        return get_colormap(palette)(np.linspace(0, 1, max(n_labels, 2)))[:n_labels]
    colours = _listed_colours(palette)
    return colours[np.arange(n_labels) % len(colours)]


def label_markers(n_labels: int, palette: Any) -> list[str]:
    """Return a marker for each label, another one each time the colours repeat."""
    n_colours = max(n_labels, 1) if is_colormap(palette) else len(_listed_colours(palette))
    return [MARKERS[i // n_colours % len(MARKERS)] for i in range(n_labels)]


def _listed_colours(palette: Any) -> np.ndarray:
    """Return the colours of a sequence as an array of shape (n_colours, 4)."""
    from matplotlib.colors import to_rgba_array

    try:
        colours = to_rgba_array(list(COLOURS if palette is None else palette))
    except (TypeError, ValueError) as error:
        raise type(error)(
            "palette must be a colour map of matplotlib, the name of one, or a sequence of "
            f"colours; got {palette!r} ({error})."
        ) from error
    if not len(colours):
        raise ValueError("palette holds no colour.")
    return colours
