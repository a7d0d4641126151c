"""Choose the next tokens of a language model: at random, or the best of those allowed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from numbers import Integral
from typing import Any

import torch
from torch import Tensor

from sklstm.nn.checks import check_tensor, not_negative, positive, whole
from sklstm.nn.state import State, take_rows

# Of sums of float32 probabilities: 0.5 + 0.25 + 0.15 must not be below 0.9.
_ROUNDING = 1e-6

Step = Callable[[Tensor, State], tuple[Tensor, State]]


def sampling_distribution(
    log_probs: Tensor,
    *,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
) -> Tensor:
    """Return the distribution that next tokens are drawn from.

    The parameters apply in the order in which they are listed, and what is left is normalised after
    each of them.

    Parameters
    ----------
    log_probs : Tensor of shape (batch, n_ids)
        Log-probabilities of the next token, normalised or not. Those that are minus infinity are
        never drawn.
    temperature : float, default=1.0
        Log-probabilities are divided by this number: below 1, likely tokens become more likely,
        above 1 less. 0 leaves the most likely token alone, of several the one with the smallest
        id.
    top_k : int or None, default=None
        Leave the `top_k` most likely tokens; equally likely ones in the order of their ids. None
        leaves all.
    top_p : float or None, default=None
        Leave the most likely tokens up to the first one with which their probabilities add up to
        `top_p` or more, in (0, 1]; this is called nucleus sampling. None leaves all, and so does 1.

    Returns
    -------
    log_probs : Tensor of shape (batch, n_ids)
        Normalised log-probabilities; minus infinity for tokens that are left out.

    Raises
    ------
    TypeError, ValueError
        If an argument is of another type or out of range, or a row of `log_probs` has no
        finite maximum.

    References
    ----------
    Holtzman, A., Buys, J., Du, L., Forbes, M., & Choi, Y. (2020). The curious case of neural text
    degeneration. ICLR. Section 3.1 (nucleus), section 3.2 (top k).

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn import sampling_distribution
    >>> log_probs = torch.tensor([[0.5, 0.25, 0.15, 0.1]]).log()
    >>> sampling_distribution(log_probs, top_k=2).exp()
    tensor([[0.6667, 0.3333, 0.0000, 0.0000]])
    >>> sampling_distribution(log_probs, top_p=0.8).exp()
    tensor([[0.5556, 0.2778, 0.1667, 0.0000]])
    >>> sampling_distribution(log_probs, temperature=0).exp()
    tensor([[1., 0., 0., 0.]])
    """
    temperature = not_negative("temperature", temperature)
    top_k = None if top_k is None else whole("top_k", top_k)
    if top_p is not None:
        top_p = positive("top_p", top_p)
        if top_p > 1:
            raise ValueError(f"top_p must be in (0, 1], got {top_p}.")
    check_tensor("log_probs", log_probs, "batch", "n_ids")
    largest = _largest(log_probs)
    if temperature == 0:
        kept = torch.zeros_like(log_probs, dtype=torch.bool)
        kept.scatter_(1, log_probs.argmax(1, keepdim=True), True)
        return torch.where(kept, 0.0, -torch.inf).to(log_probs.dtype)
    # Beyond these bounds, nothing changes but what float32 makes of the temperature, 0 or infinity.
    temperature = min(max(temperature, 1e-30), 1e30)
    scaled = torch.log_softmax((log_probs - largest) / temperature, dim=1)
    n_ids = scaled.shape[1]
    if (top_k is None or top_k >= n_ids) and (top_p is None or top_p == 1):
        return scaled
    ordered, order = scaled.sort(dim=1, descending=True, stable=True)  # (batch, n_ids)
    if top_k is not None and top_k < n_ids:
        ordered[:, top_k:] = -torch.inf
        ordered = torch.log_softmax(ordered, dim=1)
    if top_p is not None and top_p < 1:
        probs = ordered.double().exp()
        before = probs.cumsum(1) - probs  # 0 for the first token, which therefore stays
        ordered[before >= top_p * (1 - _ROUNDING)] = -torch.inf
    filtered = torch.full_like(scaled, -torch.inf).scatter_(1, order, ordered)
    return torch.log_softmax(filtered, dim=1)


def sample_tokens(
    log_probs: Tensor,
    generators: Sequence[torch.Generator],
    *,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
) -> Tensor:
    """Draw one next token for each row, each by a generator of its own.

    A row takes exactly one number from its generator, whatever the other rows are, so that a text
    does not depend on the texts that are generated with it. With ``temperature=0`` nothing is
    random, and generators stay as they are.

    Parameters
    ----------
    log_probs : Tensor of shape (batch, n_ids)
        Log-probabilities of the next token, normalised or not.
    generators : sequence of torch.Generator
        One for each row, on the CPU.
    temperature : float, default=1.0
        As in :func:`sampling_distribution`; 0 takes the most likely token.
    top_k : int or None, default=None
        As in :func:`sampling_distribution`.
    top_p : float or None, default=None
        As in :func:`sampling_distribution`.

    Returns
    -------
    ids : Tensor of int64 of shape (batch,)
        The tokens.

    Raises
    ------
    TypeError, ValueError
        As in :func:`sampling_distribution`; or if there is not one generator for each row.

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn import sample_tokens
    >>> log_probs = torch.tensor([[0.9, 0.1, 0.0], [0.0, 0.5, 0.5]]).log()
    >>> generators = [torch.Generator().manual_seed(seed) for seed in (4, 0)]
    >>> sample_tokens(log_probs, generators)
    tensor([0, 2])
    >>> sample_tokens(log_probs, generators, temperature=0)
    tensor([0, 1])
    """
    distribution = sampling_distribution(
        log_probs, temperature=temperature, top_k=top_k, top_p=top_p
    )
    wrong = next((g for g in generators if not isinstance(g, torch.Generator)), None)
    if wrong is not None:
        raise TypeError(f"generators must hold torch.Generator, got {type(wrong).__name__}.")
    if len(generators) != len(log_probs):
        raise ValueError(
            f"generators has {len(generators)} items, but log_probs has {len(log_probs)} rows; "
            "give one generator for each row."
        )
    if temperature == 0 or not len(log_probs):
        return distribution.argmax(1)
    numbers = [torch.rand(1, dtype=torch.float64, generator=g) for g in generators]
    drawn = torch.stack(numbers).to(log_probs.device)  # (batch, 1)
    # The first token of which the cumulative probability exceeds the number that was drawn.
    cumulative = distribution.double().exp().cumsum(1)  # (batch, n_ids)
    total = cumulative[:, -1:]
    ids = torch.searchsorted(cumulative, drawn * total, right=True)
    # Rounding may give the total itself, which no token exceeds: the last one reaches it.
    last = (cumulative >= total).int().argmax(1, keepdim=True)
    return torch.minimum(ids, last).squeeze(1)


def constrained_search(
    step: Step,
    log_probs: Tensor,
    state: State,
    allowed: Sequence[Sequence[Sequence[int]]],
    *,
    beam_width: int = 1,
) -> tuple[list[list[int]], Tensor]:
    """Choose one token from each set of allowed tokens, so that the whole is as likely as possible.

    The score of a choice is the sum of the log-probabilities of its tokens, each given those
    before it. Beam search keeps the `beam_width` best beginnings at every position. A width of 1
    takes the most likely token each time (greedy search); a width of the number of all combinations
    finds the best one.

    Parameters
    ----------
    step : callable
        Maps the next token of each hypothesis, an int64 Tensor of shape (n,), and their states to
        the log-probabilities of the tokens after it, of shape (n, n_ids), and the new states. The
        number of hypotheses n changes from call to call; those of all rows are read together.
    log_probs : Tensor of shape (batch, n_ids)
        Log-probabilities of the first token of each row.
    state : tuple of Tensor of shape (batch, ...)
        The states that belong to `log_probs`; may be empty.
    allowed : sequence of sequences of sequences of int
        For each row, and each position in it, the ids to choose from. Rows may have different
        numbers of positions. Ids that are given twice count once.
    beam_width : int, default=1
        Number of hypotheses of each row.

    Returns
    -------
    ids : list of lists of int
        For each row, the id chosen at each position. Of equally good choices, the one that comes
        first in `allowed`.
    scores : Tensor of float64 of shape (batch,)
        The sum of the log-probabilities of the ids of each row; 0 for a row without positions.

    Raises
    ------
    TypeError, ValueError
        If there is nothing to choose from at a position, an id is no integer or out of range, or
        the number of rows differs; or if a log-probability is NaN.

    Examples
    --------
    The token 1 is the more likely first one, but no token after it is likely:

    >>> import torch
    >>> from sklstm.nn import constrained_search
    >>> first = torch.tensor([[0.4, 0.6, 0.0, 0.0]]).log()
    >>> after = torch.tensor([[0.0, 0.0, 0.9, 0.1], [0.2, 0.2, 0.3, 0.3]]).log()
    >>> def step(ids, state):
    ...     return after[ids], state
    >>> ids, scores = constrained_search(step, first, (), [[[0, 1], [2, 3]]])
    >>> ids, scores.exp()
    ([[1, 2]], tensor([0.1800], dtype=torch.float64))
    >>> ids, scores = constrained_search(step, first, (), [[[0, 1], [2, 3]]], beam_width=2)
    >>> ids, scores.exp()
    ([[0, 2]], tensor([0.3600], dtype=torch.float64))
    """
    beam_width = whole("beam_width", beam_width)
    check_tensor("log_probs", log_probs, "batch", "n_ids")
    n_rows, n_ids = log_probs.shape
    choices = _checked(allowed, n_rows, n_ids)
    device = log_probs.device
    found: list[list[int]] = [[] for _ in range(n_rows)]
    best = torch.zeros(n_rows, dtype=torch.float64, device=device)
    # The hypotheses of all rows that have positions left, grouped by row.
    rows = [row for row in range(n_rows) if choices[row]]
    counts = [1] * len(rows)
    paths: list[list[int]] = [[] for _ in rows]
    at = torch.tensor(rows, dtype=torch.int64, device=device)
    scores = best[at]  # (n,)
    log_probs, state = log_probs[at], take_rows(state, at)
    for position in range(max(map(len, choices), default=0)):
        next_rows: list[int] = []
        next_counts, next_paths, parents, last, kept_scores = [], [], [], [], []
        start = 0
        for row, count in zip(rows, counts, strict=True):
            ids = torch.tensor(choices[row][position], device=device)  # (k,)
            group = slice(start, start + count)
            totals = scores[group, None] + log_probs[group].index_select(1, ids).double()
            if totals.isnan().any():
                raise ValueError(
                    f"log_probs at position {position} of row {row} are NaN for an allowed id."
                )
            ordered, order = totals.flatten().sort(descending=True, stable=True)
            ordered, order = ordered[:beam_width], order[:beam_width]
            parent = start + order.div(len(ids), rounding_mode="floor")
            chosen = ids[order % len(ids)]
            grown = [
                [*paths[i], token]
                for i, token in zip(parent.tolist(), chosen.tolist(), strict=True)
            ]
            start += count
            if position + 1 == len(choices[row]):
                found[row], best[row] = grown[0], ordered[0]
                continue
            next_rows.append(row)
            next_counts.append(len(grown))
            next_paths += grown
            parents.append(parent)
            last.append(chosen)
            kept_scores.append(ordered)
        if not next_rows:
            break
        rows, counts, paths = next_rows, next_counts, next_paths
        scores = torch.cat(kept_scores)
        log_probs, state = step(torch.cat(last), take_rows(state, torch.cat(parents)))
        check_tensor("log_probs of step", log_probs, len(paths), n_ids)
    return found, best


def _largest(log_probs: Tensor) -> Tensor:
    """Return the largest log-probability of each row; raise ValueError unless it is finite."""
    if not log_probs.shape[1]:
        raise ValueError("log_probs has no ids to choose from.")
    largest = log_probs.amax(1, keepdim=True)  # (batch, 1); NaN if any is
    wrong = (~largest.isfinite()).nonzero()
    if len(wrong):
        row = int(wrong[0, 0])
        raise ValueError(
            f"the largest of log_probs[{row}] is {float(largest[row])}, but must be finite."
        )
    return largest


def _checked(allowed: Any, n_rows: int, n_ids: int) -> list[list[list[int]]]:
    """Return the allowed ids as lists without duplicates."""
    if len(allowed) != n_rows:
        raise ValueError(
            f"allowed has {len(allowed)} items, but log_probs has {n_rows} rows; give the allowed "
            "ids of each row."
        )
    checked = []
    for i, positions in enumerate(allowed):
        bags = []
        for j, given in enumerate(positions):
            ids = given.tolist() if hasattr(given, "tolist") else given
            if not isinstance(ids, Iterable):
                raise TypeError(f"allowed[{i}][{j}] must be a list of ids, got {ids!r}.")
            ids = list(ids)
            if not ids:
                raise ValueError(f"allowed[{i}][{j}] is empty; give at least one id.")
            for k, token in enumerate(ids):
                if isinstance(token, bool) or not isinstance(token, Integral):
                    raise TypeError(f"allowed[{i}][{j}][{k}] must be an int, got {token!r}.")
                if not 0 <= int(token) < n_ids:
                    raise ValueError(
                        f"allowed[{i}][{j}][{k}] is {token}, but must be from 0 to {n_ids - 1}."
                    )
            bags.append(list(dict.fromkeys(map(int, ids))))
        checked.append(bags)
    return checked
