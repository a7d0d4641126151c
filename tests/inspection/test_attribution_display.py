"""AttributionDisplay: which number is drawn where, in which colour, and as which HTML."""

import re
from html.parser import HTMLParser
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline

from sklstm import LSTMClassifier, LSTMRegressor, SequenceScaler, SequenceTokenizer
from sklstm.inspection import AttributionDisplay, integrated_gradients

plt = pytest.importorskip("matplotlib.pyplot")

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(40, 12)), np.arange(40) % 2
SMALL = {"hidden_size": 4, "max_epochs": 2, "random_state": 0}
TEXTS, LABELS = ["a good film", "a dull film", "good fun", "dull stuff"] * 6, [1, 0, 1, 0] * 6


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def model():
    return make_pipeline(SequenceTokenizer(), LSTMClassifier(**SMALL)).fit(TEXTS, LABELS)


def box(text):
    return text.get_bbox_patch().get_facecolor()


def test_words_have_the_colours_of_their_attributions(model):
    display = AttributionDisplay.from_estimator(model, TEXTS[:2], target=1)
    expected = integrated_gradients(model, TEXTS[:2], target=1)
    largest = max(np.abs(part).max() for part in expected.attributions)
    cmap = plt.get_cmap("RdBu_r")
    for texts, words, part in zip(
        display.artists_, expected.words, expected.attributions, strict=True
    ):
        assert [text.get_text() for text in texts] == words
        for text, value in zip(texts, part, strict=True):
            np.testing.assert_allclose(box(text), cmap(0.5 + value / largest / 2), atol=0.01)
    assert display.colorbar_.vmin == -display.colorbar_.vmax == -largest
    expected = integrated_gradients(model, TEXTS[0], target=1)
    alone = AttributionDisplay.from_estimator(model, TEXTS[0], target=1).titles[0]
    assert re.fullmatch(r"class 1: output [+\u2212]\d.*, baseline [+\u2212]\d.*", alone)
    assert abs(float(alone.split()[3].strip("+,").replace("\u2212", "-"))) == pytest.approx(
        abs(expected.outputs[0]), rel=0.01
    )
    assert display.titles[1].startswith("X[1], class 1: output ")


def overlaps(figure, texts):
    boxes = [text.get_window_extent() for text in texts]
    frame = figure.bbox
    inside = all(frame.x0 <= b.x0 and b.x1 <= frame.x1 and b.y1 <= frame.y1 for b in boxes)
    pairs = [(a, b) for i, a in enumerate(boxes) for b in boxes[i + 1 :]]
    return not inside or any(a.overlaps(b) for a, b in pairs)


@pytest.mark.parametrize("size", [None, (4, 3), (10, 6)])
def test_words_are_wrapped_without_overlap(size):
    words = ["word" * (1 + i % 4) for i in range(60)]
    ax = None if size is None else plt.subplots(figsize=size, layout="constrained")[1]
    display = AttributionDisplay.from_attributions(
        [RNG.normal(size=60)], words=[words], titles=["a title"], ax=ax
    )
    display.figure_.draw_without_rendering()
    assert not overlaps(display.figure_, display.ax_.texts)
    lowest = min(text.get_window_extent().y0 for text in display.ax_.texts)
    assert lowest > display.colorbar_.ax.get_window_extent().y1
    lines = {round(text.get_position()[1], 6) for text in display.artists_[0]}
    assert len(lines) > 3


def test_right_to_left_words_begin_at_the_right():
    hebrew = ["\u05e9\u05dc\u05d5\u05dd", "\u05e2\u05d5\u05dc\u05dd", "!"]
    places = {}
    for name, words in {"hebrew": hebrew, "english": ["peace", "world", "!"]}.items():
        display = AttributionDisplay.from_attributions([[1.0, 2.0, 0.5]], words=[words])
        places[name] = [text.get_position()[0] for text in display.artists_[0]]
        assert 'dir="auto"' in display._repr_html_()
    assert places["english"] == sorted(places["english"])
    assert places["hebrew"] == sorted(places["hebrew"], reverse=True)
    assert places["hebrew"][0] > 0.8


