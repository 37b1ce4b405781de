"""Nothing in a compiled step couples members: the devices of a mesh talk along its rows alone."""

import functools
import json
import re
from collections import Counter

import groups
import mesh_runs
import pytest

ROW = [list(range(8))]
ROWS = {"1x8": ROW, "2x4": [[0, 1, 2, 3], [4, 5, 6, 7]]}

# What crosses the videos of a batch, by kind and by the operation that asks for it.
LOSSES = "means of losses", r"all-reduce .*vmap\(jvp\(\)\)/(reduce_sum|reduce_or|gather)"
GRADIENTS = "sums of gradients", r"all-reduce .*transpose\(jvp"
# Sums over frames are products with a vector of ones.
SINKHORN = "sums of transport", r"all-reduce .*/while/body/closed_call/(reduce_max|dot_general)$"
RANKS = "ranks of all snippets by foreground", r"all-gather .*(argsort|/scatter$)"
EPOCH = "the epoch, of which each video of a batch knows", r"all-reduce .*/reduce_max$"
MEMORY = (
    "the best snippets of all videos",
    r"(all-gather|collective-permute|all-reduce) .*(lexsort|concatenate|transpose|slice|gather)",
)
MEANT = {
    "asot": [GRADIENTS, LOSSES],
    "tot": [SINKHORN, GRADIENTS, LOSSES],
    "case": [SINKHORN, RANKS, GRADIENTS, LOSSES],
    "gaufuse": [EPOCH, GRADIENTS, LOSSES, MEMORY],
}
ROUNDS = {
    "tot": mesh_runs.CONFIGS["tot"].solver.train.num_iterations,
    "case": mesh_runs.CONFIGS["case"].solver.num_iterations,
}
METHODS = [name if name == "asot" else pytest.param(name, marks=pytest.mark.slow) for name in MEANT]


@functools.cache
def compiled(method: str) -> dict[str, list[dict]]:
    """The collectives of a method's step by mesh, in the order of the program."""
    names = [f"{method}/{mesh}" for mesh in ("8x1", *ROWS)]
    (result,) = groups.run(["tests/compiled_steps.py", *names], devices=8)
    return {name.split("/")[1]: found for name, found in json.loads(result.out).items()}


def why(method: str, collective: dict) -> str:
    """What it is meant for; what nothing means is its own name."""
    text = f"{collective['kind']} {collective['op_name']}"
    return next((reason for reason, of in MEANT[method] if re.match(of, text)), text)


@pytest.mark.parametrize("method", METHODS)
def test_devices_with_members_of_their_own_say_nothing(method):
    assert compiled(method)["8x1"] == []


@pytest.mark.parametrize("mesh", ROWS)
@pytest.mark.parametrize("method", METHODS)
def test_devices_talk_to_those_of_the_same_members(method, mesh):
    for found in compiled(method)[mesh]:
        rows = [set(row) for row in ROWS[mesh]]
        assert all(any(set(group) <= row for row in rows) for group in found["groups"]), found


@pytest.mark.parametrize("mesh", ROWS)
@pytest.mark.parametrize("method", METHODS)
def test_they_say_what_is_meant_and_nothing_else(method, mesh):
    said = Counter()
    for found in compiled(method)[mesh]:
        said[why(method, found)] += found["times"]
    assert said.keys() == {reason for reason, _ in MEANT[method]}
    # A round of Sinkhorn takes each cluster's maximum and sum over the frames on all devices.
    assert said[SINKHORN[0]] == 2 * ROUNDS.get(method, 0)
