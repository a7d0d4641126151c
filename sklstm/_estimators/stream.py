"""Sequences that arrive step by step."""

from __future__ import annotations

import copy
from typing import Any, Self

import numpy as np
import torch

from sklstm._estimators._state import SequenceState
from sklstm._sequences import TokenArray, check_nothing_cut, read_input, split_steps
from sklstm._training import fast_cpu
from sklstm.nn.state import put_rows, take_rows


class SequenceStream:
    """Read one sequence, or several side by side, as they arrive.

    Made by the method `stream` of a fitted model. What it gives after a step is what the model
    would give for all of the sequence so far, read whole; the cost is that of the new steps
    only. Use it in a ``with`` statement, or close it.

    Parameters
    ----------
    model : estimator
        A fitted model that reads forward only. What is done to it later, another fit too, has no
        effect on the stream.
    n_sequences : int or None
        How many sequences; None for one, without an axis for sequences.
    response_method : str
        Whose results are given.
    state : SequenceState or None
        Where they go on from.

    Attributes
    ----------
    n_steps : ndarray of shape (n_sequences,)
        Steps read of each sequence since the stream, or its `reset`, began.
    """

    def __init__(
        self,
        model: Any,
        n_sequences: int | None,
        response_method: str,
        state: SequenceState | None,
    ):
        if n_sequences is not None and (
            isinstance(n_sequences, bool)
            or not isinstance(n_sequences, int | np.integer)
            or n_sequences < 1
        ):
            raise ValueError(
                f"n_sequences={n_sequences!r} must be an int of at least 1, or None for one "
                "sequence."
            )
        model = copy.copy(model)
        if model._input_.is_tokens:
            model.input_type = "tokens"  # of ids that come without their vocabulary, too
        self._model = model
        self._one = n_sequences is None
        self._n = 1 if n_sequences is None else int(n_sequences)
        self._decode = model._decoder(response_method)
        self._state = model._begun(state, self._n)
        self._device = self._state[0].device
        self._closed = False
        self.n_steps = np.zeros(self._n, dtype=np.int64)
        model.module_.eval()

    def step(self, x: Any, rows: Any = None) -> Any:
        """Read one step more, and return the result so far.

        Parameters
        ----------
        x : number, or array-like of shape (n_features,)
            The step; for several sequences an axis for them comes first: (n_sequences,) or
            (n_sequences, n_features). Token ids where the model reads tokens.
        rows : array-like of int or None, default=None
            Which sequences go on; None for all.

        Returns
        -------
        result
            That of the stream's method for all steps so far: for one sequence a label, a
            number or a row of probabilities, for several an array of them. A model with one
            output for every step gives this step's.

        Raises
        ------
        ValueError
            If x is not such a step, or the stream was closed. The stream is as before then.
        """
        at = self._rows(rows)
        inputs = self._step_inputs(x, len(at))
        outputs = self._run(inputs, np.ones(len(at), dtype=np.int64), at)
        if self._model._per_step:
            outputs = outputs[:, 0]
        result = self._decode(outputs)
        return result[0] if self._one else result

    def feed(self, X: Any, rows: Any = None) -> Any:
        """Read a chunk of steps more, and return the result so far.

        Parameters
        ----------
        X : array-like of shape (n_steps,) or (n_steps, n_features)
            The steps; for several sequences a chunk for each, in any form that the model takes
            sequences in. Their lengths may differ.
        rows : array-like of int or None, default=None
            Which sequences the chunks belong to; None for all.

        Returns
        -------
        result
            As of `step`. A model with one output for every step gives those of the chunk.

        Raises
        ------
        ValueError, TypeError
            If X is not such a chunk, or the stream was closed. The stream is as before then.
        """
        at = self._rows(rows)
        model = self._model
        sequences = read_input(model, self._chunks(X), reset=False, in_pieces=True)
        check_nothing_cut(sequences)
        if len(sequences) != len(at):
            raise ValueError(
                f"X holds chunks of {len(sequences)} sequences, but {len(at)} go on; pass rows= "
                "to say which."
            )
        longest = int(sequences.lengths.max())
        inputs = np.zeros((len(at), longest, sequences.n_features), sequences.values.dtype)
        mask = np.arange(longest) < sequences.lengths[:, None]
        inputs[mask] = np.concatenate([sequences[i] for i in range(len(at))])
        outputs = self._run(inputs, sequences.lengths, at)
        if not model._per_step:
            result = self._decode(outputs)
            return result[0] if self._one else result
        steps = self._decode(outputs[mask])
        return steps if self._one else split_steps(steps, sequences.lengths)

    def reset(self, rows: Any = None) -> Self:
        """Let sequences begin anew.

        Parameters
        ----------
        rows : array-like of int or None, default=None
            Which of them; None for all.

        Returns
        -------
        SequenceStream
            Itself.
        """
        at = self._rows(rows)
        begun = self._model._begun(None, len(at))
        self._state = put_rows(self._state, torch.from_numpy(at).to(self._device), begun)
        self.n_steps[at] = 0
        return self

    @property
    def state(self) -> SequenceState:
        """What the model remembers of each sequence, for another stream or call."""
        handed_out: SequenceState = self._model._handed_out(
            tuple(part.clone() for part in self._state)
        )
        return handed_out

    def close(self) -> None:
        """Take no more steps; the state can still be read."""
        self._closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __repr__(self) -> str:
        closed = ", closed" if self._closed else ""
        model = type(self._model).__name__
        return f"<stream of {self._n} sequence{'s' * (self._n != 1)} into {model}{closed}>"

    def _rows(self, rows: Any) -> np.ndarray:
        """Return the sequences that are meant, checked."""
        if self._closed:
            raise ValueError("the stream was closed; open another with stream(state=old.state).")
        if rows is None:
            return np.arange(self._n)
        at = np.atleast_1d(np.asarray(rows))
        if at.dtype.kind not in "iu" or len(np.unique(at)) != len(at):
            raise ValueError(f"rows={rows!r} must be different ints, the places of sequences.")
        outside = at[(at < 0) | (at >= self._n)]
        if len(outside) or not len(at):
            raise ValueError(
                f"rows={rows!r} must name some of the stream's {self._n} sequences, from 0 to "
                f"{self._n - 1}."
            )
        return at.astype(np.int64)

    def _step_inputs(self, x: Any, n: int) -> np.ndarray:
        """Return one step of `n` sequences as the network takes it."""
        spec = self._model._input_
        try:
            step = np.asarray(x)
        except ValueError as error:
            raise ValueError(f"x cannot be read as a step of numbers: {error}") from error
        if step.dtype == object:
            raise ValueError(
                "x holds sequences, or other objects, not numbers; feed() takes those."
            )
        if step.dtype.kind not in ("iu" if spec.is_tokens else "biuf"):
            kind = "token ids, which are ints" if spec.is_tokens else "numbers"
            raise ValueError(f"x has dtype {step.dtype}, but this model reads {kind}.")
        if step.size != n * spec.n_features or (step.ndim and not self._one and len(step) != n):
            wanted = str(spec.n_features) if self._one else f"{n} x {spec.n_features}"
            raise ValueError(
                f"x has the shape {step.shape}, but a step of this stream has {wanted} "
                f"number{'s' * (wanted != '1')}; feed() takes several steps."
            )
        if spec.is_tokens and not 0 <= step.min() <= step.max() <= np.iinfo(np.int32).max:
            raise ValueError(f"x holds a token id that is not from 0 to 2147483647: {step}.")
        with np.errstate(over="ignore"):  # what overflows is infinite, and refused as such
            inputs = np.array(step, dtype=np.int64 if spec.is_tokens else np.float32)
        if not np.isfinite(inputs).all():
            raise ValueError(
                f"x holds NaN or infinity, or a value too large for float32: {step.tolist()}."
            )
        return inputs.reshape(n, 1, spec.n_features)

    def _chunks(self, X: Any) -> Any:
        """Return `X` with an axis for sequences."""
        return [X] if self._one and not (isinstance(X, TokenArray) and X.dtype == object) else X

    def _run(self, inputs: np.ndarray, lengths: np.ndarray, at: np.ndarray) -> np.ndarray:
        """Advance the sequences `at`, and return the outputs of the network."""
        model, every = self._model, np.array_equal(at, np.arange(self._n))
        dtype = torch.long if model._input_.is_tokens else torch.float32
        block = torch.from_numpy(inputs).to(self._device, dtype)
        steps = torch.from_numpy(lengths).to(self._device)
        rows = torch.from_numpy(at).to(self._device)
        # More threads than one only get into each other's way in a batch this small.
        with (
            fast_cpu(1 if block.shape[0] * block.shape[1] < 64 else model.n_jobs),
            torch.inference_mode(),
        ):
            before = self._state if every else take_rows(self._state, rows)
            outputs, after = model.module_.forward_from(block, steps, before)
            self._state = after if every else put_rows(self._state, rows, after)
        self.n_steps[at] += lengths
        return outputs.cpu().numpy()
