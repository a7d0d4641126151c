"""The public estimators: encode the targets, choose the loss, decode the outputs."""

from sklstm._estimators.classifier import LSTMClassifier

__all__ = ["LSTMClassifier"]
