"""The forecast network against a loop over its parts, its losses against scipy and scikit-learn."""

import numpy as np
import pytest
import torch
from scipy import stats
from sklearn.metrics import mean_pinball_loss

from sklstm.nn import ForecastLoss, ForecastNetwork
from sklstm.nn.dropout import seed_modules
from sklstm.nn.forecast import (
    NegativeBinomial,
    Normal,
    Point,
    Quantiles,
    StudentT,
    embedding_size,
)

FAMILIES = [
    Point(),
    Point(squared=True),
    Quantiles((0.1, 0.5, 0.9)),
    Normal(),
    StudentT(),
    NegativeBinomial(),
]
IDS = [type(family).__name__ + str(i) for i, family in enumerate(FAMILIES)]
ONE = torch.ones(())


@pytest.fixture(autouse=True)
def seeded():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def rand(*shape):
    return torch.randn(*shape, dtype=torch.float64)


# Losses and parameters of the distributions


def test_the_normal_loss_is_that_of_scipy():
    parameters = torch.stack([rand(50), rand(50).exp()], dim=-1)
    y = rand(50) * 3
    expected = -stats.norm.logpdf(y, *parameters.T)
    np.testing.assert_allclose(Normal().loss(parameters, y, ONE), expected, rtol=1e-10)


def test_the_student_t_loss_is_that_of_scipy():
    location, scale, freedom = rand(50), rand(50).exp(), 2 + rand(50).exp()
    y = rand(50) * 3
    parameters = torch.stack([location, scale, freedom], dim=-1)
    expected = -stats.t.logpdf(y, freedom, location, scale)
    np.testing.assert_allclose(StudentT().loss(parameters, y, ONE), expected, rtol=1e-10)


@pytest.mark.parametrize("unit", [1.0, 7.5])
def test_the_negative_binomial_loss_is_that_of_scipy(unit):
    mean, dispersion = rand(50).exp(), rand(50).exp()
    counts = (torch.arange(50) % 9).double()
    parameters = torch.stack([mean, dispersion], dim=-1)
    found = NegativeBinomial().loss(parameters, counts / unit, torch.tensor(unit))
    n, scaled = 1 / dispersion.numpy(), mean.numpy() * unit
    expected = -stats.nbinom.logpmf(counts.numpy(), n, n / (n + scaled))
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    nearly_poisson = torch.stack([mean, torch.full_like(mean, 1e-4)], dim=-1)
    found = NegativeBinomial().loss(nearly_poisson, counts, ONE)
    expected = -stats.poisson.logpmf(counts, mean)
    np.testing.assert_allclose(found, expected, rtol=2e-2, atol=2e-2)


def test_the_quantile_loss_is_twice_the_mean_pinball_loss():
    levels = (0.05, 0.3, 0.5, 0.8)
    predicted, y = rand(40, 4), rand(40)
    found = Quantiles(levels).loss(predicted, y, ONE).mean()
    each = [mean_pinball_loss(y, predicted[:, k], alpha=alpha) for k, alpha in enumerate(levels)]
    assert float(found) == pytest.approx(2 * np.mean(each))
    median = Quantiles((0.5,)).loss(predicted[:, :1], y, ONE)
    np.testing.assert_allclose(median, (y - predicted[:, 0]).abs())


def test_errors_of_numbers():
    predicted, y = rand(9, 1), rand(9)
    np.testing.assert_allclose(Point().loss(predicted, y, ONE), (y - predicted[:, 0]).abs())
    squares = (y - predicted[:, 0]) ** 2
    np.testing.assert_allclose(Point(squared=True).loss(predicted, y, ONE), squares)


@pytest.mark.parametrize("family", FAMILIES, ids=IDS)
def test_outputs_of_0_predict_the_baseline_with_a_positive_scale(family):
    baseline = torch.tensor([0.3, 2.0, 40.0])
    parameters = family.parameters(torch.zeros(3, family.n_outputs), baseline)
    np.testing.assert_allclose(family.center(parameters), baseline, rtol=1e-3)
    if isinstance(family, Normal | StudentT | NegativeBinomial):
        assert (parameters[:, 1:] > 0).all()


def test_a_mean_of_counts_stays_positive_where_the_baseline_is_0():
    parameters = NegativeBinomial().parameters(torch.zeros(2, 2), torch.tensor([0.0, -3.0]))
    np.testing.assert_allclose(parameters[:, 0], 0.1, rtol=1e-2)


