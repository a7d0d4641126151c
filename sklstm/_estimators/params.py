"""Constraints of the parameters that several estimators share."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

from sklearn.utils._param_validation import Interval, StrOptions

from sklstm._sequences import plain
from sklstm._training import OPTIMIZERS, SCHEDULES
from sklstm.nn.pooling import POOLINGS
from sklstm.nn.recurrent import CELLS


class Range(Interval):
    """An interval of numbers without True and False, which Python takes for 1 and 0."""

    def is_satisfied_by(self, val: Any) -> bool:
        """Return True if a value is a number in the interval."""
        return not isinstance(val, bool) and bool(super().is_satisfied_by(val))


COUNT = Range(Integral, 1, None, closed="left")
_RATE = Range(Real, 0, 1, closed="left")
NOT_NEGATIVE = Range(Real, 0, None, closed="left")
POSITIVE = Range(Real, 0, None, closed="neither")

NETWORK: dict[str, Any] = {
    "hidden_size": [COUNT, tuple, list],
    "num_layers": [COUNT],
    "bidirectional": ["boolean"],
    "cell": [StrOptions(set(CELLS))],
    "pooling": [StrOptions(set(POOLINGS))],
    "dropout": [_RATE],
    "recurrent_dropout": [_RATE],
    "recurrent_dropout_method": [StrOptions({"weights", "states"})],
    "embedding_dim": [COUNT],
    "embeddings": "no_validation",  # checked where they are read, with more specific errors
    "freeze_embeddings": ["boolean", Range(Integral, 0, None, closed="left")],
    "embedding_dropout": [_RATE],
    "rare_word_dropout": [NOT_NEGATIVE],
    "conv_filters": [COUNT, None],
    "conv_kernel_size": [COUNT],
    "conv_pool_size": [COUNT],
    "step_conv_filters": [COUNT, tuple, list, None],
    "step_conv_kernel_size": [COUNT],
    "step_conv_pool_size": [COUNT],
    "standardize": ["boolean"],
}

_AUTO = StrOptions({"auto"})
# Of estimators with one target for each sequence, in the place of those above and below
POOLED: dict[str, Any] = {
    "conv_filters": [COUNT, _AUTO, None],
    "conv_pool_size": [COUNT, _AUTO],
    "standardize": ["boolean", StrOptions({"auto", "sequence", "both"})],
    "num_layers": [Range(Integral, 0, None, closed="left")],
    "dense_layer_sizes": [COUNT, tuple, list],
    "fcn_filters": [tuple, list, _AUTO, None],
    "fcn_kernel_sizes": [tuple, list],
    "batch_size": [COUNT, _AUTO],
    "learning_rate": [POSITIVE, _AUTO],
    "pooling": [StrOptions({"auto", *POOLINGS})],
}

ENCODER: dict[str, Any] = {
    "encoder": "no_validation",  # checked where it is read, with more specific errors
    "freeze_encoder": [
        "boolean",
        Range(Integral, 0, None, closed="left"),
        StrOptions({"gradual"}),
    ],
    "encoder_learning_rate_decay": [Range(Real, 1, None, closed="left")],
}

CHARACTERS: dict[str, Any] = {
    "char_embedding_dim": [COUNT],
    "char_filters": [COUNT],
    "char_kernel_size": [COUNT],
}

TRAINING: dict[str, Any] = {
    "optimizer": [StrOptions(set(OPTIMIZERS))],
    "learning_rate": [POSITIVE],
    "weight_decay": [NOT_NEGATIVE],
    "gradient_clip": [POSITIVE, None],
    "lr_schedule": [StrOptions(set(SCHEDULES))],
    "batch_size": [COUNT],
    "max_epochs": [COUNT, _AUTO],
    "bptt_length": [COUNT, None],
    "stateful": ["boolean"],
    "shuffle": ["boolean"],
    "early_stopping": ["boolean"],
    "validation_fraction": [Range(Real, 0, 1, closed="neither")],
    "validation_strategy": [StrOptions({"auto", "groups", "last"})],
    "n_iter_no_change": [COUNT],
    "tol": [NOT_NEGATIVE],
    "input_type": [StrOptions({"auto", "tokens", "values"})],
    "padding_value": [Real, None],
    "warm_start": ["boolean"],
    "n_jobs": [COUNT, Range(Integral, None, -1, closed="right"), None],
    "device": [str],
    "callbacks": [list, tuple, None],
    "random_state": ["random_state"],
    "verbose": ["verbose"],
}


def layer_sizes(hidden_size: Any, num_layers: int, *, name: str = "hidden_size") -> tuple[int, ...]:
    """Return the number of units of each layer.

    Parameters
    ----------
    hidden_size : int or sequence of int
        Number of units of every layer, or one number per layer.
    num_layers : int
        Number of layers, if `hidden_size` is an int.
    name : str, default="hidden_size"
        Name of the parameter in error messages.

    Returns
    -------
    tuple of int

    Raises
    ------
    ValueError
        If a number of units is not a positive integer, or if `num_layers` contradicts the length
        of `hidden_size`.
    """
    if isinstance(hidden_size, Integral):
        return (int(hidden_size),) * num_layers
    sizes = tuple(hidden_size)
    for i, size in enumerate(sizes):
        if not isinstance(size, Integral) or isinstance(size, bool) or size < 1:
            raise ValueError(
                f"{name}[{i}] is {plain(size)!r}; each layer's width must be an int of at least 1."
            )
    if not sizes:
        raise ValueError(f"{name} is empty; give one width per layer, such as (64, 32).")
    if num_layers not in (1, len(sizes)):
        raise ValueError(
            f"{name}={plain(hidden_size)!r} names {len(sizes)} layers but num_layers={num_layers}; "
            f"leave num_layers at 1 when {name} gives every layer's width."
        )
    return tuple(int(size) for size in sizes)
