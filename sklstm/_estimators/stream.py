"""SequenceStream and SequenceState: sequences read step by step."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any, Protocol, Self

import numpy as np
import torch
from torch import nn

from sklstm._sequences import (
    InputSpec,
    Ragged,
    TokenArray,
    as_container,
    check_nothing_cut,
    column_order,
    pad_batch,
    plain,
    split,
    unfill,
)
from sklstm._targets import Target
from sklstm._training import dtype_of, fast_cpu, float32_products, is_evaluating, reading_extra
from sklstm.nn.checks import TRUSTED
from sklstm.nn.state import State, put_rows, take_rows


class CausalModel(Protocol):
    """What a stream needs of a fitted estimator that reads sequences forward only."""

    module_: Any
    input_type: str
    n_jobs: int | None
    _input_: InputSpec
    _target_: Target

    def _read_X(self, X: Any, *, in_pieces: bool = False) -> Ragged:
        """Read `X` for a fitted estimator."""

    def _initial_state(self, state: SequenceState | None, n_sequences: int) -> State:
        """Return the network's state before the first step."""

    def _export_state(self, state: State) -> SequenceState:
        """Return a state of the network as the user gets it."""


class SequenceState:
    """The state of a model after the steps it has read, with one row per sequence.

    Returned by ``predict(X, return_state=True)`` and by streams. ``state[rows]`` selects
    sequences, in any order. A state can be copied and pickled.

    Attributes
    ----------
    parts : dict of ndarray of shape (n_sequences, size)
        Hidden and cell state of each layer, and the running value of the pooling, by name.
    model : str
        A digest of the model's weights.
    """

    def __init__(self, parts: dict[str, np.ndarray], model: str):
        self.parts = parts
        self.model = model

    @classmethod
    def of(cls, module: Any, state: State, model: str) -> SequenceState:
        """Return a state of the network as the user gets it."""
        names = [name for name, _ in module.state_sizes()]
        arrays = [part.detach().cpu().numpy() for part in state]
        return cls(dict(zip(names, arrays, strict=True)), model)

    def tensors(self, device: torch.device) -> State:
        """Return the state as the network takes it."""
        return tuple(torch.from_numpy(part).to(device) for part in self.parts.values())

    def __len__(self) -> int:
        return len(next(iter(self.parts.values())))

    def __getitem__(self, rows: Any) -> SequenceState:
        rows = np.atleast_1d(np.arange(len(self))[rows])
        return SequenceState({name: part[rows] for name, part in self.parts.items()}, self.model)

    def __repr__(self) -> str:
        parts = ", ".join(f"{name} ({part.shape[1]})" for name, part in self.parts.items())
        return f"<state of {len(self)} sequence{'s' * (len(self) != 1)}: {parts}>"


def check_state(state: Any, sizes: Sequence[tuple[str, int]], model: str, n_sequences: int) -> None:
    """Raise an error unless `state` is one of this model's, for that many sequences.

    Parameters
    ----------
    state : SequenceState
        What the user passed.
    sizes : sequence of tuple (str, int)
        Names and sizes of the parts of the network's state.
    model : str
        The digest of the model's weights.
    n_sequences : int
        Number of sequences in X.
    """
    if not isinstance(state, SequenceState):
        raise TypeError(
            f"state is of type {type(state).__name__}; pass what predict(X, return_state=True) "
            "returned as its second value, or None for the initial state."
        )
    given = {name: np.shape(part) for name, part in state.parts.items()}
    if list(given) != [name for name, _ in sizes]:
        raise ValueError(
            f"state holds {', '.join(given)}, but this model's state holds "
            f"{', '.join(name for name, _ in sizes)}: it comes from another model."
        )
    for name, size in sizes:
        if len(given[name]) != 2 or given[name][1] != size:
            raise ValueError(
                f"state has a {name} of shape {given[name]}, but this model's has the shape "
                f"(n_sequences, {size}): it comes from another model."
            )
    counts = {shape[0] for shape in given.values()}
    if counts != {n_sequences}:
        raise ValueError(
            f"state is of {' or '.join(map(str, sorted(counts)))} sequences, but X has "
            f"{n_sequences}; state[rows] selects those that X continues."
        )
    if state.model != model:
        raise ValueError(
            "state comes from another model, or this one was trained since; start from the initial "
            "state with state=None."
        )