@pytest.mark.parametrize("family", FAMILIES, ids=IDS)
@pytest.mark.parametrize("size", [1e-6, 1.0, 1e4])
def test_losses_and_gradients_are_finite(family, size):
    outputs = (torch.randn(6, 5, 1, family.n_outputs) * size).requires_grad_()
    expected = (torch.randn(6, 5, 1) * size).abs().round()
    expected[0] = torch.nan
    expected[1, 2] = torch.nan
    unit = torch.tensor([0.0, 1.0, 0.01, 100.0, 3.0, 1.0])[:, None, None]
    parameters = family.parameters(outputs, torch.zeros(6, 5, 1))
    loss = ForecastLoss(family)(parameters, (expected, torch.ones(6), unit))
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(outputs.grad).all()
    assert not outputs.grad[0].any()
    assert not outputs.grad[1, 2].any()


def test_the_loss_is_the_weighted_mean_over_values_that_are_there():
    parameters, expected, weights = rand(4, 3, 2, 1), rand(4, 3, 2), torch.tensor([1.0, 2, 0, 1])
    expected[0, 1, 0] = expected[3, 2, 1] = torch.nan
    found = ForecastLoss(Point())(parameters, (expected, weights, torch.ones(4, 1, 2)))
    total, n = 0.0, 0
    for i in range(4):
        for h in range(3):
            for j in range(2):
                if not torch.isnan(expected[i, h, j]):
                    total += weights[i] * abs(expected[i, h, j] - parameters[i, h, j, 0])
                    n += 1
    assert n == 22
    assert float(found) == pytest.approx(float(total) / n)
    nothing = torch.full_like(expected, torch.nan)
    assert ForecastLoss(Point())(parameters, (nothing, weights, torch.ones(4, 1, 2))) == 0.0


# The network


def network(family=None, **options):
    family = Quantiles((0.1, 0.5, 0.9)) if family is None else family
    options = {"hidden_sizes": (5,), "n_static": 2, "categories": (3,)} | options
    return ForecastNetwork(4, 2, 2, family, **options)


def inputs(n=3, horizon=6, **others):
    given = {
        "past": torch.randn(n, 7, 4),
        "future": torch.randn(n, horizon, 2),
        "baseline": torch.randn(n, horizon, 2),
        "static": torch.randn(n, 2),
        "categories": torch.arange(n) % 3,
        "previous": torch.randn(n, 2),
    }
    given["categories"] = given["categories"][:, None]
    return given | others


@pytest.mark.parametrize("family", FAMILIES, ids=IDS)
@pytest.mark.parametrize("recursive", [False, True])
def test_the_shape_is_that_of_the_parameters(family, recursive):
    found = network(family, recursive=recursive)(**inputs())
    assert found.shape == (3, 6, 2, family.n_parameters)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
@pytest.mark.parametrize("hidden_sizes", [(5,), (5, 3)])
def test_a_direct_forecast_equals_a_loop_over_the_parts(cell, hidden_sizes):
    model = network(cell=cell, hidden_sizes=hidden_sizes).eval()
    given = inputs()
    known = torch.cat(
        [given["static"], model.embeddings[0].weight[given["categories"][:, 0]]], dim=1
    )
    state, states = None, None
    for t in range(7):
        x = torch.cat([given["past"][:, t], known], dim=1)[:, None]
        if state is None:
            state = tuple(torch.zeros(3, n) for _, n in model.encoder.state_sizes())
        states, state = model.encoder.advance(x, state)
    context = states[:, -1]
    found = []
    for h in range(6):
        x = torch.cat([given["future"][:, h], context, known], dim=1)[:, None]
        states, state = model.decoder.advance(x, state)
        outputs = model.output(states[:, 0]).reshape(3, 2, 4)  # (batch, targets, 1 + quantiles)
        found.append(outputs[..., 1:] + outputs[..., :1] + given["baseline"][:, h, :, None])
    with torch.no_grad():
        np.testing.assert_allclose(model(**given), torch.stack(found, dim=1), atol=1e-5)


def by_hand(model, given, read):
    """Return the forecasts of a recursive decoder, which reads `read(h, prediction)` next."""
    known = torch.cat(
        [given["static"], model.embeddings[0].weight[given["categories"][:, 0]]], dim=1
    )
    wide = known[:, None].expand(-1, 7, -1)
    state = tuple(torch.zeros(len(known), n) for _, n in model.encoder.state_sizes())
    states, state = model.encoder.advance(torch.cat([given["past"], wide], dim=2), state)
    context, previous, found = states[:, -1], given["previous"], []
    for h in range(6):
        x = torch.cat([given["future"][:, h], context, known, previous], dim=1)[:, None]
        states, state = model.decoder.advance(x, state)
        outputs = model.output(states[:, 0]).reshape(3, 2, 4)  # (batch, targets, 1 + quantiles)
        found.append(outputs[..., 1:] + outputs[..., :1] + given["baseline"][:, h, :, None])
        previous = read(h, found[-1][..., 1])
    return torch.stack(found, dim=1)


