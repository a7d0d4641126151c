"""
New reviews, positive and negative
==================================

A language model that is given labels learns to write texts of each label. Here it learns the last
sentences of film reviews, which hold the verdict, and writes new ones, positive and negative. A
classifier of word counts, which was trained on the real ones, judges whether they are.
"""

import re

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from sklstm import LSTMLanguageModel
from sklstm.datasets import fetch_imdb

reviews = fetch_imdb()
last = [re.split(r"(?<=[.!?]) +", review.strip())[-1] for review in reviews.data]
short = np.flatnonzero([3 <= len(text.split()) <= 15 for text in last])
texts = [last[i] for i in short]
labels = np.array(reviews.target_names)[reviews.target[short]]
print(len(texts), "last sentences, such as:", texts[0], texts[-1], sep="\n")

# %%
# The vector of the label is added to that of every word, so that it is not forgotten in the course
# of a text. Words that are rare are left to the unknown word, which is never written.

model = LSTMLanguageModel(
    hidden_size=160,
    embedding_dim=96,
    max_features=3_500,
    lowercase=True,
    learning_rate=5e-3,
    batch_size=32,
    max_epochs=8,
    random_state=0,
)
model.fit(texts, labels)

# %%
# ``top_p`` leaves out the unlikely words, which are what makes a text go astray.

for label in ("pos", "neg"):
    print(f"\n{label}:")
    for i in range(4):
        print(" ", model.generate(label=label, n_tokens=25, top_p=0.8, random_state=i))

# %%
# 200 of each, judged by a model of word counts:

judge = make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression(C=10))
judge.fit(texts, labels)
wanted = ["neg", "pos"] * 200
written = model.generate(label=wanted, n_tokens=25, top_p=0.8, random_state=0)
print(f"{judge.score(written, wanted):.0%} are judged as what they were meant to be")

# %%
# A list of prompts is continued side by side:

for line in model.generate(["this film", "the actors"], label="neg", top_p=0.8, random_state=1):
    print(line)
