"""The comparison with ott-jax and POT: objective, status, ranking, and a small one as a whole."""

import json
import math
import types

import jax
import numpy as np
import pytest

from benchmarks import harness, solvers
from benchmarks.comparison import sweep, tables
from benchmarks.comparison.problems import (
    FUSED,
    GROMOV,
    KINDS,
    SINKHORN,
    UNBALANCED,
    make_problem,
    marginal_errors,
    objective,
)
from benchmarks.comparison.programs import Answer, Prepared
from jaxseg.solvers import fugw


def dense_objective(problem, plan):
    """J by its formula with N x N matrices, for a plan [N, K] with rows of sum 1."""
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
    # Rows are scaled to 1 first, so that a plan of less mass has no advantage.
    np.testing.assert_allclose(objective(problem, 0.9 * plan), expected, rtol=1e-13)


def test_the_objective_is_the_solvers(quick_compile):
    problem = make_problem(UNBALANCED, 40, 5, 0.07)
    with jax.enable_x64(True):
        solution = fugw.solve(problem.cost, epsilon=0.07, lambda_actions=problem.penalty)
    value = objective(problem, np.asarray(solution.plan))
    np.testing.assert_allclose(value, solution.objective[-1], rtol=1e-12)


def test_errors_of_marginals():
    plan = np.full((4, 2), 0.5)
    plan[0] = [0.6, 0.6]
    rows, columns = marginal_errors(make_problem(FUSED, 4, 2, 0.1), plan)
    np.testing.assert_allclose([rows, columns], [0.2, 0.05])
    assert marginal_errors(make_problem(UNBALANCED, 4, 2, 0.1), plan)[1] is None


def attempts(problem, answers):
    """Attempts by setting, and the library, for a library that gives these answers."""
    settings = {name: lambda *_, prepare=each: prepare() for name, each in answers.items()}
    module = types.SimpleNamespace(TITLE="other", settings=lambda problem: settings)
    return {each.setting: each for each in sweep.try_all(module, problem)}, module


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
    answers = {
        "raises": raising(MemoryError("out of\nmemory")),
        "is off": answering(off),
        "has no number": answering(np.full((4, 2), np.nan)),
        "works": answering(uniform),
        "goes on": answering(uniform, converged=False),
    }
    return problem, *attempts(problem, answers)


def test_failures_are_told_apart(judged):
    _, tried, _ = judged
    assert {name: each.status for name, each in tried.items()} == {
        "raises": "MemoryError: out of memory",
        "is off": "marginals off by 0.4",
        "has no number": "NaN",
        "works": "ok",
        "goes on": "not converged",
    }


def test_failures_are_rows(judged):
    problem, tried, _ = judged
    rows = sweep.rows(problem, [tried["works"], tried["raises"], tried["has no number"]], 1)
    works, raises, no_number = rows
    assert works["largest_difference"] == works["above_ours"] == 0 and works["mib"] == 1
    assert all(raises[name] is None for name in sweep.MEASURED)
    assert no_number["objective"] is None and no_number["milliseconds"] > 0


def test_what_works_ranks_first(judged):
    problem, tried, module = judged
    ranked = sweep.ranked(problem, list(tried.values()))
    assert ranked[0].setting == "works"
    assert {each.setting for each in ranked[-2:]} == {"raises", "has no number"}
    # Where the first setting fails, the next that works is taken; where none does, the first.
    assert sweep.try_best(module, ["is off", "works"], problem).setting == "works"
    assert sweep.try_best(module, ["is off", "raises"], problem).setting == "is off"


def test_a_lower_objective_ranks_before_speed():
    problem = make_problem(FUSED, 4, 2, 0.1)
    uneven = 0.5 + 0.1 * np.array([[-1, 1], [1, -1], [-1, 1], [1, -1]])
    plans = {"first": np.full((4, 2), 0.5), "second": uneven}
    tried, _ = attempts(problem, {name: answering(plan) for name, plan in plans.items()})
    best = min(plans, key=lambda name: objective(problem, plans[name]))
    slow = [each._replace(seconds=float(each.setting == best)) for each in tried.values()]
    assert sweep.ranked(problem, slow)[0].setting == best


