"""The numbers of a FUGW decoding: as options give them, as a file keeps them, as a grid."""

import itertools
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from jaxseg.solvers.checks import require


class Settings(NamedTuple):
    """Hyper-parameters of `fugw.solve` under their names there.

    The defaults, and the grid, are where ED-TCN's scores of 50 Salads do well.
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
    """The settings themselves; ValueError for a number that the solver does not take."""
    for name, value in settings._asdict().items():
        if not math.isfinite(value):
            raise ValueError(f"{name} must be finite, got {value}")
        require(name, value, "in [0, 1]" if name == "alpha" else "positive")
    return settings


def grid(given: Mapping[str, Sequence[float]]) -> list[Settings]:
    """Every combination of the values, of `GRID`'s where a name is not given."""
    axes = (given.get(name, GRID[name]) for name in Settings._fields)
    return [check(Settings(*values)) for values in itertools.product(*axes)]


def single(given: Mapping[str, Sequence[float]], file: Path | None) -> tuple[Settings, int]:
    """Settings and iterations: values that were given, before a file's, before the defaults.

    Raises:
        ValueError: several values of a name, a number out of its range, a broken file.
    """
    for name, values in given.items():
        if len(values) != 1:
            raise ValueError(f"{name}: {len(values)} values; several are for --tune")
    known, iterations = (DEFAULTS, ITERATIONS) if file is None else read(file)
    return check(known._replace(**{name: values[0] for name, values in given.items()})), iterations


def read(path: Path) -> tuple[Settings, int]:
    """The settings that `--tune` has written, and their number of iterations.

    Raises:
        ValueError: a file that cannot be read, lacks a number or has one out of its range.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        values, iterations = content["settings"], content["iterations"]
        settings = check(Settings(*(float(values[name]) for name in Settings._fields)))
        if not isinstance(iterations, int) or iterations < 1:
            raise ValueError(f"{iterations!r} iterations")
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from None
    except KeyError as error:
        raise ValueError(f"{path}: not written by --tune: no {error}") from None
    except (ValueError, TypeError, RecursionError) as error:
        raise ValueError(f"{path}: not written by --tune: {error}") from None
    return settings, iterations
