"""The conditional random field against sums over all labellings, by brute force."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import logsumexp

from sklstm.nn import LinearChainCRF
from sklstm.nn import crf as module

LENGTHS = torch.tensor([4, 1, 3, 5])


def random_crf(n_classes, scale=1.0, dtype=torch.float64):
    torch.manual_seed(n_classes)
    crf = LinearChainCRF(n_classes).to(dtype)
    for parameter in crf.parameters():
        torch.nn.init.normal_(parameter, std=scale)
    return crf


def random_block(n_classes, lengths=LENGTHS, scale=1.0):
    """Return emissions and labels of a ragged batch, with noise at padding."""
    torch.manual_seed(1)
    shape = (len(lengths), int(lengths.max()))
    emissions = scale * torch.randn(*shape, n_classes, dtype=torch.float64)
    return emissions, torch.randint(n_classes, shape)


def all_labellings(crf, emissions, previous=-1, ends=True):
    """Return every labelling of ``(time, classes)`` emissions and the score of each."""
    emissions = emissions.detach().double().numpy()
    transitions, start, end = (
        parameter.detach().double().numpy()
        for parameter in (crf.transitions, crf.start_transitions, crf.end_transitions)
    )
    n_steps, n_classes = emissions.shape
    paths = np.array(list(itertools.product(range(n_classes), repeat=n_steps)))
    totals = emissions[np.arange(n_steps), paths].sum(axis=1)
    totals += transitions[paths[:, :-1], paths[:, 1:]].sum(axis=1)
    totals += (start if previous == -1 else transitions[previous])[paths[:, 0]]
    if ends:
        totals += end[paths[:, -1]]
    return paths, totals


def conditionals(paths, totals, labels):
    """Return ``log p(label | labels before)`` of each step, as quotients of sums."""
    agree = np.logical_and.accumulate(paths == labels, axis=1)  # with the first t + 1 labels
    sums = [logsumexp(totals), *(logsumexp(totals[column]) for column in agree.T)]
    return np.diff(sums)


def rows(block, lengths=LENGTHS):
    return [row[:length] for row, length in zip(block, lengths, strict=True)]


@torch.no_grad()
@pytest.mark.parametrize("n_classes", [1, 2, 3])
def test_the_partition_sums_over_all_labellings(n_classes):
    crf, (emissions, _) = random_crf(n_classes), random_block(n_classes)
    expected = [logsumexp(all_labellings(crf, row)[1]) for row in rows(emissions)]
    np.testing.assert_allclose(crf.log_partition(emissions, LENGTHS), expected)


@torch.no_grad()
@pytest.mark.parametrize("n_classes", [1, 2, 3])
@pytest.mark.parametrize("previous", [None, [-1, 0, -1, -1], [0, 0, 0, 0]])
@pytest.mark.parametrize("ends", [None, [True, False, False, True], [False] * 4])
def test_conditionals_are_quotients_of_sums_over_labellings(n_classes, previous, ends):
    crf, (emissions, labels) = random_crf(n_classes), random_block(n_classes)
    before = None if previous is None else torch.tensor(previous)
    whether = None if ends is None else torch.tensor(ends)
    actual = crf.step_log_likelihood(emissions, labels, LENGTHS, previous=before, ends=whether)
    for i, (row, own) in enumerate(zip(rows(emissions), rows(labels), strict=True)):
        paths, totals = all_labellings(
            crf, row, -1 if previous is None else previous[i], True if ends is None else ends[i]
        )
        expected = conditionals(paths, totals, own.numpy())
        np.testing.assert_allclose(actual[i, : len(row)], expected, atol=1e-12)
        assert not actual[i, len(row) :].any()
        # All of them together are the probability of the labelling.
        whole = totals[(paths == own.numpy()).all(axis=1)] - logsumexp(totals)
        np.testing.assert_allclose(actual[i].sum(), whole[0], atol=1e-12)


@torch.no_grad()
@pytest.mark.parametrize("previous", range(3))
def test_a_chunk_continues_from_any_class(previous):
    crf, (emissions, labels) = random_crf(3), random_block(3)
    actual = crf.step_log_likelihood(
        emissions[:1], labels[:1], LENGTHS[:1], previous=torch.tensor([previous])
    )
    expected = conditionals(*all_labellings(crf, emissions[0, :4], previous), labels[0, :4].numpy())
    np.testing.assert_allclose(actual[0, :4], expected)


@torch.no_grad()
@pytest.mark.parametrize("n_classes", [1, 2, 3])
def test_marginals_sum_over_the_labellings_with_a_class(n_classes):
    crf, (emissions, _) = random_crf(n_classes), random_block(n_classes)
    actual = crf.log_marginals(emissions, LENGTHS)
    for i, row in enumerate(rows(emissions)):
        paths, totals = all_labellings(crf, row)
        for step, k in np.ndindex(*row.shape):
            expected = logsumexp(totals[paths[:, step] == k]) - logsumexp(totals)
            assert float(actual[i, step, k]) == pytest.approx(expected, abs=1e-12)
        assert not actual[i, len(row) :].any()


@pytest.mark.parametrize("n_classes", [1, 2, 3])
@pytest.mark.parametrize("ties", [False, True])
def test_viterbi_finds_a_labelling_of_the_highest_score(n_classes, ties):
    crf, (emissions, _) = random_crf(n_classes), random_block(n_classes)
    if ties:
        emissions = emissions.round()
        for parameter in crf.parameters():
            parameter.data.round_()
    found = crf.viterbi(emissions, LENGTHS)
    assert found.dtype == torch.int64
    for i, row in enumerate(rows(emissions)):
        paths, totals = all_labellings(crf, row)
        own = found[i, : len(row)].numpy()
        assert totals[(paths == own).all(axis=1)] == pytest.approx(totals.max())
        assert not found[i, len(row) :].any()


@settings(max_examples=40, deadline=None)
@given(
    n_classes=st.integers(1, 4),
    lengths=st.lists(st.integers(1, 5), min_size=1, max_size=4).map(torch.tensor),
    scale=st.sampled_from([0.0, 0.1, 1.0, 10.0, 1000.0]),
)
def test_any_size_agrees_with_brute_force(n_classes, lengths, scale):
    crf, (emissions, labels) = random_crf(n_classes, scale), random_block(n_classes, lengths)
    with torch.no_grad():
        steps = crf.step_log_likelihood(emissions, labels, lengths)
        partition = crf.log_partition(emissions, lengths)
        log_marginals = crf.log_marginals(emissions, lengths)
        best = crf.viterbi(emissions, lengths)
    for i, (row, own) in enumerate(
        zip(rows(emissions, lengths), rows(labels, lengths), strict=True)
    ):
        paths, totals = all_labellings(crf, row)
        np.testing.assert_allclose(partition[i], logsumexp(totals), rtol=1e-10, atol=1e-10)
        np.testing.assert_allclose(
            steps[i, : len(row)], conditionals(paths, totals, own.numpy()), rtol=1e-9, atol=1e-9
        )
        np.testing.assert_allclose(log_marginals[i, : len(row)].logsumexp(1), 0, atol=1e-10)
        found = totals[(paths == best[i, : len(row)].numpy()).all(axis=1)]
        np.testing.assert_allclose(found, totals.max(), rtol=1e-12)


def test_parameters_of_zero_leave_a_softmax_for_each_step():
    emissions, labels = random_block(3)
    crf = LinearChainCRF(3).double()
    logs = emissions.log_softmax(2)
    steps = crf.step_log_likelihood(emissions, labels, LENGTHS).detach()
    expected = logs.gather(2, labels[..., None]).squeeze(2)
    log_marginals = crf.log_marginals(emissions, LENGTHS).detach()
    for i, length in enumerate(LENGTHS):
        np.testing.assert_allclose(steps[i, :length], expected[i, :length])
        np.testing.assert_allclose(log_marginals[i, :length], logs[i, :length])
        best = crf.viterbi(emissions, LENGTHS)[i, :length]
        np.testing.assert_array_equal(best, emissions[i, :length].argmax(1))


@torch.no_grad()
def test_chunks_of_independent_steps_are_those_of_the_whole():
    crf, (emissions, labels) = LinearChainCRF(3).double(), random_block(3, torch.tensor([7, 7]))
    torch.nn.init.normal_(crf.start_transitions)
    torch.nn.init.normal_(crf.end_transitions)
    whole = crf.step_log_likelihood(emissions, labels, torch.tensor([7, 7]))
    chunks = []
    for start, stop in [(0, 3), (3, 4), (4, 7)]:
        chunk = crf.step_log_likelihood(
            emissions[:, start:stop],
            labels[:, start:stop],
            torch.full((2,), stop - start),
            previous=labels[:, start - 1] if start else None,
            ends=torch.tensor([stop == 7] * 2),
        )
        chunks.append(chunk)
    np.testing.assert_allclose(torch.cat(chunks, dim=1), whole)


@torch.no_grad()
def test_the_last_chunk_of_a_chain_is_that_of_the_whole():
    crf, (emissions, labels) = random_crf(3), random_block(3, torch.tensor([7, 7]))
    whole = crf.step_log_likelihood(emissions, labels, torch.tensor([7, 7]))
    rest = crf.step_log_likelihood(
        emissions[:, 4:], labels[:, 4:], torch.tensor([3, 3]), previous=labels[:, 3]
    )
    np.testing.assert_allclose(rest, whole[:, 4:])


def test_gradients_are_observed_less_expected_counts():
    crf, (emissions, labels) = random_crf(3), random_block(3)
    emissions.requires_grad_()
    crf.step_log_likelihood(emissions, labels, LENGTHS).sum().backward()
    by_score = np.zeros(emissions.shape)
    by_parameter = {
        "transitions": np.zeros((3, 3)),
        "start_transitions": np.zeros(3),
        "end_transitions": np.zeros(3),
    }
    for i, (row, own) in enumerate(zip(rows(emissions), rows(labels), strict=True)):
        paths, totals = all_labellings(crf, row)
        weights = -np.exp(totals - logsumexp(totals))
        weights[(paths == own.numpy()).all(axis=1)] += 1
        for path, weight in zip(paths, weights, strict=True):
            by_score[i, np.arange(len(path)), path] += weight
            np.add.at(by_parameter["transitions"], (path[:-1], path[1:]), weight)
            by_parameter["start_transitions"][path[0]] += weight
            by_parameter["end_transitions"][path[-1]] += weight
    np.testing.assert_allclose(emissions.grad, by_score, atol=1e-12)
    for name, expected in by_parameter.items():
        np.testing.assert_allclose(getattr(crf, name).grad, expected, atol=1e-12, err_msg=name)


def test_the_gradients_of_the_partition_are_the_marginals():
    crf, (emissions, _) = random_crf(3), random_block(3)
    emissions.requires_grad_()
    crf.log_partition(emissions, LENGTHS).sum().backward()
    marginals = crf.log_marginals(emissions, LENGTHS).detach().exp()
    for i, length in enumerate(LENGTHS):
        np.testing.assert_allclose(emissions.grad[i, :length], marginals[i, :length])
        assert not emissions.grad[i, length:].any()


@pytest.mark.parametrize("scale", [1.0, 500.0])
@pytest.mark.parametrize("lengths", [LENGTHS, torch.tensor([1, 1]), torch.tensor([1, 2])])
def test_gradients_of_every_output_agree_with_differences(lengths, scale):
    crf, (emissions, labels) = random_crf(3), random_block(3, lengths)
    with torch.no_grad():
        crf.transitions *= scale
    previous = torch.arange(len(lengths)) % 4 - 1
    ends = torch.arange(len(lengths)) % 2 == 0

    def outputs(*_):  # the check changes the tensors themselves
        return (
            crf.step_log_likelihood(emissions, labels, lengths),
            crf.step_log_likelihood(emissions, labels, lengths, previous=previous, ends=ends),
            crf.log_marginals(emissions, lengths),
            crf.log_partition(emissions, lengths),
        )

    assert torch.autograd.gradcheck(outputs, (emissions.requires_grad_(), *crf.parameters()))


@pytest.mark.parametrize("garbage", [1e9, float("inf"), float("-inf"), float("nan")])
def test_padding_may_hold_anything(garbage):
    crf, (clean, labels) = random_crf(3), random_block(3)
    behind = torch.arange(clean.shape[1]) >= LENGTHS[:, None]
    dirty = clean.masked_fill(behind[..., None], garbage)
    results = []
    for emissions, own in [
        (clean, labels.masked_fill(behind, 0)),
        (dirty, labels.masked_fill(behind, -1)),
    ]:
        crf.zero_grad()
        emissions.requires_grad_()
        outputs = [
            crf.step_log_likelihood(emissions, own, LENGTHS),
            crf.log_marginals(emissions, LENGTHS),
            crf.log_partition(emissions, LENGTHS),
            crf.viterbi(emissions, LENGTHS),
        ]
        sum(output.square().sum() for output in outputs[:-1]).backward()
        gradients = [emissions.grad, *(parameter.grad for parameter in crf.parameters())]
        results.append([output.detach() for output in outputs] + [g.clone() for g in gradients])
        assert not emissions.grad[behind].any()
    for one, other in zip(*results, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_prediction_depends_on_its_own_sequence_only():
    crf, (emissions, labels) = random_crf(3), random_block(3)
    together = crf.step_log_likelihood(emissions, labels, LENGTHS).detach()
    for i, length in enumerate(LENGTHS):
        one = slice(i, i + 1), slice(0, int(length))
        alone = crf.step_log_likelihood(emissions[one], labels[one], LENGTHS[i : i + 1]).detach()
        np.testing.assert_allclose(alone[0], together[i, :length])


@pytest.mark.parametrize("scale", [1.0, 20.0, 40.0, 100.0, 1e4])
@pytest.mark.parametrize("of", ["emissions", "transitions", "both"])
def test_scores_may_be_large_in_float32(scale, of):
    crf, (emissions, labels) = random_crf(3, dtype=torch.float32), random_block(3)
    emissions = emissions.float()
    if of != "emissions":
        crf.transitions.data *= scale
    if of != "transitions":
        emissions *= scale
    emissions.requires_grad_()
    steps = crf.step_log_likelihood(emissions, labels, LENGTHS)
    log_marginals = crf.log_marginals(emissions, LENGTHS).detach()
    partition = crf.log_partition(emissions, LENGTHS).detach()
    steps.sum().backward()
    exact = random_crf(3)
    exact.load_state_dict(crf.state_dict())
    precise = emissions.detach().double().requires_grad_()
    exact.step_log_likelihood(precise, labels, LENGTHS).sum().backward()
    tolerance = {"rtol": 1e-5, "atol": 1e-5 + 1e-7 * scale}
    for i, (row, own) in enumerate(zip(rows(emissions), rows(labels), strict=True)):
        paths, totals = all_labellings(crf, row)
        expected = conditionals(paths, totals, own.numpy())
        np.testing.assert_allclose(steps[i, : len(row)].detach(), expected, **tolerance)
        np.testing.assert_allclose(partition[i], logsumexp(totals), **tolerance)
        for step, k in np.ndindex(*row.shape):
            expected = logsumexp(totals[paths[:, step] == k]) - logsumexp(totals)
            np.testing.assert_allclose(log_marginals[i, step, k], expected, **tolerance)
    np.testing.assert_allclose(emissions.grad, precise.grad, atol=1e-3)
    for one, other in zip(crf.parameters(), exact.parameters(), strict=True):
        np.testing.assert_allclose(one.grad, other.grad, atol=1e-3)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("spread", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("scale", [1.0, 30.0, 1e3])
def test_matrix_products_lose_nothing_up_to_their_limit(dtype, spread, scale, monkeypatch):
    # Rows as wide as products are used for, each with its best and worst class elsewhere.
    limit = module._widest_row(dtype)
    crf = random_crf(6, dtype=dtype)
    patterns = torch.tensor([[0, -1, -1, -0.5, -0.2, 0], [-1, 0, -0.9, 0, -1, -1]], dtype=dtype)
    crf.transitions.data = (
        0.999 * limit * spread * torch.cat([patterns, patterns.roll(2, 1)] * 2)[:6]
    )
    lengths = torch.tensor([40, 17, 1])
    emissions, labels = random_block(6, lengths, scale)

    def results():
        crf.zero_grad()
        own = emissions.to(dtype).requires_grad_()
        steps = crf.step_log_likelihood(own, labels, lengths)
        (steps * torch.linspace(0.5, 1.5, 40)).sum().backward()
        rest = crf.log_marginals(own, lengths), crf.log_partition(own, lengths)
        gradients = [own.grad, *(parameter.grad.clone() for parameter in crf.parameters())]
        return [steps.detach(), *(tensor.detach() for tensor in rest), *gradients]

    monkeypatch.setattr(module, "_widest_row", lambda dtype: float("inf"))
    by_products = results()
    monkeypatch.setattr(module, "_widest_row", lambda dtype: -1.0)
    tolerance = 1e-5 if dtype == torch.float32 else 1e-12
    for one, other in zip(by_products, results(), strict=True):
        np.testing.assert_allclose(
            one, other, rtol=tolerance, atol=tolerance * (1 + float(other.abs().max()))
        )


def test_a_transition_that_is_forbidden_is_never_made():
    crf, (emissions, labels) = random_crf(3), random_block(3)
    crf.transitions.data[0, 1] = crf.transitions.data[2, 2] = -torch.inf
    labels[:] = torch.tensor([0, 2, 1, 1, 0])
    emissions.requires_grad_()
    best = crf.viterbi(emissions, LENGTHS)
    for i, length in enumerate(LENGTHS):
        pairs = set(itertools.pairwise(best[i, :length].tolist()))
        assert not pairs & {(0, 1), (2, 2)}
    steps = crf.step_log_likelihood(emissions, labels, LENGTHS)
    for i, (row, own) in enumerate(zip(rows(emissions), rows(labels), strict=True)):
        paths, totals = all_labellings(crf, row)
        expected = conditionals(paths, totals, own.numpy())
        np.testing.assert_allclose(steps[i, : len(row)].detach(), expected)
    steps.sum().backward()
    assert emissions.grad.isfinite().all()
    assert crf.transitions.grad.isfinite().all()


@torch.inference_mode()
def test_a_sequence_of_many_steps_stays_exact():
    lengths = torch.tensor([3000])
    crf, (emissions, labels) = random_crf(5), random_block(5, lengths, scale=10.0)
    steps = crf.step_log_likelihood(emissions, labels, lengths)
    by_path = emissions.gather(2, labels[..., None]).sum() + crf.start_transitions[labels[0, 0]]
    by_path = by_path + crf.transitions[labels[0, :-1], labels[0, 1:]].sum()
    by_path = by_path + crf.end_transitions[labels[0, -1]]
    partition = crf.log_partition(emissions, lengths)
    np.testing.assert_allclose(steps.sum(), by_path - partition[0], rtol=1e-10)
    single = crf.float().step_log_likelihood(emissions.float(), labels, lengths)
    np.testing.assert_allclose(single, steps, rtol=1e-4, atol=1e-4)


@pytest.mark.slow
@torch.inference_mode()
def test_a_hundred_thousand_steps():
    lengths = torch.tensor([100_000])
    crf, (emissions, _) = random_crf(5, dtype=torch.float32), random_block(5, lengths)
    emissions = emissions.float()
    best, log_marginals = crf.viterbi(emissions, lengths), crf.log_marginals(emissions, lengths)
    np.testing.assert_allclose(log_marginals.exp().sum(2), 1, atol=1e-5)
    # Far from its ends, a sequence no longer knows of them.
    middle = slice(40_000, 60_000)
    part = crf.viterbi(emissions[:, middle], torch.tensor([20_000]))
    np.testing.assert_array_equal(part[0, 100:-100], best[0, middle][100:-100])
    part = crf.log_marginals(emissions[:, middle], torch.tensor([20_000]))
    np.testing.assert_allclose(part[0, 100:-100], log_marginals[0, middle][100:-100], atol=1e-4)
