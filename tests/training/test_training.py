"""What happens during fit: stopping, schedules, weights, continued training, callbacks."""

import contextlib
import signal
import threading

import numpy as np
import pytest
import torch
from sklearn.exceptions import ConvergenceWarning
from skorch.callbacks import Callback

from sklstm import LSTMClassifier
from sklstm._estimators.base import holdout_split
from sklstm._training.optimizers import SCHEDULES


def make_data(n=80, seed=0, noise=0.0):
    """Return sequences whose class is the sign of their mean, some labels drawn at random."""
    rng = np.random.default_rng(seed)
    X = [rng.normal(rng.choice([-1, 1]), 1, size=(length, 2)) for length in rng.integers(2, 9, n)]
    y = np.array([x.mean() > 0 for x in X]).astype(int)
    flip = rng.random(n) < noise
    return X, np.where(flip, rng.integers(0, 2, n), y)


def small(**params):
    plain = {"dropout": 0.0, "lr_schedule": "constant", "learning_rate": 1e-3}
    size = {"hidden_size": 6, "max_epochs": 3}
    return LSTMClassifier(**{**plain, **size, "random_state": 0, **params})


def weights(model):
    return torch.cat([p.detach().flatten() for p in model.module_.parameters()]).numpy()


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "sgd", "rmsprop"])
@pytest.mark.parametrize("schedule", sorted(SCHEDULES))
def test_every_optimizer_and_schedule_learns(optimizer, schedule):
    X, y = make_data()
    rate = 0.1 if optimizer == "sgd" else 0.02
    model = small(optimizer=optimizer, lr_schedule=schedule, learning_rate=rate, max_epochs=12)
    assert model.fit(X, y).score(X, y) > 0.9


@pytest.mark.parametrize(
    ("schedule", "start", "end"),
    [
        ("constant", 1, 1),
        ("linear", 1, 0),
        ("cosine", 1, 0),
        ("one_cycle", 0.1, 0),
        ("slanted_triangular", 1 / 32, 1 / 32),
    ],
)
def test_schedules_run_from_the_first_batch_to_the_last(schedule, start, end):
    rates = []

    class Watch(Callback):
        def on_batch_begin(self, net, training=True, **kwargs):
            rates.append(net.optimizer_.param_groups[0]["lr"])

    X, y = make_data()
    small(
        lr_schedule=schedule, learning_rate=0.01, batch_size=4, max_epochs=5, callbacks=[Watch()]
    ).fit(X, y)
    assert len(rates) == 100
    assert rates[0] == pytest.approx(0.01 * start)
    assert rates[-1] == pytest.approx(0.01 * end, abs=3e-4)
    assert max(rates) == pytest.approx(0.01)


def test_slanted_triangular_is_the_formula_of_the_paper():
    n, cut_frac, ratio = 200, 0.1, 32
    cut = int(n * cut_frac)
    for t in range(n + 1):
        p = t / cut if t < cut else 1 - (t - cut) / (cut * (1 / cut_frac - 1))
        expected = (1 + p * (ratio - 1)) / ratio
        assert SCHEDULES["slanted_triangular"](t / n) == pytest.approx(expected, abs=1e-12)


def test_gradients_are_clipped_before_the_step():
    norms = []

    class Watch(Callback):
        def on_batch_end(self, net, training=True, **kwargs):
            grads = [p.grad.flatten() for p in net.module_.parameters() if p.grad is not None]
            norms.append(float(torch.cat(grads).norm()))

    small(gradient_clip=0.01, callbacks=[Watch()]).fit(*make_data())
    assert max(norms) <= 0.01 * 1.001


def test_early_stopping_restores_the_best_weights():
    X, y = make_data(120, noise=0.6)
    X_val, y_val = make_data(60, seed=1, noise=0.6)
    model = small(
        early_stopping=True, max_epochs=60, learning_rate=0.1, n_iter_no_change=3, hidden_size=16
    )
    model.fit(X, y, X_val=X_val, y_val=y_val)
    losses = [row["valid_loss"] for row in model.history_]
    best = int(np.argmin(losses))
    assert model.best_epoch_ == best + 1
    assert model.n_iter_ == len(losses) < 60
    log_p = model.predict_log_proba(X_val)
    assert -np.mean(log_p[np.arange(60), y_val]) == pytest.approx(losses[best], rel=1e-5)
    assert model.history_[best]["valid_score"] == pytest.approx(model.score(X_val, y_val))


def test_validation_data_is_not_trained_on_and_without_early_stopping_changes_nothing():
    X, y = make_data()
    plain = small().fit(X, y)
    X_val, y_val = make_data(20, seed=3)
    watched = small().fit(X, y, X_val=X_val, y_val=y_val)
    np.testing.assert_array_equal(weights(plain), weights(watched))
    assert "valid_loss" in watched.history_[0]
    paired = small().fit(X, y, X_val=X[:9], y_val=y[:9])
    assert paired.history_[0]["valid_score"] == pytest.approx(
        np.mean(small(max_epochs=1).fit(X, y).predict(X[:9]) == y[:9])
    )


