"""What LinPro takes and what it names as a mistake; rows of instances, border by border."""

import functools

import jax
import numpy as np
import pytest

from jaxseg.solvers import linear_program
from jaxseg.solvers.linear_program import interval_rows

A, Q = np.eye(2, 5), np.array([0.1, 0.2])
START, END = np.array([1.0, 4]), np.array([3.0, 6])


@functools.partial(jax.jit, static_argnames="compat")
def padded_row(start, end, length, compat):
    return interval_rows(start[None], end[None], 60, length=length, compat=compat)[0]


def row(start, end, num_snippets, compat=""):
    """One row as signs, in a video as long as this."""
    values = np.asarray(padded_row(np.float32(start), np.float32(end), num_snippets, compat))
    assert not values[num_snippets:].any()
    return "".join("-0+"[int(value) + 1] for value in values[:num_snippets])


@pytest.mark.parametrize(
    "start, end, expected",
    [
        (3, 6, "00-+++-000"),
        (3.9, 6.9, "00-+++-000"),  # fractions are rounded down, and so is the length
        (0, 4, "++++-00000"),
        (7, 10, "000000-+++"),
        (7, 9, "000000-++-"),
        (-2, 3, "+++-000000"),  # outside of the video it is cut off
        (0, 10, "++++++++++"),
        (5.2, 5.8, "0000000000"),  # no snippet, no flanks
        (12, 15, "0000000000"),
        (-9, -4, "0000000000"),
    ],
)
def test_rows(start, end, expected):
    assert row(start, end, 10) == expected


def test_the_width_of_flanks():
    """0.0785 * 20^0.9 = 1.16 and 0.0785 * 40^0.9 = 2.17, rounded up."""
    assert row(10, 30, 40) == "0" * 8 + "--" + "+" * 20 + "--" + "0" * 8
    assert row(10, 50, 60) == "0" * 7 + "---" + "+" * 40 + "---" + "0" * 7


def test_the_last_snippet_in_the_authors_program():
    assert row(7, 9, 10, compat="gaufuse") == "000000-++0"
    assert row(7, 10, 10, compat="gaufuse") == "000000-+++"
    assert row(6, 8, 10, compat="gaufuse") == row(6, 8, 10) == "00000-++-0"


def test_rows_of_a_length_and_masked_rows():
    start, end = np.array([5, np.nan]), np.array([7, np.nan])
    rows = interval_rows(start, end, 9, length=7, row_mask=[True, False])
    np.testing.assert_array_equal(rows[0], [0, 0, 0, 0, -1, 1, 1, 0, 0])
    assert not rows[1].any() and rows.dtype == np.float32


def compiled(solver, *arguments, **given):
    return jax.jit(lambda: solver(*arguments, **given))()


def test_whole_numbers_and_lists_are_taken():
    rows = compiled(linear_program.solve, [[1, 1, -1, 0]], [1], row_mask=[1], mask=[1, 1, 1, 0])
    intervals = compiled(linear_program.solve_intervals, [1], [3], [1], 4, length=3)
    for solved in (rows, intervals):
        np.testing.assert_allclose(solved.p[:3].sum(), 1, rtol=1e-3)
        assert solved.p.dtype == np.float32 and solved.feasible and solved.p[3] == 0


def raises(message, call):
    with pytest.raises(ValueError) as caught:
        call()
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "given, message",
    [
        ({"A": A[0]}, "A must be [instances, snippets], got shape (5,); use jax.vmap over batches"),
        (
            {"A": A[:0]},
            "A must be [instances, snippets], got shape (0, 5); use jax.vmap over batches",
        ),
        ({"q": 0.1}, "q must be [instances], got shape (); use jax.vmap over batches"),
        ({"q": [0.1]}, "q has shape (1,), the problem asks for (2,)"),
        ({"row_mask": [True]}, "row_mask has shape (1,), the problem asks for (2,)"),
        ({"mask": [True] * 2}, "mask has shape (2,), the problem asks for (5,)"),
        ({"mode": "even"}, 'mode must be "spread", "vertex" or "mean", got \'even\''),
        ({"num_iterations": 0}, "num_iterations must be positive, got 0"),
        ({"tolerance": -0.5}, "tolerance must be not negative, got -0.5"),
        ({"q": [0.1, np.nan]}, "q[1] must be finite, got nan"),
        ({"q": [np.inf, np.nan], "row_mask": [False, True]}, "q[1] must be finite, got nan"),
        ({"A": np.where(A == 1, np.inf, A)}, "A[0, 0] must be finite, got inf"),
    ],
)
def test_a_mistake_is_named(given, message):
    given = {"A": A, "q": Q} | given
    raises(message, lambda: linear_program.solve(given.pop("A"), given.pop("q"), **given))


@pytest.mark.parametrize(
    "given, message",
    [
        ({"end": END[:1]}, "end has shape (1,), the problem asks for (2,)"),
        ({"q": Q[:1]}, "q has shape (1,), the problem asks for (2,)"),
        ({"start": []}, "start must be [instances], got shape (0,); use jax.vmap over batches"),
        ({"start": [1, np.nan]}, "start[1] must be finite, got nan"),
        ({"end": [3, 2]}, "instance 1 ends at 2.0, before its start 4.0"),
        ({"q": [0.1, -np.inf]}, "q[1] must be finite, got -inf"),
        ({"mode": None}, 'mode must be "spread", "vertex" or "mean", got None'),
        ({"compat": "case"}, 'compat must be "" or "gaufuse", got \'case\''),
        ({"num_snippets": 0}, "num_snippets must be positive, got 0"),
    ],
)
def test_a_mistake_about_intervals_is_named(given, message):
    given = {"start": START, "end": END, "q": Q, "num_snippets": 9} | given
    raises(message, functools.partial(linear_program.solve_intervals, **given))


@pytest.mark.parametrize("transform", [jax.jit, jax.vmap])
def test_a_vertex_is_refused_under_a_transformation(transform):
    vertex = functools.partial(linear_program.solve, mode="vertex")
    given = (A, Q) if transform is jax.jit else (A[None], Q[None])
    raises(
        'mode "vertex" runs SciPy on the host and takes no traced arrays: call it outside of '
        'jax.jit and jax.vmap, or choose "spread"',
        lambda: transform(vertex)(*given),
    )


def test_scores_that_are_traced_and_no_numbers_are_unmet():
    solved = jax.jit(linear_program.solve)(A, np.array([0.1, np.nan]))
    assert solved.num_unmet == 2 and not solved.feasible and not solved.converged
