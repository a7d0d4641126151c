"""Sampling against numpy and frequencies, and searching against all combinations."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare

from sklstm.nn import beam_search, constrained_search, sample_tokens, sampling_distribution


def generators(*seeds):
    return [torch.Generator().manual_seed(seed) for seed in seeds]


# The distribution


def filtered(logits, temperature, top_k, top_p):
    """Return the probabilities of one row, token by token."""
    logits = [float(x) for x in logits]
    best = max(logits)
    if temperature == 0:
        probs = [0.0] * len(logits)
        probs[logits.index(best)] = 1.0
        return np.array(probs)
    weights = [np.exp((x - best) / temperature) for x in logits]
    order = sorted(range(len(logits)), key=lambda i: -logits[i])  # stable
    if top_k is not None:
        order = order[:top_k]
    if top_p is not None:
        total, reached, kept = sum(weights[i] for i in order), 0.0, []
        for i in order:
            kept.append(i)
            reached += weights[i] / total
            if reached >= top_p:
                break
        order = kept
    total = sum(weights[i] for i in order)
    return np.array([weights[i] / total if i in order else 0.0 for i in range(len(logits))])


@given(
    seed=st.integers(0, 10_000),
    n_ids=st.integers(1, 12),
    temperature=st.sampled_from([0, 0.3, 1.0, 2.5]),
    top_k=st.sampled_from([None, 1, 3, 20]),
    top_p=st.sampled_from([None, 0.013, 0.517, 0.917, 1.0]),
)
@settings(max_examples=200, deadline=None)
def test_distribution_is_that_of_a_loop_over_tokens(seed, n_ids, temperature, top_k, top_p):
    logits = torch.randn(3, n_ids, generator=torch.Generator().manual_seed(seed)) * 2
    params = dict(temperature=temperature, top_k=top_k, top_p=top_p)
    found = sampling_distribution(logits, **params).exp().numpy()
    for row, expected in zip(found, logits, strict=True):
        np.testing.assert_allclose(row, filtered(expected, **params), atol=1e-5)


@pytest.mark.parametrize(
    ("top_p", "expected"),
    [
        # 0.5 + 0.25 = 0.75 is below 0.8, so that the token of 0.15, which crosses it, stays.
        (0.8, [0.5 / 0.9, 0.25 / 0.9, 0.15 / 0.9, 0]),
        (0.7, [2 / 3, 1 / 3, 0, 0]),
        (0.75, [2 / 3, 1 / 3, 0, 0]),  # reached exactly, so no further token is needed
        (0.9, [0.5 / 0.9, 0.25 / 0.9, 0.15 / 0.9, 0]),
        (0.5, [1, 0, 0, 0]),
        (1e-9, [1, 0, 0, 0]),
        (0.95, [0.5, 0.25, 0.15, 0.1]),
        (1, [0.5, 0.25, 0.15, 0.1]),
    ],
)
def test_nucleus_by_hand(top_p, expected):
    log_probs = torch.tensor([[0.5, 0.25, 0.15, 0.1]]).log()
    found = sampling_distribution(log_probs, top_p=top_p).exp()[0]
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_top_p_counts_what_top_k_left():
    log_probs = torch.tensor([[0.4, 0.3, 0.2, 0.1]]).log()
    # Of 0.4 and 0.3 alone the first one has 0.57, which reaches 0.55, where 0.4 of all did not.
    found = sampling_distribution(log_probs, top_k=2, top_p=0.55).exp()[0]
    np.testing.assert_allclose(found, [1, 0, 0, 0], atol=1e-6)
    found = sampling_distribution(log_probs, top_p=0.55).exp()[0]
    np.testing.assert_allclose(found, [4 / 7, 3 / 7, 0, 0], atol=1e-6)


def test_ties_are_cut_by_id():
    even = torch.zeros(1, 5)
    assert sampling_distribution(even, top_k=2).exp()[0].tolist() == [0.5, 0.5, 0, 0, 0]
    assert sampling_distribution(even, top_p=0.4).exp()[0].tolist() == [0.5, 0.5, 0, 0, 0]
    assert sampling_distribution(even, temperature=0).exp()[0].tolist() == [1, 0, 0, 0, 0]


@pytest.mark.parametrize("temperature", [0.7, 1e-320, 1e300, 0])
def test_impossible_tokens_stay_impossible(temperature):
    log_probs = torch.tensor([[-torch.inf, 0.0, -1.0, -torch.inf]])
    found = sampling_distribution(log_probs, temperature=temperature).exp()[0]
    assert found.isfinite().all()
    assert found[[0, 3]].tolist() == [0, 0]
    assert found.sum().item() == pytest.approx(1)


# Drawing


def test_frequencies_are_those_of_the_distribution():
    n = 20_000
    log_probs = torch.randn(1, 9, generator=torch.Generator().manual_seed(0)).repeat(n, 1)
    params = dict(temperature=1.3, top_k=7, top_p=0.9)
    one = torch.Generator().manual_seed(1)
    ids = sample_tokens(log_probs, [one] * n, **params)
    expected = filtered(log_probs[0], **params)
    counts = np.bincount(ids, minlength=9)
    assert 1 < (expected > 0).sum() < 7
    assert not counts[expected == 0].any()
    assert chisquare(counts[expected > 0], n * expected[expected > 0]).pvalue > 0.001


def test_a_row_does_not_depend_on_its_neighbours():
    logits = torch.randn(6, 4, 50, generator=torch.Generator().manual_seed(0))
    together = generators(*range(4))
    texts = torch.stack([sample_tokens(step, together) for step in logits], dim=1)
    for row in range(4):
        (alone,) = generators(row)
        ids = [sample_tokens(step[[row]], [alone]).item() for step in logits]
        assert ids == texts[row].tolist()
    assert len(set(map(tuple, texts.tolist()))) == 4


def test_a_row_takes_one_number_from_its_generator():
    log_probs = torch.zeros(1, 5)
    (drawn,), (expected,) = generators(3), generators(3)
    sample_tokens(log_probs, [drawn], temperature=0)
    assert torch.equal(drawn.get_state(), expected.get_state())
    sample_tokens(log_probs, [drawn], top_k=1)
    torch.rand(1, dtype=torch.float64, generator=expected)
    assert torch.equal(drawn.get_state(), expected.get_state())


@pytest.mark.parametrize("number", [0.0, 1 - 2**-53])
def test_the_smallest_and_the_largest_number(monkeypatch, number):
    monkeypatch.setattr(torch, "rand", lambda *_, **__: torch.tensor([number], dtype=torch.float64))
    log_probs = torch.tensor([[-torch.inf, 0.0, 1.0, 2.0, -torch.inf]])
    expected = 1 if number == 0 else 3
    assert sample_tokens(log_probs, generators(0)).tolist() == [expected]


def test_greedy_takes_the_most_likely_token():
    logits = torch.randn(7, 30, generator=torch.Generator().manual_seed(0))
    ids = sample_tokens(logits, generators(*range(7)), temperature=0, top_k=5, top_p=0.3)
    assert ids.tolist() == logits.argmax(1).tolist()


def test_no_rows():
    assert sample_tokens(torch.zeros(0, 3), []).shape == (0,)


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        ({"temperature": -0.1}, ValueError, r"temperature must be .* at least 0, got -0\.1"),
        ({"temperature": float("nan")}, ValueError, "temperature must be .* got nan"),
        ({"temperature": float("inf")}, ValueError, "temperature must be .* got inf"),
        ({"temperature": "hot"}, TypeError, "temperature must be .* got 'hot'"),
        ({"top_k": 0}, ValueError, "top_k must be an int of at least 1, got 0"),
        ({"top_k": 2.0}, TypeError, "top_k must be an int"),
        ({"top_p": 0}, ValueError, "top_p must be .* above 0, got 0"),
        ({"top_p": 1.5}, ValueError, r"top_p must be in \(0, 1\], got 1\.5"),
        ({"top_p": float("nan")}, ValueError, "top_p must be"),
    ],
)
def test_parameters_out_of_range(params, error, message):
    with pytest.raises(error, match=message):
        sample_tokens(torch.zeros(1, 3), generators(0), **params)


@pytest.mark.parametrize(
    ("log_probs", "given", "error", "message"),
    [
        (torch.zeros(3), generators(0), ValueError, r"must have shape \(batch, n_ids\)"),
        (torch.zeros(2, 3).long(), generators(0, 1), TypeError, "a type of floats"),
        (torch.zeros(2, 0), generators(0, 1), ValueError, "no ids to choose from"),
        (torch.full((2, 3), -torch.inf), generators(0, 1), ValueError, r"log_probs\[0\] is -inf"),
        (torch.tensor([[0.0], [torch.nan]]), generators(0, 1), ValueError, r"log_probs\[1\] is na"),
        (torch.zeros(2, 3), generators(0), ValueError, "generators has 1 items.* 2 rows"),
        (torch.zeros(1, 3), [0], TypeError, "must hold torch.Generator, got int"),
    ],
)
def test_wrong_batches(log_probs, given, error, message):
    with pytest.raises(error, match=message):
        sample_tokens(log_probs, given)


# Searching


class Table:
    """A model whose next token depends on all tokens before it, by a table of random numbers."""

    def __init__(self, n_ids, n_rows, seed):
        rng = np.random.default_rng(seed)
        self.n_ids = n_ids
        self.mixing = rng.integers(1, 97, size=n_ids)
        table = torch.from_numpy(rng.normal(size=(97, n_ids)) * 2)
        self.table = torch.log_softmax(table, dim=1)  # (97, n_ids)
        self.start = torch.from_numpy(rng.integers(0, 97, size=n_rows))
        self.calls = []

    def step(self, ids, state):
        (places,) = state
        self.calls.append(len(ids))
        places = (places * 31 + torch.from_numpy(self.mixing)[ids]) % 97
        return self.table[places], (places,)

    @property
    def first(self):
        return self.table[self.start], (self.start,)

    def score(self, row, ids):
        place, total = int(self.start[row]), 0.0
        for token in ids:
            total += float(self.table[place, token])
            place = (place * 31 + int(self.mixing[token])) % 97
        return total

    def greedy(self, row, bags):
        place, ids = int(self.start[row]), []
        for bag in bags:
            ids.append(max(bag, key=lambda token, place=place: float(self.table[place, token])))
            place = (place * 31 + int(self.mixing[ids[-1]])) % 97
        return ids


def random_bags(rng, n_ids, most):
    sizes = rng.integers(1, 4, size=rng.integers(0, most + 1))
    return [rng.choice(n_ids, size=size, replace=False).tolist() for size in sizes]


@pytest.mark.parametrize("seed", range(20))
def test_a_beam_of_all_combinations_finds_the_best(seed):
    rng = np.random.default_rng(seed)
    model = Table(8, 3, seed)
    allowed = [random_bags(rng, 8, 5) for _ in range(3)]
    ids, scores = constrained_search(model.step, *model.first, allowed, beam_width=3**5)
    for row, bags in enumerate(allowed):
        best = max(product(*bags), key=lambda path, row=row: model.score(row, path))
        assert ids[row] == list(best)
        assert scores[row].item() == pytest.approx(model.score(row, best))


@pytest.mark.parametrize("seed", range(20))
def test_a_beam_of_one_is_greedy(seed):
    rng = np.random.default_rng(seed)
    model = Table(8, 4, seed)
    allowed = [random_bags(rng, 8, 6) for _ in range(4)]
    ids, scores = constrained_search(model.step, *model.first, allowed)
    assert ids == [model.greedy(row, bags) for row, bags in enumerate(allowed)]
    expected = [model.score(row, path) for row, path in enumerate(ids)]
    np.testing.assert_allclose(scores, expected)


def beam(model, row, bags, width):
    """Return what beam search finds, one hypothesis at a time."""
    paths = [[]]
    for bag in bags:
        grown = [[*path, token] for path in paths for token in bag]
        paths = sorted(grown, key=lambda path: -model.score(row, path))[:width]
    return paths[0]


@pytest.mark.parametrize("width", [2, 3, 5])
def test_narrow_beams(width):
    differ = 0
    for seed in range(30):
        rng = np.random.default_rng(seed)
        model = Table(9, 2, seed)
        allowed = [[rng.choice(9, 4, replace=False).tolist() for _ in range(6)] for _ in range(2)]
        ids, _ = constrained_search(model.step, *model.first, allowed, beam_width=width)
        assert ids == [beam(model, row, bags, width) for row, bags in enumerate(allowed)]
        differ += ids != [model.greedy(row, bags) for row, bags in enumerate(allowed)]
    assert differ


def test_ids_given_twice_count_once():
    model = Table(6, 1, 0)
    bags, twice = [[0, 1], [2, 3], [4, 5]], [[0, 1, 0, 0], [2, 3, 3], [5, 4, 5]]
    ids, scores = constrained_search(model.step, *model.first, [twice], beam_width=2)
    assert model.calls == [2, 2]  # hypotheses: a duplicate takes no place in the beam
    expected, score = constrained_search(model.step, *model.first, [bags], beam_width=2)
    assert ids == expected
    assert torch.equal(scores, score)


def test_equally_good_choices():
    flat = torch.zeros(1, 5)
    ids, _ = constrained_search(lambda ids, state: (flat, state), flat, (), [[[3, 1], [2, 4]]])
    assert ids == [[3, 2]]


def test_impossible_ids_are_chosen_if_nothing_else_is_allowed():
    log_probs = torch.tensor([[0.0, -torch.inf]])
    ids, scores = constrained_search(lambda ids, state: (log_probs, state), log_probs, (), [[[1]]])
    assert ids == [[1]]
    assert scores.tolist() == [-torch.inf]


def test_rows_do_not_depend_on_each_other():
    rng = np.random.default_rng(0)
    model = Table(8, 5, 1)
    allowed = [random_bags(rng, 8, 6) for _ in range(5)]
    ids, scores = constrained_search(model.step, *model.first, allowed, beam_width=3)
    log_probs, (state,) = model.first
    for row in range(5):
        one = (log_probs[[row]], (state[[row]],), [allowed[row]])
        alone, score = constrained_search(model.step, *one, beam_width=3)
        assert alone == [ids[row]]
        assert torch.equal(score, scores[[row]])


def test_nothing_to_choose():
    model = Table(4, 2, 0)
    ids, scores = constrained_search(model.step, *model.first, [[], []])
    assert ids == [[], []]
    assert scores.tolist() == [0, 0]
    assert not model.calls


def test_ids_of_numpy_and_torch():
    model = Table(6, 1, 0)
    expected = constrained_search(model.step, *model.first, [[[0, 1], [2, 3]]])
    for bags in ([np.array([0, 1]), torch.tensor([2, 3])], [(0, 1), {2, 3}], np.eye(2, dtype=int)):
        ids, _ = constrained_search(model.step, *model.first, [bags])
        assert len(ids[0]) == 2
        assert isinstance(bags, np.ndarray) or ids == expected[0]


@pytest.mark.parametrize(
    ("allowed", "error", "message"),
    [
        ([[[0]]], ValueError, "allowed has 1 items, but log_probs has 2 rows"),
        ([[[0]], [[1], []]], ValueError, r"allowed\[1\]\[1\] is empty"),
        ([[[0]], [[1], [2, 9]]], ValueError, r"allowed\[1\]\[1\]\[1\] is 9, but .* from 0 to 3"),
        ([[[-1]], []], ValueError, r"allowed\[0\]\[0\]\[0\] is -1"),
        ([[[0, "b"]], []], TypeError, r"allowed\[0\]\[0\]\[1\] must be an int, got 'b'"),
        ([[0, 1], [2]], TypeError, r"allowed\[0\]\[0\] must be a list of ids, got 0"),
    ],
)
def test_wrong_ids(allowed, error, message):
    model = Table(4, 2, 0)
    with pytest.raises(error, match=message):
        constrained_search(model.step, *model.first, allowed)


def test_wrong_arguments_of_a_search():
    model = Table(4, 2, 0)
    with pytest.raises(ValueError, match="beam_width must be an int of at least 1, got 0"):
        constrained_search(model.step, *model.first, [[], []], beam_width=0)
    with pytest.raises(ValueError, match=r"log_probs of step has shape \(1, 3\).*\(2, 4\)"):
        constrained_search(
            lambda ids, state: (torch.zeros(1, 3), state), *model.first, [[[0], [1]]] * 2
        )
    with pytest.raises(ValueError, match="at position 1 of row 0 are NaN"):
        constrained_search(
            lambda ids, state: (torch.full((2, 4), torch.nan), state),
            *model.first,
            [[[0], [1]]] * 2,
        )


# Searching sequences of any length; the last id ends them


def mean_score(model, row, ids):
    return model.score(row, [*ids, model.n_ids - 1]) / (len(ids) + 1)


def written(model, max_length, n_beams=1):
    end = model.n_ids - 1
    return beam_search(model.step, *model.first, end=end, max_length=max_length, n_beams=n_beams)


@pytest.mark.parametrize("max_length", [0, 1, 2, 4])
@pytest.mark.parametrize("seed", range(8))
def test_a_beam_of_all_sequences_finds_the_best_mean(seed, max_length):
    model = Table(4, 5, seed)
    ids, scores = written(model, max_length, n_beams=4 ** (max_length + 1))
    for row in range(5):
        every = (
            list(tokens) for n in range(max_length + 1) for tokens in product(range(3), repeat=n)
        )
        best = max(every, key=lambda tokens, row=row: mean_score(model, row, tokens))
        assert ids[row] == best
        assert scores[row].item() == pytest.approx(mean_score(model, row, best), abs=1e-9)


@pytest.mark.parametrize("seed", range(8))
def test_one_beam_takes_the_most_probable_token_each_time(seed):
    model = Table(6, 7, seed)
    ids, scores = written(model, 9)
    for row, own in enumerate(ids):
        greedy = model.greedy(row, [range(6)] * 9)
        assert own == greedy[: greedy.index(5) if 5 in greedy else 9]
        assert scores[row].item() == pytest.approx(mean_score(model, row, own), abs=1e-9)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("n_beams", [1, 2, 5])
def test_rows_of_a_search_do_not_depend_on_each_other(seed, n_beams):
    model = Table(6, 7, seed)
    ids, scores = written(model, 8, n_beams)
    for row in range(7):
        alone = Table(6, 7, seed)
        alone.start = alone.start[row : row + 1]
        own, score = written(alone, 8, n_beams)
        assert own[0] == ids[row]
        assert score[0] == scores[row]


def test_more_beams_find_better_sequences_on_average():
    means = []
    for n_beams in (1, 3, 10):
        found = [written(Table(8, 20, seed), 8, n_beams)[1].mean().item() for seed in range(5)]
        means.append(np.mean(found))
    assert means[0] + 0.05 < means[1] < means[2]


def test_sequences_that_have_ended_are_left_out():
    model = Table(4, 30, 0)
    written(model, 20)
    assert model.calls == sorted(model.calls, reverse=True)
    assert model.calls[-1] < 30
    ends_at_once = Table(4, 2, 0)
    ends_at_once.table[:, :3] = -torch.inf
    assert written(ends_at_once, 20, 3)[0] == [[], []]
    assert ends_at_once.calls == []


def test_ids_of_no_probability_are_not_written():
    model = Table(5, 6, 0)
    model.table[:, 1] = -torch.inf
    assert not any(1 in ids for ids in written(model, 10, 4)[0])


def test_wrong_arguments_of_a_beam_search():
    model = Table(4, 2, 0)
    with pytest.raises(ValueError, match="n_beams must be an int of at least 1, got 0"):
        written(model, 3, n_beams=0)
    with pytest.raises(ValueError, match="max_length must be an int of at least 0, got -1"):
        written(model, -1)
    with pytest.raises(ValueError, match="end must be below n_ids=4, got 4"):
        beam_search(model.step, *model.first, end=4, max_length=3)
    with pytest.raises(ValueError, match=r"log_probs of step has shape \(1, 3\)"):
        beam_search(
            lambda ids, state: (torch.zeros(1, 3), state), *model.first, end=3, max_length=3
        )
    model.table[:] = torch.nan
    with pytest.raises(ValueError, match="position 0 are NaN"):
        written(model, 3)
