"""Arguments by the names of other libraries: the errors that name ours."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from functools import wraps
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.utils._available_if import _AvailableIfDescriptor
from sklearn.utils._param_validation import InvalidParameterError

# What Keras, torch, skorch, gensim, libraries of forecasts and scikit-learn's other estimators call
# an argument, and the names of ours that may be meant: the first that a class has.
OTHER_NAMES: dict[str, tuple[str, ...]] = {
    "beam_size": ("n_beams",),
    "beam_width": ("n_beams",),
    "bptt": ("bptt_length",),
    "cell_type": ("cell",),
    "char_dim": ("char_embedding_dim",),
    "clip_grad": ("gradient_clip",),
    "clip_value": ("gradient_clip",),
    "clipnorm": ("gradient_clip",),
    "confidence_level": ("coverage",),
    "corpus": ("X",),
    "criterion": ("loss",),
    "decoder_units": ("hidden_size",),
    "dim": ("embedding_dim", "vector_size", "n_components"),
    "documents": ("X",),
    "dropout_rate": ("dropout",),
    "embed_dim": ("embedding_dim", "vector_size"),
    "embedding": ("embeddings",),
    "embedding_matrix": ("embeddings",),
    "embedding_size": ("embedding_dim", "vector_size"),
    "emb_dim": ("embedding_dim", "vector_size"),
    "encoder_units": ("hidden_size",),
    "encoding_dim": ("n_components",),
    "epoch": ("epochs", "max_epochs"),
    "epochs": ("epochs", "max_epochs"),
    "eta": ("learning_rate",),
    "eta0": ("learning_rate",),
    "exog": ("covariates",),
    "exogenous": ("covariates",),
    "fh": ("horizon",),
    "forecast_horizon": ("horizon",),
    "future_covariates": ("covariates",),
    "grad_clip": ("gradient_clip",),
    "gradient_clip_val": ("gradient_clip",),
    "gradient_clip_value": ("gradient_clip",),
    "h": ("horizon",),
    "hidden_dim": ("hidden_size", "hidden_layer_sizes"),
    "hidden_dims": ("hidden_size", "hidden_layer_sizes"),
    "hidden_layers": ("hidden_layer_sizes", "num_layers"),
    "hidden_layer_sizes": ("hidden_layer_sizes", "hidden_size"),
    "hidden_sizes": ("hidden_size", "hidden_layer_sizes"),
    "hidden_units": ("hidden_size", "hidden_layer_sizes"),
    "inputs": ("X",),
    "iter": ("epochs", "max_epochs"),
    "kernel_size": ("conv_kernel_size",),
    "l2": ("weight_decay",),
    "labels": ("y",),
    "lags": ("context_length",),
    "latent_dim": ("n_components", "hidden_size"),
    "latent_size": ("n_components",),
    "learning_rate_init": ("learning_rate",),
    "level": ("coverage",),
    "look_back": ("window", "context_length"),
    "lookback": ("window", "context_length"),
    "loss_fn": ("loss",),
    "input_chunk_length": ("context_length",),
    "loss_function": ("loss",),
    "lower": ("lowercase",),
    "lr": ("learning_rate", "alpha"),
    "lr_scheduler": ("lr_schedule",),
    "mask_value": ("padding_value",),
    "max_decoder_seq_length": ("max_length",),
    "max_encoder_length": ("context_length",),
    "max_grad_norm": ("gradient_clip",),
    "max_iter": ("max_epochs", "epochs"),
    "max_len": ("max_length",),
    "max_prediction_length": ("horizon",),
    "max_seq_length": ("max_length",),
    "max_sequence_length": ("max_length",),
    "max_tokens": ("max_features",),
    "max_vocab_size": ("max_features",),
    "maxlen": ("max_length",),
    "n": ("horizon",),
    "n_epoch": ("max_epochs", "epochs"),
    "n_epochs": ("max_epochs", "epochs"),
    "n_hidden": ("hidden_size", "hidden_layer_sizes"),
    "n_lags": ("context_length",),
    "n_layers": ("num_layers",),
    "n_steps_out": ("horizon",),
    "n_units": ("hidden_size", "hidden_layer_sizes"),
    "neurons": ("hidden_size", "hidden_layer_sizes"),
    "nlayers": ("num_layers",),
    "num_beams": ("n_beams",),
    "num_clusters": ("n_clusters",),
    "num_epochs": ("max_epochs", "epochs"),
    "num_hidden": ("hidden_size", "hidden_layer_sizes"),
    "num_hidden_layers": ("num_layers",),
    "num_samples": ("n_paths",),
    "num_units": ("hidden_size", "hidden_layer_sizes"),
    "num_words": ("max_features",),
    "oov_token": ("unknown",),
    "output_chunk_length": ("horizon",),
    "output_dim": ("embedding_dim", "n_components"),
    "output_length": ("horizon",),
    "pad_token": ("padding_value",),
    "pad_value": ("padding_value",),
    "past_covariates": ("covariates",),
    "patience": ("n_iter_no_change",),
    "pool_size": ("conv_pool_size",),
    "pred_len": ("horizon",),
    "prediction_length": ("horizon",),
    "pretrained_embeddings": ("embeddings",),
    "random_seed": ("random_state",),
    "rnn_type": ("cell",),
    "rnn_units": ("hidden_size",),
    "seasonal_periods": ("season_length",),
    "seed": ("random_state",),
    "sentences": ("X",),
    "seasonality": ("season_length",),
    "seasonal_period": ("season_length",),
    "series": ("X",),
    "size": ("vector_size", "hidden_size", "max_length"),
    "solver": ("optimizer",),
    "sp": ("season_length",),
    "static_covariates": ("static",),
    "static_features": ("static",),
    "steps": ("horizon",),
    "targets": ("y",),
    "teacher_forcing_ratio": ("teacher_forcing",),
    "texts": ("X",),
    "timesteps": ("window",),
    "truncating": ("truncation",),
    "units": ("hidden_size", "hidden_layer_sizes"),
    "unk_token": ("unknown",),
    "val_split": ("validation_fraction",),
    "value": ("padding_value",),
    "vocab": ("vocabulary",),
    "vocab_size": ("max_features",),
    "weights": ("sample_weight",),
    "window": ("window", "context_length"),
    "window_size": ("window", "context_length"),
    "workers": ("n_jobs",),
}

# What there is to say of an argument of networks that has no counterpart.
INSTEAD = {
    "activation": "an LSTM has its own; leave it out",
    "batch_input_shape": "the shape is that of X in fit; leave it out",
    "feature_dim": "the number of features is that of X in fit; leave it out",
    "input_dim": "the number of features is that of X in fit; leave it out",
    "input_length": "sequences may have any lengths; leave it out",
    "input_shape": "the shape is that of X in fit; leave it out",
    "input_size": "the number of features is that of X in fit; leave it out",
    "merge_mode": "both directions are concatenated; leave it out",
    "metrics": "the score of validation data is in history_; leave it out",
    "n_classes": "the classes are those of y in fit; leave it out",
    "n_features": "the number of features is that of X in fit; leave it out",
    "n_inputs": "the number of features is that of X in fit; leave it out",
    "n_outputs": "the number of outputs is that of y in fit; leave it out",
    "num_classes": "the classes are those of y in fit; leave it out",
    "output_size": "the number of outputs is that of y in fit; leave it out",
    "recurrent_activation": "an LSTM has its own; leave it out",
    "steps_per_epoch": "an epoch reads all of X; leave it out",
}
# The same for classes that stop early; those whose fit takes no X_val hold out a part only.
OF_VALIDATION = {
    "X_val": "pass X_val and y_val to fit",
    "eval_set": "pass X_val and y_val to fit",
    "train_split": "set early_stopping=True and validation_fraction in the constructor",
    "validation_data": "pass X_val and y_val to fit",
    "validation_split": "set early_stopping=True and validation_fraction in the constructor",
}
# The same for a method that only predicts, whatever the constructor has of that name.
IN_PREDICTION = {
    "batch_size": "batches are chosen by the lengths of the sequences; leave it out",
    "verbose": "nothing is printed; leave it out",
    "steps": "all of X is read; leave it out",
    "device": "set it in the constructor, or by set_params",
    "n_jobs": "set it in the constructor, or by set_params",
}

_OF_OTHERS = {*OTHER_NAMES, *INSTEAD, *OF_VALIDATION, *IN_PREDICTION}

# Values of parameters by the names of Keras, torch and others.
OTHER_VALUES: dict[str, dict[str, str]] = {
    "loss": {
        "absolute": "absolute_error",
        "bce": "cross_entropy",
        "binary_crossentropy": "cross_entropy",
        "categorical_crossentropy": "cross_entropy",
        "ce": "cross_entropy",
        "crossentropy": "cross_entropy",
        "huber_loss": "huber",
        "l1": "absolute_error",
        "l2": "squared_error",
        "log_loss": "cross_entropy",
        "mae": "absolute_error",
        "mean_absolute_error": "absolute_error",
        "mean_squared_error": "squared_error",
        "mse": "squared_error",
        "pinball": "quantile",
        "sparse_categorical_crossentropy": "cross_entropy",
        "squared": "squared_error",
    },
    "lr_schedule": {"one-cycle": "one_cycle", "onecycle": "one_cycle"},
    "padding": {"left": "pre", "right": "post"},
    "pooling": {"average": "mean", "avg": "mean", "global_max": "max"},
    "truncation": {"left": "pre", "right": "post"},
    "method": {"min-max": "minmax", "min_max": "minmax", "zscore": "standard"},
}


class ExplainedKeywords:
    """A class whose methods name our arguments where they are called with those of others.

    Signatures stay as they are: a method is wrapped, as scikit-learn wraps `fit`, and only looks
    at its arguments once a call has failed. The methods of private bases are those of the public
    class then. It comes first among the bases, so that what scikit-learn wraps is inside; classes
    that users derive are left alone.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.__module__.split(".")[0] != __package__:
            return
        for name in dir(cls):
            method = inspect.getattr_static(cls, name)
            if name.startswith("_") and name != "__init__":
                continue
            if isinstance(method, _AvailableIfDescriptor):
                if name in vars(cls):
                    method.fn = _explained(method.fn, cls)
            elif inspect.isfunction(method) and (_is_ours(method) or name == "score"):
                setattr(cls, name, _explained(method, cls))

    @wraps(BaseEstimator.set_params)
    def set_params(self, **params: Any) -> Any:
        kind, ours = type(self), self.get_params(deep=False)  # type: ignore[attr-defined]
        for given in params:
            name = given.partition("__")[0]
            if name not in ours:
                way = _way(name, kind, "__init__", inspect.signature(kind).parameters)
                raise ValueError(
                    f"Invalid parameter {name!r} for estimator {kind.__name__}: {way}."
                )
        return super().set_params(**params)  # type: ignore[misc]

    def _validate_params(self) -> None:
        try:
            super()._validate_params()  # type: ignore[misc]
        except InvalidParameterError as error:
            hint = self._value_hint()
            if hint is None:
                raise
            raise InvalidParameterError(f"{error} {hint}") from None

    def _value_hint(self) -> str | None:
        """Return what a parameter's value is called here, if it has the name of another library."""
        constraints = getattr(self, "_parameter_constraints", {})
        for name, value in self.get_params(deep=False).items():  # type: ignore[attr-defined]
            if not isinstance(value, str) or name not in constraints:
                continue
            options = {
                option
                for constraint in constraints[name]
                for option in getattr(constraint, "options", ())
            }
            if value in options:
                continue
            other = OTHER_VALUES.get(name, {}).get(value.lower(), value.lower())
            if other in options:
                return f"{value!r} is {other!r} here."
        return None


