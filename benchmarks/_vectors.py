"""Word vectors trained on the benchmark's own texts, before a contender is fitted."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class TrainedWordVectors:
    """Train word2vec on training and unlabelled texts, and hand it to an LSTM pipeline.

    The fields are those of :class:`gensim.models.Word2Vec`, but for `spread`. Words are split as
    the pipeline's own SequenceTokenizer splits them.

    Parameters
    ----------
    spread : float or None, default=None
        Standard deviation that the numbers are scaled to, after their mean is taken off. None
        leaves the vectors as word2vec made them: how long those are depends on how it is trained.
    """

    vector_size: int = 100
    window: int = 5
    min_count: int = 5
    epochs: int = 5
    sg: int = 0
    negative: int = 5
    spread: float | None = None

    def __call__(self, estimator: Any, texts: list[str], unlabelled: list[str], seed: int) -> None:
        """Set the pipeline's ``embeddings`` to the trained vectors."""
        from gensim.models import Word2Vec

        with tempfile.TemporaryDirectory() as folder:
            # A file of words takes none of the memory that 75,000 lists of words would.
            path = Path(folder) / "words.txt"
            _write_words(path, estimator, (*texts, *unlabelled))
            model = Word2Vec(
                corpus_file=str(path),
                seed=seed,
                workers=os.cpu_count() or 1,
                **{name: value for name, value in asdict(self).items() if name != "spread"},
            )
        self.standardize(model.wv)
        estimator.set_params(lstmclassifier__embeddings=model.wv)

    def standardize(self, keyed: Any) -> None:
        """Give trained vectors the wanted spread, in place."""
        if self.spread is not None:
            centred = keyed.vectors - keyed.vectors.mean(axis=0)
            keyed.vectors = centred * (self.spread / centred.std())

    @property
    def settings(self) -> dict[str, Any]:
        """What the results record of this step."""
        return {"word2vec": asdict(self)}


def _write_words(path: Path, estimator: Any, texts: Iterable[str]) -> None:
    from sklearn.feature_extraction.text import CountVectorizer

    tokenizer = estimator.named_steps["sequencetokenizer"]
    analyze = CountVectorizer(
        token_pattern=tokenizer.token_pattern,
        tokenizer=tokenizer.tokenizer,
        lowercase=tokenizer.lowercase,
        strip_accents=tokenizer.strip_accents,
    ).build_analyzer()
    with path.open("w", encoding="utf-8") as file:
        file.writelines(" ".join(analyze(text)) + "\n" for text in texts)