def test_holdout_is_stratified_by_groups_or_last():
    strata = np.array([0] * 80 + [1] * 20)
    common = {"strategy": "auto", "strata": strata, "groups": None, "seed": 0}
    train, held = holdout_split(100, 0.1, **common)
    assert sorted([*train, *held]) == list(range(100))
    assert strata[held].sum() == 2
    groups = np.repeat(np.arange(20), 5)
    train, held = holdout_split(100, 0.2, **{**common, "groups": groups})
    assert len(held) == 20
    assert not set(groups[train]) & set(groups[held])
    train, held = holdout_split(100, 0.1, **{**common, "strategy": "last"})
    assert list(held) == list(range(90, 100))
    lone = np.array([0] * 9 + [1])  # cannot be on both sides
    train, held = holdout_split(10, 0.2, **{**common, "strata": lone})
    assert len(held) == 2


@pytest.mark.parametrize(
    ("strategy", "strata", "groups", "message"),
    [
        ("groups", None, None, "needs groups: pass groups= to fit"),
        ("stratified", [0, 1] * 5, [0] * 5 + [1] * 5, "but fit was given groups; use 'groups'"),
        ("stratified", None, None, "needs one label per sample"),
        ("stratified", [0] * 9 + [1], None, "2 samples of each class, but there is 1 of class 1"),
        ("stratified", [0, 1, 2] * 3 + [0], None, "classes .3., but 2 are held out and 8 left"),
    ],
    ids=["no groups", "groups", "no classes", "lone class", "many classes"],
)
def test_a_strategy_that_the_data_do_not_allow_is_refused(strategy, strata, groups, message):
    strata = None if strata is None else np.array(strata)
    with pytest.raises(ValueError, match=message):
        holdout_split(10, 0.2, strategy=strategy, strata=strata, groups=groups, seed=0)


def test_a_named_strategy_draws_as_auto_does_on_such_data():
    strata, groups = np.array([0] * 80 + [1] * 20), np.repeat(np.arange(20), 5)
    for strategy, given in [("stratified", None), ("groups", groups)]:
        common = {"strata": strata, "groups": given, "seed": 0}
        for named, auto in zip(
            holdout_split(100, 0.2, strategy=strategy, **common),
            holdout_split(100, 0.2, strategy="auto", **common),
            strict=True,
        ):
            np.testing.assert_array_equal(named, auto)


def test_a_warm_start_continues_and_a_cold_start_does_not():
    X, y = make_data()
    model = small(warm_start=True).fit(X, y)
    first = weights(model)
    model.fit(X, y)
    assert model.n_iter_ == 6
    assert model.loss_curve_[3] < model.loss_curve_[0]
    assert not np.array_equal(weights(model), first)
    model.set_params(warm_start=False).fit(X, y)
    np.testing.assert_array_equal(weights(model), first)


def test_partial_fit_in_two_calls_is_one_optimizer():
    X, y = make_data(64)
    one_batch = {"batch_size": 64, "shuffle": False}
    whole = small(max_epochs=2, **one_batch).fit(X, y)
    parts = small(**one_batch).partial_fit(X, y, classes=[0, 1]).partial_fit(X, y)
    np.testing.assert_allclose(weights(parts), weights(whole), atol=1e-6)
    assert parts.n_iter_ == 2


def test_partial_fit_goes_by_the_parameters_of_now():
    X, y = make_data()
    model = small().partial_fit(X, y)
    first = weights(model)
    model.set_params(learning_rate=1e-9).partial_fit(X, y)
    np.testing.assert_allclose(weights(model), first, atol=1e-7)
    model.set_params(learning_rate=1e-3).partial_fit(X, y)
    assert np.abs(weights(model) - first).max() > 1e-4


@pytest.mark.parametrize("other", ["sgd", "adamw", "rmsprop"])
def test_another_optimizer_starts_with_fresh_averages(other):
    X, y = make_data(64)
    one_batch = {"batch_size": 64, "shuffle": False}
    model = small(**one_batch).partial_fit(X, y)
    alone = small(**one_batch, optimizer=other, warm_start=True, max_epochs=1)
    # a warm start has a new optimizer, and the weights of before
    alone.fit(X, y).module_.load_state_dict(model.module_.state_dict())
    model.set_params(optimizer=other).partial_fit(X, y)
    np.testing.assert_allclose(weights(model), weights(alone.fit(X, y)), atol=1e-6)


