"""The study of the defaults: what is run on which data, how it is scored, and what is shown."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from benchmarks import contenders, defaults, defaults_search, harness, tagging, ucr
from benchmarks.data import SMS, DataSpec, load, split
from benchmarks.harness import Contender

PEERS = ["--peers-python", "python"]
SMALL = {"hidden_size": 2, "max_epochs": 1, "batch_size": 64}


@pytest.fixture(autouse=True)
def own_threads(monkeypatch):
    """Undo at the end what the study asks of processes that it starts."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.setenv(name, "1")


@pytest.fixture
def sized(monkeypatch):
    """Return a function that makes a data set of a study smaller."""

    def size(kind, name, n_train, n_test):
        sets = defaults.KINDS[kind].sets
        small = replace(sets[name], n_train=n_train, n_test=n_test)
        monkeypatch.setitem(sets, name, small)

    return size


@pytest.fixture
def jobs(monkeypatch):
    """Measure in this process, of jobs and answers that pass through JSON; return the jobs."""
    found = []

    def apart(function, job, python=None):
        job = json.loads(json.dumps(job))
        found.append((function.__module__, job.get("contender", "crf")))
        if function is tagging.measure_crf:  # tag all words as those of the first sentence begin
            predicted = [[job["tags"][0][0]] * len(words) for words in job["asked"]]
            return {"predicted": predicted, **ANSWER}
        if function is ucr.measure:
            scores = {"scores": {"R2": 0.5, "root mean squared error": 1.0}}
            return {"accuracy": 0.5, **scores, "n_train": 1, "n_test": 1, **ANSWER}
        return json.loads(json.dumps(function(job)))

    monkeypatch.setattr(harness, "apart", apart)
    monkeypatch.setattr(harness, "forget_peak_memory", lambda: None)
    return found


ANSWER = {
    "seconds": {"fit": 1.0, "predict": 0.1}, "memory_mb": {"before": 1.0, "peak": 2.0},
    "warnings": [], "environment": {"cpus": 2},
}  # fmt: skip


def planned(*options):
    runs = [task.identity for task in defaults.tasks(defaults.STUDY.parse([*options]))]
    return [(run["contender"], run["data"]["name"], run["seed"]) for run in runs]


def run_of(contender, data, seed=0, **changes):
    """Return a run as the results file holds it."""
    data = data if isinstance(data, DataSpec) else DataSpec(data)
    return {
        "contender": contender, "data": asdict(data), "seed": seed, "params": {},
        "n_train": 50, "n_test": 150, "commit": "abc1234", "date": "2026-01-02", **ANSWER,
    } | changes  # fmt: skip


def test_one_seed_of_everything_comes_first():
    everything = planned(*PEERS)
    seeds = [seed for _, _, seed in everything]
    assert seeds == sorted(seeds)
    first = {(name, data) for name, data, seed in everything if seed == 0}
    assert {(name, data) for name, data, _ in everything} == first
    counted = {pair: sum(run[:2] == pair for run in everything) for pair in first}
    assert counted["defaults", "trec"] == counted["defaults", "adding"] == 3
    assert counted["defaults", "OSULeaf"] == counted["minirocket", "Coffee"] == 5
    assert counted["defaults", "Tecator"] == counted["minirocket-ridge", "Covid3Month"] == 5
    assert counted["tfidf", "imdb"] == 2  # of 2,000 reviews, and of all
    assert counted["dtw-window", "PLAID"] == counted["crf", "lines"] == 1
    assert all(counted["defaults", fold] == 3 for fold in SMS)
    assert not {name for name, _, _ in planned()} & {"dtw", "minirocket", "minirocket-ridge", "crf"}
    two = planned("--data", "trec", "--only", "tfidf", "defaults", "--seeds", "2")
    assert two == [("tfidf", "trec", 0), ("defaults", "trec", 0), ("defaults", "trec", 1)]


def test_validation_leaves_the_test_data_alone():
    options = defaults.STUDY.parse([*PEERS, "--validate"])
    tasks = defaults.tasks(options)
    assert all(task.identity["data"]["validate"] for task in tasks)
    runs = planned(*PEERS, "--validate")
    assert {data for _, data, _ in runs if data.startswith("sms")} == {SMS[0]}
    # the seeds are folds of the training data, for what draws nothing, too
    assert [seed for name, data, seed in runs if (name, data) == ("dtw", "Coffee")] == [*range(5)]
    assert {data for _, data, _ in runs} == {data for _, data, _ in planned(*PEERS)} - {*SMS[1:]}
    run = run_of("ridge", DataSpec("Tecator", validate=True))
    assert defaults.found([run], True)
    assert not defaults.found([run], False)


