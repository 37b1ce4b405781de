"""Reads the files that the runs of every task have."""

import json
from pathlib import Path
from typing import Any

import numpy as np


def read_json(path: Path, *, required: bool = False) -> Any:
    """Content of a JSON file; {} where an optional one is absent.

    Raises:
        ValueError: a required file is missing, or it is not JSON.
    """
    if not path.is_file():
        if required:
            raise ValueError(f"{path}: no such file; the report cannot be made without it")
        return {}
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path}: not valid JSON: {error}") from None


def reason(error: Exception) -> str:
    """What an error says, in one line; NumPy's advice on large headers takes three."""
    return (str(error) or type(error).__name__).splitlines()[0]


def read_object(path: Path, *, required: bool = False) -> dict[str, Any]:
    """`read_json` of a file that holds names and values."""
    content = read_json(path, required=required)
    if not isinstance(content, dict):
        raise ValueError(f"{path}: not a JSON object but {type(content).__name__}")
    return content


def read_losses(path: Path, num_members: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The training curves of `metrics.jsonl`: "loss" and, of a sum, its parts "*_loss".

    Of a step written twice (a resumed run) the last holds.

    Returns:
        steps [S], and name -> losses [S, members], NaN where a member or step has none.

    Raises:
        ValueError: a broken line that is not the last, or a list of another length.
    """
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    losses: dict[int, dict[str, list[float]]] = {}
    for number, line in enumerate(lines, start=1):
        try:
            entry = json.loads(line)
            if "loss" in entry:
                losses[entry["step"]] = _losses(entry)
        except (ValueError, KeyError, TypeError) as error:
            # A run that is still going, or was killed, leaves half a line behind.
            if number < len(lines):
                raise ValueError(f"{path}, line {number}: not a line of metrics: {error}") from None
    for step, by_name in losses.items():
        for name, values in by_name.items():
            if len(values) != num_members:
                wrong = f"{len(values)} losses for {num_members} members in {name!r}"
                raise ValueError(f"{path}: step {step} has {wrong}")
    return _columns(losses, num_members)


def _losses(entry: dict[str, Any]) -> dict[str, list[float]]:
    return {
        name: [np.nan if x is None else float(x) for x in values]
        for name, values in entry.items()
        if name == "loss" or name.endswith("_loss")
    }


def _columns(losses: dict[int, dict[str, list[float]]], num_members: int):
    steps = sorted(losses)
    names = dict.fromkeys(name for by_name in losses.values() for name in by_name)
    nothing = [np.nan] * num_members
    return np.array(steps, int), {
        name: np.array([losses[step].get(name, nothing) for step in steps]) for name in names
    }
