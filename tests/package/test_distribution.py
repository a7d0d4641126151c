"""What is uploaded to an index: the sdist, the wheel, their metadata and the README on the page."""

import doctest
import email
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path, PurePosixPath

import pytest
import yaml
from packaging.metadata import Metadata

import sklstm

ROOT = Path(__file__).parents[2]
VERSION = sklstm.__version__
HOME = "https://github.com/sklstm/sklstm"
NOT_SHIPPED = {".ci/run"}  # continuous integration runs in a checkout
README = (ROOT / "README.md").read_text(encoding="utf-8")
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
LINK = re.compile(r"(!?)\[[^\]]*\]\(([^)\s]+)\)")


def run(*command, **kwargs):
    done = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        **kwargs,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The files that `python -m build` makes, without a network: the wheel is of the sdist."""
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir"]
    run(*build, folder, ROOT)
    run(*build, folder / "direct", "--wheel", ROOT)
    return folder


@pytest.fixture(scope="module")
def wheel(built):
    (path,) = built.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def metadata(wheel):
    with zipfile.ZipFile(wheel) as file:
        return file.read(f"sklstm-{VERSION}.dist-info/METADATA")


def package_files():
    files = (ROOT / "sklstm").rglob("*")
    return {
        path.relative_to(ROOT).as_posix()
        for path in files
        if path.is_file() and path.suffix != ".pyc"
    }


def test_the_wheel_holds_the_package_and_nothing_else(wheel, built):
    assert wheel.name == f"sklstm-{VERSION}-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as file:
        names = set(file.namelist())
        (direct,) = (built / "direct").iterdir()
        with zipfile.ZipFile(direct) as other:
            assert {name: file.read(name) for name in names} == {
                name: other.read(name) for name in other.namelist()
            }
    info = {name for name in names if name.startswith(f"sklstm-{VERSION}.dist-info/")}
    assert names - info == package_files()
    assert {"sklstm/py.typed", "sklstm/__init__.pyi", "sklstm/preprocessing/__init__.pyi"} < names
    assert {PurePosixPath(name).name for name in info} == {"METADATA", "WHEEL", "RECORD", "LICENSE"}


def test_the_sdist_holds_what_the_demo_and_the_tests_need(built):
    (path,) = built.glob("*.tar.gz")
    with tarfile.open(path) as file:
        members = [member.name for member in file if member.isfile()]
    assert all(name.startswith(f"sklstm-{VERSION}/") for name in members)
    names = {name.partition("/")[2] for name in members}
    needed = {
        "LICENSE", "Makefile", "README.md", "benchmarks/imdb.py", "benchmarks/results/imdb.md",
        "constraints.txt", "docs/questions.md", "pyproject.toml", "tests/conftest.py",
        ".pre-commit-config.yaml", *package_files(),
    }  # fmt: skip
    assert needed <= names
    if shutil.which("git") and (ROOT / ".git").exists():
        tracked = set(run("git", "ls-files", cwd=ROOT).splitlines())
        present = {name for name in tracked - NOT_SHIPPED if (ROOT / name).exists()}
        assert present <= names  # what is missing belongs in `include` of pyproject.toml


def test_metadata(metadata):
    found = Metadata.from_email(metadata, validate=True)
    assert (found.name, str(found.version)) == ("sklstm", VERSION)
    assert found.license_expression == "BSD-3-Clause"
    assert found.license_files == ["LICENSE"]
    assert not any(name.startswith("License ::") for name in found.classifiers)
    assert {"Development Status :: 3 - Alpha", "Typing :: Typed"} <= set(found.classifiers)
    assert any(name.startswith("Operating System ::") for name in found.classifiers)
    assert found.author == found.maintainer == "sklstm developers"
    assert found.project_urls == {
        "Documentation": f"{HOME}/tree/main/docs",
        "Source": HOME,
        "Issues": f"{HOME}/issues",
        "Changelog": f"{HOME}/blob/main/CHANGELOG.md",
    }
    assert (ROOT / "docs").is_dir()
    assert found.summary
    assert "torch" in {requirement.name for requirement in found.requires_dist}
    assert str(found.requires_python) == ">=3.11"


def test_links_of_the_page_lead_to_the_files_of_the_release(metadata):
    message = email.message_from_bytes(metadata)
    assert message["Description-Content-Type"] == "text/markdown"
    page = Metadata.from_email(metadata).description
    shown, written = LINK.findall(page), LINK.findall(README)
    assert len(shown) == len(written) > 10
    for (picture, absolute), (_, given) in zip(shown, written, strict=True):
        kind = "raw" if picture else "blob"
        expected = given if "://" in given else f"{HOME}/{kind}/v{VERSION}/{given}"
        assert absolute == expected
        assert "://" in given or (ROOT / given.partition("#")[0]).exists()
    # nothing but links is changed
    plain = LINK.sub("", page).strip()
    assert plain == LINK.sub("", README).strip()


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """Return the interpreter of an environment with the wheel, and the folder of its packages.

    It sees the packages of this environment, but not the checkout: paths named in a .pth file are
    searched, but .pth files there, such as that of an editable install, are not.
    """
    environment = tmp_path_factory.mktemp("installed") / "environment"
    run(sys.executable, "-m", "venv", "--without-pip", environment)
    python = environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    run(
        sys.executable, "-m", "pip", "--python", python, "install",
        "--no-deps", "--no-index", "--no-compile", "--disable-pip-version-check", wheel,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
    )  # fmt: skip
    ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = Path(run(python, "-I", "-c", ask).strip())
    known = {sysconfig.get_path(name) for name in ("purelib", "platlib")}
    (packages / "dependencies.pth").write_text("\n".join(known), encoding="utf-8")
    return python, packages


def test_the_installed_wheel_runs_the_first_example(installed, tmp_path):
    python, packages = installed
    first = README[README.index("```python") :].split("```")[1]
    *lines, last = [part.source for part in doctest.DocTestParser().get_examples(first)]
    lines = "".join(lines)
    assert "make_word_order(300," in lines
    lines = lines.replace("make_word_order(300,", "make_word_order(60,")
    (tmp_path / "example.py").write_text(
        f"{lines}print({last.strip()})\n"
        "import importlib.metadata, sklstm\n"
        "print(sklstm.__file__)\n"
        "print(importlib.metadata.version('sklstm'))\n",
        encoding="utf-8",
    )
    printed = run(python, "-I", "example.py", cwd=tmp_path).splitlines()
    assert [line for line in printed if line.startswith("LSTMClassifier  ")]
    assert Path(printed[-2]) == packages / "sklstm" / "__init__.py"
    assert printed[-1] == VERSION


@pytest.mark.slow
def test_the_demo_of_the_sdist_runs_with_the_installed_wheel(built, installed, tmp_path):
    python, packages = installed
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as sdist:
        sdist.extractall(tmp_path, filter="data")
    (unpacked,) = tmp_path.iterdir()
    shutil.rmtree(unpacked / "sklstm")  # so that the installed package is the only one
    nowhere = {"SKLSTM_DATA": str(tmp_path), "HOME": str(tmp_path), "OMP_NUM_THREADS": "1"}
    printed = run(
        python, "-I", unpacked / "benchmarks" / "demo.py", cwd=tmp_path,
        env={**os.environ, **nowhere, "http_proxy": "127.0.0.1:9", "https_proxy": "127.0.0.1:9"},
    )  # fmt: skip
    assert printed.count("LSTMClassifier  ") == 2  # texts and digits, without IMDB
    assert packages.is_dir()


CFF_KEYS = {  # of the schema 1.2.0 of the Citation File Format
    "abstract", "authors", "cff-version", "commit", "contact", "date-released", "doi",
    "identifiers", "keywords", "license", "license-url", "message", "preferred-citation",
    "references", "repository", "repository-artifact", "repository-code", "title", "type", "url",
    "version",
}  # fmt: skip


def test_the_citation_is_of_this_version():
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    citation = yaml.load(text, yaml.BaseLoader)  # dates and versions stay text
    assert {"cff-version", "message", "title", "authors"} <= set(citation) <= CFF_KEYS
    assert citation["cff-version"] == "1.2.0"
    assert citation["version"] == VERSION
    assert citation["type"] == "software"
    assert citation["license"] == "BSD-3-Clause"
    assert citation["repository-code"] == HOME
    assert citation["authors"] == [{"name": "sklstm developers"}]
    assert len(citation["keywords"]) == len(set(citation["keywords"]))
    dates = dict(re.findall(r"^## \[([^\]]+)\] - (\S+)$", CHANGELOG, re.MULTILINE))
    assert citation["date-released"] == dates[VERSION]


def test_the_changelog_has_a_section_for_the_version():
    titles = re.findall(r"^## (.*)$", CHANGELOG, re.MULTILINE)
    assert titles[0] == "[Unreleased]"
    assert re.fullmatch(rf"\[{re.escape(VERSION)}\] - \d{{4}}-\d\d-\d\d", titles[1])
    _, _, section = CHANGELOG.partition(f"## {titles[1]}\n")
    assert section.partition("\n## ")[0].strip()
