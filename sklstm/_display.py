"""How things print: tables of results; estimators, with a link to their page of the reference."""

from __future__ import annotations

import html
import math
import sys
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any

# Of a collection that scikit-learn would cut after so many items, only the size is shown.
_MOST_ITEMS = 30


class Summary:
    """Stands for a large value where parameters are printed.

    Parameters
    ----------
    text : str
        What to print. scikit-learn's HTML leaves 30 characters room.
    """

    def __init__(self, text: str):
        self.text = text

    def __repr__(self) -> str:
        return self.text


class LinksToReference:
    """Mixin of public estimators; comes before `BaseEstimator`.

    In a notebook scikit-learn shows an estimator with a question mark that links to this page.
    """

    _doc_link_module = "sklstm"
    _doc_link_template = "https://sklstm.github.io/sklstm/api/generated/{page}.html"

    def _doc_link_url_param_generator(self) -> dict[str, str]:
        _, room, *_ = type(self).__module__.split(".")
        package = "sklstm.baselines" if room == "baselines" else "sklstm"
        return {"page": f"{package}.{type(self).__name__}"}


class PrintsShort(LinksToReference):
    """Mixin of estimators with parameters that may be large; comes before `BaseEstimator`.

    To print an estimator, scikit-learn writes out each parameter in full, several times, and then
    cuts the text, which takes long for word vectors. Its printers ask for the parameters of
    every estimator within a Pipeline or search themselves, and there is no hook between. So what
    `get_params` returns depends on who asks.
    """

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Get parameters for this estimator.

        Parameters
        ----------
        deep : bool, default=True
            If True, will return the parameters for this estimator and
            contained subobjects that are estimators.

        Returns
        -------
        params : dict
            Parameter names mapped to their values.
        """
        params: dict[str, Any] = super().get_params(deep)  # type: ignore[misc]
        caller = sys._getframe(1)
        module = str(caller.f_globals.get("__name__"))
        if module.startswith(("sklearn.utils._pprint", "sklearn.utils._repr_html")) or (
            caller.f_code.co_name == "_get_params_html"
        ):
            return {name: short(value) for name, value in params.items()}
        return params


def short(value: Any) -> Any:
    """Return a large array or collection as a `Summary`, and anything else as it is."""
    name = type(value).__name__
    if hasattr(value, "key_to_index") and hasattr(value, "vector_size"):  # of gensim
        return Summary(f"<{name}: {len(value.key_to_index)} vectors of {value.vector_size}>")
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple):
        return Summary(f"<{name} {tuple(shape)}>") if math.prod(shape) > _MOST_ITEMS else value
    if isinstance(value, str | bytes) or not isinstance(value, Mapping | Sequence | Set):
        return value
    width = _width(next(iter(value.values() if isinstance(value, Mapping) else value), None))
    if max(len(value), width) <= _MOST_ITEMS:
        return value
    return Summary(f"<{name}: {len(value)} {f'vectors of {width}' if width else 'items'}>")


def _width(item: Any) -> int:
    """Return the length of a vector or list; 0 for anything else."""
    if isinstance(item, list | tuple):
        return len(item)
    shape = getattr(item, "shape", ())
    return int(shape[0]) if isinstance(shape, tuple) and shape else 0


_SECONDS_IN_WORDS = ((100.0, "{:,.0f} s"), (1.0, "{:.1f} s"), (0.0, "{:.2f} s"))


def seconds(value: float, unit: bool = False) -> str:
    """Return a number of seconds as a text, to three digits or so."""
    text = next(form for least, form in _SECONDS_IN_WORDS if value >= least).format(value)
    return text if unit else text.removesuffix(" s")


def text_table(columns: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the lines of a table, a head first; the first column is aligned to the left."""
    widths = [max(map(len, [head, *cells])) for head, cells in columns.items()]
    rows = [list(columns), *map(list, zip(*columns.values(), strict=True))]
    return [
        "  ".join(
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def html_table(columns: Mapping[str, Sequence[str]], notes: Iterable[str]) -> str:
    """Return a table in HTML, with paragraphs below it."""
    heads = "".join(f"<th>{html.escape(head)}</th>" for head in columns)
    rows = "".join(
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>"
        for row in zip(*columns.values(), strict=True)
    )
    below = "".join(f"<p>{html.escape(note)}</p>" for note in notes)
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>{below}"
