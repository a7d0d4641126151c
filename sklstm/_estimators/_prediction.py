"""From X to results: whole sequences, sequences in pieces, and batches that continue each other."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any, Self

import numpy as np
import torch
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted
from torch import nn

from sklstm._estimators._state import SequenceState, check_state, fingerprint
from sklstm._estimators.stream import SequenceStream
from sklstm._sequences import Ragged, check_nothing_cut, read_input, split_steps
from sklstm._training import predict_from, predict_rows, resolve_device
from sklstm.nn import SequenceNetwork
from sklstm.nn.state import State, put_rows, take_rows

Decode = Callable[[np.ndarray], Any]


class Prediction(BaseEstimator):
    """What a fitted network gives out, by way of the decoder of each method."""

    module_: Any  # a SequenceNetwork, unless a user brought another
    _state_: State | None  # of ``stateful=True``, between two calls
    _fingerprint_: str | None

    @property
    def _per_step(self) -> bool:
        """Whether there is a target, and an output, for every step."""
        return False

    @abstractmethod
    def _decoder(self, method: str) -> Decode:
        """Return what makes a method's result of the network's outputs."""

    def reset_states(self) -> Self:
        """Let the next call begin anew, where `stateful` is True.

        Without an effect otherwise: only a stateful model keeps a state between calls.

        Returns
        -------
        estimator
            Itself.
        """
        if hasattr(self, "_state_"):
            self._state_ = None
        return self

    def stream(
        self,
        n_sequences: int | None = None,
        *,
        response_method: str = "predict",
        state: SequenceState | None = None,
    ) -> SequenceStream:
        """Return an object that takes a sequence step by step, or chunk by chunk.

        Parameters
        ----------
        n_sequences : int or None, default=None
            How many sequences go on side by side. None means one, whose steps and results
            come without an axis for sequences.
        response_method : str, default="predict"
            The method whose result is given after each step: "predict", or for a classifier
            "predict_proba", "predict_log_proba" or "decision_function", for a regressor
            of quantiles "predict_quantiles".
        state : SequenceState or None, default=None
            Where the sequences go on from: what ``predict(X, return_state=True)`` returned,
            or the `state` of another stream. None begins anew.

        Returns
        -------
        SequenceStream
            With the methods ``step``, ``feed``, ``reset`` and ``close``.

        Raises
        ------
        ValueError
            If the model reads sequences from their ends, too (``bidirectional=True``, a
            convolution over time, a CRF), or `state` is not of this model.
        """
        check_is_fitted(self)
        self._check_reads_on("stream()")
        return SequenceStream(self, n_sequences, response_method, state)

    def _respond(self, X: Any, method: str, state: SequenceState | None, return_state: bool) -> Any:
        """Return the result of a method, and the state after it where that is asked for."""
        in_pieces = state is not None or return_state
        sequences = self._read_X(X, in_pieces=in_pieces or self.stateful)
        if in_pieces:
            check_nothing_cut(sequences)
        decode = self._decoder(method)
        if state is None and not return_state:
            outputs = self._outputs(sequences)
        elif self.stateful and state is None:
            raise ValueError(
                "return_state=True: a model with stateful=True keeps its state to itself. Pass "
                "state=, or set_params(stateful=False) to have the state in hand."
            )
        else:
            outputs, after = self._outputs_from(sequences, state)
        result = self._by_sequence(decode(outputs), sequences)
        return (result, after) if return_state else result

    def _by_sequence(self, rows: Any, sequences: Ragged) -> Any:
        """Return results as the user gets them: those of steps in an array for each sequence."""
        return split_steps(rows, sequences.lengths) if self._per_step else rows

    def _read_X(self, X: Any, *, in_pieces: bool = False) -> Ragged:
        """Read `X` for a fitted estimator."""
        check_is_fitted(self)
        return read_input(self, X, reset=False, in_pieces=in_pieces)

    def _outputs(self, sequences: Ragged) -> np.ndarray:
        """Return the network's outputs, (n_samples or n_steps, ...), before any sigmoid."""
        if self.stateful:
            return self._stateful_outputs(sequences)
        return self._run(self._forward, sequences)

    def _forward(self, inputs: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """Return the network's outputs, of long sequences chunk by chunk."""
        outputs: torch.Tensor
        module, length = self.module_, self.bptt_length
        if length is None or not isinstance(module, SequenceNetwork) or not module.is_causal:
            outputs = module(inputs, lengths)
        else:
            outputs = module.forward_in_chunks(inputs, lengths, length)
        return outputs

    def _run(self, forward: Callable[..., torch.Tensor], sequences: Ragged) -> np.ndarray:
        return predict_rows(self.module_, forward, sequences, **self._how_to_run())

    def _how_to_run(self) -> dict[str, Any]:
        device = resolve_device(self.device, fallback=True)
        return {"device": device, "n_jobs": self.n_jobs, "per_step": self._per_step}

    def _outputs_from(
        self, sequences: Ragged, state: SequenceState | None
    ) -> tuple[np.ndarray, SequenceState]:
        """Return the outputs of sequences that go on from `state`, and the state after them."""
        self._check_reads_on("state=" if state is not None else "return_state=True")
        begun = self._begun(state, len(sequences))
        outputs, after = predict_from(self.module_, sequences, begun, **self._how_to_run())
        return outputs, self._handed_out(after)

    def _begun(self, state: SequenceState | None, n_sequences: int) -> State:
        """Return the network's state to begin with, from a checked one of the user's."""
        how = self._how_to_run()
        module: Any = self.module_.to(how["device"])
        if state is None:
            begun: State = module.begin(n_sequences)
            return begun
        check_state(state, module.state_sizes(), self._fingerprint_ or "", n_sequences)
        return state.tensors(how["device"])

    def _handed_out(self, state: State) -> SequenceState:
        return SequenceState.of(self.module_, state, self._fingerprint_ or "")

    def _stateful_outputs(self, sequences: Ragged) -> np.ndarray:
        """Run batches in the order of the data, each going on from the one before it."""
        self._check_reads_on("stateful=True")
        how = self._how_to_run()
        module: Any = self.module_.to(how["device"])
        state = self._kept_state(module, how["device"])
        outputs = []
        for first in range(0, len(sequences), self.batch_size):
            batch = sequences.take(np.arange(first, min(first + self.batch_size, len(sequences))))
            rows = torch.arange(len(batch), device=how["device"])
            begun = module.begin_pooling(take_rows(state, rows))
            result, after = predict_from(module, batch, begun, **how)
            state = put_rows(state, rows, after)
            outputs.append(result)
        self._state_ = tuple(part.cpu() for part in state)
        return np.concatenate(outputs)

    def _kept_state(self, module: Any, device: torch.device) -> State:
        """Return the state that the calls before left, or a new one."""
        kept = self._state_
        if kept is None:
            begun: State = module.begin(self.batch_size)
            return begun
        if len(kept[0]) != self.batch_size:
            raise ValueError(
                f"batch_size is {self.batch_size} now, but the state kept by stateful=True is of "
                f"batches of {len(kept[0])}; reset_states() forgets it."
            )
        return tuple(part.to(device) for part in kept)

    def _check_reads_on(self, what: str) -> None:
        """Raise ValueError if a network cannot go on from a state, which `what` needs."""
        check_causal(self.module_, what)


def chosen_decoder(method: str, decoders: dict[str, Decode]) -> Decode:
    """Return the decoder of a method, or raise ValueError if there is none."""
    if method not in decoders:
        raise ValueError(f"response_method={method!r} must be one of {sorted(decoders)}.")
    return decoders[method]


def check_causal(module: nn.Module, what: str) -> None:
    """Raise ValueError unless `module` can read a sequence in pieces, which `what` needs."""
    if not isinstance(module, SequenceNetwork):
        raise ValueError(
            f"{what} needs a network that can go on from a state, but _build_module() made a "
            f"{type(module).__name__}."
        )
    if module.recurrent.bidirectional:
        raise ValueError(
            f"{what} has sequences read piece by piece, but bidirectional=True reads them from "
            "their ends, too. Fit with bidirectional=False."
        )
    if module.convolution is not None:
        raise ValueError(
            f"{what} has sequences read piece by piece, but conv_filters puts a convolution in "
            "front that looks at later steps. Fit with conv_filters=None."
        )


def fingerprint_of(module: nn.Module) -> str | None:
    """Return a digest of a network whose state may be handed out."""
    if not isinstance(module, SequenceNetwork) or not module.is_causal:
        return None
    return fingerprint(module)
