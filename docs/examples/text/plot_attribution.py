"""
Which words decided?
====================

Integrated gradients (Sundararajan, Taly and Yan 2017) say how much each word adds to the output
of a model. Here the model has to read who writes to whom; the words are the same in both
directions.
"""

import numpy as np
from sklearn.pipeline import make_pipeline

from sklstm import LSTMClassifier, SequenceTokenizer
from sklstm.inspection import AttributionDisplay, integrated_gradients

rng = np.random.default_rng(0)
people = ["ann", "bob", "cleo"]
texts, y = [], []
for _ in range(300):
    sender, receiver = rng.permutation(people)[:2]
    when = rng.choice(["today", "on monday", "again", "at noon"])
    texts.append(f"{when} {sender} writes to {receiver} , as always")
    y.append(receiver)
model = make_pipeline(SequenceTokenizer(), LSTMClassifier(32, max_epochs=40, random_state=0))
model.fit(texts, y)
print(model.predict(["today ann writes to bob , as always", "today bob writes to ann , as always"]))

# %%
# What speaks for "bob" in each of the two. The name after "to" decides; that of the sender hardly
# counts.

asked = ["today ann writes to bob , as always", "today bob writes to ann , as always"]
display = AttributionDisplay.from_estimator(model, asked, target="bob")
display.figure_.set_size_inches(8, 3)

# %%
# In a notebook the display is text in colours as well:

display

# %%
# The numbers add up to the output that they explain, before the softmax, less that of a text
# without words:

result = integrated_gradients(model, asked, target="bob")
for words, attributions, output, nothing in zip(
    result.words, result.attributions, result.outputs, result.baseline_outputs, strict=True
):
    print(*(f"{word} {value:.2f}" for word, value in zip(words, attributions, strict=True)))
    print(f"sum {attributions.sum():.3f}, outputs differ by {output - nothing:.3f}")
