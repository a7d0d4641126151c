"""Points, centres, legend and axes of a display, by matplotlib."""

from __future__ import annotations

from typing import Any

import numpy as np

from sklstm.inspection._labels import (
    NONE_COLOUR,
    NONE_MARKER,
    Names,
    colours_of,
    is_map,
    map_of,
    markers_of,
    tell_apart,
    write,
)

SPREAD = 0.3  # of the points in a strip, where rows are 1 apart
N_TICKS = 6  # names at a colour bar of strings
TAKEN = {"c", "color", "facecolor", "facecolors", "fc", "marker", "cmap", "norm"}


class Drawing:
    """What is drawn of one display.

    Parameters
    ----------
    points : ndarray of shape (n_samples, 2) or (n_samples, 1)
    labels : ndarray of shape (n_samples,) or None
    missing_label : str or number or None
        The label of samples without one.
    palette : str, Colormap, sequence of colours or None
    scatter_kwargs : dict
    """

    def __init__(
        self,
        points: np.ndarray,
        labels: np.ndarray | None,
        missing_label: Any,
        palette: Any,
        scatter_kwargs: dict[str, Any],
    ):
        if taken := sorted(TAKEN & set(scatter_kwargs)):
            raise ValueError(
                f"scatter_kwargs may not hold {', '.join(map(repr, taken))}: colours and markers "
                "tell labels. `palette` chooses colours."
            )
        nobody = np.zeros(len(points), dtype=int)
        self.names: Names = (
            Names(nobody[:1], nobody) if labels is None else tell_apart(labels, missing_label)
        )
        self.missing_label, self.palette = missing_label, palette
        self.colours, self.markers = self._colours(), self._markers()
        self.is_strip = points.shape[1] == 1
        self.in_rows = self.is_strip and not self.names.many
        self.points = self._strips(points) if self.is_strip else points
        size = float(np.clip(500 / np.sqrt(len(points)), 4, 36))
        self.scatter_kwargs = {"s": size, "alpha": 0.8, "linewidths": 0, **scatter_kwargs}

    def axes(self, ax: Any) -> Any:
        """Return the axes to draw on, new ones if there are none."""
        if ax is not None:
            return ax
        import matplotlib.pyplot as plt

        return plt.subplots(layout="constrained")[1]

    def scatter(self, ax: Any) -> Any:
        """Draw all points at once, so that no class hides another for coming later."""
        order = np.argsort(self.names.codes >= 0, kind="stable")  # those without a label first
        codes, points = self.names.codes[order], self.points[order]
        drawn = ax.scatter(*points.T, color=self.colours[codes], **self.scatter_kwargs)
        if len({self.markers[code] for code in codes.tolist()}) > 1:  # one path for all is faster
            paths = [_path(marker) for marker in self.markers]
            drawn.set_paths([paths[code] for code in codes])
        return drawn

    def centers(self, ax: Any, centers: np.ndarray | None) -> Any:
        """Draw a white disc at each centre, with the number of the cluster on it."""
        if centers is None:
            return None
        if self.is_strip:
            centers = np.column_stack([centers[:, 0], self._rows_of_centers(len(centers))])
        drawn = ax.scatter(*centers.T, s=150, color="white", edgecolors="black", zorder=3)
        for i, place in enumerate(centers):
            ax.annotate(
                str(i), place, ha="center", va="center_baseline", fontsize="small", zorder=4
            )
        return drawn

    def key(self, ax: Any, title: str | None) -> tuple[Any, Any]:
        """Draw a legend or a colour bar right of the axes; return both, one of them None."""
        if self.names.many:
            return None, self._bar(ax, title)
        if self.in_rows:  # the rows bear their names
            return None, None
        from matplotlib.lines import Line2D

        texts = self._texts()
        shown = [*range(len(self.names.values)), *([-1] if (self.names.codes < 0).any() else [])]
        handles = [
            Line2D(
                [], [], linestyle="", marker=self.markers[i], color=self.colours[i], label=texts[i]
            )
            for i in shown
        ]
        legend = ax.legend(
            handles=handles, title=title, loc="upper left", bbox_to_anchor=(1.01, 1),
            borderaxespad=0, frameon=False,
        )  # fmt: skip
        return legend, None

    def name_axes(self, ax: Any, names: tuple[str, ...] | None) -> None:
        """Write at the axes what they are, and no numbers where they mean nothing."""
        if names:
            ax.set_xlabel(names[0])
            if len(names) > 1:
                ax.set_ylabel(names[1])
        if names and names[0].startswith("t-SNE"):
            ax.set(xticks=[], yticks=[])
        if self.is_strip:
            self._name_rows(ax)

    def _colours(self) -> np.ndarray:
        """Return the colour of each label, and last, where codes of -1 find it, that of none."""
        from matplotlib.colors import to_rgba_array

        none = to_rgba_array(NONE_COLOUR)
        if self.names.many:
            return np.concatenate([self._map()(self._shares()), none])
        return np.concatenate([colours_of(len(self.names.values), self.palette), none])

    def _markers(self) -> list[str]:
        """Return the marker of each label, and last that of none."""
        n_labels = len(self.names.values)
        if self.names.many:
            return [*["o"] * n_labels, NONE_MARKER]
        return [*markers_of(n_labels, self.palette), NONE_MARKER]

    def _texts(self) -> list[str]:
        """Return what each label is called, and last what none is."""
        return [*self.names.texts, f"none ({write(self.missing_label)})"]

    def _map(self) -> Any:
        if self.palette is None:
            return map_of("viridis")
        if not is_map(self.palette):
            raise ValueError(
                "palette must be a colour map, or the name of one, for "
                f"{len(self.names.values)} labels, which have a colour bar in place of a legend; "
                f"got {self.palette!r}."
            )
        return map_of(self.palette)

    def _numbers(self) -> np.ndarray:
        """Return where the labels are on a colour bar: numbers at their value."""
        values = self.names.values
        return values.astype(float) if values.dtype.kind in "iuf" else np.arange(len(values))

    def _shares(self) -> np.ndarray:
        numbers = self._numbers()
        return (numbers - numbers.min()) / (numbers.max() - numbers.min())

    def _bar(self, ax: Any, title: str | None) -> Any:
        from matplotlib.cm import ScalarMappable
        from matplotlib.colors import Normalize

        numbers = self._numbers()
        mappable = ScalarMappable(Normalize(numbers.min(), numbers.max()), self._map())
        bar = ax.figure.colorbar(mappable, ax=ax, label=title or "")
        if self.names.values.dtype.kind not in "iuf":
            shown = np.linspace(0, len(numbers) - 1, N_TICKS).round().astype(int)
            bar.set_ticks(shown, labels=[self.names.texts[i] for i in shown])
        return bar

    def _strips(self, points: np.ndarray) -> np.ndarray:
        """Return points beside their row, at random within it, and the same each time."""
        rows = self.names.codes if self.in_rows else np.zeros(len(points))
        spread = np.random.default_rng(0).uniform(-SPREAD, SPREAD, len(points))
        return np.column_stack([points[:, 0], rows + spread])

    def _rows_of_centers(self, n_centers: int) -> list[int]:
        """Return the row of each cluster's label; a cluster without a sample has the lowest."""
        if not self.in_rows:
            return [0] * n_centers
        places = {value: row for row, value in enumerate(self.names.values.tolist())}
        return [places.get(i, -1) for i in range(n_centers)]

    def _name_rows(self, ax: Any) -> None:
        rows = {int(code) for code in self.names.codes} if self.in_rows else set()
        if len(rows) < 2:
            ax.set_yticks([])
            return
        texts = self._texts()
        shown = sorted(rows)
        ax.set_yticks(shown, [texts[code] for code in shown])


def _path(marker: str) -> Any:
    from matplotlib.markers import MarkerStyle

    style = MarkerStyle(marker)
    return style.get_path().transformed(style.get_transform())