def test_series_and_features(model):
    lstm = LSTMClassifier(**SMALL).fit(X, Y)
    display = AttributionDisplay.from_estimator(lstm, X[:1])
    part = integrated_gradients(lstm, X[:1]).attributions[0][:, 0]
    (lines,) = display.artists_
    # both halves of a segment have the attribution of the step they are at
    expected = part[[0, *np.repeat(np.arange(1, 11), 2), 11]]
    np.testing.assert_allclose(lines.get_array(), expected)
    first, second = lines.get_segments()[:2]
    np.testing.assert_allclose(first, [[1, X[0, 0]], [1.5, X[0, :2].mean()]], rtol=1e-6)
    np.testing.assert_allclose(second, [[1.5, X[0, :2].mean()], [2, X[0, 1]]], rtol=1e-6)

    table = RNG.normal(size=(20, 7, 3))
    regressor = LSTMRegressor(**SMALL).fit(table, table[:, :, 0].sum(axis=1))
    display = AttributionDisplay.from_estimator(regressor, table[:2], feature_names=["a", "b", "c"])
    assert display.ax_.shape == (2,)
    found = integrated_gradients(regressor, table[:2])
    for image, part in zip(display.artists_, found.attributions, strict=True):
        np.testing.assert_allclose(image.get_array(), part.T)
    assert [label.get_text() for label in display.ax_[0].get_yticklabels()] == ["a", "b", "c"]
    assert display.titles[0].startswith("X[0]: output ")  # a number has no class

    bars = AttributionDisplay.from_estimator(model, TEXTS[:1], kind="bars")
    expected = integrated_gradients(model, TEXTS[:1]).attributions[0]
    np.testing.assert_allclose([bar.get_height() for bar in bars.artists_[0]], expected)
    assert [t.get_text() for t in bars.ax_.get_xticklabels()] == TEXTS[0].split()
    one = AttributionDisplay.from_attributions([[2.0]], values=[[1.0]])
    assert one.ax_.lines[0].get_marker() == "o"


def test_axes_are_taken_as_they_are_given():
    _, axes = plt.subplots(2)
    display = AttributionDisplay.from_attributions([[1.0, 2.0], [3.0]], ax=axes)
    assert list(display.ax_) == list(axes)
    with pytest.raises(ValueError, match="ax holds 1 axes, but 2 are needed"):
        AttributionDisplay.from_attributions([[1.0, 2.0], [3.0]], ax=axes[0])
    assert AttributionDisplay.from_attributions([[1.0, 0.0]], kind="bars").colorbar_ is None


def test_long_titles_and_names_stay_in_a_small_figure():
    ax = plt.subplots(figsize=(4, 3), layout="constrained")[1]
    display = AttributionDisplay.from_attributions(
        [RNG.normal(size=(40, 20))],
        words=[["internationalisation", "$x$"] * 20],
        titles=["a title that is far too long for so small a figure, and goes on"],
        feature_names=[f"sensor {i} in the left wing" for i in range(20)],
        ax=ax,
    )
    display.figure_.draw_without_rendering()
    title = ax.title.get_window_extent()
    assert title.x0 >= 0
    assert title.x1 <= display.figure_.bbox.x1
    for labels in (ax.get_xticklabels(), ax.get_yticklabels()):
        boxes = [label.get_window_extent() for label in labels]
        assert not any(a.overlaps(b) for a, b in pairwise(boxes))
        assert min(box.x0 for box in boxes) >= 0


def test_axes_of_a_subfigure():
    figure = plt.figure(layout="constrained")
    left, right = figure.subfigures(1, 2)
    display = AttributionDisplay.from_attributions(
        [[1.0, -1.0]], words=[["a", "b"]], ax=left.subplots()
    )
    assert display.figure_ is left
    bars = AttributionDisplay.from_attributions(
        [[1.0, -1.0]], words=[["a", "b"]], kind="bars", titles=["t"], ax=right.subplots()
    )
    assert bars.figure_ is right


class Spans(HTMLParser):
    """The words of HTML with their titles and styles."""

    def __init__(self, source):
        super().__init__()
        self.found, self.open = [], None
        self.tags = set()
        self.feed(source)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag == "span":
            self.open = dict(attrs)

    def handle_data(self, data):
        if self.open is not None:
            self.found.append((data, self.open["title"], self.open["style"]))
            self.open = None


def test_html_is_escaped_and_readable_without_colour():
    words = ["<script>alert(1)</script>", 'a"quote', "it's & more", "none"]
    display = AttributionDisplay.from_attributions(
        [[0.5, -0.25, 0.125, 0.0]], words=[words], titles=['<b>"title" & more']
    )
    source = display._repr_html_()
    assert "<script" not in source
    spans = Spans(source)
    assert spans.tags == {"div", "p", "b", "br", "span", "small"}
    assert [word for word, _, _ in spans.found[:4]] == words
    assert [title for _, title, _ in spans.found[:4]] == ["+0.50", "\u22120.25", "+0.12", "0"]
    lines = [re.search("border-bottom: ([^;]*)", style)[1] for _, _, style in spans.found[:4]]
    assert [line.split()[1] if line != "none" else line for line in lines] == [
        "solid", "dashed", "solid", "none",
    ]  # fmt: skip
    assert "&lt;b&gt;&quot;title&quot; &amp; more" in source
    assert "raises" in source
    assert "dashed line" in source
    assert AttributionDisplay.from_attributions([[1.0]])._repr_html_() is None


