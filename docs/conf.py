"""How sphinx builds the site (`make docs`)."""

from __future__ import annotations

import inspect
import re
from importlib.metadata import version as version_of
from typing import Any

import matplotlib

matplotlib.use("agg")

project = "sklstm"
author = "sklstm developers"
copyright = "sklstm developers, BSD 3-clause licence"
release = version = version_of("sklstm")

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "examples", "auto_examples/*.md5", "auto_examples/**/*.ipynb"]
templates_path = ["_templates"]
smartquotes = False  # so that the search finds what people paste
default_role = "literal"  # docstrings name parameters in single backticks
nitpicky = False
suppress_warnings = ["config.cache"]  # functions among the options below cannot be pickled

# Guides link to headings of other guides.
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence"]

autosummary_generate = True
numpydoc_show_class_members = False
autodoc_typehints = "none"  # the docstrings tell the types, in words
autodoc_inherit_docstrings = True

copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

html_theme = "pydata_sphinx_theme"
html_title = "sklstm"
html_static_path = ["_static"]
html_css_files = ["sklstm.css"]
html_favicon = "_static/favicon.svg"
html_context = {"default_mode": "auto"}
html_sidebars = {"index": [], "getting_started": [], "benchmarks": [], "questions": []}
html_theme_options = {
    "show_prev_next": False,
    "navbar_align": "left",
    "header_links_before_dropdown": 7,
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "search_bar_text": "Search, for example: padding",
}

GALLERY = ["text", "series", "steps", "clusters", "search", "concepts"]
sphinx_gallery_conf = {
    "examples_dirs": "examples",
    "gallery_dirs": "auto_examples",
    "filename_pattern": "/plot_",
    "abort_on_example_error": True,
    "download_all_examples": False,
    "remove_config_comments": True,
    "show_signature": False,
    "plot_gallery": True,
    "capture_repr": ("_repr_html_",),
    "write_computation_times": False,
    "doc_module": ("sklstm",),
    "backreferences_dir": "auto_examples/backreferences",
    "default_thumb_file": None,
    "within_subsection_order": "FileNameSortKey",
    "subsection_order": [f"examples/{folder}" for folder in GALLERY],
}


def without_foreign_references(
    app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]
) -> None:
    """Make plain text of references to scikit-learn's user guide in inherited docstrings."""
    module = getattr(inspect.unwrap(obj) if callable(obj) else obj, "__module__", "") or ""
    if module.startswith("sklstm"):
        return
    text = "\n".join(lines)
    text = re.sub(r":(?:ref|term|doc):`([^`<]+?)\s*<[^`>]*>`", r"\1", text)
    text = re.sub(r":(?:ref|term|doc):`([^`]+)`", r"\1", text)
    lines[:] = text.split("\n")


def setup(app: Any) -> None:
    """Register what is above with sphinx."""
    app.connect("autodoc-process-docstring", without_foreign_references, priority=100)
