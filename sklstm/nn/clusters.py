"""Soft clusters of codes, and the loss that trains them together with an autoencoder."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from sklstm.nn.autoencoder import Autoencoder


class ClusteringAutoencoder(nn.Module):
    """An autoencoder, and the centres of clusters of its codes.

    Parameters
    ----------
    autoencoder : Autoencoder
        Makes the codes.
    centers : Tensor of shape (n_clusters, code_size)
        To start from.
    """

    def __init__(self, autoencoder: Autoencoder, centers: Tensor):
        super().__init__()
        self.autoencoder = autoencoder
        self.centers = nn.Parameter(centers.clone())

    def encode(self, inputs: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return the code, ``(batch, code_size)``."""
        return self.autoencoder.encode(inputs, lengths)

    def assign(self, inputs: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return the soft assignments, ``(batch, n_clusters)``."""
        return student_t(self.encode(inputs, lengths), self.centers)

    def forward(self, inputs: Tensor, lengths: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return reconstruction errors ``(batch,)`` and soft assignments."""
        errors, code = self.autoencoder(inputs, lengths)
        return errors, student_t(code, self.centers)


def student_t(code: Tensor, centers: Tensor) -> Tensor:
    """Return the similarity of codes to centres by Student's t, ``(batch, n_clusters)`` [1]_.

    With one degree of freedom, as there; each row adds up to 1.

    References
    ----------
    .. [1] J. Xie, R. Girshick, A. Farhadi, "Unsupervised Deep Embedding for Clustering
       Analysis", ICML 2016, equation 1.
    """
    # In double precision, or the squares of codes far off would be infinite.
    distance = (code[:, None, :] - centers).double().square().sum(dim=2)
    return (-torch.log1p(distance)).softmax(dim=1).to(code.dtype)


def target_distribution(assignments: Tensor, weights: Tensor) -> Tensor:
    """Return the assignments sharpened, and small clusters lifted [1]_.

    Parameters
    ----------
    assignments : Tensor of shape (n_samples, n_clusters)
        Those of all samples.
    weights : Tensor of shape (n_samples,)
        How often each sample counts in the size of the clusters.

    References
    ----------
    .. [1] J. Xie, R. Girshick, A. Farhadi, "Unsupervised Deep Embedding for Clustering
       Analysis", ICML 2016, equation 3.
    """
    sizes = (assignments * weights[:, None]).sum(dim=0).clamp_min(1e-12)
    sharpened = assignments.square() / sizes
    return sharpened / sharpened.sum(dim=1, keepdim=True)


class ReconstructionLoss(nn.Module):
    """Average the reconstruction errors of a batch, each times its weight."""

    def forward(self, outputs: tuple[Tensor, Tensor], target: tuple[Tensor, Tensor]) -> Tensor:
        """Return the loss; `target` holds the samples' numbers and their weights."""
        _, weights = target
        return (outputs[0] * weights).mean()


class ClusteringLoss(nn.Module):
    """Add to it the divergence of the soft assignments from their target [1]_.

    Parameters
    ----------
    weight : float
        Of the divergence.

    References
    ----------
    .. [1] X. Guo et al., "Improved Deep Embedded Clustering with Local Structure
       Preservation", IJCAI 2017, equation 7.
    """

    targets: Tensor  # (n_samples, n_clusters), of all samples; set before each epoch

    def __init__(self, weight: float):
        super().__init__()
        self.weight = weight

    def forward(self, outputs: tuple[Tensor, Tensor], target: tuple[Tensor, Tensor]) -> Tensor:
        """Return the loss; `target` holds the samples' numbers and their weights."""
        errors, assignments = outputs
        rows, weights = target
        expected = self.targets[rows]
        divergence = torch.xlogy(expected, expected / assignments).sum(dim=1)
        return ((errors + self.weight * divergence) * weights).mean()
