"""Wrong arguments of the functions, which are named before anything is read or made."""

import inspect

import numpy as np
import pandas as pd
import pytest

from sklstm import datasets

FUNCTIONS = [getattr(datasets, name) for name in datasets.__all__]


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)
def test_choices_and_paths_of_other_types_are_named(function):
    names = inspect.signature(function).parameters
    given = {"name": "GunPoint"} if "name" in names else {}
    for name in {"subset", "tags", "target"} & set(names):
        for value in (["train"], np.array(["train", "test"]), pd.Series(["train"]), None, pd.NA):
            with pytest.raises(ValueError, match=rf"^{name} must be one of \["):
                function(**given, **{name: value})
    if "data_home" in names:
        for value in (3, b"/data", ["/data"], np.array("/data"), pd.Series(["/data"])):
            with pytest.raises(TypeError, match=r"^data_home must be the path of a directory"):
                function(**given, data_home=value)
