"""LSTMLanguageModel: training, scores, prediction, streams and generation."""

import itertools
import math
import pickle

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from skorch.callbacks import Callback

from sklstm import LSTMLanguageModel, SequenceTokenizer

SMALL = {"hidden_size": 24, "embedding_dim": 12, "random_state": 0, "n_jobs": 1}
SENTENCES = ["The dog barks.", "The cat sleeps.", "A cat sleeps here.", "A dog barks here."]
TEXTS = SENTENCES * 15


@pytest.fixture(scope="module")
def model():
    return LSTMLanguageModel(**SMALL, max_epochs=60, dropout=0.0, learning_rate=0.01).fit(TEXTS)


@pytest.fixture(scope="module")
def ids():
    return SequenceTokenizer().fit_transform(TEXTS)


def random_ids(n=8, seed=0, n_ids=20):
    rng = np.random.default_rng(seed)
    return [rng.integers(4, n_ids, size=rng.integers(1, 12)) for _ in range(n)]


def by_hand(model, ids, label=None):
    """Return the log-probabilities after the start and every token, by torch's own LSTM."""
    module = model.module_
    inputs = torch.tensor([2, *ids])[None, :, None]
    x = module.embedding(inputs)
    if label is not None:
        x = x + module.labels.weight[label]
    for layer in module.recurrent.forward_layers:
        x, _ = layer.rnn(x)
    return module.output.log_probs(x[0]).detach().numpy(), x[0].detach().numpy()


