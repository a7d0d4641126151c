"""LSTMSeq2Seq: training, predictions, scores, attention and errors."""

import itertools
import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline

from sklstm import LSTMSeq2Seq, SequenceTokenizer
from sklstm._sequences.tokens import TokenArray

SMALL = {"hidden_size": 16, "embedding_dim": 8, "random_state": 0, "n_jobs": 1}
LETTERS = list("abcdefgh")


def words(n, seed=0, longest=6):
    rng = np.random.default_rng(seed)
    return ["".join(rng.choice(LETTERS, rng.integers(3, longest + 1))) for _ in range(n)]


def reverse(texts):
    return [text[::-1] for text in texts]


WORDS = words(120)
REVERSED = reverse(WORDS)


@pytest.fixture(scope="module")
def reverser():
    X = words(1500, seed=1)
    model = LSTMSeq2Seq(48, embedding_dim=24, max_epochs=12, random_state=0, n_jobs=1)
    return model.fit(X, reverse(X))


@pytest.fixture(scope="module")
def model():
    return LSTMSeq2Seq(**SMALL, max_epochs=2).fit(WORDS, REVERSED)


def small_model(X=WORDS, y=REVERSED, **params):
    return LSTMSeq2Seq(**SMALL | {"max_epochs": 1} | params).fit(X, y)


def log_probs(model, ids, tokens):
    """Return the log-probabilities after the start and each token, for one sequence alone."""
    module = model.module_
    with torch.inference_mode():
        inputs = torch.as_tensor(np.array(ids))[None, :, None]
        before = torch.tensor([[2, *tokens]])
        states = module(inputs, torch.tensor([len(ids)]), before).states[0]
        return module.output.log_probs(states).numpy()


class TestLearning:
    def test_learns_to_reverse(self, reverser):
        X = words(400, seed=2)
        assert reverser.score(X, reverse(X)) > 0.95

    def test_attention_finds_the_letter_that_is_written(self, reverser):
        X = words(50, seed=3)
        hits = [
            (weights.argmax(axis=1) == np.arange(len(text))[::-1]).mean()
            for text, weights in zip(X, reverser.attention_weights(X, reverse(X)), strict=True)
        ]
        assert np.mean(hits) > 0.95

    def test_more_beams_never_find_less_probable_targets_on_average(self, model):
        X = words(100, seed=4)
        means = []
        for n_beams in (1, 4):
            found = model.predict(X, n_beams=n_beams)
            n_tokens = np.array([len(text) + 1 for text in found])
            means.append((model.score_samples(X, found) / n_tokens).mean())
        assert means[1] > means[0] + 0.01

    def test_learns_without_attention(self):
        X = [f"{a}{b}" for a in LETTERS for b in LETTERS]
        y = [f"{b}{a}-{b}" for a, b in X]
        params = dict(attention=False, max_epochs=100, learning_rate=0.01, hidden_size=32)
        model = small_model(X, y, **params)
        assert model.score(X, y) > 0.9

    def test_learns_from_series(self):
        rng = np.random.default_rng(0)
        y = ["".join(rng.choice(["u", "d"], rng.integers(1, 5))) for _ in range(200)]
        steps = {"u": [0.0, 1.0, 2.0], "d": [0.0, -1.0, -2.0]}
        X = [1000 + 50 * np.concatenate([steps[c] for c in text]) for text in y]
        model = small_model(X, y, max_epochs=25, learning_rate=0.01)
        assert model.n_features_in_ == 1
        assert model.score(X, y) > 0.95
        assert model.score([x * 1e-3 for x in X], y) < 0.5  # the scale is that of the training data

    def test_scheduled_sampling_learns(self):
        X = [a + b for a in LETTERS for b in LETTERS]
        params = dict(hidden_size=24, max_epochs=40, learning_rate=0.02)
        model = small_model(X, reverse(X), teacher_forcing=0.5, **params)
        assert model.score(X, reverse(X)) > 0.9
        other = small_model(X, reverse(X), **params)
        assert model.loss_curve_ != other.loss_curve_

    @pytest.mark.slow
    def test_learns_to_add(self):
        """As Keras' example, W. Zaremba and I. Sutskever, "Learning to Execute", 2014."""
        rng = np.random.default_rng(0)
        pairs = rng.permutation(list(itertools.product(range(100), repeat=2)))[:4000].tolist()
        X, y = [f"{a}+{b}" for a, b in pairs], [str(a + b) for a, b in pairs]
        model = LSTMSeq2Seq(96, embedding_dim=32, max_epochs=30, random_state=0)
        model.fit(X[:3000], y[:3000])
        assert model.score(X[3000:], y[3000:]) > 0.9

    @pytest.mark.slow
    def test_learns_dates(self):
        days = pd.date_range("1980-01-01", "2029-12-31")
        days = days[np.random.default_rng(0).permutation(len(days))[:3000]]
        forms = ["%B %d, %Y", "%d.%m.%Y", "%a %d %b %Y", "%Y/%m/%d"]
        X = [day.strftime(forms[i % 4]) for i, day in enumerate(days)]
        y = [day.strftime("%Y-%m-%d") for day in days]
        model = LSTMSeq2Seq(64, max_epochs=15, random_state=0).fit(X[:2500], y[:2500])
        assert model.score(X[2500:], y[2500:]) > 0.95


