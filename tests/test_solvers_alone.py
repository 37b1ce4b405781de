"""`import jaxseg.solvers` is for people who want the solvers and nothing else."""

import importlib
import subprocess
import sys

import pytest

from jaxseg import solvers

HEAVY = {"flax", "grain", "matplotlib", "ml_collections", "optax", "orbax", "ott", "scipy", "tqdm"}
MODULES = ("fugw", "linear_program", "priors", "sinkhorn", "viterbi")
IMPORTS = """
import sys
import jax, jax.numpy
before = set(sys.modules)
import jaxseg.solvers
print(*set(sys.modules) - before)
print(len(jax.live_arrays()))
from jaxseg.solvers import linear_program
print(*sys.modules)
"""


def test_the_import_is_light():
    """Beside JAX nothing but the solvers' own files: no library, no array, nothing compiled.

    SciPy comes with the linear program alone.
    """
    command = [sys.executable, "-c", IMPORTS]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    added, arrays, all_modules = (line.split() for line in done.stdout.splitlines())
    assert "jaxseg.solvers.fugw" in added and arrays == ["0"]
    assert "jaxseg.solvers.linear_program" not in added
    assert not {name.partition(".")[0] for name in added} & HEAVY
    ours = {name for name in added if name.partition(".")[0] == "jaxseg"}
    others = {name.partition(".")[0] for name in set(added) - ours}
    assert others <= {"jax", *sys.stdlib_module_names}
    assert {"scipy", "jaxseg.solvers.linear_program"} <= set(all_modules)


@pytest.mark.parametrize("name", MODULES)
def test_the_front_door_leads_to_each_solver(name):
    assert getattr(solvers, name) is importlib.import_module(f"jaxseg.solvers.{name}")


def test_the_front_door_lists_what_is_behind_it():
    assert set(solvers.__all__) == {"Solution", *MODULES} <= set(dir(solvers))
    assert solvers.Solution._fields[0] == "plan"
    with pytest.raises(AttributeError, match="no attribute 'linear_programs'"):
        _ = solvers.linear_programs


def test_every_solver_is_reached_through_the_package(quick_compile):
    cost = [[0.0, 1.0], [0.0, 1.0], [1.0, 0.0], [1.0, 0.0]]
    for solution in (
        solvers.fugw.solve(cost, radius=0.5),
        solvers.sinkhorn.solve(cost, epsilon=0.1),
    ):
        assert isinstance(solution, solvers.Solution)
        assert solution.plan.argmax(1).tolist() == [0, 0, 1, 1]
