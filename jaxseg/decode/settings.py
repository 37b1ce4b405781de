"""FUGW's numbers: their defaults, the grid that `--tune` searches, and files of them.

JAX is imported only when numbers are checked, so that `--help` shows the defaults at once.
"""

import itertools
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from jaxseg.formats.files import read_json


class Settings(NamedTuple):
    """Hyper-parameters of `fugw.solve`, under the same names.

    The defaults, and the grid, do well on ED-TCN's scores of 50 Salads.
    """

    alpha: float = 0.6
    radius: float = 0.02
    epsilon: float = 0.07
    lambda_actions: float = 0.1


DEFAULTS = Settings()
ITERATIONS = 25
GRID = {
    "alpha": (0.3, 0.45, 0.6, 0.75),
    "radius": (0.01, 0.02, 0.03, 0.05),
    "epsilon": (0.04, 0.07),
    "lambda_actions": (0.03, 0.1, 0.2, 0.4),
}


def check(settings: Settings) -> Settings:
    """The settings; ValueError for a number that the solver does not take."""
    # The solvers import JAX, which `--help` does without.
    from jaxseg.solvers.checks import require

    for name, value in settings._asdict().items():
        if not math.isfinite(value):
            raise ValueError(f"{name} must be finite, got {value}")
        require("in [0, 1]" if name == "alpha" else "positive", **{name: value})
    return settings


def grid(given: Mapping[str, Sequence[float]]) -> list[Settings]:
    """Every combination of the given values, or of `GRID`'s where a name is not given."""
    axes = (given.get(name, GRID[name]) for name in Settings._fields)
    return [check(Settings(*values)) for values in itertools.product(*axes)]


def single(given: Mapping[str, Sequence[float]], file: Path | None) -> tuple[Settings, int]:
    """Settings and iterations: given values first, then those of a file, then the defaults.

    Each name has one value; only `--tune` takes several.
    """
    for name, values in given.items():
        if len(values) != 1:
            raise ValueError(f"{name}: {len(values)} values; several are for --tune")
    known, iterations = (DEFAULTS, ITERATIONS) if file is None else read_settings(file)
    return check(known._replace(**{name: values[0] for name, values in given.items()})), iterations


def read_settings(path: Path) -> tuple[Settings, int]:
    """The settings that `--tune` has written, and their number of iterations."""
    content = read_json(path)
    try:
        values, iterations = content["settings"], content["iterations"]
        settings = check(Settings(*(float(values[name]) for name in Settings._fields)))
        if not isinstance(iterations, int) or iterations < 1:
            raise ValueError(f"{iterations!r} iterations")
    except KeyError as error:
        raise ValueError(f"{path}: not written by --tune: no {error}") from None
    except (ValueError, TypeError) as error:
        raise ValueError(f"{path}: not written by --tune: {error}") from None
    return settings, iterations