@pytest.mark.parametrize("name", ["subj", "snips", "sms-0", "snips-slots", "Tecator"])
def test_parts_of_the_training_data_are_held_out(name, data_dir, monkeypatch):
    monkeypatch.setenv("SKLSTM_DATA", str(data_dir))
    X, _, X_test, y_test = load(DataSpec(name))
    train, y_train, held_out, y_held_out = load(DataSpec(name, validate=True))
    again = load(DataSpec(name))
    assert [str(x) for x in again[2]] == [str(x) for x in X_test]
    assert len(train) == len(y_train)
    assert len(held_out) == len(y_held_out) > 0
    assert len(X_test) == len(y_test)
    if not name.startswith("snips"):  # which has a development part
        assert sorted(map(str, [*train, *held_out])) == sorted(map(str, X))
    sizes = {"subj": (9000, 1000), "snips": (13084, 700), "sms-0": (4459, 1115)}
    if name in sizes:
        assert (len(X), len(X_test)) == sizes[name]


def test_a_class_of_one_sample_stays_in_training():
    y = np.array(["a"] * 10 + ["b"] + ["c"] * 10)
    X_train, y_train, X_test, y_test = split(list(range(21)), y, test_size=0.2)
    assert sorted(X_train + X_test) == [*range(21)]
    assert 10 in X_train
    assert sorted(y_test) == ["a", "a", "c", "c"]
    assert y[X_train].tolist() == y_train.tolist()
    numbers = split(np.arange(10.0), np.arange(10.0), test_size=0.2)
    assert [len(part) for part in numbers] == [8, 8, 2, 2]


def test_every_kind_runs_and_resumes(data_dir, monkeypatch, tmp_path, sized, jobs, runs_in):
    monkeypatch.setenv("SKLSTM_DATA", str(data_dir))

    def small(name, words=None):
        def build(seed):
            import sklstm

            steps = [sklstm.SequenceTokenizer(**words)] if words is not None else []
            return make_pipeline(*steps, getattr(sklstm, name)(**SMALL, random_state=seed))

        return Contender(f"{name}, small", build)

    text = small("LSTMClassifier", {})
    monkeypatch.setitem(contenders.CONTENDERS, "defaults", text)
    monkeypatch.setitem(defaults.OF_TEXTS, "defaults", text)
    monkeypatch.setitem(defaults.OF_SERIES, "defaults", small("LSTMClassifier"))
    monkeypatch.setitem(defaults.OF_NUMBERS, "defaults", small("LSTMRegressor"))
    monkeypatch.setitem(defaults.OF_TAGS, "defaults", small("LSTMTagger", {"analyzer": list}))
    sized("texts", "trec", 60, 30)
    sized("series", "GunPoint", 20, 10)
    sized("numbers", "Covid3Month", 30, 10)
    sized("tags", "snips-slots", 40, 20)
    sized("vectors", "trec", 60, 30)
    options = "--data trec GunPoint Covid3Month snips-slots --seeds 1 --threads 1 --only defaults "
    options = [*(options + "tfidf tfidf-tuned dtw ridge mean minirocket-ridge crf").split(), *PEERS]
    assert defaults.STUDY.main([*options, "--output", str(tmp_path)]) == 0
    assert len(jobs) == 3 + 2 + 4 + 2
    assert ("benchmarks.ucr", "dtw") in jobs
    runs = runs_in(tmp_path / "defaults.json")
    scores = {(run["contender"], run["data"]["name"]): run for run in runs}
    assert scores["defaults", "GunPoint"]["log_loss"] > 0
    assert scores["defaults", "trec"]["params"]["lstmclassifier__hidden_size"] == 2
    assert scores["defaults", "Covid3Month"]["scores"]["root mean squared error"] > 0
    assert 0 <= scores["defaults", "snips-slots"]["span_f1"] <= 1
    assert scores["crf", "snips-slots"]["n_test"] == 20
    page = (tmp_path / "defaults.md").read_text()
    heads = ["## Texts", "## Series", "## Numbers", "## Tags", "## Notes"]
    assert [line for line in page.splitlines() if line.startswith("## ")] == heads
    assert (tmp_path / "defaults.png").stat().st_size > 5_000
    jobs.clear()
    assert defaults.STUDY.main([*options, "--output", str(tmp_path)]) == 0
    assert not jobs


