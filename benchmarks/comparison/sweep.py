"""Sweep over sizes and settings: runs every library on every problem; failures become rows."""

import importlib
import itertools
import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax
import numpy as np

from benchmarks.comparison import programs
from benchmarks.comparison.problems import (
    GROMOV,
    KINDS,
    SINKHORN,
    Problem,
    make_problem,
    marginal_errors,
    objective,
)
from benchmarks.comparison.programs import Answer, Effort, Prepared
from benchmarks.harness import MIB, median_seconds, note

MODULES = {"ott": "benchmarks.comparison.ott", "pot": "benchmarks.comparison.pot"}
OURS = "jaxseg"
SAME_OBJECTIVE = 1e-6  # above the lowest J of a library's settings, and still as good
MARGINS = 1e-3  # relative error of the marginals that a plan may have
SECONDS = 1.5  # approximate time for the timing at one point
QUICK_TURNS = 1  # runs after the warm-up by which settings are ranked
MESSAGE = 80  # characters of an exception that are shown
OK, NOT_CONVERGED, NAN = "ok", "not converged", "NaN"
TOLERANCE = 1e-6
SINKHORN_EFFORT = Effort(outer=6_400, inner=0, tolerance=TOLERANCE)
EFFORT = Effort(outer=400, inner=1_000, tolerance=TOLERANCE)
MEASURED = (
    "milliseconds",
    "times_ours",
    "largest_difference",
    "objective",
    "above_ours",
    "row_error",
    "column_error",
    "mib",
)