def test_a_warm_start_draws_another_order():
    X, y = make_data()
    drawn = []

    class Watch(Callback):
        def on_batch_begin(self, net, batch=None, training=True, **kwargs):
            drawn[-1].append(batch[1][0].flatten().tolist())

    model = small(warm_start=True, max_epochs=1, batch_size=8, callbacks=[Watch()])
    for _ in range(2):
        drawn.append([])
        model.fit(X, y)
    assert drawn[0] != drawn[1]


def test_partial_fit_can_begin_without_every_class():
    X, y = make_data()
    zeros = [x for x, label in zip(X, y, strict=True) if label == 0]
    model = small().partial_fit(zeros, [0] * len(zeros), classes=[0, 1, 2])
    model.partial_fit(X, y)
    assert model.predict_proba(X).shape == (80, 3)


def test_class_weight_is_sample_weight_by_class():
    X, y = make_data()
    by_class = small(class_weight={0: 3.0, 1: 0.5}).fit(X, y)
    by_sample = small().fit(X, y, sample_weight=np.where(y == 0, 3.0, 0.5))
    np.testing.assert_array_equal(weights(by_class), weights(by_sample))
    scaled = small().fit(X, y, sample_weight=np.where(y == 0, 30.0, 5.0))
    np.testing.assert_allclose(weights(scaled), weights(by_sample), atol=1e-5)


def test_class_weight_may_name_some_classes_and_holds_for_every_part():
    X, y = make_data()
    zeros = [x for x, label in zip(X, y, strict=True) if label == 0]
    weight = {1: 5.0}  # and 1 for the other
    model = small(class_weight=weight).partial_fit(zeros, [0] * len(zeros), classes=[0, 1])
    model.partial_fit(X, y)
    full = small(class_weight={0: 1.0, 1: 5.0})
    full.partial_fit(zeros, [0] * len(zeros), classes=[0, 1]).partial_fit(X, y)
    np.testing.assert_array_equal(weights(model), weights(full))
    small(class_weight=weight, early_stopping=True).fit(X, y, X_val=zeros, y_val=[0] * len(zeros))


def test_validation_weighs_classes_as_training_does():
    X, y = make_data()
    rare = np.concatenate([np.flatnonzero(y == 0), np.flatnonzero(y == 1)[:4]])
    X_train, y_train = [X[i] for i in rare], y[rare]
    n = np.bincount(y_train)
    by_hand = {label: len(y_train) / 2 / n[label] for label in (0, 1)}
    histories = [
        small(class_weight=weight).fit(X_train, y_train, X_val=X, y_val=y).history_
        for weight in ("balanced", by_hand)
    ]
    for one, other in zip(*histories, strict=True):
        assert one["valid_loss"] == pytest.approx(other["valid_loss"])
        assert one["valid_score"] == pytest.approx(other["valid_score"])


def test_balanced_classes_raise_the_recall_of_the_rare_one():
    X, y = make_data(200, noise=0.5)
    rare = np.flatnonzero(y == 1)[:15]
    rows = np.concatenate([np.flatnonzero(y == 0), rare])
    X, y = [X[i] for i in rows], y[rows]
    # Convolutions beside the LSTM would fit the few rare samples without weights, too.
    model = small(max_epochs=8, fcn_filters=None)
    recall = [
        np.mean(model.set_params(class_weight=w).fit(X, y).predict(X)[-15:] == 1)
        for w in (None, "balanced")
    ]
    assert recall[1] > recall[0]


class InEpoch2(Callback):
    """Do something at the end of epoch 2."""

    def __init__(self, action):
        self.action = action

    def on_epoch_end(self, net, **kwargs):
        if len(net.history) == 2:
            self.action()


def press_ctrl_c():
    signal.raise_signal(signal.SIGINT)


def stop():
    raise KeyboardInterrupt  # skorch's way to end training from a callback


def test_interrupted_training_keeps_what_was_learned():
    X, y = make_data()
    before = signal.getsignal(signal.SIGINT)
    with pytest.warns(ConvergenceWarning, match="interrupted in epoch 2"):
        model = small(max_epochs=9, callbacks=[InEpoch2(press_ctrl_c)]).fit(X, y)
    assert signal.getsignal(signal.SIGINT) is before
    np.testing.assert_array_equal(weights(model), weights(small(max_epochs=2).fit(X, y)))


def test_a_callback_ends_training_without_a_warning():
    X, y = make_data()
    model = small(max_epochs=9, callbacks=[InEpoch2(stop)]).fit(X, y)
    assert model.n_iter_ == 2


def test_a_ctrl_c_that_a_callback_absorbs_does_not_count_later():
    X, y = make_data()

    def absorb():
        with contextlib.suppress(KeyboardInterrupt):
            press_ctrl_c()
        stop()

    assert small(max_epochs=9, callbacks=[InEpoch2(absorb)]).fit(X, y).n_iter_ == 2


