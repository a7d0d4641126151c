"""Integrated gradients: how much each step of a sequence adds to an output of a network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from sklstm._sequences import Ragged, ranges
from sklstm._training.batches import most_steps, to_tensors
from sklstm._training.predict import evaluation_mode, move_to, reading_extra, sequence_batches
from sklstm._training.runtime import fast_cpu
from sklstm.nn import SequenceNetwork, TokenEmbedding

# Of what attributions have to add up to: the error from which on more nodes are tried.
TOLERANCE = 0.01
# Where attributions cancel each other, or hardly change the output, float32 keeps no such fraction
# of what is left: errors are relative to these fractions of their sizes or that of the output then.
_LEAST_OF_PARTS, _LEAST_OF_OUTPUT = 0.01, 1e-4
FIRST_NODES, MOST_NODES = 32, 1024

Explained = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class PathIntegrals:
    """Integrated gradients of sequences.

    Attributes
    ----------
    values : ndarray of shape (total_steps, n_features), float64
        What each feature of each step adds to the output of its sequence.
    outputs, baseline_outputs : ndarray of shape (n_sequences,), float64
        The explained output, of the sequence and of its baseline.
    errors : ndarray of shape (n_sequences,), float64
        Difference between the sum of the attributions and that of both outputs, relative to the
        latter, or to a hundredth of all absolute attributions or 1e-4 of the output if this is
        more.
    n_nodes : ndarray of shape (n_sequences,), int
        Number of points of the path at which the gradient was computed.
    """

    values: np.ndarray
    outputs: np.ndarray
    baseline_outputs: np.ndarray
    errors: np.ndarray
    n_nodes: np.ndarray


def integrate_gradients(
    module: SequenceNetwork,
    sequences: Ragged,
    baseline: Ragged | None,
    explained: Explained,
    index: np.ndarray,
    *,
    steps: np.ndarray | None,
    n_nodes: int | None,
    device: torch.device,
    n_jobs: int | None,
) -> PathIntegrals:
    """Integrate the gradient of an output along the straight line from a baseline [1]_.

    The line is drawn where `SequenceNetwork.read` has standardised values or looked up the vectors
    of tokens, as there is nothing between two tokens. A linear path beside the network reads TF-IDF
    or values of its own, which move along a line as well; its part is exact.

    Parameters
    ----------
    module : SequenceNetwork
        The network.
    sequences : Ragged
        The sequences, none of them empty.
    baseline : Ragged or None
        A sequence of the same length for each; None for zero vectors, and no words for a linear
        path.
    explained : callable
        Maps outputs of shape (n, ...) in double precision, and the ``(n,)`` index of one of
        them, to the number that is explained.
    index : ndarray of shape (n_sequences,)
        The index of each sequence.
    steps : ndarray of shape (n_sequences,) or None
        The step of each sequence whose output is explained, where every step has one.
    n_nodes : int or None
        Number of points of the Gauss-Legendre rule. None doubles it where the error is above
        `TOLERANCE`.
    device : torch.device
        Where to compute.
    n_jobs : int or None
        Number of torch threads.

    References
    ----------
    .. [1] M. Sundararajan, A. Taly, Q. Yan, "Axiomatic Attribution for Deep Networks", ICML 2017,
       sections 3 to 5.
    """
    move_to(module, device)
    n, width = len(sequences), sequences.n_features
    if sequences.has_characters or _averages(module):
        width = 1
    values = np.zeros((int(sequences.lengths.sum()), width))
    outputs, baseline_outputs, errors = np.zeros(n), np.zeros(n), np.zeros(n)
    used = np.zeros(n, dtype=np.int64)
    rows_of = np.cumsum(sequences.lengths) - sequences.lengths
    with _differentiating(module, n_jobs):
        for indices in sequence_batches(sequences):
            left = indices
            for count in _node_counts(n_nodes):
                line = _Line.between(module, sequences, baseline, left, device)
                picked = torch.from_numpy(index[left])
                at = None if steps is None else torch.from_numpy(steps[left]).to(device)
                parts, ends = line.integrate(explained, picked, at, count, most_steps(sequences))
                lengths = sequences.lengths[left]
                own = parts[np.arange(parts.shape[1]) < lengths[:, None]]  # (steps, width)
                values[ranges(rows_of[left], lengths)] = own
                outputs[left], baseline_outputs[left], used[left] = ends[1], ends[0], count
                errors[left] = _relative_error(parts, ends)
                left = left[errors[left] > TOLERANCE]
                if not len(left):
                    break
    return PathIntegrals(values, outputs, baseline_outputs, errors, used)


def _node_counts(n_nodes: int | None) -> list[int]:
    """Return the numbers of nodes that are tried, one after the other."""
    if n_nodes is not None:
        return [n_nodes]
    counts = [FIRST_NODES]
    while counts[-1] < MOST_NODES:
        counts.append(2 * counts[-1])
    return counts


def _relative_error(parts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Return by how much (batch, time, width) parts miss the difference of (2, batch) outputs."""
    difference = ends[1] - ends[0]
    scale = np.abs(difference)
    scale = np.maximum(scale, _LEAST_OF_PARTS * np.abs(parts).sum(axis=(1, 2)))
    scale = np.maximum(scale, _LEAST_OF_OUTPUT * np.abs(ends).max(axis=0))
    miss = np.abs(parts.sum(axis=(1, 2)) - difference)
    errors = np.divide(miss, scale, out=np.zeros_like(miss), where=scale > 0)
    return np.where(np.isfinite(miss), errors, np.inf)


