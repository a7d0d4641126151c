"""The report names what is installed, and what is not."""

import platform

import sklearn
import torch

from sklstm._show_versions import PACKAGES, show_versions


def report(capsys):
    show_versions()
    lines = capsys.readouterr().out.splitlines()
    return dict(line.strip().split(": ", 1) for line in lines if line.startswith(" "))


def test_versions_are_the_installed_ones(capsys):
    entries = report(capsys)
    assert entries["scikit-learn"] == sklearn.__version__
    assert entries["torch"] == torch.__version__
    assert entries["python"].startswith(platform.python_version())
    assert set(PACKAGES) <= set(entries)


def test_threads_are_those_in_use(capsys):
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        assert report(capsys)["threads"] == "2"
    finally:
        torch.set_num_threads(before)


def test_onednn_switched_off_is_seen(capsys, monkeypatch):
    assert report(capsys)["oneDNN"] == str(torch.backends.mkldnn.is_available())
    monkeypatch.setattr(torch.backends.mkldnn, "enabled", False)
    assert report(capsys)["oneDNN"] == "False"


def test_a_missing_package_is_none(capsys, monkeypatch):
    monkeypatch.setattr("sklstm._show_versions.PACKAGES", ("no-such-package-here",))
    assert report(capsys)["no-such-package-here"] == "None"
