"""Comparing with ott-jax and POT: the yardstick, the judging, and a small one whole."""

import json
import math
import types

import jax
import numpy as np
import pytest

from benchmarks import compare_figure, compare_run, compare_table, solvers
from benchmarks.compare_problems import (
    FUSED,
    GROMOV,
    KINDS,
    SINKHORN,
    UNBALANCED,
    make_problem,
    marginal_errors,
    objective,
)
from benchmarks.compare_programs import Answer, Prepared
from jaxseg.solvers import fugw


def dense_objective(problem, plan):
    """J from its formula with N x N matrices, [N, K] of row sums 1."""
    mass = plan / len(plan)
    structure = np.sum(problem.band() @ mass @ problem.others() * mass)
    total = problem.alpha / 2 * structure + (1 - problem.alpha) * np.sum(problem.cost * mass)
    total += problem.epsilon * np.sum(mass * (np.log(mass) - 1))
    if problem.penalty is not None:
        actions = mass.sum(0)
        total += problem.penalty * np.sum(actions * np.log(actions * len(actions)))
    return total


@pytest.mark.parametrize("kind", KINDS)
def test_the_objective_is_the_formulas(kind):
    problem = make_problem(kind, 40, 5, 0.07)
    plan = np.random.default_rng(0).dirichlet(np.ones(5), 40)
    expected = dense_objective(problem, plan)
    np.testing.assert_allclose(objective(problem, plan), expected, rtol=1e-13)
    # Rows are brought to 1 first, so that nobody gains by falling short of them.
    np.testing.assert_allclose(objective(problem, 0.9 * plan), expected, rtol=1e-13)


def test_the_objective_is_the_solvers(quick_compile):
    problem = make_problem(UNBALANCED, 40, 5, 0.07)
    with jax.enable_x64(True):
        solution = fugw.solve(problem.cost, epsilon=0.07, lambda_actions=problem.penalty)
    found = objective(problem, np.asarray(solution.plan))
    np.testing.assert_allclose(found, solution.objective[-1], rtol=1e-12)


def test_errors_of_marginals():
    plan = np.full((4, 2), 0.5)
    plan[0] = [0.6, 0.6]
    rows, columns = marginal_errors(make_problem(FUSED, 4, 2, 0.1), plan)
    np.testing.assert_allclose([rows, columns], [0.2, 0.05])
    assert marginal_errors(make_problem(UNBALANCED, 4, 2, 0.1), plan)[1] is None


def attempts(problem, found):
    """What every named answer is judged to be, by a library that gives them."""
    settings = {name: lambda *_, f=each: f() for name, each in found.items()}
    module = types.SimpleNamespace(TITLE="other", settings=lambda problem: settings)
    return {each.setting: each for each in compare_run.try_all(module, problem)}, module


def answering(plan, converged=True):
    def prepare():
        return Prepared(lambda: None, lambda _: Answer(plan, 3, converged), lambda: 2**20)

    return prepare


def raising(error):
    def prepare():
        raise error

    return prepare


@pytest.fixture
def judged():
    problem = make_problem(FUSED, 4, 2, 0.1)
    uniform, off = np.full((4, 2), 0.5), np.tile([0.7, 0.3], (4, 1))
    found = {
        "raises": raising(MemoryError("out of\nmemory")),
        "is off": answering(off),
        "has no number": answering(np.full((4, 2), np.nan)),
        "works": answering(uniform),
        "goes on": answering(uniform, converged=False),
    }
    return problem, *attempts(problem, found)


def test_failures_are_told_apart(judged):
    _, found, _ = judged
    assert {name: each.status for name, each in found.items()} == {
        "raises": "MemoryError: out of memory",
        "is off": "marginals off by 0.4",
        "has no number": "NaN",
        "works": "ok",
        "goes on": "not converged",
    }


def test_failures_are_rows(judged):
    problem, found, _ = judged
    rows = compare_run.rows(problem, [found["works"], found["raises"], found["has no number"]], 1)
    works, raises, no_number = rows
    assert works["largest_difference"] == works["above_ours"] == 0 and works["mib"] == 1
    assert all(raises[name] is None for name in compare_run.MEASURED)
    assert no_number["objective"] is None and no_number["milliseconds"] > 0


def test_what_works_ranks_first(judged):
    problem, found, module = judged
    ranked = compare_run.ranked(problem, list(found.values()))
    assert ranked[0].setting == "works"
    assert {each.setting for each in ranked[-2:]} == {"raises", "has no number"}
    # Where the first setting fails, the next that works is taken; where none does, the first.
    assert compare_run.try_best(module, ["is off", "works"], problem).setting == "works"
    assert compare_run.try_best(module, ["is off", "raises"], problem).setting == "is off"


def test_a_lower_objective_ranks_before_speed():
    problem = make_problem(FUSED, 4, 2, 0.1)
    uneven = 0.5 + 0.1 * np.array([[-1, 1], [1, -1], [-1, 1], [1, -1]])
    plans = {"first": np.full((4, 2), 0.5), "second": uneven}
    found, _ = attempts(problem, {name: answering(plan) for name, plan in plans.items()})
    best = min(plans, key=lambda name: objective(problem, plans[name]))
    slow = [each._replace(seconds=float(each.setting == best)) for each in found.values()]
    assert compare_run.ranked(problem, slow)[0].setting == best