class TestPrediction:
    def test_predicts_what_a_loop_over_tokens_predicts(self, model):
        X = words(20, seed=5)
        found = model.predict(X)
        for text, ids in zip(found, model.tokenizer_.transform(X), strict=True):
            tokens = []
            while len(tokens) < model.max_length_:
                scores = log_probs(model, ids, tokens)[-1]
                scores[1] = -np.inf
                if scores.argmax() == 3:
                    break
                tokens.append(int(scores.argmax()))
            assert text == model.target_tokenizer_.to_texts([tokens])[0]

    def test_enough_beams_find_the_most_probable_target(self):
        X = [[4, 5], [5], [4, 4, 5]]
        y = [[4], [5, 4], [4, 5, 5]]
        model = LSTMSeq2Seq(**SMALL, max_epochs=3, max_length=3, input_type="tokens").fit(X, y)
        found = model.predict(X, n_beams=1000)
        for ids, written in zip(X, found, strict=True):
            every = [
                list(tokens) for n in range(4) for tokens in itertools.product([4, 5], repeat=n)
            ]
            scores = model.score_samples([ids] * len(every), every)
            means = scores / np.array([len(tokens) + 1 for tokens in every])
            assert written.tolist() == every[means.argmax()]

    def test_score_samples_adds_up_tokens_and_end(self, model):
        X, y = WORDS[:10], REVERSED[5:15]
        for text, target, score in zip(X, y, model.score_samples(X, y), strict=True):
            ids = model.tokenizer_.transform([text])[0]
            tokens = [*model.target_tokenizer_.transform([target])[0], 3]
            scores = log_probs(model, ids, tokens[:-1])
            expected = sum(scores[t, token] for t, token in enumerate(tokens))
            assert score == pytest.approx(expected, abs=1e-4)

    def test_probabilities_of_all_targets_add_up_to_one(self):
        X = [[4, 5], [5], [4, 4, 5]]
        model = LSTMSeq2Seq(**SMALL, max_epochs=30, input_type="tokens")
        model.fit(X, [[], [4], [5]])  # so that longer targets are rare
        every = [list(t) for n in range(8) for t in itertools.product([1, 4, 5], repeat=n)]
        total = np.exp(model.score_samples([[4, 5]] * len(every), every)).sum()
        assert 0.95 < total < 1 + 1e-6

    def test_score_is_the_fraction_of_exact_predictions(self, reverser):
        X = words(60, seed=6)
        y = reverser.predict(X)
        assert reverser.score(X, y) == 1.0
        wrong = [text + "a" if i % 3 == 0 else text for i, text in enumerate(y)]
        assert reverser.score(X, wrong) == pytest.approx(2 / 3)
        weights = np.where(np.arange(60) % 3 == 0, 3.0, 1.0)
        assert reverser.score(X, wrong, sample_weight=weights) == pytest.approx(40 / 100)
        assert reverser.score(X[:2], ["?", y[1]]) == 0.5  # a letter that was never seen

    def test_a_prediction_does_not_depend_on_the_others(self, model):
        X = [*words(40, seed=7, longest=12), "a", "abcdefgh" * 5]
        together = model.predict(X, n_beams=3)
        assert [model.predict([text], n_beams=3)[0] for text in X] == list(together)
        alone = [model.score_samples([text], ["abc"])[0] for text in X]
        np.testing.assert_allclose(model.score_samples(X, ["abc"] * 42), alone, rtol=0, atol=1e-5)
        for weights, text in zip(model.attention_weights(X), X, strict=True):
            np.testing.assert_allclose(weights, model.attention_weights([text])[0], atol=1e-5)

    def test_more_sequences_than_a_batch_come_in_their_order(self, model):
        X = words(700, seed=8, longest=9)
        assert list(model.predict(X)[::-1]) == list(model.predict(X[::-1]))

    def test_predictions_end(self):
        model = LSTMSeq2Seq(**SMALL, max_epochs=1, max_length=2).fit(WORDS, REVERSED)
        assert max(map(len, model.predict(WORDS, n_beams=2))) == 2
        assert small_model().max_length_ == 9
        assert small_model(X=["a", "b"], y=["", "x"]).max_length_ == 2

    def test_attention_weights_have_a_row_for_each_token(self, model):
        X, y = WORDS[:9], ["", *REVERSED[1:9]]
        for given in (None, y):
            found = model.attention_weights(X, given)
            texts = model.predict(X) if given is None else given
            for weights, text, target in zip(found, X, texts, strict=True):
                assert weights.shape == (len(target), len(text))
                assert weights.dtype == np.float32
                np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-6)

    def test_summary_names_the_parts(self, model, capsys):
        model.summary()
        shown = capsys.readouterr().out
        for part in ("source", "encoder", "bridge", "target", "decoder", "attention", "output"):
            assert f"\n{part} " in shown
        assert "auto: max_length=9" in shown
        trained = sum(p.numel() for p in model.module_.parameters() if p.requires_grad)
        assert f"trained parameters: {trained:,}" in shown


