"""Tables of ``clustering.py``: accuracy on all data sets, and all scores on each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, median, pstdev
from typing import Any

from benchmarks._clustering_data import SETS
from benchmarks._report import MISSING, markdown, seconds
from benchmarks._ucr_report import surroundings

Run = dict[str, Any]
SCORES = ("accuracy", "NMI", "ARI")


@dataclass(frozen=True)
class Row:
    """A contender on one data set: its scores of each seed, and median seconds."""

    title: str
    scores: dict[str, list[float]]
    fit: float

    @property
    def accuracy(self) -> float:
        """Mean accuracy over the seeds."""
        return mean(self.scores["accuracy"])

    def text(self, score: str, *, ends: bool = True) -> str:
        """Return mean and standard deviation, with the lowest and highest if asked."""
        values = self.scores[score]
        if len(values) == 1:
            return f"{values[0]:.3f}"
        spread = f"{mean(values):.3f} ± {pstdev(values):.3f}"
        return f"{spread} ({min(values):.3f} to {max(values):.3f})" if ends else spread


class Report:
    """What is said of the runs.

    Parameters
    ----------
    runs : list of dict
        As the results file holds them.
    titles : mapping from str to str
        Of each contender, in the order of rows.
    ours : sequence of str
        The contenders that are compared with all others.
    """

    def __init__(self, runs: list[Run], titles: Mapping[str, str], ours: Sequence[str]):
        self.titles, self.ours = titles, ours
        self.by_data = {
            name: own for name in SETS if (own := [r for r in runs if r["data"]["name"] == name])
        }
        self.rows = {name: self._rows(own) for name, own in self.by_data.items()}
        self.runs = runs

    def sections(self) -> str:
        """Return the overview, a table for each data set, and what the runs were made on."""
        parts = [self.overview()]
        for name, own in self.by_data.items():
            table = self._table(list(self.rows[name].values()))
            parts.append(f"## {SETS[name].title}\n\n{self._sizes(own)}\n\n{table}")
        listed = [*self._remarks(), *surroundings(self.runs)]
        parts.append("\n".join(f"- {line}" for line in listed))
        return "\n\n".join(parts)

    def overview(self) -> str:
        """Return accuracy on all data sets, where ours is behind, and how it was measured."""
        shown = [name for name in self.titles if any(name in rows for rows in self.rows.values())]
        columns = {"accuracy, mean ± deviation": [self.titles[name] for name in shown]}
        for data, rows in self.rows.items():
            best = max(round(row.accuracy, 3) for row in rows.values())
            columns[SETS[data].short] = [
                self._cell(rows[name], best) if name in rows else MISSING for name in shown
            ]
        return "\n\n".join([markdown(columns), self.behind(), self._notes()])

    def behind(self) -> str:
        """Return, for each of ours and each set, who has a better mean accuracy."""
        lines = []
        for own in self.ours:
            for data, rows in self.rows.items():
                if own in rows and (better := self._better(own, rows)):
                    score = f"{rows[own].accuracy:.3f}"
                    lines.append(
                        f"- {SETS[data].short}: {rows[own].title} ({score}) is behind {better}."
                    )
        if not any(own in rows for own in self.ours for rows in self.rows.values()):
            return "The autoencoder hasn't been measured here."
        if not lines:
            return "In mean accuracy the autoencoder is behind on no set."
        return "\n".join(["Where the autoencoder loses, by mean accuracy:", "", *lines])

    def _better(self, own: str, rows: dict[str, Row]) -> str:
        ahead = [
            row
            for name, row in rows.items()
            if name not in self.ours and row.accuracy > rows[own].accuracy
        ]
        ahead.sort(key=lambda row: -row.accuracy)
        return ", ".join(f"{row.title} ({row.accuracy:.3f})" for row in ahead)

    def _rows(self, runs: list[Run]) -> dict[str, Row]:
        return {
            name: Row(
                title,
                {score: [run["scores"][score] for run in own] for score in SCORES},
                median(run["seconds"]["fit"] for run in own),
            )
            for name, title in self.titles.items()
            if (own := [run for run in runs if run["contender"] == name])
        }

    def _cell(self, row: Row, best: float) -> str:
        text = row.text("accuracy", ends=False)
        if round(row.accuracy, 3) == best:
            text = f"**{text}**"
        seeds = len(row.scores["accuracy"])
        return text if seeds in (1, self._most_seeds()) else f"{text}, {seeds} seeds"

    def _most_seeds(self) -> int:
        return max(len(r.scores["accuracy"]) for rows in self.rows.values() for r in rows.values())

    @staticmethod
    def _table(rows: list[Row]) -> str:
        columns = {"model": [row.title for row in rows]}
        columns |= {score: [row.text(score) for row in rows] for score in SCORES}
        columns["seeds"] = [str(len(row.scores["accuracy"])) for row in rows]
        columns["fit, s"] = [seconds(row.fit) for row in rows]
        return markdown(columns)

    @staticmethod
    def _sizes(runs: list[Run]) -> str:
        n_samples, n_clusters = max((run["n_samples"], run["n_clusters"]) for run in runs)
        return f"{n_samples:,} samples, {n_clusters} clusters asked for, as many as classes."

    def _notes(self) -> str:
        most = self._most_seeds()
        seeds = f" over {most} seeds, where a cell names no other number" if most > 1 else ""
        return (
            f"Mean and standard deviation{seeds} (Ward linkage draws nothing) of the share of "
            "samples whose cluster stands for their class, in the best one-to-one matching; the "
            "best of each set in bold. All samples are clustered, training and test parts joined; "
            "nobody reads labels, but all are told the number of classes. Digits are divided by "
            "16, and each feature of the UCR sets has mean 0 and variance 1. Of three autoencoders "
            "the first is the one of the next row, with the same seed. k-means starts 10 "
            "times, k-means with DTW and k-Shape (tslearn) 3 times. What needs one length "
            "(k-means, principal components, Ward linkage, k-Shape) reads series stretched to the "
            "longest by linear interpolation; k-Shape scales each series on its own. Texts are "
            "TF-IDF of the 2,000 most frequent words, but for LSA (100 components of all words "
            "in at least 5 texts, to unit length); English stop words and words in more than "
            "half of the texts are left out."
        )

    def _remarks(self) -> list[str]:
        """Return how seconds were measured, and what went wrong on the way."""
        found = [
            "Fit: median seconds, with resampling or TF-IDF, without imports and what numba "
            "compiles."
        ]
        few: dict[tuple[str, str], int] = {}
        warned: dict[tuple[str, str], int] = {}
        for run in self.runs:
            title, data = self.titles[run["contender"]], SETS[run["data"]["name"]].short
            if run["n_found"] < run["n_clusters"]:
                few[title, data] = few.get((title, data), 0) + 1
            for text in run["warnings"]:
                line = text.splitlines()[0].rstrip(".")
                warned[title, line] = warned.get((title, line), 0) + 1
        found += [
            f"{title} on {data}: fewer clusters than asked for with {count} of the seeds."
            for (title, data), count in few.items()
        ]
        found += [f"{title} warned {n} times: {line}." for (title, line), n in warned.items()]
        return found
