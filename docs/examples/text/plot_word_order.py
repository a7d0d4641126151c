"""
Where order decides
===================

Every text holds the words "alpha" and "beta"; the class says which of them comes first. Counts of
words are the same in both classes, so a model of word counts has nothing to go by.
"""

from sklearn.pipeline import make_pipeline

from sklstm import LSTMClassifier, SequenceTokenizer
from sklstm.baselines import compare
from sklstm.datasets import make_word_order

texts, y = make_word_order(300, random_state=0)
for text, label in zip(texts[:3], y, strict=False):
    print(label, text)

# %%
# `compare` cross-validates the estimator and the classical baselines that suit texts, on the same
# splits. The tuned counts include pairs of neighbouring words. In one text of five "alpha" and
# "beta" are neighbours, and there the pair tells the order.

model = make_pipeline(SequenceTokenizer(), LSTMClassifier(random_state=0))
result = compare(model, texts, y, cv=3, random_state=0)
result

# %%
# One point for each split:

result.plot()