class TestForms:
    def test_ids_with_a_vocabulary_give_the_same_as_texts(self, model):
        X_tokens, y_tokens = (
            SequenceTokenizer(token_pattern=r"\w", lowercase=False, max_features=None)
            for _ in range(2)
        )
        X, y = X_tokens.fit_transform(WORDS), y_tokens.fit_transform(REVERSED)
        other = small_model(X, y, max_epochs=2)
        found = other.predict(X)
        assert isinstance(found, TokenArray)
        assert found.vocabulary == y_tokens.vocabulary_ == other.target_vocabulary_
        letters = y_tokens.vocabulary_.words()
        assert ["".join(letters[ids]) for ids in found] == list(model.predict(WORDS))
        assert other.score(X, y) == model.score(WORDS, REVERSED)
        np.testing.assert_allclose(
            other.score_samples(X, y), model.score_samples(WORDS, REVERSED), atol=1e-5
        )
        with pytest.raises(ValueError, match="X holds texts, but the model was fitted on token"):
            other.predict(WORDS)

    def test_texts_to_ids_and_ids_to_texts(self):
        ids = [np.array([ord(c) - 93 for c in text]) for text in WORDS]
        to_ids = small_model(WORDS, ids)
        found = to_ids.predict(WORDS[:5])
        assert found.dtype == object
        assert all(own.dtype == np.int32 for own in found)
        assert not hasattr(to_ids, "target_vocabulary_")
        to_texts = small_model(ids, WORDS, input_type="tokens")
        assert all(isinstance(text, str) for text in to_texts.predict(ids[:5]))

    def test_containers_of_targets_are_all_alike(self, model):
        expected = list(model.predict(WORDS))
        boxed = np.array(REVERSED, dtype=object)
        for y in (tuple(REVERSED), boxed, pd.Series(REVERSED), np.array(REVERSED)):
            assert list(small_model(y=y, max_epochs=2).predict(WORDS)) == expected

    def test_padded_ids_are_read_without_padding(self):
        ids = [[ord(c) - 93 for c in text] for text in WORDS]
        padded = np.array([[*own, *[0] * (6 - len(own))] for own in ids])
        expected = small_model(WORDS, ids).loss_curve_
        assert small_model(WORDS, padded).loss_curve_ == expected

    def test_a_start_and_an_end_in_targets_are_not_doubled(self):
        ids = [[ord(c) - 93 for c in text] for text in WORDS]
        marked = [[2, *own, 3] for own in ids]
        expected = small_model(WORDS, ids)
        other = small_model(WORDS, marked)
        assert other.loss_curve_ == expected.loss_curve_
        assert other.score(WORDS, marked) == expected.score(WORDS, ids)

    def test_words_are_written_as_they_were(self):
        X = ["the dog barks", "the cat sleeps", "a cat barks"] * 20
        y = ["le chien aboie.", "le chat dort.", "un chat aboie."] * 20
        model = small_model(X, y, analyzer="word", max_epochs=80, learning_rate=0.02)
        assert list(model.predict(X[:3])) == y[:3]
        assert model.score(X, y) == 1.0
        assert model.attention_weights(X[:1])[0].shape == (4, 3)

    def test_empty_texts_are_read_and_written(self):
        X = ["", "a", "b"] * 20
        y = ["x", "", "xy"] * 20
        model = small_model(X, y, max_epochs=60)
        assert list(model.predict(X[:3])) == y[:3]
        assert [w.shape for w in model.attention_weights(X[:3])] == [(1, 1), (0, 1), (2, 1)]

    def test_series_of_several_features(self):
        X = np.random.default_rng(0).normal(size=(30, 5, 3))
        model = small_model(X, REVERSED[:30])
        assert model.n_features_in_ == 3
        assert model.predict(X).shape == (30,)
        assert model.attention_weights(X)[0].shape[1] == 5

    @pytest.mark.parametrize(
        "params", [{"cell": "gru"}, {"num_layers": 2}, {"hidden_size": (8, 6)}]
    )
    @pytest.mark.parametrize("attention", [True, False])
    def test_other_networks(self, params, attention):
        model = small_model(attention=attention, bidirectional=False, **params)
        assert model.predict(WORDS[:3], n_beams=2).shape == (3,)
        assert np.isfinite(model.score_samples(WORDS, REVERSED)).all()


