"""
Write like Shakespeare
======================

A language model of characters learns from a single long text which character follows, and so learns
words, names, verse and the form of a play. This one is small and trains for less than a minute; the
:ref:`user guide <write-like-shakespeare>` shows what half an hour makes of it.
"""

from matplotlib import pyplot as plt

from sklstm import LSTMLanguageModel
from sklstm.datasets import fetch_shakespeare

plays = fetch_shakespeare()
text, rest = plays.train[:300_000], plays.test[:10_000]
print(text[:148])

# %%
# The text is passed as it is: it is cut into parts that are read side by side, and the state is
# carried on from chunk to chunk.

model = LSTMLanguageModel(
    hidden_size=192,
    embedding_dim=32,
    analyzer="char",
    learning_rate=5e-3,
    batch_size=32,
    max_epochs=6,
    random_state=0,
)
model.fit([text], X_val=[rest])

# %%
# The loss is in nats per character: 4.2 for a model that knows nothing of 65 characters. Trained on
# the whole text, counts of what follows four characters reach 1.67, and the network of the user
# guide 1.46 (``benchmarks/shakespeare.py``).

fig, ax = plt.subplots(figsize=(5, 3), layout="constrained")
for name, label in (("train_loss", "training"), ("valid_loss", "other plays")):
    ax.plot(range(1, 7), [row[name] for row in model.history_], "o-", label=label)
ax.set_xticks(range(1, 7))
ax.set_xlabel("epoch")
ax.set_ylabel("nats per character")
ax.legend()

# %%
# What it writes. A temperature below 1 keeps to likely characters.

print(model.generate("ROMEO:\n", n_tokens=400, temperature=0.7, random_state=0))

# %%
# How surprising is each character? `score_steps` has its log-likelihood. The first letters of words
# are the hardest to guess; the rest of a word, and the blank after it, mostly follow.

line = "What light through yonder window breaks?"
surprise = -model.score_steps([line])[0][:-1]  # without the end of the text

fig, ax = plt.subplots(figsize=(9, 2.5), layout="constrained")
ax.bar(range(len(line)), surprise, color=["C1" if c == " " else "C0" for c in line])
ax.set_xticks(range(len(line)), list(line))
ax.set_ylabel("surprise, nats")
ax.set_title("The blanks between words are orange")
