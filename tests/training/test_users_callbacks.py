"""The callbacks that users bring: what they find, what they change, and what is left of them."""

import contextlib
import io
import pickle
import threading

import joblib
import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.metrics import accuracy_score, f1_score, log_loss, make_scorer, r2_score
from skorch.callbacks import (
    BatchScoring,
    Callback,
    Checkpoint,
    EarlyStopping,
    EpochScoring,
    EpochTimer,
    Freezer,
    GradientNormClipping,
    Initializer,
    InputShapeSetter,
    LoadInitState,
    LRScheduler,
    ParamMapper,
    PassthroughScoring,
    PrintLog,
    ProgressBar,
    TensorBoard,
    TrainEndCheckpoint,
    Unfreezer,
    WandbLogger,
)

from sklstm import AutoencoderClusterer, LSTMClassifier, LSTMRegressor, LSTMTagger
from sklstm.metrics import token_accuracy_scorer

RNG = np.random.default_rng(0)
X = [RNG.normal(size=(n, 2)) for n in RNG.integers(3, 9, size=40)]
LABELS = np.where([x[:, 0].mean() > 0 for x in X], "up", "down")
NUMBERS = np.array([x[:, 0].mean() * 1e3 + 7 for x in X])
TAGS = [np.where(x[:, 0] > 0, "P", "N") for x in X]
TABLE = RNG.normal(size=(40, 5)) + 6.0 * (np.arange(40) % 2)[:, None]  # two clusters
HELD_OUT = slice(28, 40)  # of unequal lengths, so that their batches have another order

# After so few epochs a cluster may be empty, which is beside the point.
EMPTY_CLUSTERS = pytest.mark.filterwarnings("ignore:. times a cluster became empty")

SMALL = {"max_epochs": 3, "batch_size": 8, "random_state": 0}


def classifier(**params):
    return LSTMClassifier(4, **{**SMALL, **params})


def fit(model, y=LABELS):
    """Fit with validation data, so that what the columns of the history say can be repeated."""
    rest = slice(0, HELD_OUT.start)
    return model.fit(X[rest], y[rest], X_val=X[HELD_OUT], y_val=y[HELD_OUT])


KINDS = [
    (LSTMClassifier, {}, LABELS),
    (LSTMRegressor, {}, NUMBERS),
    (LSTMTagger, {}, TAGS),
    (LSTMTagger, {"output_layer": "crf"}, TAGS),
]


class Rates(Callback):
    """Remember the learning rate of every training step."""

    def initialize(self):
        self.rates_ = []
        return self

    def on_batch_begin(self, net, training=False, **kwargs):
        if training:
            self.rates_.append(net.optimizer_.param_groups[0]["lr"])


def rates_in_torch(make, *, every, n_epochs=3, n_batches=5, rate=0.1):
    """Return the rate of every step with a scheduler of torch alone."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=rate)
    scheduler, rates = make(optimizer), []
    for _ in range(n_epochs):
        for _ in range(n_batches):
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            if every == "batch":
                scheduler.step()
        if every == "epoch":
            scheduler.step()
    return rates


def rates_of(*callbacks, **params):
    """Return the rate of every step of a fit with these callbacks."""
    model = classifier(learning_rate=0.1, callbacks=[*callbacks, Rates()], **params)
    return model.fit(X, LABELS).callbacks_[-1].rates_


@pytest.mark.parametrize("schedule", ["linear", "one_cycle"])
@pytest.mark.parametrize("every", ["epoch", "batch"])
@pytest.mark.parametrize(
    ("policy", "options"),
    [
        ("StepLR", {"step_size": 2, "gamma": 0.5}),
        ("ExponentialLR", {"gamma": 0.9}),
        (torch.optim.lr_scheduler.OneCycleLR, {"max_lr": 0.3, "total_steps": 16}),
    ],
)
def test_fault_11_a_scheduler_among_the_callbacks_is_alone(schedule, every, policy, options):
    kind = getattr(torch.optim.lr_scheduler, policy) if isinstance(policy, str) else policy
    expected = rates_in_torch(lambda optimizer: kind(optimizer, **options), every=every)
    own = LRScheduler(policy, step_every=every, **options)
    for callback in (own, ("mine", own)):
        np.testing.assert_allclose(rates_of(callback, lr_schedule=schedule), expected)


def test_fault_11_warm_restarts_and_plateaus_are_alone():
    from skorch.callbacks.lr_scheduler import WarmRestartLR

    expected = rates_in_torch(lambda optimizer: WarmRestartLR(optimizer), every="epoch")
    np.testing.assert_allclose(rates_of(LRScheduler()), expected)
    np.testing.assert_allclose(rates_of(LRScheduler), expected)
    # With this threshold no loss counts as an improvement on the one before.
    plateau = LRScheduler("ReduceLROnPlateau", monitor="train_loss", patience=0, threshold=10.0)
    np.testing.assert_allclose(rates_of(plateau), [0.1] * 5 + [0.01] * 5 + [0.001] * 5)


class OwnScheduler(Callback):
    """A scheduler of torch's, made and stepped by hand."""

    def on_train_begin(self, net, **kwargs):
        optimizer = net.optimizer_
        self.scheduler_ = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)

    def on_batch_end(self, net, training=False, **kwargs):
        if training:
            self.scheduler_.step()


