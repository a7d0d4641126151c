"""What every kind of target can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from torch import Tensor, nn

from sklstm._sequences import plain
from sklstm.nn import StepLoss, WeightedLoss
from sklstm.nn.linear_path import LinearKind
from sklstm.nn.losses import SampleLoss


@dataclass(frozen=True)
class Decoder:
    """How the outputs of a network become the results of one method of an estimator.

    Attributes
    ----------
    rows : callable
        Maps an array of outputs, one row for each sample or step, to the results.
    batch : callable or None
        Where a result depends on the neighbouring steps: maps outputs of shape (batch, time,
        n_outputs) and lengths to what `rows` takes, while the batch is still on the device.
    """

    rows: Callable[[np.ndarray], Any]
    batch: Callable[[Tensor, Tensor], Tensor] | None = None


def refuse_changes(now: dict[str, Any], before: dict[str, Any]) -> None:
    """Raise ValueError if a parameter has changed since the fit that training would continue."""
    for name, value in now.items():
        if value != before[name]:
            raise ValueError(
                f"{name} is {plain(value)!r} now, but the model whose training would continue was "
                f"fitted with {plain(before[name])!r}. Restore it, or train a new model: fit with "
                "warm_start=False."
            )


class Target(ABC):
    """A kind of target: what it learns from y, how it is encoded, learned and decoded.

    An estimator creates one from its parameters at every fit. The target then learns from y
    (`learn`), or takes over what an earlier fit learned (`resume`), and answers everything that
    depends on y. Where every step has a target, those of all sequences are concatenated, in y
    and in what the target encodes.

    Parameters
    ----------
    estimator_name : str
        Named in error messages.
    per_step : bool
        Whether every step has a target, rather than every sequence.
    """

    accepts_dates: ClassVar[bool] = False

    def __init__(self, estimator_name: str, *, per_step: bool):
        self.estimator_name = estimator_name
        self.per_step = per_step

    @property
    @abstractmethod
    def parameters(self) -> dict[str, Any]:
        """The parameters that define the encoding, which must not change between fits."""

    @property
    @abstractmethod
    def fitted_attributes(self) -> dict[str, Any]:
        """The public fitted attributes of the estimator that come from y."""

    @property
    def linear_kind(self) -> LinearKind | None:
        """What the outputs of a linear model beside the network mean; None if there can be none."""
        return None

    @property
    @abstractmethod
    def n_outputs(self) -> int:
        """Number of scores or numbers that the network outputs per sample or step."""

    @abstractmethod
    def learn(
        self, y: Any, weights: np.ndarray, classes: Any = None, *, partial: bool = False
    ) -> None:
        """Learn from y and the weights of its samples what encoding and decoding need.

        `classes` names all classes that will occur, where `y` may not hold every one; with
        `partial`, y is the first part of the data only.
        """

    @abstractmethod
    def _take_over(self, earlier: Self) -> None:
        """Take over what `earlier` learned from y."""

    def resume(self, earlier: Self) -> None:
        """Take over what `earlier` learned, so that training can continue.

        Raises
        ------
        ValueError
            If a parameter that defines the encoding has changed.
        """
        refuse_changes(self.parameters, earlier.parameters)
        self._take_over(earlier)

    def check_partial(self) -> None:  # noqa: B027  (few kinds need all of y)
        """Raise ValueError if the parameters need all of y, which `partial_fit` does not see."""

    def check_same(self, classes: Any) -> None:  # noqa: B027
        """Raise ValueError if `classes` are not those of the first call to `partial_fit`."""

    @abstractmethod
    def check(self, y: Any) -> None:
        """Raise ValueError if `y` cannot be compared with predictions."""

    @abstractmethod
    def encode(self, y: Any) -> np.ndarray:
        """Return `y` as the loss takes it."""

    @abstractmethod
    def restore(self, encoded: np.ndarray) -> np.ndarray:
        """Return the y of targets as the loss takes them: undo `encode`."""

    def learn_weights(self, encoded: np.ndarray) -> None:  # noqa: B027  (few kinds weigh)
        """Learn from the encoded training targets what `weights` needs."""

    def weights(self, y: Any, encoded: np.ndarray) -> np.ndarray | None:
        """Return the weight of each sample that follows from its target; None for equal ones."""
        return None

    def check_weights(self, encoded: np.ndarray, weights: np.ndarray) -> None:  # noqa: B027
        """Raise ValueError if the weights leave too little to learn from."""

    def strata(self, encoded: np.ndarray) -> np.ndarray | None:
        """Return the classes whose proportions a held-out part keeps, or None."""
        return None

    def marks(self, encoded: np.ndarray) -> np.ndarray | None:
        """Return numbers (n_rows, n_marks) for the classes that each row belongs to, or None.

        A part of the data without one of these numbers does not suffice to learn from.
        """
        return None

    def mark_name(self, mark: int) -> str:
        """Return how messages name the samples with this number: "of class 'b'"."""
        raise NotImplementedError

    @abstractmethod
    def build_output(self, size: int) -> nn.Module:
        """Return the output layer for a state of this size."""

    @abstractmethod
    def sample_loss(self) -> SampleLoss:
        """Return the loss per sample or step."""

    def build_loss(self, output: nn.Module | None) -> nn.Module:
        """Return the loss of a batch, for a network with this output layer."""
        return (StepLoss if self.per_step else WeightedLoss)(self.sample_loss())

    def check_causal(self, output: nn.Module | None, what: str) -> None:  # noqa: B027
        """Raise ValueError if decoding looks ahead, which rules out what `what` names."""

    @abstractmethod
    def _decoders(self, output: nn.Module | None) -> dict[str, Decoder]:
        """Return the decoder of each response method."""

    def decoder(self, method: str, output: nn.Module | None) -> Decoder:
        """Return the decoder of a response method.

        Parameters
        ----------
        method : str
            "predict", "predict_proba" and so on.
        output : Module or None
            The output layer of the network, for decoding that uses its weights.

        Raises
        ------
        ValueError
            If there is no such method for this kind of target.
        """
        decoders = self._decoders(output)
        if method not in decoders:
            raise ValueError(f"response_method={method!r} must be one of {sorted(decoders)}.")
        return decoders[method]

    @abstractmethod
    def choose(self, wanted: Any, n_samples: int, predicted: Callable[[str], Any]) -> np.ndarray:
        """Return the index of the class or number of each sample that is to be explained.

        Parameters
        ----------
        wanted : label, number, sequence of labels, or None
            What the user asks for, of all samples or of each; None for the predicted class.
        n_samples : int
            Number of samples.
        predicted : callable
            Maps the name of a response method to its results.

        Raises
        ------
        ValueError
            If there is no such class or number.
        """

    @abstractmethod
    def explained(self, outputs: Tensor, index: Tensor) -> Tensor:
        """Return the class's output or predicted number, ``(n,)``, at an ``(n,)`` index each."""

    @abstractmethod
    def named(self, index: np.ndarray) -> np.ndarray:
        """Return the classes at some indices; numbers have no names but their index."""

    @abstractmethod
    def score(self, outputs: np.ndarray, encoded: np.ndarray, weights: np.ndarray) -> float:
        """Return the validation score of the network's outputs."""
