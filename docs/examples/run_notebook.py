"""Runs the cells of a notebook in a plain Python process and keeps what they show.

    python -m docs.examples.run_notebook docs/segmenter.ipynb

So a notebook holds real results without Jupyter being installed. Shown are what a cell prints and
the value of its last line: as a picture where it can draw itself, or else as text. Bars of progress
are left out.
"""

import ast
import base64
import io
import json
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any


def run(notebook: dict[str, Any]) -> dict[str, Any]:
    """Runs all code cells in one namespace and sets their outputs; returns the namespace."""
    namespace: dict[str, Any] = {}
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    for number, cell in enumerate(cells, start=1):
        with redirect_stdout(io.StringIO()) as printed:
            value = _run_cell("".join(cell["source"]), f"cell {number}", namespace)
        cell["execution_count"], cell["outputs"] = number, []
        if printed.getvalue():
            text = printed.getvalue().splitlines(keepends=True)
            cell["outputs"].append({"name": "stdout", "output_type": "stream", "text": text})
        if value is not None:
            cell["outputs"].append(_shown(value, number))
    return namespace


def _run_cell(source: str, name: str, namespace: dict[str, Any]) -> Any:
    """Runs a cell; the value of its last line, None where that is no expression."""
    *body, last = ast.parse(source).body
    if not isinstance(last, ast.Expr):
        body, last = [*body, last], ast.Expr(ast.Constant(None))
    exec(compile(ast.Module(body, []), name, "exec"), namespace)
    expression = ast.fix_missing_locations(ast.Expression(last.value))
    return eval(compile(expression, name, "eval"), namespace)


def _shown(value: Any, number: int) -> dict[str, Any]:
    """The output of a cell for its last value."""
    shown = {"text/plain": [repr(value)]}
    if hasattr(value, "_repr_png_"):
        shown["image/png"] = base64.b64encode(value._repr_png_()).decode()
    return {
        "data": shown,
        "execution_count": number,
        "metadata": {},
        "output_type": "execute_result",
    }


def main(path: Path) -> None:
    """Runs a notebook and writes it back."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    run(notebook)
    path.write_text(json.dumps(notebook, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