class TestTraining:
    def test_learns_what_can_be_known(self, model):
        # One of four sentences, of 5, 5, 6 and 6 tokens with full stop and end.
        entropy = -model.score(TEXTS) * 22 / 4
        assert math.log(4) - 0.01 < entropy < math.log(4) + 0.15

    def test_score_is_the_mean_log_likelihood_of_tokens_and_end(self):
        X = random_ids()
        model = LSTMLanguageModel(**SMALL, max_epochs=1).fit(X)
        total, n = 0.0, 0
        for own in X:
            log_probs, _ = by_hand(model, own)
            total += sum(log_probs[t, token] for t, token in enumerate([*own, 3]))
            n += len(own) + 1
        assert model.score(X) == pytest.approx(total / n, abs=1e-5)
        assert model.perplexity(X) == pytest.approx(math.exp(-total / n), rel=1e-5)

    def test_weights_count_in_score(self):
        X = random_ids()
        model = LSTMLanguageModel(**SMALL, max_epochs=1).fit(X)
        weights = [0, 0, 3, 0, 0, 0, 0, 0]
        assert model.score(X, sample_weight=weights) == pytest.approx(model.score(X[2:3]), abs=1e-6)

    def test_weights_count_in_training(self):
        X = random_ids()
        options = {**SMALL, "max_epochs": 2, "dropout": 0, "input_dropout": 0, "hidden_dropout": 0}
        options |= {"recurrent_dropout": 0, "batch_size": 100}
        twice = LSTMLanguageModel(**options).fit(X + X[:3])
        weighted = LSTMLanguageModel(**options).fit(X, sample_weight=[2, 2, 2, 1, 1, 1, 1, 1])
        for a, b in zip(twice.module_.parameters(), weighted.module_.parameters(), strict=True):
            assert torch.allclose(a, b, atol=1e-4)

    def test_a_long_text_is_learned_in_parallel_parts(self):
        text = "".join(SENTENCES[i] + "\n" for i in np.random.default_rng(0).integers(0, 4, 300))
        model = LSTMLanguageModel(
            **SMALL,
            analyzer="char",
            max_epochs=20,
            bptt_length=30,
            batch_size=16,
            learning_rate=0.01,
        ).fit([text])
        # One of four sentences of 15 to 19 characters: 1.39 nats for each of them.
        assert model.score([text]) > -0.35

    @pytest.mark.parametrize("n_streams", [1, 3, 7])
    def test_parts_hold_every_token_once(self, n_streams):
        from sklstm._sequences import Ragged
        from sklstm._training import LabelledSequences, in_streams

        lengths = np.array([50, 3, 1, 21])
        values = np.arange(75, dtype=np.int32)[:, None]
        weights = np.full(75, 4 / 75, dtype=np.float32)
        data = LabelledSequences(Ragged(values, lengths), values[:, 0] + 1, weights, per_step=True)
        cut = in_streams(data, n_streams, 5)
        assert cut.sequences.lengths.sum() == 75
        assert (cut.sequences.lengths <= max(5, math.ceil(75 / n_streams))).all()
        inside = np.cumsum(lengths)
        assert np.isin(inside, np.cumsum(cut.sequences.lengths)).all()  # no part has two texts
        assert cut.weights.sum() == pytest.approx(len(cut.sequences))

    def test_partial_fit_continues(self, ids):
        model = LSTMLanguageModel(**SMALL)
        scores = []
        for _ in range(6):
            for part in (ids[::2], ids[1::2]):
                model.partial_fit(part)
            scores.append(model.score(ids))
        assert scores == sorted(scores)
        assert model.n_iter_ == 12

    def test_warm_start_continues_and_refuses_another_network(self, ids):
        model = LSTMLanguageModel(**SMALL, max_epochs=2, warm_start=True).fit(ids)
        before = model.score(ids)
        assert model.fit(ids).score(ids) > before
        assert model.n_iter_ == 4
        with pytest.raises(ValueError, match="hidden_size is 8 now"):
            model.set_params(hidden_size=8).fit(ids)
        assert model.n_iter_ == 4

    def test_early_stopping_restores_the_best(self, ids):
        model = LSTMLanguageModel(**SMALL, early_stopping=True, max_epochs=50, tol=0.05)
        model.set_params(learning_rate=0.01).fit(ids)
        losses = [row["valid_loss"] for row in model.history_]
        assert model.n_iter_ < 50
        assert model.best_epoch_ == int(np.argmin(losses)) + 1

    def test_early_stopping_on_the_last_part_of_a_single_text(self):
        text = np.random.default_rng(0).integers(4, 8, size=400)
        model = LSTMLanguageModel(**SMALL, early_stopping=True, max_epochs=2).fit([text])
        # Nothing can be learned of random tokens; without the end of the text, of which 1 in 41.
        assert model.history_[-1]["valid_loss"] > math.log(4) - 0.1
        assert len(model.history_) == 2

    def test_validation_loss_is_minus_the_score(self, ids):
        model = LSTMLanguageModel(**SMALL, max_epochs=2).fit(ids, X_val=ids[:7])
        assert model.history_[-1]["valid_loss"] == pytest.approx(-model.score(ids[:7]), abs=1e-5)

    def test_averaged_weights_are_the_mean_of_the_last_ones(self, ids):
        seen = []

        class Record(Callback):
            def on_batch_end(self, net, training=True, **kwargs):
                if training:
                    seen.append([p.detach().clone() for p in net.module_.parameters()])

        options = {**SMALL, "max_epochs": 4, "batch_size": 15, "average_weights": 0.5}
        model = LSTMLanguageModel(**options, callbacks=[Record()]).fit(ids)
        last = [step for i, step in enumerate(seen, start=1) if i / len(seen) >= 0.5]
        for i, weight in enumerate(model.module_.parameters()):
            mean = torch.stack([step[i] for step in last]).mean(dim=0)
            assert torch.allclose(weight, mean, atol=1e-6)

    def test_same_seed_same_model(self, ids):
        a, b = (LSTMLanguageModel(**SMALL, max_epochs=2).fit(ids) for _ in range(2))
        assert all(map(torch.equal, a.module_.parameters(), b.module_.parameters()))

    def test_adaptive_softmax_is_chosen_for_many_tokens(self):
        rng = np.random.default_rng(0)
        X = [rng.integers(4, 6_000, size=50) for _ in range(4)] + [[5_999]]
        model = LSTMLanguageModel(**SMALL, max_epochs=1).fit(X)
        assert model._auto_["adaptive_softmax"] is True
        assert model.predict_proba(X[:2]).sum(axis=1) == pytest.approx(1, abs=1e-4)


