"""What y becomes: one object for each kind of target, and the weights of samples.

A target learns from y, encodes it, weighs samples by their class, names the strata of a held-out
part, builds the output layer and the loss, decodes the network's outputs and scores them.
"""

from sklstm._targets.base import Decoder, Target, refuse_changes
from sklstm._targets.forecasts import (
    FORECAST_LOSSES,
    Calibration,
    Copula,
    Predicted,
    family_of,
    has_spread,
    interval_levels,
)
from sklstm._targets.labels import LabelTarget, dense_labels
from sklstm._targets.numbers import LOSSES, NumberTarget, checked_quantiles
from sklstm._targets.ordinal import OrdinalTarget
from sklstm._targets.tags import TagTarget
from sklstm._targets.weights import given_step_weights, given_weights, scaled

__all__ = [
    "FORECAST_LOSSES",
    "LOSSES",
    "Calibration",
    "Copula",
    "Decoder",
    "LabelTarget",
    "NumberTarget",
    "OrdinalTarget",
    "Predicted",
    "TagTarget",
    "Target",
    "checked_quantiles",
    "dense_labels",
    "family_of",
    "given_step_weights",
    "given_weights",
    "has_spread",
    "interval_levels",
    "refuse_changes",
    "scaled",
]