def _is_ours(method: Callable[..., Any]) -> bool:
    """Return True if a method comes from this package, and is none that scikit-learn knows."""
    own = method.__module__.split(".")[0] == __package__
    return own and method.__name__ not in ("get_params", "set_params")


def _explained(method: Callable[..., Any], kind: type) -> Callable[..., Any]:
    """Return a method of a class that explains a call with arguments that it does not have."""
    name = method.__name__

    @wraps(method)
    def explaining(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return method(self, *args, **kwargs)
        except TypeError:
            fault = _fault(method, name, self, args, kwargs)
            if fault is None:
                raise
        raise TypeError(fault)

    # The name of the public class, not of the base that has the method.
    explaining.__module__, explaining.__qualname__ = kind.__module__, f"{kind.__name__}.{name}"
    if name == "__init__":  # for tools that do not look through a wrapper
        explaining.__signature__ = inspect.signature(method)  # type: ignore[attr-defined]
    return explaining


def _fault(
    method: Callable[..., Any],
    name: str,
    estimator: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> str | None:
    """Return what is wrong with the arguments of a call, or None."""
    signature = inspect.signature(method)
    try:
        signature.bind(estimator, *args, **kwargs)
    except TypeError as error:
        reason = str(error)
    else:
        return None
    kind = type(estimator)
    if not isinstance(estimator, ExplainedKeywords):
        return None  # called on the class, without an estimator
    where = kind.__name__ if name == "__init__" else f"{kind.__name__}.{name}"
    parameters = list(signature.parameters)[1:]
    unknown = [key for key in kwargs if key not in parameters]
    if not unknown:
        return f"{where}(): {reason}"
    ways = (
        f"got an unexpected keyword argument {key!r}: {_way(key, kind, name, parameters)}"
        for key in unknown
    )
    return f"{where}() {'; '.join(ways)}."


def _way(given: str, kind: type, method: str, accepted: Iterable[str]) -> str:
    """Return what to write instead of an argument that does not exist.

    Parameters
    ----------
    given : str
        Its name.
    kind : type
        The estimator's class.
    method : str
        The method that was called; "__init__" for the constructor.
    accepted : iterable of str
        The names that the method has.
    """
    accepted = list(accepted)
    of_constructor = list(inspect.signature(kind).parameters)
    constructing = method == "__init__"
    trains = method in ("__init__", "fit", "partial_fit", "fit_transform", "fit_predict")
    # The steps of a forecast are its horizon.
    is_ours = given in OTHER_NAMES and "horizon" in of_constructor
    if not trains and given in IN_PREDICTION and not is_ours:
        return IN_PREDICTION[given]
    if given in INSTEAD and "hidden_size" in of_constructor:
        return INSTEAD[given]
    if given in OF_VALIDATION and "early_stopping" in of_constructor:
        takes_data = "X_val" in inspect.signature(kind.fit).parameters  # type: ignore[attr-defined]
        return OF_VALIDATION[given if takes_data else "validation_split"]
    candidates = (given, given.lower(), given.upper(), *OTHER_NAMES.get(given.lower(), ()))
    for name in candidates:
        if name in accepted:
            return f"its name here is {name!r}"
    for name in candidates:
        if not constructing and name in of_constructor:
            return f"set {name!r} in the constructor, {kind.__name__}({name}=...)"
    if given.lower() not in _OF_OTHERS:  # which are no misspellings of another name
        near = get_close_matches(given, accepted, n=1, cutoff=0.7)
        if near:
            return f"perhaps {near[0]!r} is meant"
        near = get_close_matches(given, of_constructor, n=1, cutoff=0.75)
        if near:
            return (
                f"perhaps {near[0]!r} of the constructor is meant, {kind.__name__}({near[0]}=...)"
            )
    names = ", ".join(accepted)
    return f"there is no such argument; those accepted are {names}" if names else "it takes none"