class TestPrediction:
    def test_depends_on_the_own_text_only(self):
        X = random_ids(30)
        model = LSTMLanguageModel(**SMALL, max_epochs=1).fit(X)
        for method in ("predict_proba", "transform"):
            together = getattr(model, method)(X)
            alone = np.concatenate([getattr(model, method)([own]) for own in X])
            np.testing.assert_allclose(together, alone, atol=1e-5)
        steps = model.score_steps(X)
        for own, one in zip(X, steps, strict=True):
            np.testing.assert_allclose(model.score_steps([own])[0], one, atol=1e-5)

    def test_against_torch(self):
        X = random_ids()
        model = LSTMLanguageModel(**SMALL, num_layers=2, max_epochs=1).fit(X)
        proba, features, steps = model.predict_proba(X), model.transform(X), model.score_steps(X)
        for i, own in enumerate(X):
            log_probs, states = by_hand(model, own)
            np.testing.assert_allclose(proba[i], np.exp(log_probs[-1]), atol=1e-6)
            expected = [log_probs[t, token] for t, token in enumerate([*own, 3])]
            np.testing.assert_allclose(steps[i], expected, atol=1e-5)
            parts = [states[-1], states.max(axis=0), states.mean(axis=0)]
            np.testing.assert_allclose(features[i], np.concatenate(parts), atol=1e-5)

    def test_long_texts_are_read_in_chunks_to_the_same_result(self, monkeypatch):
        X = random_ids()
        model = LSTMLanguageModel(**SMALL, max_epochs=1).fit(X)
        whole = [model.predict_proba(X), model.transform(X), np.concatenate(model.score_steps(X))]
        monkeypatch.setattr("sklstm._estimators.language_model._CHUNK", 3)
        parts = [model.predict_proba(X), model.transform(X), np.concatenate(model.score_steps(X))]
        for a, b in zip(whole, parts, strict=True):
            np.testing.assert_allclose(a, b, atol=1e-6)

    def test_top_k(self, model):
        tokens = model.predict(["The dog", "A cat"], top_k=3)
        proba = model.predict_proba(["The dog", "A cat"], top_k=3)
        assert tokens.shape == proba.shape == (2, 3)
        assert (np.diff(proba, axis=1) <= 0).all()
        assert tokens[:, 0].tolist() == model.predict(["The dog", "A cat"]).tolist()
        assert tokens[:, 0].tolist() == ["barks", "sleeps"]
        np.testing.assert_allclose(proba[1].sum(), 1, atol=0.05)

    @pytest.mark.parametrize("top_k", [0, -1, 1.5, True])
    def test_top_k_is_checked(self, model, top_k):
        with pytest.raises((TypeError, ValueError), match="top_k must be an int"):
            model.predict(["The dog"], top_k=top_k)

    def test_backward_reads_from_the_end(self):
        X = random_ids()
        options = {**SMALL, "max_epochs": 2, "shuffle": False}
        backward = LSTMLanguageModel(**options, direction="backward").fit(X)
        forward = LSTMLanguageModel(**options).fit([own[::-1] for own in X])
        assert backward.score(X) == pytest.approx(forward.score([own[::-1] for own in X]))

    def test_start_and_end_are_added_once(self):
        X = random_ids()
        model = LSTMLanguageModel(**SMALL, max_epochs=1).fit(X)
        marked = [[2, *own, 3] for own in X]
        assert model.score(marked) == model.score(X)

    def test_an_empty_text_ends_at_once(self):
        model = LSTMLanguageModel(**SMALL, max_epochs=20).fit([[]] * 30 + [[4]])
        assert model.score_steps([[]])[0].shape == (1,)
        assert model.predict([[]])[0] == 3

    def test_ids_past_the_vocabulary_are_unknown(self):
        X = random_ids()
        model = LSTMLanguageModel(**SMALL, max_epochs=1).fit(X)
        assert model.score([[4, 500]]) == model.score([[4, 1]])

    def test_stream_continues(self, model):
        words = ["The", "dog", "barks", "."]
        stream = model.stream(response_method="predict_proba")
        for n in range(1, 5):
            got = stream.step(model.vocabulary_[words[n - 1]])
            text = " ".join(words[:n])
            np.testing.assert_allclose(got, model.predict_proba([text])[0], atol=1e-6)
        again = model.stream(state=stream.state, response_method="predict_proba")
        token = model.vocabulary_["here"]
        np.testing.assert_allclose(again.step(token), stream.step(token), atol=1e-7)
        assert model.stream().step(model.vocabulary_["The"]) in ("dog", "cat")

    def test_pickle_and_clone(self, model):
        again = pickle.loads(pickle.dumps(model))
        assert again.score(TEXTS[:4]) == model.score(TEXTS[:4])
        assert not hasattr(clone(model), "module_")

    def test_pipeline_and_search(self):
        pipeline = make_pipeline(SequenceTokenizer(), LSTMLanguageModel(**SMALL, max_epochs=10))
        search = GridSearchCV(pipeline, {"lstmlanguagemodel__hidden_size": [2, 24]}, cv=2)
        assert search.fit(TEXTS).best_params_ == {"lstmlanguagemodel__hidden_size": 24}
        assert search.transform(TEXTS[:2]).shape == (2, 72)

    def test_summary(self, model, capsys):
        model.summary()
        assert "embedding" in capsys.readouterr().out


