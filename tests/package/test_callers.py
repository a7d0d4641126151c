"""Warnings point to the user's line."""

import warnings

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklstm import AutoencoderClusterer
from sklstm._callers import caller_level


def run(source, name, **known):
    """Run code as if it were in a module called `name`."""
    scope = {"__name__": name, "__file__": name, **known}
    exec(compile(source, f"/{name}.py", "exec"), scope)
    return scope


WARN = "def f():\n    warnings.warn('hm', UserWarning, stacklevel=caller_level())\n"


@pytest.mark.parametrize(
    "between", [[], ["sklearn.pipeline"], ["sklstm._estimators.base", "sklearn.base"]]
)
def test_the_level_passes_over_frames_of_ours_and_of_scikit_learn(between):
    f = run(WARN, "sklstm._inner", warnings=warnings, caller_level=caller_level)["f"]
    for name in between:
        f = run("def f():\n    inner()\n", name, inner=f)["f"]
    with pytest.warns(UserWarning, match="hm") as caught:
        f()
    assert caught[0].filename == __file__


def test_a_warning_of_joint_training_points_to_the_line_that_fits():
    X = np.random.default_rng(0).normal(size=(80, 6))
    clusterer = AutoencoderClusterer(
        8, hidden_layer_sizes=8, max_epochs=2, clustering_epochs=1, batch_size=10,
        learning_rate=0.02, random_state=0,
    )  # fmt: skip
    for model in (clusterer, make_pipeline(StandardScaler(), clusterer)):
        with pytest.warns(UserWarning, match="did not settle") as caught:
            model.fit(X)
        assert {warning.filename for warning in caught} == {__file__}
