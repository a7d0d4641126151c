"""The built site in a headless Chromium: `make docs` builds it and runs these."""

import re
import shutil
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote, unquote, urldefrag, urljoin

import pytest

import sklstm

pytestmark = pytest.mark.site

DOCS = Path(__file__).parents[2] / "docs"
SITE = DOCS / "_build" / "html"
# The installed browser: that of a package manager, as none is downloaded here.
CHROMIUM = next(
    filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome"])), ""
)


class Quiet(SimpleHTTPRequestHandler):
    """Serves files without a line of log for each."""

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def site():
    """Return the address of the built site."""
    if not (SITE / "index.html").exists():
        pytest.skip("the site has not been built: `make docs` builds it")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=SITE))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def browser(site):
    """Return a browser, which needs an installed Chromium."""
    if not CHROMIUM:
        pytest.skip("no Chromium is installed")
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser):
    """Return a page that collects what goes wrong in `page.faults`."""
    page = browser.new_page()
    page.faults = []
    page.on("pageerror", lambda error: page.faults.append(f"error: {error}"))
    page.on("requestfailed", lambda request: page.faults.extend(failures(request)))
    page.on(
        "console",
        lambda message: page.faults.append(message.text) if message.type == "error" else None,
    )
    yield page
    page.close()


def failures(request):
    """Return what failed; an icon that is still loading as the next page opens has not."""
    return [] if request.failure == "net::ERR_ABORTED" else [f"not loaded: {request.url}"]


def documents():
    """Return the paths of all pages, without those that hold source code and indices."""
    paths = sorted(path.relative_to(SITE).as_posix() for path in SITE.rglob("*.html"))
    return [path for path in paths if not path.startswith(("_modules/", "_static/", "genindex"))]


def test_every_page_loads_without_errors(site, page):
    assert len(documents()) > 100
    for path in documents():
        response = page.goto(site + path, wait_until="load")
        assert response.ok, path
        assert page.title(), path
        assert not page.faults, (path, page.faults)


def test_links_within_the_site_resolve(site, page):
    anchors, links = {}, []
    for path in documents():
        if path == "search.html":
            continue
        page.goto(site + path, wait_until="domcontentloaded")
        anchors[path] = set(page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)"))
        hrefs = page.evaluate(
            "[...document.querySelectorAll('article a[href], nav a[href]')]"
            ".map(a => a.getAttribute('href'))"
        )
        links += [(path, href) for href in set(hrefs) if not re.match(r"[a-z]+:", href)]
    assert len(links) > 500
    for path, href in links:
        target, anchor = urldefrag(unquote(urljoin(f"/{path}", href)))
        target = target.lstrip("/")
        assert (SITE / target).is_file(), f"{path} links to {href}"
        if anchor and target in anchors:
            assert anchor in anchors[target], f"{path} links to {href}"


def test_pictures_have_a_description_and_a_size(site, page):
    for path in documents():
        if path.startswith("api/"):
            continue
        page.goto(site + path, wait_until="load")
        pictures = page.evaluate(
            "[...document.querySelectorAll('article img')]"
            ".map(e => [e.getAttribute('src'), e.alt, e.naturalWidth])"
        )
        for source, description, width in pictures:
            assert description or source.endswith("_thumb.png"), (path, source)
            assert width > 0, (path, source)


def test_estimators_link_to_their_page():
    if not SITE.exists():
        pytest.skip("the site has not been built: `make docs` builds it")
    names = [name for name in sklstm.__all__ if hasattr(getattr(sklstm, name), "get_params")]
    assert len(names) >= 10
    for name in names:
        kind = getattr(sklstm, name)
        link = kind.__new__(kind)._get_doc_link()  # some need arguments
        assert (SITE / "api" / "generated" / link.rsplit("/", 1)[1]).is_file(), link


def results_of(page, site, query):
    """Return the links that the site's search lists for a query, best first."""
    page.goto(f"{site}search.html?q={quote(query)}", wait_until="load")
    page.wait_for_function(
        "document.querySelector('.search-summary')?.textContent.match(/found|did not match/)"
    )
    return page.evaluate("[...document.querySelectorAll('ul.search li > a')].map(a => a.href)")


def test_search_finds_the_classifier(site, page):
    found = results_of(page, site, "LSTMClassifier")
    assert found[0].startswith(f"{site}api/generated/sklstm.LSTMClassifier.html")
    assert not page.faults


HEADINGS = re.findall(r"^### (.+)$", (DOCS / "questions.md").read_text("utf-8"), re.MULTILINE)


def test_search_finds_every_question(site, page):
    """A heading brings up the question itself, below pages that have its words in their titles."""
    assert len(HEADINGS) > 60
    for heading in HEADINGS:
        found = results_of(page, site, heading.replace("`", ""))
        assert any(link.startswith(f"{site}questions.html#") for link in found[:8]), heading


# What people ask, in the words in which they ask, and the page that answers.
ASKED = {
    "sigmoid softmax": "questions",
    "samples time steps features": "questions",
    "label every five rows": "questions",
    "stateful batch size": "questions",
    "Doc2Vec inferred vectors tags": "questions",
    "speed memory": "questions",
    "accuracy regression": "questions",
    "versions hardware GPU": "questions",
    "RepeatVector": "questions",
    "more layers worse": "questions",
    "5,000 words 32 dimensions": "questions",
    "reproducible": "questions",
    "recurrent_dropout": "text",
    "convolution worth": "questions",
    "unknown words": "questions",
    "prices": "questions",
    "padding masking": "questions",
    "films": "questions",
    "acoustic": "questions",
    "memory": "troubleshooting",
    "278 days": "questions",
    "GRU": "questions",
    "scale": "questions",
    "ordered frequency": "questions",
    "6,000 words": "questions",
    "shuffle": "questions",
    "characters": "questions",
    "counting words": "questions",
    "hyperparameters": "questions",
    "epochs": "text",
    "output after each word": "questions",
    "several labels": "questions",
    "log loss": "text",
    "bags embeddings": "questions",
    "matrix": "questions",
    "spam": "questions",
    "cluster without labels": "clustering",
    "reinforcement CycleGAN": "questions",
    "hidden state batch": "stateful",
    "alphabet": "stateful",
    "next word": "questions",
    "bag sentence": "questions",
    "perplexity": "language_models",
    "unlabelled": "language_models",
    "book": "questions",
    "stop words": "questions",
    "stateless": "questions",
    "ordinal": "questions",
    "two numbers labels": "questions",
    "stacked autoencoders": "questions",
    "anomaly": "clustering",
    "Word2Vec": "questions",
    "cell unit": "lstm",
    "LSTMCell": "questions",
    "number of units": "questions",
    "initial weights random": "lstm",
    "dense layers": "questions",
    "without recurrence": "questions",
    "does not learn": "troubleshooting",
    "validation data pipeline": "questions",
    "Masking": "from_keras",
    "TimeDistributed": "from_keras",
    "return_sequences": "from_keras",
    "forget gate": "lstm",
}


def test_search_finds_what_people_ask(site, page):
    for query, answer in ASKED.items():
        found = [urldefrag(link)[0] for link in results_of(page, site, query)]
        assert f"{site}{answer}.html" in found[:10], (query, found[:10])