class TestGenerate:
    def test_greedy_takes_the_most_likely_token(self, model):
        text, words = "A cat", ["A", "cat"]
        for _ in range(3):
            token = model.predict([text])[0]
            if token == "<end>":
                break
            words.append(token)
            text = " ".join(words)
        assert model.generate("A cat", n_tokens=3, temperature=0).split()[:3] == words[:3]

    def test_sampling_follows_the_distribution(self, model):
        texts = model.generate(["The"] * 400, n_tokens=1, random_state=0)
        second = [text.split()[1] for text in texts]
        proba = model.predict_proba(["The"])[0]
        for word in ("dog", "cat"):
            expected = proba[model.vocabulary_[word]]
            assert abs(second.count(word) / 400 - expected) < 4 * math.sqrt(expected / 400)

    def test_a_text_does_not_depend_on_the_others(self, model):
        together = model.generate(["The", "A", "The dog"], random_state=3)
        assert together == model.generate(["The", "A", "The dog"], random_state=3)
        assert together[:2] == model.generate(["The", "A"], random_state=3)

    def test_ends_at_the_end(self, model):
        texts = model.generate([""] * 20, n_tokens=50, random_state=0)
        assert sum(text in SENTENCES for text in texts) >= 15

    def test_zero_tokens_return_the_prompt(self, model):
        assert model.generate("The dog", n_tokens=0) == "The dog"

    def test_allowed_is_the_best_of_all_choices(self, model):
        bags = [["A", "The"], ["dog", "cat"], ["sleeps", "barks"], [".", "here"]]
        scores = {}
        for words in itertools.product(*bags):
            ids = [model.vocabulary_[word] for word in words]
            log_probs, _ = by_hand(model, ids)
            scores[words] = sum(log_probs[t, token] for t, token in enumerate(ids))
        best = max(scores, key=scores.get)
        found = model.generate(allowed=bags, beam_width=16)
        assert [model.vocabulary_[w] for w in found.replace(".", " .").split()] == [
            model.vocabulary_[w] for w in best
        ]

    def test_allowed_words_are_written_as_given(self):
        tokens = SequenceTokenizer().fit_transform(TEXTS)
        model = LSTMLanguageModel(**SMALL, max_epochs=5).fit(tokens)
        assert model.generate(allowed=[["CAT", "Zebra"]]) == "CAT"

    def test_ids_without_vocabulary(self):
        X = [[4, 5, 6, 7]] * 40
        model = LSTMLanguageModel(**SMALL, max_epochs=60, learning_rate=0.01).fit(X)
        assert model.generate([[4, 5]], temperature=0)[0].tolist() == [4, 5, 6, 7]
        assert model.generate(allowed=[[4, 7], [6, 5]]).tolist() == [4, 5]

    def test_labels_decide_what_is_written(self):
        X = ["good fine film", "bad poor film"] * 30
        y = ["pos", "neg"] * 30
        model = LSTMLanguageModel(**SMALL, max_epochs=60, learning_rate=0.01, lowercase=True).fit(
            X, y
        )
        assert model.text_classes_.tolist() == ["neg", "pos"]
        assert model.generate(label="pos", temperature=0) == "Good fine film"
        texts = model.generate(label=["neg", "pos"], temperature=0)
        assert texts == ["Bad poor film", "Good fine film"]
        assert model.score(X, y) > model.score(X)

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"temperature": -0.1}, "temperature must be"),
            ({"temperature": math.nan}, "temperature must be"),
            ({"top_p": 0}, "top_p must be"),
            ({"top_p": 1.2}, r"top_p must be in \(0, 1\]"),
            ({"top_k": 0}, "top_k must be"),
            ({"n_tokens": -1}, "n_tokens must be"),
            ({"beam_width": 2}, "beam_width=2 is for"),
            ({"label": "pos"}, "fitted without labels"),
            ({"prompt": 5}, "prompt must be a text, a list of texts"),
            ({"prompt": "zzz yyy"}, r"prompt\[0\] has no word that the model knows: 'zzz yyy'"),
            ({"prompt": ["The", "zzz"]}, r"prompt\[1\] has no word"),
            ({"allowed": []}, "must be a list of bags"),
            ({"allowed": "dog"}, "must be a list of bags"),
            ({"allowed": ["dog"]}, r"allowed\[0\] is 'dog', but must be a list of words"),
            ({"allowed": [["dog"], ["zzz"]]}, r"allowed\[1\] has no token that the model knows"),
            ({"allowed": [["dog"]], "top_k": 3}, "top_k=3 has no effect with allowed="),
            ({"allowed": [["dog"]], "beam_width": 0}, "beam_width must be"),
            ({"allowed": [[2.5]]}, "a token is a word or an id"),
        ],
    )
    def test_bad_input(self, model, options, message):
        with pytest.raises((TypeError, ValueError), match=message):
            model.generate(**options)

    def test_lists_of_words_need_a_tokenizer_of_lists(self):
        with pytest.raises(ValueError, match=r"X\[0\] holds strings.*SequenceTokenizer\(analyzer="):
            LSTMLanguageModel(4, max_epochs=1).fit([["a", "b"]] * 3)

    def test_a_backward_model_writes_nothing(self, ids):
        model = LSTMLanguageModel(**SMALL, max_epochs=1, direction="backward").fit(ids)
        with pytest.raises(ValueError, match="direction='backward'"):
            model.generate()
        with pytest.raises(ValueError, match="direction='backward'"):
            model.stream()