@torch.no_grad()
def test_a_recursive_forecast_equals_a_loop_that_reads_its_own_medians():
    model, given = network(recursive=True), inputs()
    expected = by_hand(model, given, lambda h, median: median)
    np.testing.assert_allclose(model.eval()(**given), expected, atol=1e-5)
    true = torch.randn(3, 6, 2)
    np.testing.assert_allclose(  # in evaluation it never reads the truth
        model(**given, expected=true, teaching=1.0), expected, atol=1e-5
    )
    np.testing.assert_allclose(
        model.train()(**given, expected=true, teaching=0.0), expected, atol=1e-5
    )


@torch.no_grad()
def test_teacher_forcing_reads_the_true_values_where_they_are_known():
    model, true = network(recursive=True).train(), torch.randn(3, 6, 2)
    true[1, 2, 0] = torch.nan
    given = inputs()

    def read(h, median):
        return torch.where(true[:, h].isnan(), median, true[:, h])

    found = model(**given, expected=true, teaching=1.0)
    np.testing.assert_allclose(found, by_hand(model, given, read), atol=1e-5)


@torch.no_grad()
def test_scheduled_teaching_draws_for_each_sequence_and_step():
    model, n = network(recursive=True).train(), 400
    seed_modules(model, torch.Generator().manual_seed(0))
    given, true = inputs(n, horizon=6), torch.full((n, 6, 2), 50.0)
    taught = []

    def record(module, args):
        taught.append((args[0][:, 0, -2:] == 50.0).all(dim=1))

    handle = model.decoder.forward_layers[0].rnn.register_forward_pre_hook(record)
    model(**given, expected=true, teaching=0.25)
    handle.remove()
    share = torch.stack(taught[1:]).float()  # the first step reads the last known value
    assert not taught[0].any()
    assert abs(float(share.mean()) - 0.25) < 0.03
    assert 0 < share.mean(dim=0).std() < 0.5


@torch.no_grad()
def test_an_untrained_network_predicts_about_the_baseline():
    given = inputs(50, baseline=torch.randn(50, 6, 2) * 5)
    found = network(Point()).eval()(**given)[..., 0]
    assert float((found - given["baseline"]).abs().max()) < 0.5


def test_dropout_draws_from_the_generator_of_the_module():
    model, given = network(dropout=0.5, recurrent_dropout=0.3).train(), inputs()

    def run(seed):
        seed_modules(model, torch.Generator().manual_seed(seed))
        return model(**given).detach()

    before = torch.random.get_rng_state()
    assert torch.equal(run(0), run(0))
    assert not torch.equal(run(0), run(1))
    assert torch.equal(torch.random.get_rng_state(), before)
    assert torch.equal(model.eval()(**given), model(**given))


def test_embeddings_of_categories_grow_slowly():
    assert [embedding_size(n) for n in (1, 2, 10, 1000, 10**6)] == [2, 2, 6, 16, 16]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"past": torch.zeros(3, 7, 5)}, "past has shape .*must have shape .batch, time, 4"),
        ({"future": torch.zeros(3, 6, 1)}, "future has shape"),
        ({"future": torch.zeros(2, 6, 2)}, "future has shape"),
        ({"baseline": torch.zeros(3, 5, 2)}, "baseline has shape"),
        ({"static": torch.zeros(3, 1)}, "static has shape"),
        ({"static": None}, "static is None, but the network reads 2"),
        ({"categories": None}, "categories is None, but the network reads 1"),
        ({"categories": torch.zeros(3, 2, dtype=torch.long)}, "categories has shape"),
        ({"previous": None}, "previous is None"),
        ({"previous": torch.zeros(3, 1)}, "previous has shape"),
        ({"expected": torch.zeros(3, 5, 2)}, "expected has shape"),
    ],
)
def test_inputs_of_another_shape_are_refused(changed, message):
    with pytest.raises(ValueError, match=message):
        network(recursive=True)(**inputs() | changed)


def test_arguments_are_checked():
    with pytest.raises(ValueError, match="n_past must be an int of at least 1"):
        ForecastNetwork(0, 1, 1, Point())
    with pytest.raises(TypeError, match="n_targets must be an int"):
        ForecastNetwork(1, 1, 1.5, Point())
    with pytest.raises(ValueError, match=r"categories\[1\] must be an int of at least 1"):
        ForecastNetwork(1, 1, 1, Point(), categories=(2, 0))
    with pytest.raises(ValueError, match="cell must be one of"):
        ForecastNetwork(1, 1, 1, Point(), cell="rnn")
    with pytest.raises(TypeError, match="recursive must be True or False"):
        ForecastNetwork(1, 1, 1, Point(), recursive=1)