def test_all_models_read_the_logarithm_of_counts(data_dir, monkeypatch):
    monkeypatch.setenv("SKLSTM_DATA", str(data_dir))
    dataset, (spec,) = defaults.NUMBERS["Covid3Month"], defaults.NUMBERS["Covid3Month"].specs(False)
    found = defaults.parts(dataset, spec, None)
    plain = load(spec)
    np.testing.assert_allclose(found["X_test"], np.log1p(np.maximum(plain[2], 0)))
    np.testing.assert_array_equal(found["y_train"], plain[1])


def test_sentences_are_staged_word_by_word(tmp_path, monkeypatch):
    words, tags = [["New", "York", "."], ["so"]], [["B-city", "I-city", "O"], ["O"]]
    monkeypatch.setattr(ucr, "load", lambda spec: (words, tags, words[1:], tags[1:]))
    packed = defaults.parts(defaults.TAGS["lines"], DataSpec("lines"), None)
    path = harness.stage(tmp_path / "words.npz", lambda: packed)
    assert defaults.unpacked(path) == [words, tags, words[1:], tags[1:]]
    none = defaults.tag_scores(None, words, tags, [["O"] * 3, ["O"]])
    assert none == {"accuracy": 0.5, "span_f1": 0.0}
    assert defaults.tag_scores(None, words, tags, tags) == {"accuracy": 1.0, "span_f1": 1.0}
    speech = [["PROPN", "PROPN", "PUNCT"], ["ADV"]]
    assert defaults.tag_scores(None, words, speech, speech) == {"accuracy": 1.0}


def test_folds_are_pooled_by_their_samples():
    folds = [
        run_of("defaults", name, seed, accuracy=accuracy, log_loss=1 - accuracy, n_test=n_test)
        for name, accuracy, n_test in zip(
            SMS, [1.0, 0.5, 0.5, 0.5, 0.5], [3, 1, 1, 1, 2], strict=True
        )
        for seed in (0, 1)
    ]
    own = defaults.found(folds[:-1], False)["texts"]["sms"]["defaults"]
    assert len(own) == 1  # one fold of the second seed is missing
    assert own[0]["accuracy"] == pytest.approx((3 + 2.5) / 8)
    assert own[0]["log_loss"] == pytest.approx(2.5 / 8)
    assert own[0]["n_test"] == 8


def test_wins_and_losses_are_counted(rows_of, tmp_path):
    runs = [
        *(run_of("defaults", "Coffee", seed, accuracy=a) for seed, a in enumerate([1, 0.9, 0.8])),
        run_of("dtw", "Coffee", accuracy=0.8),
        run_of("dtw-window", "Coffee", accuracy=0.85),
        run_of("minirocket", "Coffee", accuracy=0.95),
        run_of("defaults", "OSULeaf", accuracy=0.95),
        run_of("dtw", "OSULeaf", accuracy=0.6),
        run_of("dtw-window", "OSULeaf", accuracy=0.6),
        run_of("minirocket", "OSULeaf", accuracy=0.95),
        run_of("defaults", "Tecator", scores={"R2": 0, "root mean squared error": 3.0}),
        run_of("mean", "Tecator", scores={"R2": 0, "root mean squared error": 4.0}),
        run_of("ridge", "Tecator", scores={"R2": 0, "root mean squared error": 2.0}),
        run_of("defaults", "Covid3Month", scores={"R2": 0, "root mean squared error": 3.0}),
        run_of("mean", "Covid3Month", scores={"R2": 0, "root mean squared error": 4.0}),
        run_of("ridge", "Covid3Month", scores={"R2": 0, "root mean squared error": 5.0}),
        run_of("defaults", "trec", accuracy=0.9),  # beside nothing
        run_of("tfidf", DataSpec("trec", validate=True), accuracy=0.8),
    ]
    (tmp_path / "defaults.json").write_text(json.dumps({"runs": runs}))
    assert defaults.STUDY.main(["--report", "--output", str(tmp_path)]) == 0
    rows = rows_of((tmp_path / "defaults.md").read_text())
    best = "the best of: 1-NN DTW, full window, 1-NN DTW, learned window, MiniRocket"
    lstm, numbers = "LSTMClassifier, defaults", "LSTMRegressor, defaults"
    dtw = ["Series", lstm, "1-NN DTW, full window"]
    assert [*dtw, "2", "0", "0", "+22.50", "+10.00", "+35.00"] in rows
    assert ["Series", lstm, best, "0", "1", "1", "-2.50", "-5.00", "+0.00"] in rows
    ridge = ["Numbers", numbers, "ridge, alpha tuned"]
    assert [*ridge, "1", "0", "1", "-5.00 %", "-50.00 %", "+40.00 %"] in rows
    best = ["Numbers", numbers, "the best of: the mean of y, ridge, alpha tuned"]
    assert [*best, "1", "0", "1", "-12.50 %", "-50.00 %", "+25.00 %"] in rows
    assert not any(row[0] == "Texts" for row in rows)
    # the overview: medians, what was published, the difference; and their means
    coffee = ["Coffee: 2 kinds, 286 steps", "90.00", "80.00", "85.00", "95.00", "100", "-5.00"]
    assert coffee in rows
    assert ["mean of all", "92.50", "70.00", "72.50", "95.00", "-", "-"] in rows
    assert ["TREC questions", "90.00", "-"] in rows
    assert any("90.00 (80.00 to 100.00)" in row for row in rows)
    assert (tmp_path / "defaults.png").stat().st_size > 5_000


