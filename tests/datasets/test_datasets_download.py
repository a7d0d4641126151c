"""The downloader against a server on this machine: whole, resumed, cut short, refused, wrong."""

import hashlib
import re
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import numpy as np
import pytest

from sklstm.datasets._home import ATTEMPTS, download, md5_of

CONTENT = np.random.default_rng(0).bytes(700_001)
MD5 = hashlib.md5(CONTENT).hexdigest()


class Handler(BaseHTTPRequestHandler):
    """Serve CONTENT, with the range asked for unless told otherwise."""

    def do_GET(self):
        server = self.server
        server.ranges.append(self.headers.get("Range"))
        if server.status is not None:
            self.send_error(server.status)
            return
        start = self.start()
        if start >= len(CONTENT):
            self.send_error(416)
            return
        body = CONTENT[start:]
        self.send_response(206 if start else 200)
        if server.tells_length:
            self.send_header("Content-Length", str(len(body)))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}")
        self.end_headers()
        cut = server.cuts.pop(0) if server.cuts else len(body)
        self.wfile.write(body[:cut])

    def start(self):
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        return int(asked[1]) if asked and self.server.knows_ranges else 0

    def log_message(self, *args):
        """Keep the test output clean."""


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        server.ranges, server.cuts, server.status = [], [], None
        server.knows_ranges = server.tells_length = True
        server.url = f"http://127.0.0.1:{server.server_port}/folder/reviews.bin?version=1"
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def part(tmp_path):
    return tmp_path / "reviews.bin.part"


def get(server, folder, md5=MD5):
    return download(server.url, folder, md5=md5, progress=False)


def test_a_whole_file_arrives_in_a_new_folder(server, tmp_path):
    path = get(server, tmp_path / "new" / "folder")
    assert path == tmp_path / "new" / "folder" / "reviews.bin"
    assert path.read_bytes() == CONTENT
    assert [entry.name for entry in path.parent.iterdir()] == ["reviews.bin"]
    assert server.ranges == [None]


def test_a_partial_file_is_completed(server, tmp_path, part):
    part.write_bytes(CONTENT[:300_000])
    assert get(server, tmp_path).read_bytes() == CONTENT
    assert server.ranges == ["bytes=300000-"]
    assert not part.exists()


def test_a_server_that_ignores_ranges_sends_it_all_again(server, tmp_path, part):
    server.knows_ranges = False
    part.write_bytes(CONTENT[:300_000])
    assert get(server, tmp_path).read_bytes() == CONTENT


def test_a_complete_partial_file_needs_only_its_check(server, tmp_path, part):
    part.write_bytes(CONTENT)
    assert get(server, tmp_path).read_bytes() == CONTENT


def test_a_server_that_tells_no_length(server, tmp_path):
    server.tells_length = False
    assert get(server, tmp_path).read_bytes() == CONTENT


def test_a_broken_transfer_is_taken_up_in_the_same_call(server, tmp_path):
    server.cuts = [100_000, 200_000]
    assert get(server, tmp_path).read_bytes() == CONTENT
    assert server.ranges == [None, "bytes=100000-", "bytes=300000-"]


def test_a_transfer_that_keeps_breaking_is_taken_up_by_the_next_call(server, tmp_path, part):
    server.cuts = [100_000] * ATTEMPTS
    with pytest.raises(OSError, match=r"closed after 300,000 of 700,001.*are kept"):
        get(server, tmp_path)
    assert part.read_bytes() == CONTENT[:300_000]
    assert get(server, tmp_path).read_bytes() == CONTENT
    assert server.ranges[-1] == "bytes=300000-"


def test_a_wrong_sum_leaves_nothing_behind(server, tmp_path):
    with pytest.raises(OSError, match=f"MD5 {MD5}, expected 0123"):
        get(server, tmp_path, md5="0123")
    assert list(tmp_path.iterdir()) == []


def test_a_partial_file_of_another_content_is_found_out(server, tmp_path, part):
    part.write_bytes(b"\0" * 300_000)
    with pytest.raises(OSError, match="MD5"):
        get(server, tmp_path)
    assert get(server, tmp_path).read_bytes() == CONTENT


def test_a_refusal_is_not_repeated(server, tmp_path):
    server.status = 404
    with pytest.raises(OSError, match="refused: 404"):
        get(server, tmp_path)
    assert server.ranges == [None]


def test_no_server_at_all(server, tmp_path):
    url = server.url
    server.shutdown()
    server.server_close()
    with pytest.raises(OSError, match="could not be downloaded"):
        download(url, tmp_path, md5=MD5, progress=False)


def test_progress_bar_counts_from_where_it_resumes(server, tmp_path, part, capsys):
    part.write_bytes(CONTENT[:300_000])
    download(server.url, tmp_path, md5=MD5, progress=True)
    shown = capsys.readouterr().err
    assert "Downloading reviews.bin" in shown
    assert "300k/700k" in shown


def test_no_bar_unless_on_a_terminal(server, tmp_path, capsys):
    download(server.url, tmp_path, md5=MD5)
    assert capsys.readouterr().err == ""


def test_md5_of(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    assert md5_of(tmp_path / "file") == "d41d8cd98f00b204e9800998ecf8427e"