class TestTraining:
    def test_weights_are_numbers_of_repetitions(self):
        params = dict(max_epochs=2, dropout=0.0, batch_size=1000, shuffle=False)
        X = [[ord(c) - 93 for c in text] for text in WORDS]  # ids do not depend on frequencies
        y = [ids[::-1] for ids in X]
        model = LSTMSeq2Seq(**SMALL, **params, input_type="tokens")
        twice = clone(model).fit(X + X[:30], y + y[:30])
        model.fit(X, y, sample_weight=np.where(np.arange(120) < 30, 2.0, 1.0))
        for a, b in zip(twice.module_.parameters(), model.module_.parameters(), strict=True):
            torch.testing.assert_close(a, b, rtol=0, atol=1e-4)

    def test_validation_loss_is_minus_the_mean_log_likelihood_of_a_token(self):
        X, y = WORDS[:50], REVERSED[:50]
        model = LSTMSeq2Seq(**SMALL, max_epochs=2)
        model.fit(WORDS, REVERSED, X_val=X, y_val=y)
        n_tokens = sum(len(text) + 1 for text in y)
        expected = -model.score_samples(X, y).sum() / n_tokens
        assert model.history_[-1]["valid_loss"] == pytest.approx(expected, abs=1e-5)

    def test_early_stopping_restores_the_best(self):
        model = small_model(early_stopping=True, max_epochs=200, learning_rate=0.05, tol=0.0)
        losses = [row["valid_loss"] for row in model.history_]
        assert model.n_iter_ < 200
        assert model.best_epoch_ == int(np.argmin(losses)) + 1
        assert len(losses) == model.best_epoch_ + 5

    def test_warm_start_continues_and_refuses_another_network(self):
        model = small_model(warm_start=True, max_epochs=2)
        before = model.score_samples(WORDS, REVERSED).mean()
        model.fit(WORDS, REVERSED)
        assert model.n_iter_ == 4
        assert model.score_samples(WORDS, REVERSED).mean() > before
        with pytest.raises(ValueError, match="attention is False now"):
            model.set_params(attention=False).fit(WORDS, REVERSED)
        assert model.n_iter_ == 4

    def test_partial_fit_continues(self):
        model = LSTMSeq2Seq(**SMALL)
        scores = []
        for _ in range(4):
            for part in (slice(0, 60), slice(60, 120)):
                model.partial_fit(WORDS[part], REVERSED[part])
            scores.append(model.score_samples(WORDS, REVERSED).sum())
        assert scores == sorted(scores)
        assert model.n_iter_ == 8
        model.partial_fit(["abc"], ["a" * 30])
        assert model.max_length_ == 45
        with pytest.raises(ValueError, match="partial_fit does not support early_stopping"):
            model.set_params(early_stopping=True).partial_fit(WORDS, REVERSED)

    def test_partial_fit_with_half_of_the_true_tokens(self):
        model = LSTMSeq2Seq(**SMALL, teacher_forcing=0.5).partial_fit(WORDS, REVERSED)
        assert model.partial_fit(WORDS, REVERSED).n_iter_ == 2

    def test_random_state_decides(self, model):
        same = small_model(max_epochs=2)
        assert same.loss_curve_ == model.loss_curve_
        assert small_model(max_epochs=2, random_state=1).loss_curve_ != model.loss_curve_

    def test_auto_epochs(self):
        X, y = [["a", "b"] * 20] * 2
        model = LSTMSeq2Seq(2, embedding_dim=2, batch_size=40, n_jobs=1).fit(X, y)
        assert model.n_iter_ == 200
        assert model._auto_ == {"max_length": 2, "max_epochs": 200}