def test_texts_become_means_of_vectors(tmp_path, monkeypatch):
    pd = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    data = tmp_path / "made_up_vectors" / "data"
    data.mkdir(parents=True)
    (data.parent / "__init__.py").touch()
    pd.DataFrame({"index": ["the", "?", "cat"]}).to_parquet(data / "glove_6B_index.parquet")
    np.save(data / "glove_6B_50d_emb.npy", np.array([[1, 0], [0, 4], [3, 2]], dtype=np.float32))
    monkeypatch.setattr(contenders, "GLOVE_PACKAGE", "made_up_vectors")
    monkeypatch.syspath_prepend(tmp_path)
    means = contenders.MeanOfVectors().fit_transform(["The cat", "cat?", "dog", ""])
    np.testing.assert_allclose(means, [[2, 1], [1.5, 3], [0, 0], [0, 0]])
    texts, y = ["the cat", "the cat?", "cat ?", "cat ?"], [0, 0, 1, 1]
    model = contenders.tfidf_glove(0).fit(texts, y)
    assert isinstance(model[-1], LogisticRegression)
    assert model.predict(texts).tolist() == y
    assert json.dumps(harness.identify("tfidf-glove", {}, 0, harness.parameters(model)))
    monkeypatch.setattr(contenders, "GLOVE_PACKAGE", "not_there")
    with pytest.raises(ImportError, match="pip install not-there"):
        contenders.MeanOfVectors().fit(texts)


def test_the_search_changes_one_parameter_and_reads_no_test_data(
    data_dir, monkeypatch, tmp_path, sized, jobs, runs_in
):
    monkeypatch.setenv("SKLSTM_DATA", str(data_dir))
    variants = {"defaults": {}, "dropout=0": {"dropout": 0.0}}
    words = {"words of two letters": {"sequencetokenizer__token_pattern": defaults_search.WORDS}}
    for kind, more in (("texts", words), ("series", {}), ("numbers", {})):
        own = {name: {**SMALL, **params} for name, params in (variants | more).items()}
        monkeypatch.setitem(defaults_search.VARIANTS, kind, own)
    sized("texts", "trec", 60, 30)
    sized("series", "GunPoint", 20, 10)
    sized("numbers", "Covid3Month", 30, 10)
    options = "--data trec GunPoint Covid3Month --seeds 2 --threads 1 --output".split()
    assert defaults_search.STUDY.main([*options, str(tmp_path)]) == 0
    assert len(jobs) == 2 * (3 + 2 + 2)
    runs = runs_in(tmp_path / "defaults_search.json")
    assert all(run["data"]["validate"] for run in runs)
    params = {(run["contender"], run["data"]["set"]): run["params"] for run in runs}
    assert params["dropout=0", "GunPoint"] == {
        **params["defaults", "GunPoint"], "lstmclassifier__dropout": 0.0
    }  # fmt: skip
    found = {run["contender"]: run for run in runs if run["data"]["set"] == "Covid3Month"}
    assert found["defaults"]["n_test"] < found["defaults"]["n_train"]
    page = (tmp_path / "defaults_search.md").read_text()
    own = [run["accuracy"] for run in runs if run["data"]["set"] == "GunPoint"]
    assert f"{50 * sum(own[:2]):.2f}" in page
    assert "| words of two letters |" in page


def test_every_variant_is_one_that_the_estimators_accept():
    for kind, variants in defaults_search.VARIANTS.items():
        for params in variants.values():
            model = defaults_search.build({"kind": kind, "params": params, "seed": 0})
            for step in model.named_steps.values():
                step._validate_params()
    for kind, names in defaults_search.DATA.items():
        assert set(names) <= set(defaults.KINDS[kind].sets)