def _averages(module: SequenceNetwork) -> bool:
    """Return True if the vectors of the words of a step are averaged, so that they are one."""
    return isinstance(module.embedding, TokenEmbedding) and module.embedding.average


@contextmanager
def _differentiating(module: SequenceNetwork, n_jobs: int | None) -> Iterator[None]:
    """Run the body in evaluation mode with gradients, whatever the caller has set.

    The recurrent kernels of cuDNN differentiate in training mode only; torch's own do in both.
    """
    with (
        evaluation_mode(module),
        fast_cpu(n_jobs),
        torch.inference_mode(False),
        torch.enable_grad(),
        torch.backends.cudnn.flags(enabled=False),
    ):
        yield


@dataclass(frozen=True)
class _Line:
    """The lines from the baselines to the sequences of a batch.

    Attributes
    ----------
    module : SequenceNetwork
        The network.
    begin, end : Tensor of shape (batch, time, size)
        What `SequenceNetwork.read` returns for the baseline and the sequence.
    lengths : Tensor of shape (batch,)
        Number of steps of each sequence.
    linear : tuple of Tensor of shape (batch, n_outputs), or None
        Outputs of the linear path for both.
    change : Tensor of shape (batch, time, width, n_outputs) or None
        By how much each step and feature changes the outputs of the linear path.
    width : int
        Number of features of a step that are told apart.
    """

    module: SequenceNetwork
    begin: Tensor
    end: Tensor
    lengths: Tensor
    linear: tuple[Tensor, Tensor] | None
    change: Tensor | None
    width: int

    @classmethod
    @torch.no_grad()
    def between(
        cls,
        module: SequenceNetwork,
        sequences: Ragged,
        baseline: Ragged | None,
        indices: np.ndarray,
        device: torch.device,
    ) -> _Line:
        """Read some sequences and their baselines."""
        path = module.linear_path
        inputs, lengths = to_tensors(sequences, indices, device)
        one = sequences.has_characters or _averages(module)
        width = 1 if one else inputs.shape[2]
        with reading_extra(sequences):
            end = module.read(inputs, lengths)  # (batch, time, size)
        begin = torch.zeros_like(end)
        change = None if path is None else path.contributions(inputs, lengths)
        linear = None if path is None else path.bias.expand(len(inputs), -1)
        if baseline is not None:
            inputs, _ = to_tensors(baseline, indices, device)
            with reading_extra(baseline):
                begin = module.read(inputs, lengths)
            if path is not None and change is not None and linear is not None:
                before = path.contributions(inputs, lengths)  # (batch, time, width, n_outputs)
                change, linear = change - before, linear + before.sum(dim=(1, 2))
        if change is None or linear is None:
            return cls(module, begin, end, lengths, None, None, width)
        both = (linear, linear + change.sum(dim=(1, 2)))
        return cls(module, begin, end, lengths, both, change, width)

    def integrate(
        self,
        explained: Explained,
        index: Tensor,
        steps: Tensor | None,
        n_nodes: int,
        most: int,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return attributions (batch, time, width), and the outputs (2, batch) at both ends."""
        n, n_steps = self.end.shape[:2]
        nodes, weights = np.polynomial.legendre.leggauss(n_nodes)
        places = torch.from_numpy((nodes + 1) / 2).to(self.end)
        mass = torch.from_numpy(weights / 2).to(self.end)
        slopes = torch.zeros_like(self.end)
        slopes_of_path = None if self.linear is None else torch.zeros_like(self.linear[0])
        size = max(1, most // (n * n_steps))
        for first in range(0, n_nodes, size):
            at = places[first : first + size]
            x, lin = (part.detach().requires_grad_() for part in self._points(at))
            values = self._respond(explained, x, lin, index, steps, len(at))
            found = torch.autograd.grad(values.sum(), (x, lin), allow_unused=True)
            share = mass[first : first + size, None, None, None]
            slopes += (found[0].view(len(at), *self.end.shape) * share).sum(dim=0)
            if slopes_of_path is not None and found[1] is not None:
                by_node = found[1].view(len(at), *slopes_of_path.shape)
                slopes_of_path += (by_node * share[:, :, 0]).sum(dim=0)
        with torch.no_grad():
            parts = self._fold(slopes * (self.end - self.begin))  # (batch, time, width)
            if self.change is not None and slopes_of_path is not None:
                parts = parts + torch.einsum("btwk,bk->btw", self.change, slopes_of_path)
            ends = self._respond(
                explained, *self._points(places.new_tensor([0.0, 1.0])), index, steps, 2
            )
        return parts.double().cpu().numpy(), ends.view(2, n).cpu().numpy()

    def _points(self, places: Tensor) -> tuple[Tensor, Tensor]:
        """Return what the network and the linear path give at places (k,) of all lines.

        Tensors of shape (k * batch, time, size) and (k * batch, n_outputs), the latter empty
        without a linear path.
        """
        far = places[:, None, None, None]
        x = (self.begin + far * (self.end - self.begin)).flatten(0, 1)
        if self.linear is None:
            return x, x.new_zeros(0)
        begin, end = self.linear
        return x, (begin + far[:, :, 0] * (end - begin)).flatten(0, 1)

    def _respond(
        self,
        explained: Explained,
        x: Tensor,
        linear: Tensor,
        index: Tensor,
        steps: Tensor | None,
        n_places: int,
    ) -> Tensor:
        """Return the explained outputs, ``(n_places * batch,)``, in double precision."""
        lengths = self.lengths.repeat(n_places)
        outputs = self.module.respond(self.module.encode_read(x, lengths))
        if steps is not None:
            rows = torch.arange(len(outputs), device=outputs.device)
            outputs = outputs[rows, steps.repeat(n_places)]
        outputs = outputs.cpu().double()  # not every device has double precision
        path = self.module.linear_path
        if path is not None:
            shares = path.shares.detach().cpu().double()
            outputs = shares[0] * outputs + shares[1] * linear.cpu().double()
        return explained(outputs, index.repeat(n_places))

    def _fold(self, parts: Tensor) -> Tensor:
        """Add up what belongs to one feature or token: (batch, time, size) to (.., width)."""
        if isinstance(self.module.embedding, TokenEmbedding):  # the vectors of a step's tokens
            return parts.unflatten(2, (self.width, -1)).sum(dim=3)
        if self.module.embedding is not None:  # a word and its characters
            return parts.sum(dim=2, keepdim=True)
        return parts.unflatten(2, (-1, self.width)).sum(dim=2)  # on one scale or two
