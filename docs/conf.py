"""Sphinx: `sphinx-build -W -b html docs docs/_build`."""

import os
import sys
from pathlib import Path

os.environ.setdefault("JAX_PLATFORMS", "cpu")  # the API is imported, nothing is computed
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import jaxseg

project = "jaxseg.solvers"
author = "the authors of jaxseg"
release = jaxseg.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.mathjax"]
exclude_patterns = ["_build"]
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3

default_role = "code"  # docstrings write `name` for code
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # shapes say more, and stand in the text
autodoc_preserve_defaults = True
napoleon_use_rtype = False
napoleon_attr_annotations = False

html_theme = "furo"
html_title = "jaxseg.solvers"
html_show_copyright = False


def _keep_bars(app, what, name, obj, options, lines):
    """Docstrings write |x| for absolute values, which reST would take for a substitution."""
    lines[:] = [line.replace("|", r"\|") for line in lines]


def setup(app):
    app.connect("autodoc-process-docstring", _keep_bars)
