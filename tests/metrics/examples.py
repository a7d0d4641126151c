"""Labels that several tests of metrics score, and a container for them."""

import numpy as np

Y_TRUE = [["B-PER", "I-PER", "O", "B-LOC"], ["B-LOC", "O"], []]
Y_PRED = [["B-PER", "I-PER", "O", "O"], ["I-LOC", "I-LOC"], []]
RAGGED = [[0, 1, 2, 1], [2], [], [1, 1]], [[0, 2, 2, 1], [1], [], [1, 0]]  # 4 of 7 are right


def as_object_array(items):
    array = np.empty(len(items), dtype=object)
    array[:] = [np.array(item, dtype=str) for item in items]
    return array