def test_what_does_not_fit_is_named():
    draw = AttributionDisplay.from_attributions
    with pytest.raises(ValueError, match=r"words\[0\] holds 1 steps, but attributions\[0\] 2"):
        draw([[1.0, 2.0]], words=[["a"]])
    with pytest.raises(ValueError, match="titles holds 2 items for 1 samples"):
        draw([[1.0]], titles=["a", "b"])
    with pytest.raises(ValueError, match=r"attributions\[0\] is a number"):
        draw([1.0, 2.0])
    with pytest.raises(ValueError, match="attributions holds no sample"):
        draw([])
    with pytest.raises(ValueError, match=r"kind must be one of 'auto', 'words'.*got 'pie'"):
        draw([[1.0]], kind="pie")
    with pytest.raises(ValueError, match="kind='words' needs the words"):
        draw([[1.0]], kind="words")
    with pytest.raises(ValueError, match="kind='series' needs the series"):
        draw([[1.0]], kind="series")
    with pytest.raises(ValueError, match="kind='bars' draws one number for each step"):
        draw([np.ones((2, 3))], kind="bars")
    with pytest.raises(ValueError, match="feature_names holds 1 names for 3 features"):
        draw([np.ones((2, 3))], feature_names=["a"])
    with pytest.raises(ValueError, match="cmap='no map' is no colour map"):
        draw([[1.0]], cmap="no map")


def test_nothing_to_explain_is_drawn_without_a_warning():
    display = AttributionDisplay.from_attributions([[0.0, 0.0], []], words=[["a", "b"], []])
    display.figure_.canvas.draw()
    assert "a</span>" in display._repr_html_()


def test_several_words_of_a_step_are_written_together():
    baskets = [[["milk", "tea"], ["bread"]], [["tea"], ["bread", "jam"]]] * 8
    model = make_pipeline(SequenceTokenizer(analyzer=list), LSTMClassifier(**SMALL))
    model.fit(baskets, [1, 0] * 8)
    display = AttributionDisplay.from_estimator(model, baskets[:1])
    assert [text.get_text() for text in display.artists_[0]] == ["milk, tea", "bread"]


def test_features_have_the_names_of_the_frame():
    frame = pd.DataFrame({name: list(RNG.normal(size=(12, 5))) for name in ("pulse", "heat")})
    y = np.arange(12) % 2
    lstm = LSTMClassifier(**SMALL).fit(frame, y)
    scaled = make_pipeline(SequenceScaler(), LSTMClassifier(**SMALL)).fit(frame, y)
    for model in (lstm, scaled):
        display = AttributionDisplay.from_estimator(model, frame[:1])
        assert [name.get_text() for name in display.ax_.get_yticklabels()] == ["pulse", "heat"]
        own = AttributionDisplay.from_estimator(model, frame[:1], feature_names=["a", "b"])
        assert own.feature_names == ["a", "b"]
    numbered = LSTMClassifier(**SMALL).fit(RNG.normal(size=(12, 5, 2)), y)
    shown = AttributionDisplay.from_estimator(numbered, RNG.normal(size=(1, 5, 2)))
    assert shown.feature_names is None


def test_what_is_no_attribution_is_named():
    draw = AttributionDisplay.from_attributions
    for given in (None, "abc", 3, {"a": [1.0]}):
        with pytest.raises(TypeError, match="attributions must be a list with an array for each"):
            draw(given)
    with pytest.raises(ValueError, match=r"attributions\[1\]\[0\] is nan; accepted are finite"):
        draw([[1.0], [np.nan]])
    with pytest.raises(ValueError, match=r"attributions\[0\]\[1\]\[0\] is inf"):
        draw([[[1.0, 2.0], [np.inf, 0.0]]])
    with pytest.raises(ValueError, match=r"attributions\[0\] must be an array of numbers"):
        draw([["a", "b"]])
    with pytest.raises(TypeError, match=r"words\[0\] must be a list .* each step; got str 'ab'"):
        draw([[1.0, 2.0]], words=["ab"])
    with pytest.raises(TypeError, match=r"words must be a list .* each sample; got str 'a'"):
        draw([[1.0]], words="a")
    with pytest.raises(TypeError, match=r"ax must be an Axes of matplotlib.*; got int 3"):
        draw([[1.0]], ax=3)
    with pytest.raises(TypeError, match=r"got Figure .*; pass its axes, such as figure.subplots"):
        draw([[1.0]], ax=plt.figure())
    with pytest.raises(TypeError, match=r"ax\[1\] must be an Axes of matplotlib"):
        draw([[1.0], [2.0]], ax=[plt.subplots()[1], 3])


def test_white_space_is_visible():
    words = ["a\tb", "end\n", "\x07"]
    display = AttributionDisplay.from_attributions([[1.0, -1.0, 0.5]], words=[words])
    display.figure_.canvas.draw()  # a glyph that is missing would be a warning
    shown = ["a\u21e5b", "end\u21b5", " "]
    assert [text.get_text() for text in display.artists_[0]] == shown
    assert [word for word, _, _ in Spans(display._repr_html_()).found[:3]] == shown
    bars = display.plot(kind="bars")
    bars.figure_.canvas.draw()
    assert [text.get_text() for text in bars.ax_.get_xticklabels()] == shown
