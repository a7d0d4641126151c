"""The state that one batch hands to the next."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from sklstm._training.batches import Batch, Link
from sklstm.nn.state import State, put_rows, take_rows


class CarriedState:
    """Remember how far the sequences of a batch have been read.

    Parameters
    ----------
    module : SequenceNetwork
        Whose state it is.
    state : tuple of Tensor or None, default=None
        What an earlier call left.
    """

    def __init__(self, module: Any, state: State | None = None):
        self.module = module
        self.state = state

    def take(self, link: Link) -> State:
        """Return what the sequences of a batch go on from."""
        if link.begin is not None or self.state is None:
            self.state = self.module.begin(link.begin)
        # A sample that continues another is pooled by itself.
        return self.module.begin_pooling(take_rows(self.state, link.rows))

    def keep(self, link: Link, state: State) -> None:
        """Remember the state after a batch, with no way back for gradients."""
        assert self.state is not None  # it was taken before
        after = tuple(part.detach() for part in state)
        self.state = put_rows(self.state, link.rows, after)


def infer_linked(module: Any, batch: Batch, carried: CarriedState) -> Tensor:
    """Return what `module` gives for a batch that continues another."""
    link = batch.link
    assert link is not None
    state = carried.take(link)
    outputs: Tensor
    outputs, state = module.forward_from(**batch.inputs, state=state, exact=link.exact)
    carried.keep(link, state)
    return outputs
