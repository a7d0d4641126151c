"""
How much data until an LSTM pays?
=================================

`LearningCurveComparisonDisplay` draws the scores of several models by the number of training
samples, on the same splits. Here order matters a little: the class is given by a keyword in nine
texts of ten, and by the order of two words in the others.
"""

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from sklstm import LSTMClassifier, SequenceTokenizer
from sklstm.datasets import make_word_order
from sklstm.inspection import LearningCurveComparisonDisplay

texts, y = make_word_order(300, n_words=14, random_state=0)
rng = np.random.default_rng(0)
keyed = rng.random(300) < 0.9
texts = [
    f"{text} {'yes' if label else 'no'}" if key else text
    for text, label, key in zip(texts, y, keyed, strict=True)
]
models = {
    "LSTM": make_pipeline(SequenceTokenizer(), LSTMClassifier(32, random_state=0)),
    "LSTM without word counts": make_pipeline(
        SequenceTokenizer(), LSTMClassifier(32, linear_path=False, random_state=0)
    ),
    "TF-IDF + LR": make_pipeline(TfidfVectorizer(), LogisticRegression()),
}
display = LearningCurveComparisonDisplay.from_estimators(
    models, texts, y, train_sizes=[15, 60, 180], cv=3
)

# %%
# `crossing` interpolates from how many samples on one model is above another; here that is the
# smallest number tried. Word counts miss the texts in which order decides, and no number of texts
# changes that.

print(display.crossing("LSTM", "TF-IDF + LR"))