class ByHand(Callback):
    """Set the rate of every epoch; that of the first is what it is."""

    def on_epoch_begin(self, net, **kwargs):
        for group in net.optimizer_.param_groups:
            group["lr"] = 0.1 * 0.5 ** (len(net.history) - 1)


@pytest.mark.parametrize("schedule", ["linear", "one_cycle"])
def test_fault_11_rates_set_by_hand_stay(schedule):
    expected = rates_in_torch(
        lambda optimizer: torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9), every="batch"
    )
    np.testing.assert_allclose(rates_of(OwnScheduler(), lr_schedule=schedule), expected)
    np.testing.assert_allclose(
        rates_of(ByHand(), lr_schedule=schedule), [0.1] * 5 + [0.05] * 5 + [0.025] * 5
    )


def test_fault_11_a_rate_set_later_ends_the_schedule_with_a_warning():
    class Drop(Callback):
        def on_epoch_begin(self, net, **kwargs):
            if len(net.history) == 2:
                net.optimizer_.param_groups[0]["lr"] = 0.5

    with pytest.warns(UserWarning, match="set the learning rate of training step 6, which ends lr"):
        rates = rates_of(Drop())
    np.testing.assert_allclose(rates, [0.1 * (1 - i / 15) for i in range(5)] + [0.5] * 10)


def test_fault_11_clipping_of_ones_own_replaces_that_of_gradient_clip():
    class Norm(Callback):
        def on_grad_computed(self, net, named_parameters, **kwargs):
            grads = [p.grad.flatten() for _, p in named_parameters if p.grad is not None]
            self.norm_ = float(torch.cat(grads).norm())

    own = GradientNormClipping(1e6)
    model = classifier(gradient_clip=1e-3, callbacks=[own, Norm()]).fit(X, LABELS)
    assert model.callbacks_[1].norm_ > 1e-2
    model = classifier(gradient_clip=1e-3, callbacks=[Norm()]).fit(X, LABELS)
    assert model.callbacks_[0].norm_ <= 1.001e-3


class Keep(Callback):
    """Keep everything that there is to keep."""

    def __init__(self):
        self.losses = []

    def on_train_begin(self, net, X=None, **kwargs):
        self.net, self.optimizer, self.X = net, net.optimizer_, X
        self.best = self.module = net.module_
        self.answers = [lambda: net, net.predict]
        self.epochs = 0

    def on_epoch_end(self, net, dataset_train=None, **kwargs):
        self.data = {"train": dataset_train}
        self.losses.append(net.history[-1, "train_loss"])
        self.epochs += 1
        self.average = torch.optim.swa_utils.AveragedModel(net.module_)


CHANGING = [
    EpochScoring("accuracy", on_train=True),
    LRScheduler("StepLR", step_size=1),
    ProgressBar(),
    Freezer("*weight_hh*"),
    EarlyStopping("train_loss", load_best=True, sink=len),
    ("named", EpochTimer()),
    PrintLog(sink=len),
    LRScheduler,
]