class TestInvalidInput:
    @pytest.mark.parametrize(
        ("X", "message"),
        [
            ("one text", r"pass \[X\]"),
            ([[4.5, 5.0]], "token ids"),
            ([["a", "b"]], "X"),
            ([[0.5]], r"whole numbers, 0 or greater\.$"),
            ([[-1, 4]], "-1"),
            ([], "0 sample"),
        ],
    )
    def test_of_fit(self, X, message):
        with pytest.raises((TypeError, ValueError), match=message):
            LSTMLanguageModel(**SMALL).fit(X)

    def test_another_vocabulary(self, model):
        other = SequenceTokenizer().fit_transform(["something else"])
        before = model.score(TEXTS[:2])
        with pytest.raises(ValueError, match="another vocabulary"):
            model.score(other)
        with pytest.raises(ValueError, match="another vocabulary"):
            model.partial_fit(other)
        assert model.score(TEXTS[:2]) == before

    def test_labels(self):
        X, y = ["a b", "b c"] * 5, ["x", "z"] * 5
        model = LSTMLanguageModel(**SMALL, max_epochs=1).fit(X, y)
        with pytest.raises(ValueError, match=r"label\[0\] is 'q', which is no label"):
            model.generate(label="q")
        with pytest.raises(ValueError, match="label holds 2 labels for 3 prompts"):
            model.generate(["a"] * 3, label=["x", "z"])
        with pytest.raises(ValueError, match=r"y\[1\] is 'q'"):
            model.score(X[:2], ["x", "q"])
        with pytest.raises(ValueError, match=r"y\[1\]"):
            model.fit(X, ["x", None] * 5)

    def test_labels_of_a_model_without(self, model):
        with pytest.raises(ValueError, match="fitted on texts without labels"):
            model.score(TEXTS[:2], ["x", "y"])

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"adaptive_softmax": (5, 5)}, "increasing numbers"),
            ({"adaptive_softmax": (500,)}, "below"),
            ({"adaptive_softmax": True, "tie_weights": True}, "tie_weights=True needs a full"),
            ({"analyzer": "sentence"}, "analyzer"),
            ({"dropout": 1.0}, "dropout"),
        ],
    )
    def test_parameters(self, ids, options, message):
        with pytest.raises(ValueError, match=message):
            LSTMLanguageModel(**{**SMALL, **options}).fit(ids)

    def test_a_failed_fit_leaves_the_earlier_one(self, ids):
        model = LSTMLanguageModel(**SMALL, max_epochs=1).fit(ids)
        before = model.score(ids)
        with pytest.raises(ValueError, match="-1"):
            model.fit([[-1]])
        assert model.score(ids) == before

    def test_texts_for_a_model_of_ids(self):
        model = LSTMLanguageModel(**SMALL, max_epochs=1).fit(random_ids())
        with pytest.raises(ValueError, match="fitted on token ids"):
            model.score(["a text"])
