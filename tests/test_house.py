"""Layout of the package: no circle of imports, light commands, sizes of files and folders."""

import ast
import graphlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_import_order import imports

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "jaxseg"
PYTHON = sorted(PACKAGE.rglob("*.py"))
TEXT = {".py", ".html", ".css", ".js", ".json", ".md", ".txt", ".csv", ".toml"}
MOST_FILES, MOST_LINES = 292, 42_800  # Python files and their lines
MOST_ENTRIES, LONGEST = 16, 400  # of a folder, the top of the package apart; lines of a file
COMMANDS = [
    "jaxseg.main --help",
    "jaxseg.main --config=configs/asot_breakfast.py --help",
    "jaxseg.evaluation --help",
    "jaxseg.evaluation segmentation --help",
    "jaxseg.evaluation localization --help",
    "jaxseg.decode --help",
    "jaxseg.proposals --help",
    "jaxseg.report --help",
    "jaxseg.features --help",
    "jaxseg.prediction --help",
]
# Runs a module as a program and prints the modules of JAX that it has imported.
WITHOUT_JAX = """
import contextlib, io, runpy, sys
module, *sys.argv[1:] = sys.argv[1:]
with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):
    runpy.run_module(module, run_name="__main__", alter_sys=True)
print(*(name for name in ("jax", "jaxlib", "flax", "optax", "orbax") if name in sys.modules))
"""


def module_name(path: Path) -> str:
    """Dotted name of a file of the package; that of the folder for an __init__.py."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def ancestors(name: str) -> Iterator[str]:
    """Names of the packages that a module is in, itself included."""
    parts = name.split(".")
    return (".".join(parts[:count]) for count in range(1, len(parts) + 1))


def imported_modules(path: Path, modules: set[str]) -> set[str]:
    """Modules that a file imports anywhere, the packages around them included.

    Imports inside functions count: one that is late only to break a circle still is a circle. The
    packages around the file itself are already running.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    running = set(ancestors(module_name(path)))
    return {each for name in names for each in ancestors(name)} & modules - running


def test_no_circle_of_imports():
    modules = {module_name(path) for path in PYTHON}
    graph = {module_name(path): imported_modules(path, modules) for path in PYTHON}
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        pytest.fail(f"circle of imports: {' <- '.join(error.args[1])}")


def test_a_circle_through_a_package_is_seen(tmp_path, monkeypatch):
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "__init__.py").write_text("from b import two\n")
    (tmp_path / "b.py").write_text("from a.c import one\n")
    assert imported_modules(tmp_path / "b.py", {"a", "a.c", "b"}) == {"a", "a.c"}
    assert imported_modules(tmp_path / "a" / "__init__.py", {"a", "a.c", "b"}) == {"b"}


@pytest.mark.parametrize("command", COMMANDS)
def test_help_imports_no_jax(command):
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", WITHOUT_JAX, *command.split()],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "\n", "")


def test_nothing_imports_benchmarks_or_tests():
    for path in PYTHON:
        for line, name in imports(path):
            assert name.split(".")[0] not in ("benchmarks", "tests", "docs"), f"{path}:{line}"


def text_files() -> list[Path]:
    """All text files of the package."""
    paths = sorted(path for path in PACKAGE.rglob("*") if "__pycache__" not in path.parts)
    return [path for path in paths if path.suffix in TEXT]


def test_python_files_are_few():
    assert len(PYTHON) <= MOST_FILES


def test_the_package_is_short():
    assert sum(len(path.read_bytes().splitlines()) for path in PYTHON) <= MOST_LINES


def test_folders_are_read_at_one_glance():
    for folder in sorted({path.parent for path in text_files()} - {PACKAGE}):
        entries = [path.name for path in folder.iterdir() if path.name != "__pycache__"]
        assert len(entries) <= MOST_ENTRIES, f"{folder}: {len(entries)} entries"


def test_files_are_short():
    lengths = {path: len(path.read_bytes().splitlines()) for path in text_files()}
    assert not [f"{path}: {length}" for path, length in lengths.items() if length > LONGEST]
