"""
Clusters, and what they look like
=================================

`AutoencoderClusterer` learns a latent representation of each sample without labels, and clusters
it. `EmbeddingDisplay` draws the representation in two dimensions. The digits are given as rows of
a table, which a dense autoencoder reads; labels serve the figures and the score only.
"""

from matplotlib import pyplot as plt
from sklearn.cluster import KMeans
from sklearn.datasets import load_digits
from sklearn.metrics import adjusted_rand_score

from sklstm import AutoencoderClusterer
from sklstm.inspection import EmbeddingDisplay

X, y = load_digits(return_X_y=True)
X = X / 16
model = AutoencoderClusterer(10, max_epochs=40, random_state=0).fit(X)
kmeans = KMeans(10, n_init=10, random_state=0).fit(X)
for name, labels in [("autoencoder", model.labels_), ("k-means on the pixels", kmeans.labels_)]:
    print(f"adjusted Rand index {adjusted_rand_score(y, labels):.2f}: {name}")

# %%
# The latent space by t-SNE, coloured by cluster, and by the digit, which the model has not seen:

figure, (left, right) = plt.subplots(1, 2, figsize=(11, 5), layout="constrained")
EmbeddingDisplay.from_estimator(model, X[:600], method="tsne", random_state=0, ax=left)
EmbeddingDisplay.from_estimator(model, X[:600], y[:600], method="tsne", random_state=0, ax=right)
left.set_title("clusters")
right.set_title("digits")

# %%
# What each cluster stands for: the decoder turns its centre into a sample.

centers = model.inverse_transform(model.cluster_centers_)
figure, axes = plt.subplots(1, 10, figsize=(10, 1.4), layout="constrained")
for ax, center in zip(axes, centers, strict=True):
    ax.imshow(center.reshape(8, 8), cmap="gray_r")
    ax.axis("off")

# %%
# As sequences of eight rows the same digits are harder for an autoencoder, and k-means on the
# pixels is better: the :doc:`guide to clustering </clustering>` has the figures. Compare with
# k-means before you trust clusters.