@pytest.mark.parametrize("method", ["fit", "partial_fit", "warm start"])
def test_fault_16_fit_leaves_the_callbacks_as_they_were(method, capsys):
    model = classifier(callbacks=CHANGING, warm_start=method == "warm start")
    before, states = joblib.hash(model), joblib.hash(CHANGING)
    for _ in range(2):
        (model.partial_fit if method == "partial_fit" else model.fit)(X, LABELS)
    assert joblib.hash(model.callbacks) == states
    assert joblib.hash(clone(model)) == before
    assert [type(kept) for kept in model.callbacks_] == [
        LRScheduler if kept is LRScheduler else type(kept) for kept in CHANGING
    ]
    assert model.callbacks_[5][0] == "named"
    assert "tqdm" not in repr(vars(model.callbacks_[2]))


@pytest.mark.parametrize("hidden_size", [8, 24])
def test_fault_16_the_optimizer_is_not_pickled_through_callbacks(hidden_size):
    sizes = []
    for callbacks in (None, [*CHANGING, Keep()]):
        model = LSTMClassifier(hidden_size, callbacks=callbacks, **SMALL).fit(X, LABELS)
        sizes.append(len(pickle.dumps(model)))
    # Besides the averaged network, a result: the net would hold two more of its size, and the data.
    assert sizes[1] < 2.2 * sizes[0] + 10_000
    kept = model.callbacks_[-1]
    left_out = {"net", "optimizer", "X", "best", "module", "answers", "data"}
    assert left_out.isdisjoint(vars(kept))
    assert kept.epochs == 3
    assert isinstance(kept.average, torch.nn.Module)
    copy = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(copy.predict(X), model.predict(X))
    assert copy.callbacks_[-1].losses == model.loss_curve_


def test_fault_16_a_list_of_the_users_collects_results():
    own = Keep()
    model = classifier(callbacks=[own]).fit(X, LABELS)
    assert own.losses == model.callbacks_[0].losses == model.loss_curve_
    assert vars(own).keys() == {"losses"}
    model.partial_fit(X, LABELS)
    assert own.losses == model.loss_curve_


class Held(Callback):
    """Something that cannot be copied deeply, nor pickled, and a callback inside."""

    def __init__(self, lock, file, function, inner):
        self.lock, self.file, self.function, self.inner = lock, file, function, inner

    def __getstate__(self):
        return {}

    def initialize(self):
        self.inner.initialize()
        return self

    def on_epoch_end(self, net, **kwargs):
        with self.lock:
            self.file.write(self.function(net))
        self.inner.on_epoch_end(net, **kwargs)


def test_fault_16_locks_files_and_functions_are_shared_and_callbacks_inside_copied():
    inner = Checkpoint(monitor=None, f_params=None, f_optimizer=None, f_criterion=None)
    inner.f_history = None
    end = TrainEndCheckpoint(f_params=None, f_optimizer=None, f_criterion=None, f_history=None)
    file = io.StringIO()
    own = Held(threading.Lock(), file, lambda net: ".", inner)
    given = [own, end, LoadInitState(end)]
    model = classifier(callbacks=given).fit(X, LABELS)
    assert file.getvalue() == "..."
    copy = model.callbacks_[0]
    assert copy is not own
    assert copy.lock is own.lock
    assert copy.inner is not inner
    assert model.callbacks_[2].checkpoint is model.callbacks_[1]
    assert not hasattr(end, "checkpoint_")


def test_fault_16_callbacks_in_a_list_of_a_callback_are_copied_and_freed():
    class Both(Callback):
        def __init__(self, parts):
            self.parts = parts

        def on_train_begin(self, net, **kwargs):
            for part in self.parts:
                part.initialize().on_train_begin(net, **kwargs)

    given = LRScheduler("StepLR", step_size=1)
    (trained,) = classifier(callbacks=[Both([given])]).fit(X, LABELS).callbacks_
    assert not hasattr(given, "lr_scheduler_")
    assert trained.parts[0] is not given
    assert not hasattr(trained.parts[0], "lr_scheduler_")


