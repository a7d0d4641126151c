"""The benchmark on clusters: what is run where, kept and printed."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.cluster import KMeans
from sklearn.datasets import load_digits

import sklstm
from benchmarks import clustering, harness
from benchmarks.harness import Contender, Results

RAGGED = [np.arange(6.0).reshape(3, 2), np.array([[9.0, 8.0]]), np.ones((2, 2))]
TITLES = {name: contender.title for name, contender in clustering.CONTENDERS.items()}
OURS = ["agreed", "idec", "code-kmeans"]
kmeans = clustering.CONTENDERS["kmeans"].build


def run_of(contender, accuracy, seed=0, data="GunPoint", **changes):
    """Return a run as the results file holds it."""
    return {
        "contender": contender, "data": {"name": data, "n_samples": None}, "seed": seed,
        "params": {}, "scores": {"accuracy": accuracy, "NMI": 0.5, "ARI": 0.25},
        "n_samples": 1200, "n_clusters": 2, "n_found": 2, "seconds": {"fit": 2.0 + seed},
        "warnings": [], "commit": "abc1234", "date": "2026-01-02",
        "environment": {"cpus": 1, "OMP_NUM_THREADS": "1", "sklstm": "0.1"},
    } | changes  # fmt: skip


@pytest.fixture
def ran(measured, monkeypatch):
    """Replace measuring by a note of what would be measured."""

    def answer(job):
        if job["contender"] == "kshape":
            raise harness.Failed("it broke")
        about = {"environment": run_of("", 0)["environment"], "warnings": []}
        return {"labels": [0, 0, 1, 1], "seconds": {"fit": 2.0}, **about}

    def staged(name, folder):
        return f"{name}.npz", np.array(list("aabb"))

    monkeypatch.setattr(clustering, "staged", staged)
    return measured(answer)


def planned(options):
    identities = [task.identity for task in tasks(options)]
    return [(run["contender"], run["data"]["name"], run["seed"]) for run in identities]


def tasks(options):
    return clustering.tasks(clustering.STUDY.parse(options))


def test_what_is_run():
    everything = planned(["--peers-python", "python"])
    # ten seeds of whatever draws, on the kinds of data that it takes; Ward linkage once
    assert len(everything) == (5 * 10 + 1) + 5 * (7 * 10 + 1) + 2 * (5 * 10)
    assert {name for name, _, _ in planned([])}.isdisjoint({"dtw", "kshape"})
    assert {data for name, data, _ in everything if name == "lsa"} == {
        "newsgroups-4", "newsgroups-20",
    }  # fmt: skip
    assert {name for name, data, _ in everything if data == "digits"} == {
        "agreed", "idec", "code-kmeans", "kmeans", "pca", "ward",
    }  # fmt: skip
    some = planned(["--only", "ward", "kmeans", "--seeds", "2", "--data", "digits"])
    assert some == [("ward", "digits", 0), ("kmeans", "digits", 0), ("kmeans", "digits", 1)]


def test_one_configuration_for_all_sets():
    found = [task.identity for task in tasks(["--seeds", "1"])]
    ours = [run["params"] for run in found if run["contender"] in OURS]
    assert len(ours) == 3 * len(clustering.SETS)
    for params in ours:
        params.pop("tfidf", None)
        assert params in ({}, {"clustering": "kmeans"}, {"n_autoencoders": 3})


@pytest.mark.parametrize("option", [["--validate"], ["--n-test", "3"]])
def test_there_is_nothing_to_validate(option, capsys):
    with pytest.raises(SystemExit):
        clustering.STUDY.parse(option)  # clusters need no labels
    assert f"unrecognized arguments: {option[0]}" in capsys.readouterr().err


def test_a_stopped_run_resumes_and_a_failure_does_not_end_it(tmp_path, ran, capsys, runs_in):
    options = "--peers-python python --seeds 1 --data GunPoint --only kshape ward --output"
    options = [*options.split(), str(tmp_path)]
    assert clustering.STUDY.main(options) == 1
    assert "k-Shape on GunPoint, seed 0: FAILED\nit broke" in capsys.readouterr().out
    ran.clear()
    clustering.STUDY.main(options)
    assert [(job["contender"], job["seed"]) for job in ran] == [("kshape", 0)]
    ran.clear()
    clustering.STUDY.main([*options, "--fresh"])
    assert len(ran) == 2
    (run,) = runs_in(tmp_path / "clustering.json")
    assert (run["contender"], run["scores"]["accuracy"], run["n_found"]) == ("ward", 1.0, 2)
    assert "| Ward linkage" in (tmp_path / "clustering.md").read_text()


def test_other_parameters_run_again(tmp_path, ran, monkeypatch):
    options = ["--seeds", "1", "--data", "digits", "--only", "kmeans", "--output", str(tmp_path)]
    clustering.STUDY.main(options)
    about = {"kinds": ("table",)}
    changed = Contender("k-means", kmeans, {"n_init": 3}, about=about)
    monkeypatch.setitem(clustering.CONTENDERS, "kmeans", changed)
    clustering.STUDY.main(options)
    assert len(ran) == 2
    (run,) = Results(tmp_path / "clustering.json").runs
    assert run["params"] == {"n_init": 3}


def test_tables_of_made_up_runs(rows_of):
    runs = [
        run_of("dtw", 0.7, warnings=["UserWarning: slow.\nvery"]),
        *(run_of("idec", accuracy, seed) for seed, accuracy in enumerate([0.9, 0.6, 0.6])),
        *(run_of("idec", 0.65, seed, data="digits", n_found=1) for seed in range(2)),
        run_of("kmeans", 0.75, data="digits"),
    ]
    text = clustering.page(runs)
    rows = rows_of(text)
    # the order of the sets is that of SETS, and of the models that of CONTENDERS
    assert rows[0] == ["accuracy, mean ± deviation", "digits, table", "GunPoint"]
    # the deviation of 0.9, 0.6 and 0.6 is the root of (0.04 + 0.01 + 0.01) / 3
    assert rows[2] == [TITLES["idec"], "0.650 ± 0.000, 2 seeds", "**0.700 ± 0.141**"]
    assert rows[3] == ["k-means", "**0.750**", "-"]
    assert rows[4] == [TITLES["dtw"], "-", "**0.700**"]
    spread = "0.700 ± 0.141 (0.600 to 0.900)"
    same = ["0.500 ± 0.000 (0.500 to 0.500)", "0.250 ± 0.000 (0.250 to 0.250)"]
    assert [TITLES["idec"], spread, *same, "3", "3.0"] in rows
    assert [TITLES["dtw"], "0.700", "0.500", "0.250", "1", "2.0"] in rows
    idec = TITLES["idec"]
    assert f"- digits, table: {idec} (0.650) underperforms k-means (0.750)." in text
    assert f"GunPoint: {idec}" not in text  # as good as the best
    assert f"{idec} on digits, table: fewer clusters than asked for with 2 of the seeds." in text
    assert "k-means, DTW warned 1 times: UserWarning: slow." in text
    assert "1,200 samples, 2 clusters asked for" in text
    assert "Measured on 1 CPU cores, OMP_NUM_THREADS=1; sklstm 0.1 (abc1234); 2026-01-02." in text


def test_what_is_better_is_sorted_and_all_are_named():
    runs = [
        run_of("idec", 0.5), run_of("code-kmeans", 0.65), run_of("kmeans", 0.6), run_of("dtw", 0.7),
    ]  # fmt: skip
    better = clustering.better(clustering.rows_of(runs))
    assert better.splitlines()[2:] == [
        f"- GunPoint: {TITLES['idec']} (0.500) underperforms k-means, DTW (0.700), "
        "k-means (0.600).",
        f"- GunPoint: {TITLES['code-kmeans']} (0.650) underperforms k-means, DTW (0.700).",
    ]
    best = clustering.rows_of([run_of("idec", 0.9), run_of("dtw", 0.8)])
    nothing = "In mean accuracy nothing outperforms the autoencoder on any set."
    assert clustering.better(best) == nothing
    assert "hasn't been measured" in clustering.better(clustering.rows_of(runs[2:]))


def test_scores():
    found = clustering.scores(np.array(list("aabb")), np.array([0, 0, 1, 2]))
    assert found == pytest.approx({"accuracy": 0.75, "NMI": 0.8, "ARI": 4 / 7})
    assert set(clustering.scores(np.array(list("aabb")), np.array([3, 3, 5, 5])).values()) == {1.0}


def test_a_small_run(tmp_path, runs_in):
    options = "--seeds 1 --only kmeans --data digits digit-steps"
    assert clustering.STUDY.main([*options.split(), "--output", str(tmp_path)]) == 0
    table, steps = runs_in(tmp_path / "clustering.json")
    assert steps["scores"] == table["scores"]  # flattened, the steps of the digits are their table
    X, y = load_digits(return_X_y=True)
    labels = KMeans(10, n_init=10, random_state=0).fit_predict(X / 16)
    assert table["scores"] == pytest.approx(clustering.scores(y, labels))
    assert (table["n_samples"], table["n_clusters"], table["n_found"]) == (1797, 10, 10)
    assert table["seconds"]["fit"] > 0
    assert table["environment"]["scikit-learn"]


def test_a_failure_says_why(tmp_path):
    task = clustering.task("dtw", "digit-steps", 0, sys.executable)
    with pytest.raises(harness.Failed, match="tslearn"):
        task.measure(tmp_path)


@pytest.mark.parametrize("name", ["digits", "digit-steps"])
def test_staged_data_hold_no_classes(name, tmp_path):
    path, y = clustering.staged(name, tmp_path)
    X = harness.staged(path)["X"]
    expected, classes = clustering.SETS[name].load()
    np.testing.assert_array_equal(np.array(X), expected)
    np.testing.assert_array_equal(y, classes.astype(str))
    assert len(classes) == len(expected) == 1797
    assert set(np.load(path)) <= {"X", "X.rows", "X.lengths"}


def test_texts_are_staged(tmp_path, monkeypatch):
    texts, groups = ["one", "two", "three", "four"], np.array(["a", "b", "a", "b"])
    kept = SimpleNamespace(kind="texts", load=lambda: (texts, groups))
    monkeypatch.setitem(clustering.SETS, "newsgroups-4", kept)
    path, y = clustering.staged("newsgroups-4", tmp_path)
    assert harness.staged(path)["X"] == texts
    np.testing.assert_array_equal(y, groups)


def test_ragged_series_are_joined_scaled_and_survive_staging(data_dir, tmp_path, monkeypatch):
    monkeypatch.setenv("SKLSTM_DATA", str(data_dir))
    path, y = clustering.staged("JapaneseVowels", tmp_path)
    X = harness.staged(path)["X"]
    assert (len(X), len(y), len(set(y))) == (640, 640, 9)
    assert (min(map(len, X)), max(map(len, X))) == (7, 29)
    steps = np.concatenate(X)
    np.testing.assert_allclose(steps.mean(axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(steps.std(axis=0), 1)


def test_four_newsgroups(data_file, monkeypatch):
    monkeypatch.setenv("SKLSTM_DATA", str(data_file("20newsgroups").parent))
    texts, y = clustering.newsgroups(clustering.FOUR_GROUPS)
    assert set(y) == set(clustering.FOUR_GROUPS)
    assert len(texts) == len(y) == 3387


def test_series_are_stretched_by_straight_lines():
    whole = clustering.one_length(RAGGED)
    assert whole.shape == (3, 3, 2)
    np.testing.assert_array_equal(whole[0], RAGGED[0])
    np.testing.assert_array_equal(whole[1], [[9, 8]] * 3)
    stretched = clustering.to_length(np.array([[0.0], [4.0], [2.0]]), 5)
    np.testing.assert_array_equal(stretched[:, 0], [0, 2, 4, 3, 2])


def test_models_of_scikit_learn():
    rng = np.random.default_rng(0)
    table = np.concatenate([rng.normal(size=(20, 12)), rng.normal(9, size=(20, 12))])
    series = [x.reshape(-1, 2)[: 6 - i % 3] for i, x in enumerate(table)]
    texts = [f"{word} {i % 4} some" for i in range(8) for word in ("red blue", "cat dog")]
    for model, kind, X, params in [
        (kmeans, "table", table, {"n_init": 1}),
        (kmeans, "series", series, {"n_init": 1}),
        (
            kmeans,
            "texts",
            texts,
            {"n_init": 1, "tfidf": {"max_features": 5}},
        ),
        (clustering.pca, "table", table, {"n_components": 3}),
        (clustering.pca, "series", series, {"n_components": 3}),
        (clustering.lsa, "texts", texts, {"n_components": 3, "tfidf": {}}),
        (clustering.CONTENDERS["ward"].build, "series", series, {}),
    ]:
        labels = model(0, kind, n_clusters=2, **params).fit_predict(X)
        halves = [labels[::2], labels[1::2]] if kind == "texts" else [labels[:20], labels[20:]]
        assert [len(set(half)) for half in halves] == [1, 1], (model, kind)
        assert halves[0][0] != halves[1][0]


def test_the_autoencoder_gets_series_as_they_are_and_texts_as_numbers(monkeypatch):
    class Noted(BaseEstimator):
        def __init__(self, n_clusters=10, clustering="idec", random_state=None):
            self.n_clusters, self.clustering = n_clusters, clustering
            self.random_state = random_state

        def fit(self, X, y=None):
            return self

        def fit_predict(self, X, y=None):
            return self.get_params(), X

    monkeypatch.setattr(sklstm, "AutoencoderClusterer", Noted, raising=False)
    params = {"clustering": "kmeans", "n_clusters": 3}
    build = clustering.autoencoder
    for kind, X in (("series", RAGGED), ("table", np.ones((4, 2)))):
        got, given = build(5, kind, **params).fit_predict(X)
        assert got == {**params, "random_state": 5}
        assert given is X
    texts = ["red blue", "red", "blue cat"]
    got, given = build(5, "texts", tfidf={"max_features": 2}, **params).fit_predict(texts)
    assert got == {**params, "random_state": 5}
    assert given.shape == (3, 2)


def test_warnings_and_seeds_are_kept(tmp_path, monkeypatch):
    import warnings

    class Noted:
        def __init__(self, seed, kind, n_clusters):
            self.seed = seed

        def fit_predict(self, X):
            warnings.warn("hm", UserWarning, stacklevel=2)
            return np.full(len(X), self.seed)

    monkeypatch.setitem(clustering.CONTENDERS, "noted", Contender("noted", Noted))
    path = harness.stage(tmp_path / "x.npz", lambda: {"X": np.ones((3, 2))})
    job = {"contender": "noted", "kind": "table", "params": {}, "seed": 7, "n_clusters": 2}
    done = clustering.measure({**job, "data": path})
    assert done["labels"] == [7, 7, 7]
    assert done["warnings"] == ["UserWarning: hm"]


def test_the_plot_shows_an_autoencoders_clusters(tmp_path):
    X, y = (part[:60] for part in clustering.digits_table())
    model = sklstm.AutoencoderClusterer(
        10, hidden_layer_sizes=8, max_epochs=2, clustering="kmeans", n_init=1, random_state=0
    ).fit(X)
    path = clustering.draw(model, X, y, tmp_path / "new" / "clustering.png")
    assert path.read_bytes().startswith(b"\x89PNG")


def test_the_guide_gets_the_overview(tmp_path, ran, guide, rows_of):
    page = guide(clustering.STUDY)
    clustering.STUDY.main(["--seeds", "1", "--only", "kmeans", "--output", str(tmp_path)])
    shown = rows_of(page.read_text())
    assert shown == rows_of((tmp_path / "clustering.md").read_text())[: len(shown)]
    assert shown[2][0] == "k-means"