def test_a_sweep_changes_one_number_at_a_time():
    values = sweep.Sweep((10, 20, 30), (2, 3), (0.1,), (0.2, 0.3))
    base = values.base()
    assert base == {"frames": 20, "clusters": 3, "epsilon": 0.1, "alpha": 0.3}
    for kind, count in zip(KINDS, (4, 1, 5, 5), strict=True):
        points = values.points(kind)
        assert base in points and len(points) == count
        assert all(sum(point[name] != base[name] for name in base) <= 1 for point in points)


LINEAR = sweep.Sweep((20, 30), (3,), (0.1,), (0.3,))


@pytest.fixture(scope="module")
def linear(quickly):
    """Results of the quickest kind against both libraries."""
    modules, missing = sweep.load(["ott", "pot"])
    assert not missing
    with quickly(), jax.enable_x64(True):
        settings, points = sweep.compare_kind(SINKHORN, modules, LINEAR, 1, np.float64)
    return {"settings": settings, "points": points, "missing": []}


def test_every_library_has_the_same_plan(linear):
    assert_same_plans(linear["points"])
    assert [row["frames"] for row in linear["points"]] == 3 * [20] + 3 * [30]
    settings = {row["setting"] for row in linear["settings"] if row["program"] == "POT"}
    assert settings == {"sinkhorn", "sinkhorn_log", "sinkhorn_stabilized"}


def assert_same_plans(rows):
    """Asserts that the plans agree to the accuracy that the tolerance allows."""
    assert {row["program"] for row in rows} == {"jaxseg", "ott-jax", "POT"}
    for row in rows:
        assert row["status"] == "ok", row
        assert row["largest_difference"] < 1e-4 and abs(row["above_ours"]) < 1e-7, row
        assert row["milliseconds"] > 0 and row["mib"] > 0
        assert all(math.isfinite(row[name]) for name in sweep.MEASURED)


def test_every_row_is_in_the_tables(linear):
    text = "\n".join(harness.as_text(tables.report(linear)))
    page = "\n".join(harness.as_markdown(tables.report(linear)))
    for row in linear["settings"]:
        assert f"| {row['program']} | {row['setting']} |" in page
        assert f"\n{row['program']}" in text and f" {row['setting']} " in text
    assert "## Sinkhorn: the best setting of each program\n" in page


def test_a_failure_is_in_the_tables(judged):
    problem, tried, _ = judged
    rows = sweep.rows(problem, [tried["works"], tried["raises"]], 1)
    table, *_ = tables.report({"settings": rows, "points": rows[:1], "missing": []})
    assert "1 of 2 fail" in table.title
    assert table.cells()[-1][-2:] == ["-", "MemoryError: out of memory"]


def test_the_figure_has_every_library(linear):
    points = tables.along(linear["points"], LINEAR, "frames")
    assert len(points) == len(linear["points"])
    assert len(tables.along(linear["points"], LINEAR, "clusters")) == 3
    times, differences = (row[0].lines for row in tables.panels(linear["points"], LINEAR))
    names = [f"{name}, Sinkhorn" for name in ("jaxseg", "ott-jax", "POT")]
    assert [line.label for line in times] == names
    assert [line.label for line in differences] == names[1:]
    assert all([x for x, _ in line.points] == [20, 30] for line in times)


def test_a_library_that_is_missing_is_named(monkeypatch):
    monkeypatch.setitem(sweep.MODULES, "pot", "benchmarks.nowhere")
    assert sweep.load(["pot"]) == ([], ["pot"])
    parts = tables.report({"settings": [], "points": [], "missing": ["pot"]})
    assert parts[-1] == "pot is not installed"


@pytest.mark.slow
def test_a_comparison_whole(quickly, tmp_path):
    """Every kind in one command; no plan is the uniform one, on which all would agree."""
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
    assert page.startswith("# The solvers side by side\n\npython -m benchmarks.solvers --q")
    assert (tmp_path / "all.png").read_bytes().startswith(b"\x89PNG")
