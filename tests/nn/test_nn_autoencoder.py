"""Autoencoders and soft clusters in their latent space, against sums written out."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from sklstm.nn import RecurrentStack, TokenEmbedding, make_pooling
from sklstm.nn import autoencoder as module
from sklstm.nn.autoencoder import (
    ClusteringAutoencoder,
    Corruption,
    DenseAutoencoder,
    SequenceAutoencoder,
    student_t,
    target_distribution,
    token_losses,
)
from sklstm.nn.losses import ClusteringLoss, ReconstructionLoss


def recurrent(n_features=2, n_ids=None, bidirectional=True, **params):
    size = n_features if n_ids is None else 4
    encoder = RecurrentStack(size, (5,), bidirectional=bidirectional)
    decoder = RecurrentStack(3, (5,), bidirectional=bidirectional)
    embedding = None if n_ids is None else TokenEmbedding(n_ids, 4)
    pooling = make_pooling("mean", encoder.output_size, bidirectional)
    outputs = n_features if n_ids is None else n_ids
    return SequenceAutoencoder(embedding, encoder, pooling, decoder, 3, outputs, **params)


def test_dense_layers_do_what_numpy_does():
    torch.manual_seed(0)
    model = DenseAutoencoder(6, (5, 4), 2, noise=0.5, dropout=0.5).eval()
    x = np.random.default_rng(0).normal(size=(3, 6)).astype(np.float32)

    def through(layers, values):
        linears = [part for part in layers if isinstance(part, torch.nn.Linear)]
        for depth, linear in enumerate(linears):
            values = values @ linear.weight.detach().numpy().T + linear.bias.detach().numpy()
            values = np.maximum(values, 0) if depth < len(linears) - 1 else values
        return values

    z = through(model.encoder, x)
    errors, latent = model(torch.from_numpy(x))
    np.testing.assert_allclose(latent.detach(), z, atol=1e-6)
    expected = ((through(model.decoder, z) - x) ** 2).mean(axis=1)
    np.testing.assert_allclose(errors.detach(), expected, atol=1e-6)
    shapes = [tuple(part.weight.shape) for part in model.decoder if hasattr(part, "weight")]
    assert shapes == [(4, 2), (5, 4), (6, 5)]


def test_corruption_masks_a_fraction_while_training_only():
    corruption = Corruption(0.3)
    corruption.generator = torch.Generator().manual_seed(0)
    x = torch.ones(100, 100)
    masked = corruption(x)
    assert set(masked.unique().tolist()) == {0.0, 1.0}  # what is left is not scaled up
    assert masked.mean().item() == pytest.approx(0.7, abs=0.01)
    assert corruption.eval()(x) is x
    corruption.train().active = False
    assert corruption(x) is x


def test_corruption_makes_words_unknown_and_leaves_padding():
    ids = torch.tensor([[5, 6, 7, 8] * 50, [9] * 100 + [0] * 100])[..., None]
    hidden = Corruption(0.5).train()(ids)
    assert (hidden[ids == 0] == 0).all()
    changed = hidden != ids
    assert (hidden[changed] == 1).all()
    assert 0.3 < changed[ids > 0].float().mean() < 0.7


@pytest.mark.parametrize("bidirectional", [True, False])
def test_a_sequence_does_not_depend_on_its_batch(bidirectional):
    torch.manual_seed(0)
    model = recurrent(bidirectional=bidirectional).eval()
    x, lengths = torch.randn(3, 7, 2), torch.tensor([7, 3, 5])
    errors, latent = model(x, lengths)
    for i, length in enumerate(lengths.tolist()):
        error, z = model(x[i : i + 1, :length], lengths[i : i + 1])
        torch.testing.assert_close(z[0], latent[i])
        torch.testing.assert_close(error[0], errors[i])
        decoded = model.decode(z, lengths[i : i + 1])
        expected = (decoded[0] - x[i, :length]).square().mean()
        torch.testing.assert_close(error[0], expected)


def test_the_decoder_sees_the_latent_representation_at_every_step_and_nothing_else():
    torch.manual_seed(0)
    model = recurrent(bidirectional=False).eval()
    z, lengths = torch.randn(2, 3), torch.tensor([4, 4])
    by_hand = model.decoder(z[:, None].repeat(1, 4, 1), lengths)
    torch.testing.assert_close(model.unroll(z, lengths), by_hand)


@pytest.mark.parametrize("max_scores", [1, 50, 10_000])
def test_errors_of_tokens_are_cross_entropies_however_they_are_cut(monkeypatch, max_scores):
    monkeypatch.setattr(module, "MAX_SCORES", max_scores)
    torch.manual_seed(0)
    model = recurrent(n_features=1, n_ids=9)
    ids, lengths = torch.tensor([[4, 5, 8, 20], [6, 1, 0, 0]])[..., None], torch.tensor([4, 2])
    errors, z = model(ids, lengths)
    scores = model.output(model.unroll(z, lengths)).log_softmax(dim=2)
    first = -(scores[0, 0, 4] + scores[0, 1, 5] + scores[0, 2, 8] + scores[0, 3, 1]) / 4
    second = -(scores[1, 0, 6] + scores[1, 1, 1]) / 2
    torch.testing.assert_close(errors, torch.stack([first, second]))
    weights = list(model.parameters())
    weights = [weight for weight in weights if weight.requires_grad]
    actual = torch.autograd.grad(errors.sum(), weights, retain_graph=True)
    for gradient, other in zip(actual, torch.autograd.grad(first + second, weights), strict=True):
        torch.testing.assert_close(gradient, other)
    assert model.decode(z.detach(), lengths).min() > 0  # never padding


def test_gradients_of_token_losses_against_finite_differences(monkeypatch):
    monkeypatch.setattr(module, "MAX_SCORES", 20)  # three steps at a time
    torch.manual_seed(0)
    states, weight, bias = (
        torch.randn(*shape, dtype=torch.double, requires_grad=True)
        for shape in ((7, 4), (6, 4), (6,))
    )
    ids = torch.tensor([0, 5, 2, 2, 1, 3, 4])
    assert torch.autograd.gradcheck(token_losses, (states, weight, bias, ids))


def test_outliers_have_finite_soft_assignments():
    q = student_t(torch.tensor([[1e25, 0.0], [0.0, 1e19]]), torch.tensor([[1.0, 0.0], [0.0, 5e18]]))
    assert torch.isfinite(q).all()
    assert q[1].argmax() == 1


def test_soft_assignments_and_their_target_as_the_paper_writes_them():
    rng = np.random.default_rng(0)
    z, centers, weights = rng.normal(size=(6, 3)), rng.normal(size=(2, 3)), rng.random(6)
    q = np.empty((6, 2))
    for i in range(6):
        similar = [1 / (1 + sum((z[i] - center) ** 2)) for center in centers]
        q[i] = np.array(similar) / sum(similar)
    actual = student_t(torch.from_numpy(z), torch.from_numpy(centers))
    np.testing.assert_allclose(actual, q)
    p = np.empty((6, 2))
    for i in range(6):
        sharp = [q[i, j] ** 2 / sum(weights * q[:, j]) for j in range(2)]
        p[i] = np.array(sharp) / sum(sharp)
    np.testing.assert_allclose(target_distribution(actual, torch.from_numpy(weights)), p)


def test_the_loss_is_reconstruction_and_divergence():
    torch.manual_seed(0)
    model = ClusteringAutoencoder(DenseAutoencoder(4, (5,), 2), torch.randn(3, 2)).eval()
    x, rows, weights = torch.randn(2, 4), torch.tensor([3, 1]), torch.tensor([1.0, 3.0])
    targets = torch.rand(5, 3).softmax(dim=1)
    targets[3] = torch.tensor([1.0, 0.0, 0.0])  # 0 log 0 is 0
    errors, q = model(x)
    torch.testing.assert_close(q, model.assign(x))
    loss = ClusteringLoss(0.5)
    loss.targets = targets
    divergence = functional.kl_div(q.log(), targets[rows], reduction="none").sum(dim=1)
    expected = ((errors + 0.5 * divergence) * weights).sum() / 2
    torch.testing.assert_close(loss((errors, q), (rows, weights)), expected)
    plain = ReconstructionLoss()((errors, q), (rows, weights))
    torch.testing.assert_close(plain, (errors * weights).sum() / 2)