class TestScikitLearn:
    def test_clone_and_pickle(self, model):
        assert clone(model).get_params() == model.get_params()
        again = pickle.loads(pickle.dumps(model))
        assert list(again.predict(WORDS)) == list(model.predict(WORDS))
        assert list(again.fit(WORDS, REVERSED).predict(WORDS)) == list(model.predict(WORDS))

    def test_searches_over_lists_of_texts(self):
        X = ["a", "b", "ab", "ba"] * 12
        grid = {"hidden_size": [1, 24], "attention": [True]}
        base = LSTMSeq2Seq(embedding_dim=8, max_epochs=30, learning_rate=0.02, random_state=0)
        search = GridSearchCV(base, grid, cv=2, error_score="raise").fit(X, reverse(X))
        assert search.best_params_["hidden_size"] == 24
        assert search.best_score_ > 0.9
        assert search.score(X, reverse(X)) > 0.9
        assert search.predict(["ab"])[0] == "ba"

    def test_pipelines_and_cross_validation(self):
        pipeline = make_pipeline(SequenceTokenizer(token_pattern="."), LSTMSeq2Seq(4, max_epochs=1))
        assert cross_val_score(pipeline, WORDS, REVERSED, cv=2).shape == (2,)


class TestErrors:
    @pytest.mark.parametrize(
        ("y", "message"),
        [
            (None, "requires y to be passed"),
            ([], r"inconsistent numbers of samples: \[120, 0\]"),
            (REVERSED[:-1], r"inconsistent numbers of samples: \[120, 119\]"),
            ("abc", "y is a single text, where a list of texts is needed"),
            ([""] * 120, r"y holds empty targets only \(120\)"),
            ([[]] * 120, r"y holds empty targets only \(120\)"),
            ([*REVERSED[:-1], None], r"y\[119\] is missing \(None\)"),
            ([[4, 5], [-1, 4]] * 60, r"y\[1\] holds the token id -1 at step 0"),
            ([[4, 5], [0.5]] * 60, r"y\[1\] holds.*0\.5.*0 or greater\.$"),
            (np.arange(120), r"y\[0\] is 0, a single number.*\[str\(number\) for number in y\]"),
            ([[4], *range(119)], r"y\[1\] is 0, a single number"),
            ([["a", "b"]] * 120, r"y\[0\] is a list of strings, such as 'a'"),
            (np.zeros((120, 3, 2), dtype=int) + 4, "y has 2 token ids in each step"),
            (
                [[4, 5], [4, 3, 5]] * 60,
                r"y\[1\] holds the id 3 at token 1, .*the end .*begin with 4",
            ),
            ([[7, 2, 4], [1]] * 60, r"y\[0\] holds the id 2 at token 1, .*the start of a sequence"),
            ([[4, 5], "ab"] * 60, r"y\[1\] is the text 'ab', but y\[0\] is none"),
        ],
    )
    def test_targets_are_named(self, y, message):
        with pytest.raises(ValueError, match=message):
            LSTMSeq2Seq(**SMALL).fit(WORDS, y)

    @pytest.mark.parametrize("X", [[["a", "b"]] * 120, [("a",), *[("a", "b")] * 119]])
    def test_lists_of_words_need_a_tokenizer_of_lists(self, X):
        with pytest.raises(ValueError, match=r"X\[0\] holds strings.*\(analyzer=list\), LSTMSeq2"):
            LSTMSeq2Seq(**SMALL).fit(X, REVERSED)

    def test_values_with_nan(self):
        X = [np.zeros(3), np.array([1.0, np.nan])]
        with pytest.raises(ValueError, match=r"NaN or infinity.*X\[1\].*step 1"):
            LSTMSeq2Seq(**SMALL).fit(X, ["a", "b"])

    def test_a_failed_fit_leaves_the_model(self, model):
        before = list(model.predict(WORDS))
        for X, y in ((WORDS, [""] * 120), ([*WORDS[:-1], 3.0], REVERSED)):
            with pytest.raises((TypeError, ValueError)):
                model.fit(X, y)
        assert list(model.predict(WORDS)) == before

    def test_ids_that_the_training_targets_did_not_have(self):
        model = small_model(["a", "b"], [[4, 5], [6]])
        for method in (model.score, model.score_samples, model.partial_fit):
            with pytest.raises(ValueError, match=r"y\[1\] holds the token id 7 at .*up to 6"):
                method(["a", "b"], [[4], [4, 7]])
        with pytest.raises(ValueError, match=r"y_val\[0\] holds the token id 9 at token 0"):
            LSTMSeq2Seq(**SMALL).fit(["a"], [[4]], X_val=["a"], y_val=[[9]])
        with pytest.raises(ValueError, match=r"y holds texts, but the targets in fit were token"):
            model.score(["a"], ["x"])

    def test_other_vocabularies(self, model):
        other = SequenceTokenizer().fit_transform(["one two", "three"])
        with pytest.raises(ValueError, match="X was tokenized with another vocabulary"):
            model.predict(other)
        with pytest.raises(ValueError, match="y was tokenized with another vocabulary"):
            model.score(WORDS[:2], other)
        with pytest.raises(ValueError, match="X_val was tokenized with another vocabulary"):
            model.fit(WORDS, REVERSED, X_val=other, y_val=["a", "b"])

    def test_another_kind_of_X(self, model):
        with pytest.raises(ValueError, match="X holds values, but this LSTMSeq2Seq was fitted on"):
            model.predict([[0.5, 1.0]])
        values = small_model([[0.5, 1.0], [0.1]], ["a", "b"])
        with pytest.raises(ValueError, match="X holds texts, but the model was fitted on values"):
            values.predict(["a"])
        with pytest.raises(ValueError, match="X has 2 features"):
            values.predict(np.zeros((1, 3, 2)))
        with pytest.raises(ValueError, match="X is a single text"):
            model.predict("abc")
        with pytest.raises(ValueError, match="X holds texts, but input_type='values'"):
            LSTMSeq2Seq(input_type="values").fit(["a"], ["b"])

    @pytest.mark.parametrize("n_beams", [0, -1])
    def test_beams(self, model, n_beams):
        with pytest.raises(ValueError, match="n_beams must be an int of at least 1"):
            model.predict(WORDS, n_beams=n_beams)
        with pytest.raises(TypeError, match=r"n_beams must be an int of at least 1, got 1\.5"):
            model.predict(WORDS, n_beams=1.5)

    def test_attention_weights_without_attention(self):
        model = small_model(attention=False)
        with pytest.raises(ValueError, match="attention=False; set attention=True"):
            model.attention_weights(WORDS)

    def test_unfitted(self):
        model = LSTMSeq2Seq()
        for call in (model.predict, model.attention_weights):
            with pytest.raises(NotFittedError):
                call(WORDS)
        for call in (model.score, model.score_samples):
            with pytest.raises(NotFittedError):
                call(WORDS, REVERSED)

    def test_validation_data_come_in_pairs(self):
        with pytest.raises(ValueError, match="y_val is missing"):
            LSTMSeq2Seq().fit(WORDS, REVERSED, X_val=WORDS)
        with pytest.raises(ValueError, match="X_val is missing"):
            LSTMSeq2Seq().fit(WORDS, REVERSED, y_val=WORDS)

    @pytest.mark.parametrize(
        ("name", "value"),
        [("teacher_forcing", 1.5), ("max_length", 0), ("attention", "auto"), ("analyzer", "ch")],
    )
    def test_parameters(self, name, value):
        with pytest.raises(ValueError, match=f"The '{name}' parameter of LSTMSeq2Seq"):
            LSTMSeq2Seq(**{name: value}).fit(WORDS, REVERSED)