@EMPTY_CLUSTERS
def test_fault_16_the_clusterer_copies_callbacks_too():
    model = AutoencoderClusterer(
        2, n_components=2, max_epochs=2, callbacks=CHANGING, random_state=0
    )
    model.set_params(
        clustering_epochs=2, tol=0.0, n_autoencoders=2, callbacks=[*CHANGING[1:], Keep()]
    )
    before = joblib.hash(CHANGING)
    model.fit(TABLE)
    assert joblib.hash(CHANGING) == before
    assert model.callbacks_[-1].epochs == 2  # of the second training
    assert len(model.callbacks[-1].losses) == 8  # two autoencoders, each trained twice
    assert "net" not in vars(model.callbacks_[-1])
    pickle.loads(pickle.dumps(model)).predict(TABLE)


class Ask(Callback):
    """Compare what the net returns with what the estimator does once training has ended."""

    def __init__(self, methods):
        self.methods = methods

    def on_epoch_end(self, net, dataset_valid=None, **kwargs):
        self.on_set_ = {name: getattr(net, name)(dataset_valid) for name in self.methods}
        self.on_X_ = {name: getattr(net, name)(X[HELD_OUT]) for name in self.methods}
        self.again_ = {name: getattr(net, name)(dataset_valid.X) for name in self.methods}
        self.y_, self.n_ = dataset_valid.y, len(dataset_valid)
        self.score_ = net.score(dataset_valid, dataset_valid.y)
        self.outputs_ = torch.cat([batch.flatten() for batch in net.forward_iter(dataset_valid)])


def assert_same(one, other):
    assert len(one) == len(other)
    for a, b in zip(one, other, strict=True):
        if np.asarray(b).dtype.kind == "f":
            np.testing.assert_allclose(a, b, atol=1e-5 * (1 + np.abs(b).max()))
        else:
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(("kind", "params", "y"), KINDS)
@pytest.mark.parametrize("more", [{}, {"bptt_length": 3, "bidirectional": False}])
def test_fault_18_the_net_answers_as_the_estimator_does(kind, params, y, more):
    methods = ["predict"] + ["predict_proba"] * (kind is not LSTMRegressor)
    if params and more:
        pytest.skip("a CRF looks ahead, which cut sequences may not")
    model = fit(kind(4, callbacks=[Ask(methods)], **SMALL, **params, **more), y)
    seen = model.callbacks_[0]
    for name in methods:
        expected = getattr(model, name)(X[HELD_OUT])
        for answer in (seen.on_set_, seen.on_X_, seen.again_):
            assert_same(answer[name], expected)
    assert_same(seen.y_, y[HELD_OUT])
    assert seen.n_ == 12
    assert seen.score_ == pytest.approx(model.score(X[HELD_OUT], y[HELD_OUT]))


def test_fault_18_asking_the_net_changes_no_training():
    model = fit(classifier(callbacks=[Ask(["predict"]), EpochScoring("accuracy")]))
    plain = fit(classifier())
    assert [row["train_loss"] for row in model.history_] == plain.loss_curve_
    assert model.predict_proba(X).tolist() == plain.predict_proba(X).tolist()


def truth(scoring, model, y):
    """Return the score of the predictions for the held-out part."""
    expected, predicted = y[HELD_OUT], model.predict(X[HELD_OUT])
    if isinstance(expected, list):
        expected, predicted = np.concatenate(expected), np.concatenate(list(predicted))
    if scoring == "neg_log_loss":
        rows = model.predict_proba(X[HELD_OUT])
        rows = rows if rows.dtype != object else np.concatenate(list(rows))
        return -log_loss(expected, rows, labels=model.classes_)
    if scoring in ("r2", r2_score) or (scoring is None and isinstance(model, LSTMRegressor)):
        return r2_score(expected, predicted)
    if scoring == "f1_macro":
        return f1_score(expected, predicted, average="macro")
    return accuracy_score(expected, predicted)