def test_a_sweep_changes_one_number_at_a_time():
    sweep = compare_run.Sweep((10, 20, 30), (2, 3), (0.1,), (0.2, 0.3))
    base = sweep.base()
    assert base == {"frames": 20, "clusters": 3, "epsilon": 0.1, "alpha": 0.3}
    for kind, count in zip(KINDS, (4, 1, 5, 5), strict=True):
        points = sweep.points(kind)
        assert base in points and len(points) == count
        assert all(sum(point[name] != base[name] for name in base) <= 1 for point in points)


LINEAR = compare_run.Sweep((20, 30), (3,), (0.1,), (0.3,))


@pytest.fixture(scope="module")
def linear(quickly):
    """The quickest kind against both libraries."""
    modules, missing = compare_run.load(["ott", "pot"])
    assert not missing
    with quickly(), jax.enable_x64(True):
        settings, points = compare_run.compare_kind(SINKHORN, modules, LINEAR, 1, np.float64)
    return {"settings": settings, "points": points, "missing": []}


def test_every_library_has_the_same_plan(linear):
    assert_same_plans(linear["points"])
    assert [row["frames"] for row in linear["points"]] == 3 * [20] + 3 * [30]
    settings = {row["setting"] for row in linear["settings"] if row["program"] == "POT"}
    assert settings == {"sinkhorn", "sinkhorn_log", "sinkhorn_stabilized"}


def assert_same_plans(rows):
    """In one setting of each library at least, to what the tolerance leaves."""
    assert {row["program"] for row in rows} == {"jaxseg", "ott-jax", "POT"}
    for row in rows:
        assert row["status"] == "ok", row
        assert row["largest_difference"] < 1e-4 and abs(row["above_ours"]) < 1e-7, row
        assert row["milliseconds"] > 0 and row["mib"] > 0
        assert all(math.isfinite(row[name]) for name in compare_run.MEASURED)


def test_every_row_is_in_the_tables(linear):
    text = "\n".join(compare_table.text_tables(linear))
    page = "\n".join(compare_table.markdown_tables(linear))
    for row in linear["settings"]:
        assert f"| {row['program']} | {row['setting']} |" in page
        assert f"\n{row['program']}" in text and f" {row['setting']} " in text
    assert "\n## Sinkhorn: the best setting of each\n" in page


def test_a_failure_is_in_the_tables(judged):
    problem, found, _ = judged
    rows = compare_run.rows(problem, [found["works"], found["raises"]], 1)
    page = compare_table.markdown_tables({"settings": rows, "points": rows[:1], "missing": []})
    assert "1 of 2 fail" in page[1]
    assert page[-len(compare_table.NOTES) - 2].endswith("| - | MemoryError: out of memory |")


def test_the_figure_has_every_library(linear, tmp_path):
    points = compare_figure.along(linear["points"], LINEAR, "frames")
    assert len(points) == len(linear["points"])
    assert len(compare_figure.along(linear["points"], LINEAR, "clusters")) == 3
    compare_figure.draw(linear["points"], LINEAR, tmp_path / "all.png")
    assert (tmp_path / "all.png").read_bytes().startswith(b"\x89PNG")


def test_a_library_that_is_missing_is_named(monkeypatch):
    monkeypatch.setitem(compare_run.MODULES, "pot", "benchmarks.nowhere")
    assert compare_run.load(["pot"]) == ([], ["pot"])
    lines = compare_table.text_tables({"settings": [], "points": [], "missing": ["pot"]})
    assert lines[-1] == "pot is not installed"


@pytest.mark.slow
def test_a_comparison_whole(quickly, tmp_path):
    """Every kind in one command; plans are not uniform, which everything would agree on."""
    files = [f"--{name}={tmp_path / 'all'}.{name}" for name in ("json", "markdown")]
    command = ["--quick", "--frames=30", "--clusters=3", "--against-frames=30", "--repeats=1"]
    with quickly():
        assert solvers.main([*command, *files, f"--figure={tmp_path / 'all.png'}"]) == 0
    results = json.loads((tmp_path / "all.json").read_text())["comparison"]
    for kind in KINDS:
        rows = [row for row in results["points"] if row["kind"] == kind]
        assert_same_plans([row | {"column_error": row["column_error"] or 0} for row in rows])
        for row in rows:
            problem = make_problem(kind, row["frames"], row["clusters"], row["epsilon"])
            start = objective(problem, np.full(problem.cost.shape, 1 / row["clusters"]))
            below = start - row["objective"]
            assert abs(below) < 1e-12 if kind == GROMOV else below > 0.01
    page = (tmp_path / "all.markdown").read_text()
    assert page.startswith("# The solvers side by side\n\n`python -m benchmarks.solvers --q")
    assert (tmp_path / "all.png").read_bytes().startswith(b"\x89PNG")
