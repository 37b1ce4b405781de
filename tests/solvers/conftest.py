"""How the solvers' tests compile."""

import contextlib

import pytest


@pytest.fixture(scope="package", autouse=True)
def optimized_with_the_slow_ones(request, quickly):
    """Ordinarily programs are compiled without optimizing, which takes longer than running them.

    With the slow tests (-m "" or -m slow) all are compiled as their users have them.
    """
    ordinary = request.config.option.markexpr == "not slow"
    with quickly() if ordinary else contextlib.nullcontext():
        yield
