"""`import jaxseg.solvers` is for people who want the solvers and nothing else."""

import importlib
import statistics
import subprocess
import sys

import pytest

from jaxseg import solvers

HEAVY = {"flax", "grain", "matplotlib", "ml_collections", "optax", "orbax", "ott", "scipy", "tqdm"}
MODULES = ("fugw", "linear_program", "priors", "sinkhorn", "viterbi")
IMPORT_TIME = """
import time
import jax
start = time.process_time()
import jaxseg.solvers
print(time.process_time() - start)
"""


def fresh(program: str) -> str:
    """What the program prints in a process of its own."""
    command = [sys.executable, "-c", program]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_nothing_heavy_comes_with_the_solvers():
    modules = fresh("import sys, jaxseg.solvers; print(*sys.modules)").split()
    assert {"jax", "jaxseg.solvers.fugw"} <= set(modules)
    assert not {name.partition(".")[0] for name in modules} & HEAVY


def test_scipy_comes_with_the_linear_programme_alone():
    program = "import sys; from jaxseg.solvers import linear_program as l; print(*sys.modules)"
    assert {"scipy", "jaxseg.solvers.linear_program"} <= set(fresh(program).split())


def test_the_import_takes_no_more_than_a_tenth_of_a_second_after_jax():
    """The processor's time in the process itself, which a busy machine hardly changes."""
    seconds = [float(fresh(IMPORT_TIME)) for _ in range(5)]
    assert statistics.median(seconds) < 0.1, seconds


@pytest.mark.parametrize("name", MODULES)
def test_the_front_door_leads_to_each_solver(name):
    assert getattr(solvers, name) is importlib.import_module(f"jaxseg.solvers.{name}")


def test_the_front_door_lists_what_is_behind_it():
    assert set(solvers.__all__) == {"Solution", *MODULES} <= set(dir(solvers))
    assert solvers.Solution._fields[0] == "plan"
    with pytest.raises(AttributeError, match="no attribute 'linear_programme'"):
        _ = solvers.linear_programme


def test_every_solver_is_reached_through_the_package(quick_compile):
    cost = [[0.0, 1.0], [0.0, 1.0], [1.0, 0.0], [1.0, 0.0]]
    for solution in (
        solvers.fugw.solve(cost, radius=0.5),
        solvers.sinkhorn.solve(cost, epsilon=0.1),
    ):
        assert isinstance(solution, solvers.Solution)
        assert solution.plan.argmax(1).tolist() == [0, 0, 1, 1]
