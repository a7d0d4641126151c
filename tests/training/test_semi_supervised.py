"""The terms of the loss that need no labels, beside oracles."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.special import expit
from scipy.special import softmax as scipy_softmax
from scipy.stats import entropy

from sklstm._sequences import as_ragged
from sklstm._training.batches import Batch, LabelledSequences, UnlabelledSequences
from sklstm._training.semi_supervised import (
    SemiSupervisedStep,
    UnsupervisedBatch,
    UnsupervisedTerms,
    class_divergence,
    class_entropy,
    feature_scales,
    frozen_statistics,
    passes_per_epoch,
    perturbation,
    prior_divergence,
    unsupervised_batches,
)
from sklstm.nn import (
    FullyConvolutional,
    LinearHead,
    MaxPooling,
    RecurrentStack,
    SequenceNetwork,
    TokenEmbedding,
    WeightedLoss,
    binary_loss,
    multiclass_loss,
)
from sklstm.nn.dropout import generator_of, seed_modules

LENGTHS = torch.tensor([5, 3, 4])


def network(n_outputs=3, dropout=0.0, n_ids=None, branch=False):
    """Return a small network in double precision, of values or of token ids."""
    torch.manual_seed(0)
    recurrent = RecurrentStack(2, (4,), bidirectional=True)
    module = SequenceNetwork(
        embedding=None if n_ids is None else TokenEmbedding(n_ids, 2, dropout=dropout),
        step_convolution=None,
        convolution=None,
        recurrent=recurrent,
        pooling=MaxPooling(8, bidirectional=True),
        branch=FullyConvolutional(2, (3,), (2,)) if branch else None,
        output=LinearHead(14 if branch else 8, n_outputs),
        dropout=dropout,
    ).double()
    seed_modules(module, torch.Generator().manual_seed(1))
    return module.train()


def batch_of(x, targets, weights=None, lengths=LENGTHS):
    weights = torch.ones(len(lengths), dtype=torch.float64) if weights is None else weights
    return Batch({"inputs": x, "lengths": lengths}, (targets, weights), None, len(lengths))


@pytest.mark.parametrize("n_outputs", [2, 5])
def test_divergence_and_entropy_of_a_softmax(n_outputs):
    rng = np.random.default_rng(0)
    a, b = 3 * rng.normal(size=(2, 7, n_outputs))
    p, q = scipy_softmax(a, axis=1), scipy_softmax(b, axis=1)
    a, b = torch.from_numpy(a), torch.from_numpy(b)
    np.testing.assert_allclose(class_divergence(a, b, sigmoid=False), entropy(p, q, axis=1))
    np.testing.assert_allclose(class_entropy(a, sigmoid=False), entropy(p, axis=1))


@pytest.mark.parametrize("n_outputs", [1, 3])
def test_divergence_and_entropy_of_sigmoids(n_outputs):
    """Those of the two classes of each output, averaged."""
    rng = np.random.default_rng(0)
    a, b = 3 * rng.normal(size=(2, 7, n_outputs))
    p, q = (np.stack([expit(z), expit(-z)]) for z in (a, b))
    a, b = torch.from_numpy(a), torch.from_numpy(b)
    expected = entropy(p, q).mean(axis=1)
    np.testing.assert_allclose(class_divergence(a, b, sigmoid=True), expected)
    np.testing.assert_allclose(class_entropy(a, sigmoid=True), entropy(p).mean(axis=1))


@pytest.mark.parametrize("sigmoid", [False, True])
def test_terms_of_certain_predictions_are_finite(sigmoid):
    a = torch.tensor([[200.0, -200.0]], requires_grad=True)
    b = torch.tensor([[-200.0, 200.0]], requires_grad=True)
    value = class_divergence(a.detach(), b, sigmoid=sigmoid) + class_entropy(a, sigmoid=sigmoid)
    value.sum().backward()
    assert float(value.detach()) == pytest.approx(200.0 if sigmoid else 400.0)
    assert a.grad.isfinite().all()
    assert b.grad.isfinite().all()


@pytest.mark.parametrize("sigmoid", [False, True])
def test_gradient_of_the_entropy(sigmoid):
    """By hand: ``-p * (log(p) + H)`` of a softmax, ``-z * p * (1 - p)`` of a sigmoid."""
    z = torch.randn(4, 1 if sigmoid else 3, dtype=torch.float64, requires_grad=True)
    class_entropy(z, sigmoid=sigmoid).sum().backward()
    logits = z.detach().numpy()
    if sigmoid:
        expected = -logits * expit(logits) * expit(-logits)
    else:
        p = scipy_softmax(logits, axis=1)
        expected = -p * (np.log(p) + entropy(p, axis=1)[:, None])
    np.testing.assert_allclose(z.grad, expected)
    assert torch.autograd.gradcheck(lambda z: class_entropy(z, sigmoid=sigmoid), z)


def test_perturbation_is_along_the_largest_eigenvector():
    """Of the Hessian of the divergence, which a network of one layer has in closed form.

    There ``J' (diag(p) - p p') J`` is the Hessian; its other eigenvalue is far smaller here, so
    that one step of the power method suffices.
    """
    rng = np.random.default_rng(0)
    J = np.array([[2.0, 0.1, 0.0, 0.3], [-1.0, 0.0, 0.1, 0.5]])  # (n_outputs, time * size)
    inputs = rng.normal(size=(3, 2, 2))
    logits = inputs.reshape(3, 4) @ J.T
    x, expected = torch.from_numpy(inputs), torch.from_numpy(logits)

    def divergence(r):
        others = (x + r).flatten(1) @ torch.from_numpy(J).T
        return class_divergence(expected, others, sigmoid=False)

    start = torch.from_numpy(rng.normal(size=(3, 2, 2)))
    found = perturbation(divergence, start, 0.7).flatten(1).numpy()
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 0.7)
    for row, z in zip(found, logits, strict=True):
        p = scipy_softmax(z)
        hessian = J.T @ (np.diag(p) - np.outer(p, p)) @ J
        largest = np.linalg.eigh(hessian)[1][:, -1]
        assert abs(row @ largest) / 0.7 == pytest.approx(1.0, abs=1e-3)


def test_perturbation_without_a_gradient_is_zero():
    found = perturbation(lambda r: 0.0 * r.sum(dim=(1, 2)), torch.ones(2, 3, 1), 5.0)
    assert not found.any()


def test_scales_are_those_of_the_steps_without_padding():
    x = torch.randn(3, 5, 2, dtype=torch.float64)
    steps = np.concatenate([x[i, :length] for i, length in enumerate(LENGTHS)])
    np.testing.assert_allclose(feature_scales(x, LENGTHS), steps.std(axis=0))


def by_hand(module, x, norm, start):
    """Return the mean divergence, by a power iteration on ``s + d`` as the papers write it."""
    mask = (torch.arange(x.shape[1]) < LENGTHS[:, None]).unsqueeze(-1)
    steps = torch.cat([x[i, :length] for i, length in enumerate(LENGTHS)])
    scale = steps.detach().std(dim=0, correction=0)
    log_p = torch.log_softmax(module.respond(module.encode_read(x, LENGTHS)), 1).detach()
    p = log_p.exp()

    def kl(x):
        log_q = torch.log_softmax(module.respond(module.encode_read(x, LENGTHS)), dim=1)
        return (p * (log_p - log_q)).sum(dim=1)

    r = torch.zeros_like(x)
    for i in range(len(x)):  # each sequence by itself
        d = start[i] * mask[i]
        size = float(LENGTHS[i] * x.shape[2]) ** 0.5  # of a normalised sequence
        d = (1e-3 * size * d / d.norm()).requires_grad_()
        moved = x.detach().clone()
        moved[i] = moved[i] + scale * d
        (g,) = torch.autograd.grad(kl(moved)[i], d)
        r[i] = norm * size * scale * g / g.norm()
    return kl(x + r).mean()


@pytest.mark.parametrize("n_ids", [None, 6])
def test_a_step_adds_the_gradients_of_a_power_iteration_by_hand(n_ids):
    torch.manual_seed(2)
    if n_ids is None:
        inputs = torch.randn(3, 5, 2, dtype=torch.float64)
    else:
        inputs = torch.randint(1, n_ids, (3, 5, 1))
    targets = torch.tensor([0, 2, 1])
    criterion = WeightedLoss(multiclass_loss)
    module = network(n_ids=n_ids)
    batch = batch_of(inputs, targets)
    generator = generator_of(module)
    before = generator.get_state()
    start = torch.empty_like(module.read(inputs, LENGTHS), requires_grad=False)
    start.normal_(generator=generator)
    generator.set_state(before)

    outputs = module(inputs, LENGTHS)
    cross = criterion(outputs, batch.targets)
    divergence = by_hand(module, module.read(inputs, LENGTHS), 0.5, start)
    (cross + 0.8 * divergence).backward()
    expected = [weight.grad.clone() for weight in module.parameters() if weight.requires_grad]
    module.zero_grad()

    terms = UnsupervisedTerms(0.8, 0.5, sigmoid=False)
    step = SemiSupervisedStep(module, terms, None)
    loss, _, means = step.run(batch, lambda outputs: criterion(outputs, batch.targets))
    found = [weight.grad for weight in module.parameters() if weight.requires_grad]
    assert loss.item() == pytest.approx(cross.item())
    assert means["train_divergence"] == pytest.approx(divergence.item(), rel=1e-6)
    assert "train_entropy" not in means
    for own, other in zip(found, expected, strict=True):
        torch.testing.assert_close(own, other, rtol=1e-6, atol=1e-10)


def gradients(module):
    return [w.grad.clone() for w in module.parameters() if w.grad is not None]


def run(terms, rows, progress=1.0, **options):
    module = network(**options)
    torch.manual_seed(3)
    x = torch.randn(3, 5, 2, dtype=torch.float64)
    criterion, batch = WeightedLoss(multiclass_loss), batch_of(x, torch.tensor([0, 2, 1]))
    outcome = SemiSupervisedStep(module, terms, None if rows is None else iter([rows])).run(
        batch, lambda outputs: criterion(outputs, batch.targets), progress=progress
    )
    return module, outcome


def other_rows(weights=(1.0, 1.0, 1.0), unlabelled=(1.0, 1.0, 0.0)):
    torch.manual_seed(4)
    x = torch.randn(3, 5, 2, dtype=torch.float64)
    weights, unlabelled = (torch.tensor(w, dtype=torch.float64) for w in (weights, unlabelled))
    return UnsupervisedBatch(x, LENGTHS, weights, unlabelled)


def test_terms_of_unlabelled_rows_are_added():
    """Entropy and class frequencies of rows that have no label; here the third has one."""
    rows, prior = other_rows(unlabelled=(1.0, 3.0, 0.0)), np.array([0.5, 0.2, 0.3])
    terms = UnsupervisedTerms(
        0.0, 1.0, sigmoid=False, entropy_weight=0.7, class_prior_weight=0.4, class_prior=prior
    )
    module, (_, _, means) = run(terms, rows)
    found = gradients(module)
    alone, _ = run(UnsupervisedTerms(0.0, 1.0, sigmoid=False), rows)
    labelled = gradients(alone)
    alone.zero_grad()
    p = torch.softmax(alone(rows.inputs, LENGTHS), dim=1)[:2]
    shares = torch.tensor([[0.25], [0.75]])
    value = (-(p * p.log()) * shares).sum()
    off = entropy(prior, (p * shares).sum(dim=0).detach())
    mean = (p * shares).sum(dim=0)
    prior = torch.from_numpy(prior)
    (0.7 * value + 0.4 * (prior * (prior / mean).log()).sum()).backward()
    assert means == {"train_entropy": pytest.approx(value.item())}
    for both, one, other in zip(found, labelled, gradients(alone), strict=True):
        torch.testing.assert_close(both, one + other)
    logits = alone(rows.inputs, LENGTHS)[:2].detach()
    assert prior_divergence(logits, shares[:, 0], prior, sigmoid=False).item() == pytest.approx(off)


@pytest.mark.parametrize(
    ("progress", "ramp", "weight"),
    [(0.0, True, 0.0), (0.2, True, 0.4), (0.7, True, 1.0), (0.0, False, 1.0)],
)
def test_weights_of_unlabelled_rows_grow(progress, ramp, weight):
    options = {"sigmoid": False, "class_prior": np.ones(3) / 3}
    grown, whole = (
        run(UnsupervisedTerms(0.0, 1.0, **options, **own), other_rows(), progress=at)[0]
        for own, at in (
            ({"entropy_weight": 1.0, "class_prior_weight": 2.0, "ramp": ramp}, progress),
            ({"entropy_weight": weight, "class_prior_weight": 2.0 * weight}, 1.0),
        )
    )
    for a, b in zip(gradients(grown), gradients(whole), strict=True):
        torch.testing.assert_close(a, b)


def test_class_frequencies_of_two_classes():
    z, shares = torch.randn(4, 1, dtype=torch.float64), torch.full((4,), 0.25)
    mean = float(expit(z.numpy()).mean())
    found = prior_divergence(z, shares, torch.tensor([0.3, 0.7]), sigmoid=True)
    assert found.item() == pytest.approx(entropy([0.3, 0.7], [1 - mean, mean]))


@pytest.mark.parametrize("unlabelled", [(1.0, 0.0, 1.0), (0.0, 0.0, 0.0)])
def test_rows_without_a_weight_change_nothing(unlabelled):
    """Compared without a perturbation, whose scale is that of all rows of a batch."""
    found = []
    terms = UnsupervisedTerms(
        0.0,
        1.0,
        sigmoid=False,
        entropy_weight=1.0,
        class_prior_weight=1.0,
        class_prior=np.ones(3) / 3,
    )
    for factor in (1.0, 2.0):
        rows = other_rows(unlabelled=unlabelled)
        rows.inputs[1] *= factor
        found.append(gradients(run(terms, rows)[0]))
    for a, b in zip(*found, strict=True):
        assert a.isfinite().all()
        torch.testing.assert_close(a, b)


def test_the_loss_of_the_labels_alone_is_that_without_terms():
    """Bit for bit, where all weights are 0."""
    module, (_, outputs, means) = run(UnsupervisedTerms(0.0, 1.0, sigmoid=False), other_rows())
    plain, criterion = network(), WeightedLoss(multiclass_loss)
    torch.manual_seed(3)
    x = torch.randn(3, 5, 2, dtype=torch.float64)
    batch = batch_of(x, torch.tensor([0, 2, 1]))
    expected = plain(x, LENGTHS)
    criterion(expected, batch.targets).backward()
    assert means == {}
    torch.testing.assert_close(outputs, expected.detach(), rtol=0, atol=0)
    for a, b in zip(gradients(module), gradients(plain), strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=0)


def test_all_passes_have_the_same_dropout_masks():
    """Without a perturbation the divergence is zero, whatever is dropped."""
    terms = UnsupervisedTerms(1.0, 1e-12, sigmoid=False)
    module, (_, outputs, means) = run(terms, None, dropout=0.5)
    assert abs(means["train_divergence"]) < 1e-10
    again, _ = run(terms, None, dropout=0.5)
    for a, b in zip(gradients(module), gradients(again), strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=0)
    x = torch.randn(3, 5, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    assert not torch.equal(module(x, LENGTHS), module(x, LENGTHS))  # masks are drawn on
    assert outputs.shape == (3, 3)


def test_norm_does_not_depend_on_the_scale_of_the_vectors():
    """Ten times as long vectors, read through weights of a tenth, are perturbed the same."""
    ids, targets = (
        torch.tensor([[1, 2, 3], [3, 4, 5], [2, 2, 1]])[..., None],
        torch.tensor([0, 2, 1]),
    )
    lengths, found = torch.tensor([3, 3, 2]), []
    for factor in (1.0, 10.0):
        module = network(n_ids=6)
        with torch.no_grad():
            module.embedding.weight *= factor
            for layer in (*module.recurrent.forward_layers, *module.recurrent.backward_layers):
                layer.rnn.weight_ih_l0 /= factor
        batch = batch_of(ids, targets, lengths=lengths)
        step = SemiSupervisedStep(module, UnsupervisedTerms(1.0, 0.3, sigmoid=False), None)
        criterion = WeightedLoss(multiclass_loss)
        found.append(step.run(batch, lambda o, t=batch.targets, c=criterion: c(o, t))[2])
    assert found[0]["train_divergence"] == pytest.approx(found[1]["train_divergence"], rel=1e-6)
    assert found[0]["train_divergence"] > 1e-6


def test_running_statistics_are_those_of_the_labelled_rows():
    terms = UnsupervisedTerms(1.0, 0.1, sigmoid=False, entropy_weight=1.0)
    module, _ = run(terms, other_rows(), branch=True)
    alone, _ = run(UnsupervisedTerms(0.0, 1.0, sigmoid=False), other_rows(), branch=True)
    plain = network(branch=True)
    torch.manual_seed(3)
    plain(torch.randn(3, 5, 2, dtype=torch.float64), LENGTHS)
    for name, value in plain.named_buffers():
        torch.testing.assert_close(alone.get_buffer(name), value)
    for name, value in alone.named_buffers():
        torch.testing.assert_close(module.get_buffer(name), value)
    assert any("running_mean" in name for name, _ in alone.named_buffers())
    with pytest.raises(RuntimeError), frozen_statistics(module):
        raise RuntimeError
    momenta = [part.momentum for part in module.modules() if hasattr(part, "momentum")]
    assert momenta == [0.1]


def test_two_outputs_and_one_agree():
    """A sigmoid of z is a softmax of (0, z)."""
    z, others = torch.randn(2, 5, 1, dtype=torch.float64)
    zero = torch.zeros_like(z)
    pairs = torch.cat([zero, z], dim=1), torch.cat([zero, others], dim=1)
    torch.testing.assert_close(
        class_divergence(z, others, sigmoid=True), class_divergence(*pairs, sigmoid=False)
    )
    target = torch.ones(5, 1, dtype=torch.float64)
    cross = binary_loss(others, target) - binary_loss(z, target)
    certain = torch.full_like(z, 40.0)
    torch.testing.assert_close(
        class_divergence(certain, others, sigmoid=True), cross + binary_loss(z, target)
    )


def numbered(first, n):
    return as_ragged([np.full((1 + i % 7, 1), float(i)) for i in range(first, first + n)])


@pytest.mark.parametrize("windows", [False, True])
def test_all_rows_are_read_before_one_is_read_again(windows):
    weights = np.arange(50, dtype=np.float32) + 1
    labelled, others = numbered(0, 10), numbered(10, 40)
    if windows:  # which share rows of the values
        others = replace(others, starts=others.offsets[::-1].copy(), lengths=others.lengths[::-1])
    data = LabelledSequences(
        labelled, np.zeros(10), weights[:10], unlabelled=UnlabelledSequences(others, weights[10:])
    )
    batches = unsupervised_batches(data, 8, torch.device("cpu"), np.random.default_rng(0))
    for _ in range(2):
        seen = []
        for _ in range(7):
            batch = next(batches)
            first = batch.inputs[:, 0, 0].int().tolist()
            expected = [59 - i + 1 if windows and i >= 10 else i + 1 for i in first]
            assert batch.weights.tolist() == expected  # of the same rows
            assert (batch.unlabelled > 0).tolist() == [i >= 10 for i in first]
            assert int(batch.lengths.max()) - int(batch.lengths.min()) <= 2
            seen += first
        assert sorted(seen) == list(range(50))


@pytest.mark.parametrize(
    ("n_labelled", "n_unlabelled", "passes"),
    [
        (500, None, 1),
        (500, 50_000, 7),  # of 16 batches each: 112 steps
        (20, 50_000, 100),
        (20, 100, 4),
        (500, 100, 2),
        (500, 12, 1),
        (10_000, 50_000, 1),
    ],
)
def test_an_epoch_is_not_that_of_a_handful_of_rows(n_labelled, n_unlabelled, passes):
    one = as_ragged([[0.0]])
    rows = one.with_rows(np.zeros(n_labelled, int), np.ones(n_labelled, int))
    others = None
    if n_unlabelled is not None:
        sequences = one.with_rows(np.zeros(n_unlabelled, int), np.ones(n_unlabelled, int))
        others = UnlabelledSequences(sequences, np.ones(n_unlabelled))
    data = LabelledSequences(rows, np.zeros(n_labelled), np.ones(n_labelled), unlabelled=others)
    assert passes_per_epoch(data, 32) == passes