def test_in_another_thread_a_callback_ends_training_too():
    X, y = make_data()
    model = small(max_epochs=9, callbacks=[InEpoch2(stop)])
    thread = threading.Thread(target=model.fit, args=(X, y))
    thread.start()
    thread.join()
    assert model.n_iter_ == 2


@pytest.fixture
def handler_of_sigint():
    """Set a handler of SIGINT, and restore the one before after the test."""
    before = signal.getsignal(signal.SIGINT)
    yield lambda handler: signal.signal(signal.SIGINT, handler)
    signal.signal(signal.SIGINT, before)


def test_a_handler_of_the_users_decides_what_ctrl_c_does(handler_of_sigint):
    received = []

    def note_only(signum, frame):
        received.append(signum)

    handler_of_sigint(note_only)
    model = small(max_epochs=3, callbacks=[InEpoch2(press_ctrl_c)]).fit(*make_data())
    assert received == [signal.SIGINT]
    assert model.n_iter_ == 3
    assert signal.getsignal(signal.SIGINT) is note_only


def test_an_ignored_ctrl_c_stays_ignored(handler_of_sigint):
    handler_of_sigint(signal.SIG_IGN)
    model = small(max_epochs=3, callbacks=[InEpoch2(press_ctrl_c)]).fit(*make_data())
    assert model.n_iter_ == 3
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def test_a_handler_installed_in_training_stays(handler_of_sigint):
    def other(signum, frame):
        """Do nothing."""

    small(callbacks=[InEpoch2(lambda: handler_of_sigint(other))]).fit(*make_data())
    assert signal.getsignal(signal.SIGINT) is other


@pytest.mark.parametrize("given", [1, "x", ("name", 2), (Callback(),), int])
def test_what_is_no_callback_is_named(given):
    with pytest.raises(TypeError, match=r"callbacks\[1\]=.* must be a skorch callback, or a pair"):
        small(callbacks=[Callback(), given]).fit(*make_data())


def test_an_error_in_training_leaves_the_earlier_fit():
    class Fail(Callback):
        def on_epoch_end(self, net, **kwargs):
            raise OSError("disk full")

    X, y = make_data()
    model = small().fit(X, y)
    before, state = model.predict_proba(X), dict(vars(model))
    handler = signal.getsignal(signal.SIGINT)
    model.set_params(callbacks=[Fail()], warm_start=True)
    for call in (model.fit, model.partial_fit):
        with pytest.raises(OSError, match="disk full"):
            call(X, y)
        assert signal.getsignal(signal.SIGINT) is handler
    np.testing.assert_array_equal(model.predict_proba(X), before)
    assert vars(model).keys() == state.keys()


def test_verbose_shows_loss_score_and_time_left(capsys):
    X, y = make_data()
    small(verbose=1).fit(X, y, X_val=X, y_val=y)
    shown = capsys.readouterr().err
    assert "loss=" in shown
    assert "valid_score=" in shown
    assert "<00:0" in shown  # elapsed<left


def test_summary_prints_layers_shapes_and_counts(capsys):
    model = small(conv_filters=4, embedding_dim=7, input_type="tokens", max_epochs=1)
    model.fit([[4, 5, 6], [5], [6, 4], [4]], [0, 1, 0, 1]).summary()
    lines = capsys.readouterr().out.splitlines()
    assert any("TokenEmbedding" in line and "(batch, time, 7)" in line for line in lines)
    assert any("(batch, time / 2, 12)" in line for line in lines)
    trained = sum(p.numel() for p in model.module_.parameters() if p.requires_grad)
    assert f"trained parameters: {trained:,}" in "\n".join(lines)


@pytest.mark.parametrize("pool", [1, 2, 3, 5, 7, 16])
def test_summary_tells_how_pooling_shortens(pool, capsys):
    model = small(conv_filters=4, conv_pool_size=pool, max_epochs=1)
    model.fit([[4.0, 5], [5], [6, 4], [4]], [0, 1, 0, 1]).summary()
    shortened = "time" if pool == 1 else f"time / {pool}"
    assert f"(batch, {shortened}, 12)" in capsys.readouterr().out


def test_a_module_of_ones_own():
    class Mean(torch.nn.Module):
        def __init__(self, n_features, n_outputs):
            super().__init__()
            self.output = torch.nn.Linear(n_features, n_outputs)

        def forward(self, inputs, lengths):
            return self.output(inputs.sum(dim=1) / lengths[:, None])

    class MeanClassifier(LSTMClassifier):
        def _build_module(self):
            return Mean(self._input_.n_features, self._target_.n_outputs)

    X, y = make_data()
    model = MeanClassifier(max_epochs=20, learning_rate=0.1, random_state=0).fit(X, y)
    assert model.score(X, y) > 0.95
    steps = model.predict_proba_steps(X[:2])
    np.testing.assert_allclose(steps[0][-1], model.predict_proba(X[:1])[0], atol=1e-6)