@pytest.mark.filterwarnings("ignore:R")  # of batches of one sample
@pytest.mark.parametrize("use_caching", [True, False])
@pytest.mark.parametrize(("kind", "params", "y"), KINDS)
def test_fault_18_scores_of_validation_data_are_those_of_the_estimator(
    kind, params, y, use_caching
):
    scorings = ["accuracy", "f1_macro", "neg_log_loss", None, accuracy_score]
    if kind is LSTMRegressor:
        scorings = ["r2", None, r2_score]
    if kind is LSTMTagger:
        scorings.append(token_accuracy_scorer)
    scores = [
        EpochScoring(scoring, name=f"s{i}", lower_is_better=False, use_caching=use_caching)
        for i, scoring in enumerate(scorings)
    ]
    model = fit(kind(4, callbacks=scores, **SMALL, **params), y)
    last = model.history_[-1]
    for i, scoring in enumerate(scorings):
        assert last[f"s{i}"] == pytest.approx(truth(scoring, model, y), rel=1e-5), scoring
        best = max(row[f"s{i}"] for row in model.history_[:-1])
        assert last[f"s{i}_best"] == (last[f"s{i}"] > best)


@pytest.mark.parametrize("use_caching", [True, False])
@pytest.mark.parametrize(("kind", "params", "y"), [KINDS[0], *KINDS[2:]])
def test_fault_18_scores_of_batches_average_to_that_of_all(kind, params, y, use_caching):
    """With as many steps in all sequences, that is the accuracy of all samples or steps."""
    same = np.stack([x[:3] for x in X])
    labels = y if kind is LSTMClassifier else [tags[:3] for tags in y]
    scores = [
        BatchScoring("accuracy", lower_is_better=False, use_caching=use_caching),
        BatchScoring(None, name="own", lower_is_better=False, use_caching=use_caching),
    ]
    model = kind(4, callbacks=scores, **SMALL, **params)
    model.fit(same, labels, X_val=same, y_val=labels)
    for name in ("accuracy", "own"):
        assert model.history_[-1][name] == pytest.approx(model.score(same, labels))


@EMPTY_CLUSTERS
def test_fault_18_scores_of_training_data():
    """With a rate near 0 and no dropout, the outputs of training are those of the end.

    Without the branch, too, which is trained on the statistics of each batch.
    """
    still = {"learning_rate": 1e-12, "dropout": 0.0}
    for kind, params, y in (*KINDS, (LSTMTagger, {"bptt_length": 2, "bidirectional": False}, TAGS)):
        scores = [
            EpochScoring(None, name="own", on_train=True),
            EpochScoring("r2" if kind is LSTMRegressor else "accuracy", name="s", on_train=True),
        ]
        whole = {} if kind is LSTMTagger else {"fcn_filters": None}
        model = kind(4, callbacks=scores, **SMALL, **still, **whole, **params).fit(X, y)
        assert model.history_[-1]["s"] == pytest.approx(model.score(X, y), abs=1e-4)
        assert model.history_[-1]["own"] == pytest.approx(model.score(X, y), abs=1e-4)
    clusterer = AutoencoderClusterer(
        2, n_components=2, max_epochs=2, clustering_epochs=2, tol=0.0, random_state=0, noise=0.0
    )
    clusterer.set_params(callbacks=[EpochScoring(None, on_train=True)], dropout=0.0)
    for samples in (TABLE, X):
        clusterer.fit(samples)
        expected = clusterer.score(samples)
        assert clusterer.history_[-1]["score"] == pytest.approx(expected, rel=1e-4)
        assert clusterer.history_[0]["score"] < 0


def test_fault_18_a_function_scores_what_the_net_predicts():
    def share(net, X, y):
        assert len(y) == 12
        return np.mean(net.predict(X) == y)

    model = fit(classifier(callbacks=[EpochScoring(share, lower_is_better=False)]))
    assert model.history_[-1]["share"] == model.score(X[HELD_OUT], LABELS[HELD_OUT])
    scorer = make_scorer(f1_score, pos_label="up")
    model = fit(classifier(callbacks=[EpochScoring(scorer, lower_is_better=False)]))
    expected = f1_score(LABELS[HELD_OUT], model.predict(X[HELD_OUT]), pos_label="up")
    assert model.history_[-1]["f1_score"] == pytest.approx(expected)