def fingerprint(module: nn.Module) -> str:
    """Return a digest of all weights of `module`."""
    digest = hashlib.blake2b(digest_size=16)
    for name, tensor in module.state_dict().items():
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


class SequenceStream:
    """Read one sequence, or several in parallel, as they arrive.

    Created by the method `stream` of a fitted model. The result after a step is the one that the
    model would give for the whole sequence so far; only the new steps are computed. Use it in a
    ``with`` statement, or close it.

    Parameters
    ----------
    model : estimator
        A fitted model that reads forward only. Later changes to it, another fit included, have
        no effect on the stream.
    n_sequences : int or None
        Number of sequences; None for one, without an axis for sequences.
    response_method : str
        The method whose results are returned.
    state : SequenceState or None
        The state from which the sequences continue; None for the initial state.

    Attributes
    ----------
    n_steps : ndarray of shape (n_sequences,)
        Number of steps read of each sequence since the stream was opened or reset.
    """

    def __init__(
        self,
        model: CausalModel,
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
                f"n_sequences={plain(n_sequences)!r} must be an int of at least 1, or None for one "
                "sequence."
            )
        model = copy.copy(model)
        if model._input_.is_tokens:
            model.input_type = "tokens"  # also for ids that come without their vocabulary
        if not is_evaluating(model.module_):
            model.module_ = copy.deepcopy(model.module_).eval()
        self._model = model
        self._in_its_dtype = dtype_of(model.module_)
        self._one = n_sequences is None
        self._n = 1 if n_sequences is None else int(n_sequences)
        self._decode = model._target_.decoder(response_method, None).rows
        self._state = model._initial_state(state, self._n)
        self._device = self._state[0].device
        self._closed = False
        self.n_steps = np.zeros(self._n, dtype=np.int64)

    def step(self, x: Any, rows: Any = None) -> Any:
        """Read one more step, and return the result so far.

        Parameters
        ----------
        x : number, or array-like of shape (n_features,)
            The step; for several sequences an axis for them comes first: (n_sequences,) or
            (n_sequences, n_features). Token ids where the model reads tokens.
        rows : array-like of int or None, default=None
            Which sequences the steps belong to; None for all.

        Returns
        -------
        result
            The result of the stream's method for all steps so far: for one sequence a label, a
            number or a row of probabilities, for several an array of them. A model with one
            output for every step returns that of this step.

        Raises
        ------
        ValueError
            If x is not such a step, or the stream was closed. The stream is unchanged then.
        """
        at = self._rows(rows)
        inputs = self._step_inputs(x, len(at))
        outputs = self._run(inputs, np.ones(len(at), dtype=np.int64), at)
        if self._model._target_.per_step:
            outputs = outputs[:, 0]
        result = self._decode(outputs)
        return result[0] if self._one else result

    def feed(self, X: Any, rows: Any = None) -> Any:
        """Read a chunk of steps, and return the result so far.

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
            As for `step`. A model with one output for every step returns those of the chunk.

        Raises
        ------
        ValueError, TypeError
            If X is not such a chunk, or the stream was closed. The stream is unchanged then.
        """
        at = self._rows(rows)
        model = self._model
        sequences = model._read_X(self._chunks(X), in_pieces=True)
        check_nothing_cut(sequences)
        if len(sequences) != len(at):
            raise ValueError(
                f"X holds chunks of {len(sequences)} sequences, but {len(at)} are expected; pass "
                "rows= to say which."
            )
        # An empty chunk leaves the state as it is.
        filled = np.flatnonzero(sequences.lengths)
        lengths = sequences.lengths[filled]
        if not len(filled):
            steps = self._decode(self._no_outputs())
            return steps if self._one else split(steps, sequences.lengths)
        inputs, _ = pad_batch(sequences, filled)
        with reading_extra(sequences):
            outputs = self._run(inputs, lengths, at[filled])
        if not model._target_.per_step:
            result = self._decode(outputs)
            return result[0] if self._one else result
        steps = self._decode(unfill(outputs, lengths, "post"))
        return steps if self._one else split(steps, sequences.lengths)

    def reset(self, rows: Any = None) -> Self:
        """Reset sequences to the initial state.

        Parameters
        ----------
        rows : array-like of int or None, default=None
            Which of them; None for all.

        Returns
        -------
        self : SequenceStream
            The stream.
        """
        at = self._rows(rows)
        begun = self._model._initial_state(None, len(at))
        self._state = put_rows(self._state, torch.from_numpy(at).to(self._device), begun)
        self.n_steps[at] = 0
        return self

    @property
    def state(self) -> SequenceState:
        """The state of each sequence, for another stream or call."""
        return self._model._export_state(tuple(part.clone() for part in self._state))

    def close(self) -> None:
        """Accept no more steps; the state can still be read."""
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
            raise ValueError(
                f"rows={plain(rows)!r} must be different ints, the indices of sequences."
            )
        outside = at[(at < 0) | (at >= self._n)]
        if len(outside) or not len(at):
            raise ValueError(
                f"rows={plain(rows)!r} must name some of the stream's {self._n} sequences, from 0 "
                f"to {self._n - 1}."
            )
        return at.astype(np.int64)

    def _step_inputs(self, x: Any, n: int) -> np.ndarray:
        """Return one step of `n` sequences as the network takes it."""
        spec = self._model._input_
        x = self._in_order(as_container(x, "x"))
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
        # A bag of words may have any number of ids.
        width = max(1, step.size // n) if spec.has_bags else spec.n_features
        if step.size != n * width or (step.ndim and not self._one and len(step) != n):
            wanted = str(width) if self._one else f"{n} x {width}"
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
        return inputs.reshape(n, 1, width)

    def _in_order(self, x: Any) -> Any:
        """Return a row, or the rows, of a data frame with its columns in the order of fit."""
        columns = self._model._input_.columns
        if columns is None or not hasattr(x, "iloc"):
            return x
        names = list(getattr(x, "columns", x.index))
        if x.ndim == 1 and set(names) != set(columns):
            return x  # these are no names of features
        order = column_order(names, columns, "x")
        return x if order is None else np.asarray(x)[..., order]

    def _chunks(self, X: Any) -> Any:
        """Return `X` with an axis for sequences."""
        return [X] if self._one and not (isinstance(X, TokenArray) and X.dtype == object) else X

    def _no_outputs(self) -> np.ndarray:
        """Return the outputs of the network for no step."""
        spec = self._model._input_
        step = torch.zeros(1, 1, spec.n_features, device=self._device)
        step = step.long() if spec.is_tokens else step
        with torch.inference_mode():
            outputs, _ = self._model.module_.forward_from(
                step,
                torch.ones(1, dtype=torch.long, device=self._device),
                self._model._initial_state(None, 1),
            )
        nothing: np.ndarray = outputs.cpu().numpy()[0, :0]
        return nothing

    def _run(self, inputs: np.ndarray, lengths: np.ndarray, at: np.ndarray) -> np.ndarray:
        """Advance the sequences `at`, and return the outputs of the network."""
        model, every = self._model, np.array_equal(at, np.arange(self._n))
        dtype = torch.long if model._input_.is_tokens else torch.float32
        block = torch.from_numpy(inputs).to(self._device, dtype)
        steps = torch.from_numpy(lengths).to(self._device)
        rows = torch.from_numpy(at).to(self._device)
        # Several threads only slow each other down in a batch this small.
        with (
            fast_cpu(1 if block.shape[0] * block.shape[1] < 64 else model.n_jobs),
            self._in_its_dtype(),
            float32_products() if self._device.type == "cuda" else nullcontext(),
            torch.inference_mode(),
            TRUSTED,  # inputs and state are checked: a step takes a fraction of a millisecond
        ):
            before = self._state if every else take_rows(self._state, rows)
            outputs, after = model.module_.forward_from(block, steps, before)
            self._state = after if every else put_rows(self._state, rows, after)
        self.n_steps[at] += lengths
        return outputs.cpu().numpy()
