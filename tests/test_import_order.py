"""The way of the data runs one way: what each room may import, of jaxseg and of others."""

import ast
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "jaxseg"
NETWORKS = "flax optax orbax ott"

# room: rooms of jaxseg below it, libraries. Nobody imports main or run.
MAY_IMPORT = {
    "solvers": ("", "jax numpy scipy"),
    "interop": ("solvers", "jax numpy ott"),
    "formats": (
        "",
        "numpy scipy pandas pyarrow h5py pympi pynwb ndx_ethogram",
    ),
    "runfiles": ("formats", "numpy"),
    "data": ("formats", "numpy scipy tqdm grain"),
    "evaluation": ("command_line formats report", "numpy scipy"),
    # scipy matches the clusters of two seeds one to one, so that they have one color.
    "report": ("command_line footage formats runfiles", "numpy scipy matplotlib jinja2 markupsafe"),
    "config": ("", "ml_collections"),
    "methods": ("config proposals solvers", f"jax numpy {NETWORKS}"),
    "processes": ("command_line", "jax numpy"),
    "training": ("config data formats methods processes runfiles", f"jax numpy tqdm {NETWORKS}"),
    "proposals": ("command_line formats", "numpy tqdm"),
    "prediction": (
        "command_line config data evaluation features footage formats methods processes proposals"
        " report runfiles training",
        "jax numpy scipy tqdm",
    ),
    "tuning": (
        "config data methods prediction processes runfiles training",
        "jax numpy scipy tqdm",
    ),
    "scoring": ("command_line evaluation formats runfiles", "numpy scipy"),
    "features": ("command_line formats", "numpy tqdm av cv2 pebble sklearn onnxruntime"),
    "footage": ("formats features runfiles", "numpy tqdm av cv2"),
    "decode": ("command_line evaluation formats report solvers", "jax numpy scipy matplotlib tqdm"),
    "run": (
        "command_line config data features footage formats methods prediction processes report"
        " runfiles scoring training tuning",
        "jax numpy absl ml_collections",
    ),
    "command_line": ("", ""),
    "planning": ("config data formats methods run training", "jax numpy"),
    "segmenter": ("config data formats methods prediction report run runfiles training", "numpy"),
    "main": ("command_line methods planning processes run training", "absl ml_collections"),
}


def imports(path):
    """(line, dotted name) of everything that a file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == "jaxseg":
            yield from ((node.lineno, f"jaxseg.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            # A relative import, which the package has none of, reads as a name of no room.
            yield node.lineno, "." * node.level + (node.module or "")


def test_every_room_is_in_the_table():
    rooms = {path.stem for path in PACKAGE.iterdir() if not path.name.startswith("__")}
    assert rooms <= MAY_IMPORT.keys()


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_imports_run_one_way(room):
    rooms, libraries = (names.split() for names in MAY_IMPORT[room])
    paths = [*PACKAGE.glob(f"{room}.py"), *PACKAGE.glob(f"{room}/**/*.py")]
    assert paths
    for path in paths:
        for line, name in imports(path):
            top, *inner = name.split(".")
            if top == "jaxseg":
                allowed = inner and inner[0] in (room, *rooms)
            else:
                allowed = top in libraries or top in sys.stdlib_module_names
            assert allowed, f"{path.relative_to(PACKAGE)}:{line} imports {name}"