class Sweep(NamedTuple):
    """Values to compare at; the middle ones are the base point."""

    frames: Sequence[int]
    clusters: Sequence[int]
    epsilons: Sequence[float]
    alphas: Sequence[float]

    def base(self) -> dict:
        """The middle value of each axis."""
        return {name: each[len(each) // 2] for name, each in self.axes().items()}

    def axes(self) -> dict[str, Sequence]:
        """Values by the name of their argument of `make_problem`."""
        return dict(zip(("frames", "clusters", "epsilon", "alpha"), self, strict=True))

    def points(self, kind: str) -> list[dict]:
        """Points of a kind of problem: the base point with one number changed at a time."""
        base = self.base()
        if kind == GROMOV:
            return [base]  # the start is stationary, so that no program moves
        values = self.axes()
        if kind == SINKHORN:
            del values["alpha"]
        changed = [base | {name: value} for name, each in values.items() for value in each]
        return [point for place, point in enumerate(changed) if point not in changed[:place]]


class Attempt(NamedTuple):
    """One setting of one library at one point.

    Attributes:
        prepared: None if the library raised an exception.
        seconds: time of one run after the warm-up.
    """

    program: str
    setting: str
    prepared: Prepared | None
    plan: np.ndarray | None
    iterations: int | None
    status: str
    seconds: float


def compare(libraries: Sequence[str], sweep: Sweep, repeats: int, dtype) -> dict:
    """Rows of both tables: every setting at the base point, the best ones at every point."""
    modules, missing = load(libraries)
    results = {"settings": [], "points": [], "missing": missing}
    with jax.enable_x64(dtype == np.float64):
        for kind in KINDS:
            settings, points = compare_kind(kind, modules, sweep, repeats, dtype)
            results["settings"] += settings
            results["points"] += points
    return results


def load(libraries: Sequence[str]) -> tuple[list, list[str]]:
    """Modules of the libraries that are installed, and the names of those that are not."""
    modules, missing = [], []
    for name in libraries:
        try:
            modules.append(importlib.import_module(MODULES[name]))
        except ImportError:
            missing.append(name)
    return modules, missing


def compare_kind(kind, modules, sweep: Sweep, repeats: int, dtype) -> tuple[list, list]:
    """Rows of all settings at the base point, and rows of the best ones at all points."""
    base = sweep.base()
    problem = make_problem(kind, **base, dtype=dtype)
    ours = try_ours(problem)
    tried = [ranked(problem, try_all(module, problem)) for module in modules]
    settings = rows(problem, [ours, *itertools.chain(*tried)], repeats)
    tried = [
        [each for each in attempts if each.setting not in module.ONLY_SHOWN]
        for module, attempts in zip(modules, tried, strict=True)
    ]
    points = []
    for point in sweep.points(kind):
        if point == base:
            points += rows(problem, [ours, *(attempts[0] for attempts in tried)], repeats)
            continue
        other = make_problem(kind, **point, dtype=dtype)
        best = [try_ours(other)]
        for module, attempts in zip(modules, tried, strict=True):
            best.append(try_best(module, [each.setting for each in attempts], other))
        points += rows(other, best, repeats)
    return settings, points


def try_ours(problem: Problem) -> Attempt:
    """Attempt of jaxseg."""
    ((setting, prepare),) = programs.our_settings(problem).items()
    return attempt(OURS, setting, prepare, problem)


def try_all(module, problem: Problem) -> list[Attempt]:
    """Attempts of a library, one for each setting."""
    settings = module.settings(problem).items()
    return [attempt(module.TITLE, name, prepare, problem) for name, prepare in settings]


def try_best(module, order: Sequence[str], problem: Problem) -> Attempt:
    """The first setting that works, in the order of the base point; the first of all if none."""
    settings = module.settings(problem)
    tried = []
    for name in order:
        tried.append(attempt(module.TITLE, name, settings[name], problem))
        if tried[-1].status == OK:
            return tried[-1]
    return tried[0]


def attempt(program: str, setting: str, prepare: Callable, problem: Problem) -> Attempt:
    """Prepares, runs and reads; an exception of the library becomes the attempt's status."""
    frames, clusters = problem.cost.shape
    given = f"N={frames} K={clusters} epsilon={problem.epsilon:g} alpha={problem.alpha:g}"
    note(f"{problem.kind}, {given}: {program}, {setting}")
    try:
        prepared = prepare(problem, SINKHORN_EFFORT if problem.kind == SINKHORN else EFFORT)
        answer = prepared.read(prepared.run())
        (seconds,) = median_seconds([prepared.run], QUICK_TURNS)
    except Exception as error:  # libraries share no type for "out of memory"
        message = " ".join(f"{type(error).__name__}: {error}".split())
        return Attempt(program, setting, None, None, None, message[:MESSAGE], math.inf)
    status = judge(problem, answer)
    return Attempt(program, setting, prepared, answer.plan, answer.iterations, status, seconds)


def judge(problem: Problem, answer: Answer) -> str:
    """Status of an answer: what its plan shows, otherwise what the library reports."""
    if not np.all(np.isfinite(answer.plan)):
        return NAN
    worst = max(error or 0 for error in marginal_errors(problem, answer.plan))
    if worst > MARGINS:
        return f"marginals off by {worst:.2g}"
    return OK if answer.converged else NOT_CONVERGED


def ranked(problem: Problem, attempts: Sequence[Attempt]) -> list[Attempt]:
    """Attempts in order: those that work first, then by the lowest J, then by time."""
    values = [value(problem, each) for each in attempts]
    lowest = min((reached for reached in values if reached is not None), default=0)

    def order(pair):
        each, reached = pair
        if reached is None:
            return 3, math.inf
        worse = reached > lowest + SAME_OBJECTIVE
        return (each.status != OK) + worse, reached if worse else each.seconds

    return [each for each, _ in sorted(zip(attempts, values, strict=True), key=order)]


def value(problem: Problem, attempt: Attempt) -> float | None:
    """J of an attempt's plan; None without a finite plan."""
    usable = attempt.plan is not None and attempt.status != NAN
    return objective(problem, attempt.plan) if usable else None


def rows(problem: Problem, attempts: Sequence[Attempt], repeats: int) -> list[dict]:
    """One row for each attempt, timed in turns; the first attempt is ours."""
    running = [each for each in attempts if each.prepared is not None]
    once = sum(each.seconds for each in running) or SECONDS
    turns = max(1, min(repeats, int(SECONDS / once)))
    times = median_seconds([each.prepared.run for each in running], turns)
    seconds = dict(zip(map(id, running), times, strict=True))
    return [row(problem, each, attempts[0], seconds) for each in attempts]


def row(problem: Problem, attempt: Attempt, ours: Attempt, seconds: dict[int, float]) -> dict:
    """Row of an attempt; `seconds` has the times by the id of the attempt."""
    place = {
        "kind": problem.kind,
        "frames": problem.cost.shape[0],
        "clusters": problem.cost.shape[1],
        "epsilon": problem.epsilon,
        "alpha": problem.alpha,
        "program": attempt.program,
        "setting": attempt.setting,
        "status": attempt.status,
        "iterations": attempt.iterations,
    }
    measured = dict.fromkeys(MEASURED)
    if attempt.prepared is not None:
        taken = seconds[id(attempt)]
        measured["milliseconds"] = 1e3 * taken
        measured["times_ours"] = taken / seconds[id(ours)] if id(ours) in seconds else None
        measured["mib"] = attempt.prepared.bytes() / MIB
    reached, ours_reached = value(problem, attempt), value(problem, ours)
    if reached is not None:
        measured["row_error"], measured["column_error"] = marginal_errors(problem, attempt.plan)
        measured["objective"] = reached
    if reached is not None and ours_reached is not None:
        measured["above_ours"] = reached - ours_reached
        measured["largest_difference"] = float(np.abs(attempt.plan - ours.plan).max())
    return place | measured
