"""Estimates follow from counts and peaks as the roofline says, worked out by hand."""

import pytest

from jaxseg.planning.chips import CHIPS, Chip, balanced_members, estimate, most_members
from jaxseg.planning.collectives import Collective
from jaxseg.planning.costs import Flops, Operation
from jaxseg.planning.limits import limits
from jaxseg.planning.program import Step
from jaxseg.planning.this_cpu import this_cpu

CHIP = Chip(
    "toy",
    matmul=1000,
    exact_matmul=100,
    vector=10,
    bandwidth=50,
    memory=4000,
    link=8,
    linked=4,
    network=2,
    start=0.5,
    latency=3,
)
PRODUCT = Operation("product", 2, Flops(matmul=3000, exact_matmul=100), bytes=100)  # 4 s, 2 s
COPY = Operation("copy", 10, Flops(), bytes=5)  # .1 s, but .5 s until it runs
TANH = Operation("tanh", 1, Flops(vector=4, transcendental=1), bytes=25)  # 2 s, .5 s


def make_step(**others) -> Step:
    values = {
        "mesh": (1, 1),
        "members": 4,
        "videos_per_batch": 2,
        "num_steps": 10,
        "parameters": 7,
        "state_bytes": 30,
        "batch_bytes": 20,
        "other_bytes": 50,
        "operations": [PRODUCT, COPY, TANH],
        "collectives": [],
        "unknown_loops": 0,
    }
    return Step(**values | others)


def all_reduce(devices: int, size: int = 16, times: int = 1, kind: str = "all-reduce"):
    return Collective(kind, size, times, "", (tuple(range(devices)),))


def test_every_operation_takes_the_longer_of_its_two_times():
    times = estimate(make_step(), CHIP)
    assert times.arithmetic == pytest.approx(2 * 4 + 0 + 2)
    assert times.traffic == pytest.approx((200 + 50 + 25) / 50)
    assert times.work == pytest.approx(2 * 4 + 10 * 0.1 + 2)
    assert times.starting == pytest.approx(13 * 0.5)
    assert times.operations == times.step == pytest.approx(2 * 4 + 10 * 0.5 + 2)
    assert times.bound == times.arithmetic and times.collectives == 0


@pytest.mark.parametrize(
    ("collective", "seconds"),
    [
        (all_reduce(4), 3 + 2 * 3 / 4 * 16 / 8),
        (all_reduce(8), 3 + 2 * 7 / 8 * 16 / 2),  # more than are linked
        (all_reduce(4, kind="all-gather"), 3 + 3 / 4 * 16 / 8),
        (all_reduce(4, times=5), 5 * (3 + 2 * 3 / 4 * 16 / 8)),
    ],
)
def test_collectives_go_round_a_ring(collective, seconds):
    times = estimate(make_step(collectives=[collective]), CHIP)
    assert times.collectives == pytest.approx(seconds)
    assert times.step == pytest.approx(times.operations + seconds)


def test_members_that_fit_three_quarters_of_the_memory():
    """100 bytes for four members, 25 each: 3,000 bytes hold 120; 8 devices eight times as many."""
    assert most_members(make_step(), CHIP) == 120
    assert most_members(make_step(mesh=(8, 1), members=30), CHIP) == 8 * 120


def test_where_starting_takes_as_long_as_the_work():
    """Four members work 11 s and start in 6.5 s, so that 4 x 6.5 / 11 of them would be even."""
    assert balanced_members(make_step(), CHIP) == pytest.approx(4 * 6.5 / 11)


def test_limits_name_idle_members_and_repeated_work():
    twice = make_step(mesh=(8, 2), members=5, operations=[PRODUCT, TANH])
    once = make_step(mesh=(1, 1), members=5, operations=[PRODUCT, PRODUCT, TANH])
    said = limits([once, twice], [CHIP])
    assert "Along member there is work for 5 devices, one a member." in said
    assert "8 x 2 has places for 8 members: 3 of them, 38%, stay idle." in said
    repeated = (2 * 6205) / (12405 / 5)
    assert any(f"8 x 2 does {repeated:.2f} times the arithmetic of 1 x 1" in each for each in said)
    assert not any("1 x 1 has places" in each for each in said)


def test_limits_name_the_share_of_collectives():
    said = limits([make_step(mesh=(1, 2), collectives=[all_reduce(2, times=5)])], [CHIP])
    share = 5 * (3 + 16 / 8) / (15 + 25)
    assert said[-1] == f"Collectives in a step of 1 x 2: 5; they take, estimated, toy {share:.0%}."


@pytest.mark.parametrize("chip", CHIPS, ids=lambda chip: chip.name)
def test_peaks_are_in_bytes_and_flop_a_second(chip):
    """Ranges that a slip of a thousand, or of bits for bytes, would leave."""
    assert 10e9 < chip.memory < 1e12 and 500e9 < chip.bandwidth < 1e13
    assert chip.vector <= chip.exact_matmul < chip.matmul < 1e15
    assert 10e9 < chip.network <= chip.link < chip.bandwidth
    assert 1e-7 < chip.start < chip.latency < 1e-4


def test_this_machine_is_measured():
    """Any machine of the last twenty years lies in these ranges."""
    chip = this_cpu()
    assert 1e8 < chip.matmul < 1e14 and chip.exact_matmul == chip.matmul
    assert 1e8 < chip.vector < 1e14 and 1e8 < chip.bandwidth < 1e13
    assert 1e8 < chip.memory < 1e14 and 1e-10 < chip.start < 1e-3
