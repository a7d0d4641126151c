"""Choose the next tokens of a model: at random, the best of those allowed, or the best text."""

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


def beam_search(
    step: Step,
    log_probs: Tensor,
    state: State,
    *,
    end: int,
    max_length: int,
    n_beams: int = 1,
) -> tuple[list[list[int]], Tensor]:
    """Find a probable sequence of tokens for each row, of any length up to a limit.

    The score of a sequence is the mean of the log-probabilities of its tokens and of its end, each
    given the tokens before it [1]_: their sum would favour short sequences. Beam search extends
    the `n_beams` most probable beginnings at each step. 1 takes the most probable token each time
    (greedy search); a number as large as that of all sequences finds the best one. A row is done
    as soon as none of its beginnings can lead to a better score than a sequence that has ended.

    Parameters
    ----------
    step : callable
        Maps the next token of each hypothesis, an int64 Tensor of shape (n,), and their states to
        the log-probabilities of the tokens after it, of shape (n, n_ids), and the new states. The
        number of hypotheses n changes from call to call; those of all rows are read together.
    log_probs : Tensor of shape (batch, n_ids)
        Log-probabilities of the first token of each row; minus infinity for those that are never
        chosen.
    state : tuple of Tensor of shape (batch, ...)
        The states that belong to `log_probs`; may be empty.
    end : int
        The id that ends a sequence.
    max_length : int
        Number of tokens after which a sequence has to end.
    n_beams : int, default=1
        Number of hypotheses of each row.

    Returns
    -------
    ids : list of lists of int
        The tokens of each row, without the end.
    scores : Tensor of float64 of shape (batch,)
        Their scores.

    Raises
    ------
    TypeError, ValueError
        If an argument is of another type or out of range; or if a log-probability is NaN.

    References
    ----------
    .. [1] Y. Wu et al., "Google's Neural Machine Translation System", arXiv:1609.08144, 2016,
       section 7, with an exponent of 1.

    Examples
    --------
    The token 0 is the more probable first one, but 1 leads to a more probable sequence:

    >>> import torch
    >>> from sklstm.nn import beam_search
    >>> first = torch.tensor([[0.6, 0.4, 0.0]]).log()
    >>> after = torch.tensor([[0.3, 0.3, 0.4], [0.0, 0.0, 1.0]]).log()
    >>> def step(ids, state):
    ...     return after[ids], state
    >>> beam_search(step, first, (), end=2, max_length=5)[0]
    [[0]]
    >>> ids, scores = beam_search(step, first, (), end=2, max_length=5, n_beams=2)
    >>> ids, (2 * scores).exp().round(decimals=6)  # a token and the end
    ([[1]], tensor([0.4000], dtype=torch.float64))
    """
    n_beams, max_length = whole("n_beams", n_beams), whole("max_length", max_length, 0)
    check_tensor("log_probs", log_probs, "batch", "n_ids")
    n_rows, n_ids = log_probs.shape
    if whole("end", end, 0) >= n_ids:
        raise ValueError(f"end must be below n_ids={n_ids}, got {end}.")
    device = log_probs.device
    found: list[list[int]] = [[] for _ in range(n_rows)]
    best = torch.full((n_rows,), -torch.inf, dtype=torch.float64, device=device)
    # Of the rows that are not done, each with the same number of hypotheses. Those that ended, or
    # that there were too few tokens for, have a score of minus infinity.
    rows = torch.arange(n_rows, device=device)
    scores = torch.zeros((n_rows, 1), dtype=torch.float64, device=device)  # (rows, beams)
    paths = torch.zeros((n_rows, 1, 0), dtype=torch.int64, device=device)  # (rows, beams, length)
    for length in range(max_length + 1):
        n_left, width = scores.shape
        if log_probs.isnan().any():
            raise ValueError(f"log_probs of the tokens at position {length} are NaN.")
        log_probs = log_probs.double().view(n_left, width, n_ids)
        if length == max_length:
            ended = (scores + log_probs[:, :, end]).max(dim=1)
            _keep_better(found, best, rows, ended.values / (length + 1), paths, ended.indices)
            break
        totals = (scores.unsqueeze(2) + log_probs).flatten(1)  # (rows, beams * n_ids)
        top, at = totals.topk(min(n_beams, totals.shape[1]), dim=1)  # (rows, new beams)
        parent, token = at // n_ids, at % n_ids
        ended = top.masked_fill(token != end, -torch.inf).max(dim=1)
        origin = parent.gather(1, ended.indices.unsqueeze(1)).squeeze(1)
        _keep_better(found, best, rows, ended.values / (length + 1), paths, origin)
        scores = top.masked_fill(token == end, -torch.inf)
        # A sum of log-probabilities never grows, and its mean is the best over the most tokens.
        within_reach = scores.amax(dim=1) / (max_length + 1)
        going = torch.nonzero((within_reach > best[rows]) & within_reach.isfinite()).flatten()
        if not len(going):
            break
        rows, scores, token, parent = rows[going], scores[going], token[going], parent[going]
        grown = parent.unsqueeze(2).expand(-1, -1, length)
        paths = torch.cat([paths[going].gather(1, grown), token.unsqueeze(2)], dim=2)
        origins = (going.unsqueeze(1) * width + parent).flatten()
        log_probs, state = step(token.flatten(), take_rows(state, origins))
        check_tensor("log_probs of step", log_probs, len(origins), n_ids)
    return found, best


def _keep_better(
    found: list[list[int]],
    best: Tensor,
    rows: Tensor,
    scores: Tensor,
    paths: Tensor,
    beams: Tensor,
) -> None:
    """Store the sequences of rows, one beam of each, whose score is better than the best so far."""
    better = torch.nonzero(scores > best[rows]).flatten()
    best[rows[better]] = scores[better]
    kept = paths[better, beams[better]].tolist()
    for row, path in zip(rows[better].tolist(), kept, strict=True):
        found[row] = path


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