def test_fault_18_batches_hold_the_labels_as_given():
    class Labels(Callback):
        def on_epoch_begin(self, net, **kwargs):
            self.seen_ = []

        def on_batch_end(self, net, batch, training=False, **kwargs):
            inputs, y = batch
            if training:
                assert len(inputs["lengths"]) == len(y)
                self.seen_ += list(y)

    for kind, params, y in KINDS:
        seen = kind(4, callbacks=[Labels()], **SMALL, **params).fit(X, y).callbacks_[0].seen_
        key = (lambda tags: "".join(tags)) if kind is LSTMTagger else (lambda label: label)
        assert_same(sorted(seen, key=key), sorted(y, key=key))


@pytest.mark.parametrize(("kind", "params", "y"), KINDS)
@pytest.mark.parametrize("monitor", ["valid_score_best", "valid_loss_best", None])
def test_fault_18_a_checkpoint_holds_the_estimator_of_its_epoch(kind, params, y, monitor, tmp_path):
    checkpoint = Checkpoint(
        monitor, dirname=str(tmp_path), f_pickle="{last_epoch[epoch]}.pkl", sink=print
    )
    model = fit(kind(4, callbacks=[checkpoint], **SMALL, **params), y)
    saved = sorted(tmp_path.glob("*.pkl"))
    epochs = [i + 1 for i, row in enumerate(model.history_) if row["event_cp"]]
    assert [int(path.stem) for path in saved] == epochs
    for path, epoch in zip(saved, epochs, strict=True):
        loaded = pickle.loads(path.read_bytes())
        assert type(loaded) is kind
        assert loaded.n_iter_ == epoch
        assert loaded.path_weights_ == {"lstm": 1.0, "linear": 0.0}
        score = loaded.score(X[HELD_OUT], y[HELD_OUT])
        assert score == pytest.approx(model.history_[epoch - 1]["valid_score"], rel=1e-4, abs=1e-4)
        assert not hasattr(loaded.callbacks_[0], "net")
    pickle.loads(pickle.dumps(model))
    # The weights, the optimizer and the history are in files of their own.
    weights = torch.load(tmp_path / "params.pt", weights_only=True)
    assert weights.keys() == model.module_.state_dict().keys()
    assert (tmp_path / "optimizer.pt").exists()
    assert (tmp_path / "history.json").exists()


def test_fault_18_the_best_checkpoint_is_loaded(tmp_path):
    class Worse(Callback):
        def on_epoch_begin(self, net, **kwargs):
            if len(net.history) == 3:
                torch.nn.init.constant_(net.module_.output.weight, 9.0)

    best = Checkpoint("train_loss_best", dirname=str(tmp_path), load_best=True)
    steady = {"dropout": 0.0, "lr_schedule": "constant"}
    model = classifier(callbacks=[best, Worse()], **steady).fit(X, LABELS)
    plain = classifier(max_epochs=2, **steady).fit(X, LABELS)
    np.testing.assert_array_equal(model.predict_proba(X), plain.predict_proba(X))
    assert model.n_iter_ == 2  # the history is that of the checkpoint, too


def test_fault_18_training_resumes_from_a_checkpoint(tmp_path):
    checkpoint = Checkpoint(None, dirname=str(tmp_path))
    model = classifier(callbacks=[checkpoint, LoadInitState(checkpoint), Rates()])
    first = model.fit(X, LABELS).callbacks_[2].rates_
    again = model.fit(X, LABELS)
    assert again.n_iter_ == 6
    np.testing.assert_array_equal(again.callbacks_[2].rates_, first)  # not those at the end


def test_fault_18_early_stopping_lets_callbacks_see_its_last_epoch(tmp_path):
    end = TrainEndCheckpoint(dirname=str(tmp_path))
    shown = []
    model = classifier(
        early_stopping=True,
        max_epochs=30,
        learning_rate=0.3,
        lr_schedule="constant",
        callbacks=[EpochScoring("accuracy"), end, PrintLog(sink=shown.append)],
    ).fit(X, LABELS)
    assert model.n_iter_ < 30
    assert all("accuracy" in row for row in model.history_)
    assert len(shown) == 2 + model.n_iter_
    saved = torch.load(tmp_path / "train_end_params.pt", weights_only=True)
    for name, weight in model.module_.state_dict().items():
        torch.testing.assert_close(saved[name], weight, rtol=0, atol=0)  # the best, as restored


