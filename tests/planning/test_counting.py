"""Programs whose arithmetic and traffic can be worked out by hand, compiled and counted."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxseg.planning.costs import Flops, operations
from jaxseg.planning.program_text import parse, unknown_loops

MATRIX = jax.ShapeDtypeStruct((32, 32), np.float32)
PRODUCT = 2 * 32**3


def compiled(function, *shapes):
    return parse(jax.jit(function).lower(*shapes).compile().as_text())


def count(function, *shapes) -> tuple[Flops, int]:
    """FLOP and bytes of one run."""
    found = operations(compiled(function, *shapes))
    flops = sum((each.flops * each.times for each in found), Flops())
    return flops, sum(each.bytes * each.times for each in found)


def test_a_matrix_product():
    left, right = (jax.ShapeDtypeStruct(s, np.float32) for s in ((24, 40), (40, 56)))
    flops, moved = count(jnp.matmul, left, right)
    assert flops == Flops(matmul=2 * 24 * 40 * 56)
    assert moved == 4 * (24 * 40 + 40 * 56 + 24 * 56)


def test_a_product_in_full_precision_is_told_apart():
    flops, _ = count(lambda a, b: jnp.matmul(a, b, precision="highest"), MATRIX, MATRIX)
    assert flops == Flops(exact_matmul=PRODUCT)


def test_a_batch_of_products():
    stacked = jax.ShapeDtypeStruct((5, 32, 32), np.float32)
    flops, _ = count(jax.vmap(jnp.matmul), stacked, stacked)
    assert flops.matmul == 5 * PRODUCT


def powers(matrix, length):
    return jax.lax.scan(lambda x, _: (x @ matrix, None), matrix, length=length)[0]


def test_a_loop_counts_as_often_as_it_goes_round():
    assert count(lambda m: powers(m, 7), MATRIX)[0].matmul == 7 * PRODUCT


def test_loops_within_loops():
    def nested(matrix):
        def outer(x, _):
            return powers(x, 3), None

        return jax.lax.scan(outer, matrix, length=5)[0]

    assert count(nested, MATRIX)[0].matmul == 15 * PRODUCT


def test_a_loop_of_unknown_length_counts_as_one_round_and_is_reported():
    def until_large(matrix):
        return jax.lax.while_loop(lambda x: x.sum() < 1e6, lambda x: x @ matrix, matrix)

    program = compiled(until_large, MATRIX)
    assert sum(each.flops.matmul * each.times for each in operations(program)) == PRODUCT
    assert unknown_loops(program) == 1
    assert unknown_loops(compiled(lambda m: powers(m, 7), MATRIX)) == 0


def test_what_is_fused_is_read_and_written_once():
    """Three operations an element in one fusion, one of them transcendental."""
    vector = jax.ShapeDtypeStruct((1000,), np.float32)
    flops, moved = count(lambda x: jnp.exp(x * x) + x, vector)
    assert flops == Flops(vector=2000, transcendental=1000)
    assert moved == 2 * 4000


def test_a_sum_and_its_square():
    flops, _ = count(lambda x: jnp.sum(x * x), jax.ShapeDtypeStruct((64, 64), np.float32))
    assert flops == Flops(vector=2 * 64 * 64)


@pytest.mark.parametrize(("length", "rounds"), [(1024, 10), (1000, 10), (1025, 11)])
def test_a_sort_compares_every_element_a_logarithm_of_times(length, rounds):
    """Comparing floats is a few operations, the same for any length."""
    each = []
    for n in (length, 2):
        flops, _ = count(lambda x: jnp.sort(x), jax.ShapeDtypeStruct((n,), np.float32))
        each.append(flops.vector / n)
    assert each[0] == rounds * each[1] > 0


def test_of_an_array_that_is_filled_row_by_row_only_the_row_counts():
    """100 rows of 8 numbers are written; the whole array 100 times would be 320,000 bytes."""

    def fill(row):
        return jax.lax.scan(lambda x, _: (x + 1, x), row, length=100)[1]

    _, moved = count(fill, jax.ShapeDtypeStruct((8,), np.float32))
    assert 100 * 8 * 4 <= moved < 100 * 320


def test_of_rows_that_are_taken_from_a_large_array_only_these_count():
    table = jax.ShapeDtypeStruct((100_000, 8), np.float32)
    index = jax.ShapeDtypeStruct((3,), np.int32)
    _, moved = count(lambda t, i: t[i] * 2, table, index)
    assert 2 * 3 * 8 * 4 <= moved < 2000


def test_what_is_no_program():
    with pytest.raises(ValueError, match="no ENTRY"):
        parse("hello")
