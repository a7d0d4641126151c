"""
One word from each bag
======================

Several bags of words, and one word is to be taken from each, so that they form a sentence. A
language model says how likely each sentence is; `generate` searches the best one among those that
the bags allow.
"""

from itertools import product

import numpy as np

from sklstm import LSTMLanguageModel

# %%
# Sentences to learn from: a subject, a verb that agrees with it, and something that can be done so.

rng = np.random.default_rng(0)
subjects = {"the": ["cat", "dog", "child"], "two": ["cats", "dogs", "children"]}
verbs = {"the": ["sleeps", "eats", "reads"], "two": ["sleep", "eat", "read"]}
objects = {"sleep": ["soundly", "late"], "eat": ["fish", "bread"], "read": ["books", "letters"]}


def sentence():
    """Return a sentence of four words."""
    number = rng.choice(["the", "two"], p=[0.7, 0.3])
    verb = rng.choice(verbs[number])
    stem = verb.removesuffix("s")
    return " ".join([number, rng.choice(subjects[number]), verb, rng.choice(objects[stem])])


texts = [sentence() for _ in range(2_000)]
print(texts[:3])

model = LSTMLanguageModel(hidden_size=48, embedding_dim=24, max_epochs=6, random_state=0)
model.fit(texts)
print(f"perplexity: {model.perplexity(texts):.2f}")

# %%
# The words of a bag are not tried one by one: at each position the model has the probabilities of
# all of them at once.

bags = [["two", "the"], ["dog", "cats"], ["read", "eats", "late"], ["fish", "books"]]
print(model.generate(allowed=bags))

# %%
# Taken word by word, the likeliest beginning need not lead to the best sentence. Here "the" is more
# likely than "two" at first, but the bags that follow fit "two" only. A beam keeps several
# beginnings.

bags = [["two", "the"], ["children", "bread"], ["read", "reads"], ["letters", "soundly"]]
for width in (1, 4):
    print(width, model.generate(allowed=bags, beam_width=width))

# %%
# Beam search against all combinations: the best of them by their log-likelihood.


def likelihood(words):
    """Return the log-likelihood of a sentence, without that of its end."""
    return model.score_steps([" ".join(words)])[0][:-1].sum()


ranked = sorted(product(*bags), key=likelihood, reverse=True)
for words in ranked[:3]:
    print(f"{likelihood(words):6.2f}", " ".join(words))
