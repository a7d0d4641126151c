"""The table that `summary` prints."""

from __future__ import annotations

from torch import nn

from sklstm._sequences import InputSpec
from sklstm._training import layer_shapes


def format_summary(module: nn.Module, spec: InputSpec) -> str:
    """Return a table of the parts of `module`, their output shapes and parameter counts.

    Parameters
    ----------
    module : Module
        The network.
    spec : InputSpec
        The form of its input.

    Returns
    -------
    str
        One line per part, then the totals.
    """
    shapes = layer_shapes(module, spec.n_features, is_tokens=spec.is_tokens)
    rows = [(name, kind, shape, f"{count:,}") for name, kind, shape, count in shapes]
    header = ("part", "type", "output shape", "parameters")
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(4)]
    line = "-" * (sum(widths) + 6)
    body = [
        "  ".join(text.ljust(width) for text, width in zip(row[:3], widths, strict=False))
        + "  "
        + row[3].rjust(widths[3])
        for row in [header, *rows]
    ]
    trained = sum(p.numel() for p in module.parameters() if p.requires_grad)
    fixed = sum(p.numel() for p in module.parameters()) - trained
    totals = [f"trained parameters: {trained:,}"]
    if fixed:
        totals.append(f"fixed parameters (frozen embeddings, unused biases): {fixed:,}")
    return "\n".join([body[0], line, *body[1:], line, *totals])
