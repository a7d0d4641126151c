"""Fitted models that several tests of texts use; none may change them."""

from __future__ import annotations

import numpy as np
import pytest
from preprocessing.text.text_samples import CHOICES, TEXTS, digests_of_another_process, small


@pytest.fixture(scope="session")
def models():
    """Return a fitted Doc2VecVectorizer for each of `CHOICES`."""
    return {name: small(**choices).fit(TEXTS) for name, choices in CHOICES.items()}


@pytest.fixture(scope="session")
def alone(models):
    """Return the vectors that each model gives the texts, each transformed alone."""
    return {
        name: np.concatenate([model.transform([text]) for text in TEXTS])
        for name, model in models.items()
    }


@pytest.fixture(scope="session")
def elsewhere():
    """Return what `digests` returns in a process with another hash seed."""
    found = digests_of_another_process()
    assert found["hash"] != str(hash("ship"))
    return found
