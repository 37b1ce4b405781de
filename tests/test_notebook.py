"""docs/segmenter.ipynb: short, its cells run, and it holds what they show."""

import base64
import functools
import io
import json
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest

import jaxseg
from docs.examples import run_notebook
from jaxseg.data import EMBEDDED

PATH = Path(__file__).resolve().parents[1] / "docs" / "segmenter.ipynb"
QUICK = {
    "num_epochs": 1,
    "least_steps": 1,
    "model.layers": (0, 4, 4),
    "solver.train.num_iterations": 2,
    "solver.eval.num_iterations": 2,
}


@pytest.fixture
def notebook():
    return json.loads(PATH.read_text())


def code(notebook) -> list[dict]:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def text(cell) -> str:
    """Printed lines and the last value of a cell."""
    values = [
        each["data"]["text/plain"] if "data" in each else each["text"] for each in cell["outputs"]
    ]
    return "".join(line for value in values for line in value)


def picture(cell):
    data = base64.b64decode(cell["outputs"][-1]["data"]["image/png"])
    return plt.imread(io.BytesIO(data))


def test_it_is_short_and_shows_real_results(notebook):
    cells = code(notebook)
    lines = [line for cell in cells for line in cell["source"] if line.strip()]
    assert len(lines) < 10
    assert [cell["execution_count"] for cell in cells] == [1, 2, 3, 4]
    assert "7 videos, 9873 frames" in text(cells[1])
    assert text(cells[2]).startswith("[Segment(start=0, end=")
    assert picture(cells[3]).shape[1] > 600


def test_its_cells_run(notebook, tmp_path, monkeypatch, quick_compile):
    """On the beginnings of the recordings, with as little training as runs."""
    (tmp_path / "features").mkdir()
    for file in (EMBEDDED / "features").iterdir():
        np.savez(tmp_path / "features" / file.name, features=np.load(file)["features"][:64])
    monkeypatch.setattr(jaxseg.data, "EMBEDDED", tmp_path)
    quick = functools.partial(jaxseg.Segmenter, duration=50, order="free", seeds=1, settings=QUICK)
    monkeypatch.setattr(jaxseg, "Segmenter", quick, raising=False)
    namespace = run_notebook.run(notebook)
    cells = code(notebook)
    assert "7 videos, 448 frames" in text(cells[1])
    assert text(cells[2]) == repr(namespace["model"].segments()["a1"][:4])
    assert picture(cells[3]).ndim == 3


def test_a_cell_shows_what_it_prints_and_its_last_value():
    sources = ["a = 1\nprint(a)", "a + 1", "a + 2;\nb = 3", "None"]
    cells = [{"cell_type": "code", "source": [source]} for source in sources]
    run_notebook.run({"cells": cells})
    assert [text(cell) for cell in cells] == ["1\n", "2", "", ""]
