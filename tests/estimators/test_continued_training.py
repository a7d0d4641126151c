"""Warm starts and partial_fit refuse parameters that they cannot heed."""

import pickle

import numpy as np
import pytest
from contract.comparing import unchanged
from torch import nn

from sklstm import LSTMClassifier, LSTMRegressor, LSTMTagger, SequenceTokenizer

RNG = np.random.default_rng(0)
X = [RNG.normal(size=RNG.integers(1, 4)) for _ in range(12)]
Y = np.arange(12) % 2
TARGETS = {
    LSTMClassifier: Y,
    LSTMRegressor: Y.astype(float),
    LSTMTagger: [np.resize([0, 1], len(x)) for x in X],
}
SMALL = {"hidden_size": 2, "max_epochs": 1, "random_state": 0}
OF_THE_NETWORK = {
    "hidden_size": 3,
    "num_layers": 2,
    "bidirectional": False,
    "cell": "gru",
    "pooling": "last",
    "dropout": 0.9,
    "recurrent_dropout": 0.1,
    "recurrent_dropout_method": "states",
    "embedding_dim": 3,
    "embedding_dropout": 0.7,
    "rare_word_dropout": 0.5,
    "conv_filters": 2,
    "conv_kernel_size": 5,
    "conv_pool_size": 4,
    "step_conv_filters": (3,),
    "step_conv_kernel_size": 2,
    "step_conv_pool_size": 3,
    "fcn_filters": None,
    "fcn_kernel_sizes": (3, 3, 3),
    "dense_layer_sizes": 3,
    "standardize": False,
    "char_embedding_dim": 3,
    "char_filters": 3,
    "char_kernel_size": 9,
}
OF_TRAINING = {
    "learning_rate": 0.1,
    "batch_size": 4,
    "max_epochs": 2,
    "lr_schedule": "constant",
    "optimizer": "sgd",
    "weight_decay": 0.1,
    "gradient_clip": None,
    "shuffle": False,
    "freeze_embeddings": True,
    "n_jobs": 1,
    "hidden_size": np.int64(2),
}


@pytest.mark.parametrize("kind", TARGETS)
def test_fault_12_a_changed_network_is_refused(kind):
    y = TARGETS[kind]
    model = kind(**SMALL, warm_start=True).fit(X, y)
    before = model.get_params()
    with unchanged(model, X):
        for name, value in OF_THE_NETWORK.items():
            if name not in before:
                continue
            model.set_params(**{name: value})
            for copy in (model, pickle.loads(pickle.dumps(model))):
                for fit in (copy.fit, copy.partial_fit):
                    with pytest.raises(ValueError, match=rf"^{name} is .* now.* fitted with "):
                        fit(X, y)
            model.set_params(**{name: before[name]})
    model.set_params(hidden_size=3, warm_start=False).fit(X, y)
    assert model.module_.recurrent.output_size == 6


@pytest.mark.parametrize("kind", TARGETS)
def test_fault_12_training_may_change(kind):
    y = TARGETS[kind]
    model = kind(**SMALL, warm_start=True).fit(X, y)
    for n, (name, value) in enumerate(OF_TRAINING.items()):
        model.set_params(max_epochs=1).set_params(**{name: value}).fit(X, y)
        assert model.n_iter_ > n + 1
    model.set_params(hidden_size=[2]).partial_fit(X, y)


def test_fault_12_a_module_of_ones_own_still_continues():
    class Linear(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(1, 1)

        def forward(self, inputs, lengths):
            return self.layer(inputs.sum(dim=1))

    class Own(LSTMClassifier):
        def __init__(self, width=3, *, max_epochs=1, random_state=0, warm_start=True):
            super().__init__(
                max_epochs=max_epochs, random_state=random_state, warm_start=warm_start
            )
            self.width = width

        def _build_module(self):
            return Linear()

    model = Own().fit(X, Y).fit(X, Y).partial_fit(X, Y)
    assert model.n_iter_ == 3


def test_fault_12_a_pickle_of_an_earlier_version_continues():
    model = LSTMClassifier(**SMALL, warm_start=True).fit(X, Y)
    del model._network_
    assert model.fit(X, Y).n_iter_ == 2


def test_fault_12_vectors_given_after_the_first_fit_are_refused():
    tokens = SequenceTokenizer().fit_transform(["good film", "bad film"] * 6)
    vectors = {"good": np.ones(3), "bad": -np.ones(3), "film": np.zeros(3)}
    model = LSTMClassifier(**SMALL, embedding_dim=3, warm_start=True).fit(tokens, Y)
    model.set_params(embeddings=vectors)
    with pytest.raises(ValueError, match="embeddings are given now"):
        model.fit(tokens, Y)
    model = LSTMClassifier(**SMALL, embeddings=vectors, warm_start=True).fit(tokens, Y)
    assert model.set_params(embeddings=None).fit(tokens, Y).n_iter_ == 2


@pytest.mark.parametrize("kind", TARGETS)
def test_fault_12_partial_fit_refuses_early_stopping(kind):
    y = TARGETS[kind]
    model = kind(**SMALL, early_stopping=True)
    with pytest.raises(ValueError, match="partial_fit does not support early_stopping=True"):
        model.partial_fit(X, y)
    assert not hasattr(model, "module_")
    model.set_params(early_stopping=False).partial_fit(X, y)
    with unchanged(model, X):
        model.set_params(early_stopping=True)
        with pytest.raises(ValueError, match="partial_fit does not support early_stopping=True"):
            model.partial_fit(X, y)
        model.set_params(early_stopping=False)