class Writer:
    """What TensorBoard and Weights & Biases have."""

    dir = "."

    def __init__(self):
        self.lock, self.rows = threading.Lock(), []

    def add_scalar(self, **row):
        self.rows.append(row)

    def watch(self, module):
        self.module = type(module).__name__

    def close(self):
        self.add_scalar(closed=True)

    log = close


OF_SKORCH = [
    EpochTimer(),
    PassthroughScoring("train_loss", on_train=True),
    PrintLog(),
    ("print_log", PrintLog()),
    ProgressBar(detect_notebook=False),
    ProgressBar("count", detect_notebook=False),
    EarlyStopping("train_loss", load_best=True, sink=len),
    GradientNormClipping(0.5),
    ParamMapper("*", fn=len),
    Freezer("*weight_hh*"),
    Unfreezer("*output*"),
    Initializer("*bias*", fn=torch.nn.init.zeros_),
    TrainEndCheckpoint(fn_prefix="end_"),
    Checkpoint("train_loss_best"),
    LRScheduler("ReduceLROnPlateau", monitor="train_loss"),
    LRScheduler("CosineAnnealingLR", T_max=3, step_every="batch"),
    EpochTimer,
    ProgressBar,
]


@EMPTY_CLUSTERS
@pytest.mark.parametrize("callback", OF_SKORCH, ids=lambda callback: repr(callback)[:30])
def test_fault_18_callbacks_of_skorch_work(callback, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    short = {"max_epochs": 2, "batch_size": 20, "callbacks": [callback], "n_jobs": 1}
    for model, samples, y in (
        (LSTMClassifier(4, early_stopping=True, **short), X, LABELS),
        (LSTMRegressor(4, **short), X, NUMBERS),
        (LSTMTagger(4, output_layer="crf", early_stopping=True, **short), X, TAGS),
        (
            AutoencoderClusterer(2, hidden_layer_sizes=(8,), clustering_epochs=1, tol=0.0, **short),
            TABLE,
            None,
        ),
    ):
        model.fit(samples, y)
        assert pickle.loads(pickle.dumps(model)).n_iter_ == model.n_iter_
    printed = capsys.readouterr().out
    assert ("train_loss" in printed) == ("PrintLog" in repr(callback))


def test_fault_18_loggers_get_every_epoch():
    writer = Writer()
    fit(classifier(callbacks=[TensorBoard(writer), WandbLogger(writer, save_model=False)][:1]))
    tags = {row.get("tag") for row in writer.rows}
    assert {"Loss/train_loss", "Loss/valid_loss", "Loss/valid_score"} <= tags


@pytest.mark.parametrize(
    ("callback", "message"),
    [
        (Checkpoint(), "Checkpoint, needs 'valid_loss_best', but there is no validation data: set"),
        (Checkpoint("valid_score_best"), "Checkpoint, needs 'valid_score_best', but there is no v"),
        (EarlyStopping(), "EarlyStopping, needs 'valid_loss', but there is no validation data"),
        (
            LRScheduler("ReduceLROnPlateau", monitor="valid_loss"),
            "LRScheduler, needs 'valid_loss', but there is no validation data",
        ),
        (WandbLogger(Writer()), "WandbLogger, needs 'valid_loss_best', but there is no"),
        (EarlyStopping("recall"), "EarlyStopping, needs 'recall', which no callback before it rec"),
        (InputShapeSetter(), "InputShapeSetter, would build the network again"),
        (EpochScoring("r2", on_train=True), "scores by 'r2', which does not accept this y: could"),
        (torch.optim.lr_scheduler.StepLR, r"skorch.callbacks.LRScheduler\(StepLR, ...\)"),
    ],
)
def test_fault_18_what_cannot_work_says_so_before_training(callback, message):
    class Begun(Callback):
        def on_train_begin(self, net, **kwargs):
            raise AssertionError

    model = classifier(callbacks=[callback])
    for method in (model.fit, model.partial_fit):
        with pytest.raises((ValueError, TypeError), match=rf"^callbacks\[0\].*{message}"):
            method(X, LABELS)
    assert not hasattr(model, "module_")


def test_fault_18_what_a_regressor_or_a_clusterer_has_not_is_named():
    for scoring, message in [
        ("accuracy", "which does not accept this y"),
        ("neg_log_loss", "which needs predict_proba, but LSTMRegressor has no such method"),
    ]:
        with pytest.raises(ValueError, match=message):
            fit(LSTMRegressor(4, callbacks=[EpochScoring(scoring)], **SMALL), NUMBERS)
    for callback, message in [
        (EpochScoring("accuracy", on_train=True), "needs y, but AutoencoderClusterer has none"),
        (Checkpoint(None, f_pickle="model.pkl"), "finds its clusters at the end of fit"),
        (LoadInitState(Checkpoint(None)), "trains two, without and with clusters"),
    ]:
        with pytest.raises(ValueError, match=message):
            AutoencoderClusterer(2, callbacks=[callback]).fit(TABLE)


def test_fault_18_a_callback_given_twice_is_refused():
    scoring = EpochScoring("accuracy", on_train=True)
    model = classifier(callbacks=[Rates(), ("a", scoring), ("b", scoring)])
    with pytest.raises(ValueError, match=r"callbacks\[2\] and callbacks\[1\] are the same EpochSc"):
        model.fit(X, LABELS)
    classifier(callbacks=[Rates, Rates, Rates()]).fit(X, LABELS)


def test_fault_18_a_score_without_a_name_is_refused():
    class Constant:
        def __call__(self, net, X, y):
            return 1.0

    scoring = EpochScoring(Constant(), on_train=True)
    with pytest.raises(ValueError, match=r"Constant object.* needs the name of the column"):
        classifier(callbacks=[scoring]).fit(X, LABELS)
    scoring.name = "constant"
    assert classifier(callbacks=[scoring]).fit(X, LABELS).history_[-1]["constant"] == 1.0


def test_fault_18_what_works_is_not_refused():
    class Recording(EpochScoring):
        def on_epoch_end(self, net, **kwargs):
            super().on_epoch_end(net, **kwargs)
            net.history.record("own", 1.0)

    callbacks = [Recording("accuracy", on_train=True), EarlyStopping("own", patience=9)]
    assert "own" in classifier(callbacks=callbacks).fit(X, LABELS).history_[-1]
    scoring = EpochScoring("neg_mean_poisson_deviance", on_train=True)
    model = LSTMRegressor(4, loss="poisson", callbacks=[scoring], **SMALL)
    history = model.fit(X, np.arange(40) % 3).history_  # a count of 0 is no prediction
    assert history[-1]["neg_mean_poisson_deviance"] < 0


def test_fault_18_a_score_without_validation_data_warns():
    with pytest.warns(UserWarning, match=r"callbacks\[0\], EpochScoring, scores validation data"):
        model = classifier(callbacks=[EpochScoring("accuracy")]).fit(X, LABELS)
    assert "accuracy" not in model.history_[-1]


@EMPTY_CLUSTERS
def test_fault_18_clusters_are_predicted_while_they_are_trained():
    class Clusters(Callback):
        def on_epoch_end(self, net, dataset_train=None, **kwargs):
            self.latent_ = net.transform(dataset_train)
            with contextlib.suppress(ValueError):
                self.labels_ = net.predict(dataset_train)

    for samples in (TABLE, X):
        model = AutoencoderClusterer(
            2, n_components=2, max_epochs=2, clustering_epochs=2, tol=0.0, random_state=0
        )
        seen = model.set_params(callbacks=[Clusters()]).fit(samples).callbacks_[0]
        np.testing.assert_array_equal(seen.labels_, model.predict(samples))
        np.testing.assert_allclose(seen.latent_, model.transform(samples), atol=1e-4)
