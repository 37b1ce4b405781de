"""Sphinx: `sphinx-build -W -b html docs docs/_build`."""

import os
import sys
from pathlib import Path

os.environ.setdefault("JAX_PLATFORMS", "cpu")  # autodoc imports the solvers
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import jaxseg

project = "jaxseg"
author = "the authors of jaxseg"
release = jaxseg.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.mathjax"]
exclude_patterns = ["_build"]
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3

default_role = "code"  # docstrings write `name` for code
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the text gives shapes, which say more
autodoc_preserve_defaults = True
napoleon_use_rtype = False
napoleon_attr_annotations = False

html_theme = "furo"
html_title = "jaxseg"
html_show_copyright = False


def _keep_bars(app, what, name, obj, options, lines):
    """Escapes |x|, which docstrings write for absolute values and reST reads as a substitution."""
    lines[:] = [line.replace("|", r"\|") for line in lines]


def setup(app):
    app.connect("autodoc-process-docstring", _keep_bars)
