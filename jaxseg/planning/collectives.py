"""What the devices of a compiled program tell each other: how much, how often, who to whom."""

import math
import re
from typing import NamedTuple

import numpy as np

from jaxseg.planning.program_text import Instruction, executed, parse

KINDS = ("all-reduce", "all-gather", "reduce-scatter", "all-to-all", "collective-permute")
KINDS += ("collective-broadcast", "ragged-all-to-all")

_GROUPS = re.compile(r"replica_groups=")
_MESH = re.compile(r"mesh\[([^\]]*)\] *\{([^}]*)\}")
_IOTA = re.compile(r"\[([\d,]+)\](?:<=\[([\d,]+)\](?:T\(([\d,]+)\))?)?")
_AXIS = re.compile(r"'([^']+)'(?::\((\d+)\)(\d+))?")


class Collective(NamedTuple):
    """One collective instruction.

    Attributes:
        kind: one of `KINDS`.
        bytes: of its results on one device, whatever the algorithm sends on the way; what is
            reduced and scattered counts as it was before.
        times: how often one run of the program comes by it.
        op_name: which of the traced program's operations it comes from, as JAX names them.
        groups: device numbers, places in the mesh's flat order, that talk to each other.
    """

    kind: str
    bytes: int
    times: int
    op_name: str
    groups: tuple[tuple[int, ...], ...]


def collectives(compiled_text: str) -> list[Collective]:
    """All collectives that a run of a compiled program executes, in its order.

    Args:
        compiled_text: of `jax.stages.Compiled.as_text()`.

    Raises:
        ValueError: for a text that is none, or groups in a notation that is not known.
    """
    found = []
    for instruction, computation, times in executed(parse(compiled_text)):
        kind = instruction.opcode.removesuffix("-start")
        if kind in KINDS:
            operands = sum(computation[name].bytes for name in instruction.operands)
            # The asynchronous forms give their operands back beside the results.
            size = max(operands, instruction.bytes - operands * (kind != instruction.opcode))
            name = re.search(r'op_name="([^"]*)"', instruction.attributes)
            groups = _groups(instruction)
            found.append(Collective(kind, size, times, name[1] if name else "", groups))
    return found


def _groups(instruction: Instruction) -> tuple[tuple[int, ...], ...]:
    """In any of XLA's notations: {{0,1},{2,3}}, [2,2]<=[4], mesh['a'=2,'b'=2] {'b'}."""
    text = instruction.attributes
    if pairs := re.search(r"source_target_pairs=\{((?:\{\d+,\d+\},?)*)\}", text):
        return _listed(pairs[1])
    start = _GROUPS.search(text)
    text = text[start.end() :] if start else ""
    if listed := re.match(r"\{((?:\{[\d,]*\},?)*)\}", text):
        return _listed(listed[1])
    if mesh := _MESH.match(text):
        return _of_mesh(*mesh.groups())
    if iota := _IOTA.match(text):
        return _of_iota(*iota.groups())
    raise ValueError(f"{instruction.name}: groups of devices in an unknown notation: {text[:80]}")


def _listed(text: str) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(map(int, group.split(","))) for group in re.findall(r"\{([\d,]+)\}", text))


def _integers(text: str) -> list[int]:
    return [int(number) for number in text.split(",")]


def _of_iota(shape: str, source: str | None, order: str | None) -> tuple[tuple[int, ...], ...]:
    """[groups, devices]<=[...]T(...): numbers in order, reshaped, transposed, reshaped again."""
    dims = _integers(shape)
    numbers = np.arange(math.prod(dims))
    if source:
        numbers = numbers.reshape(_integers(source))
        numbers = numbers.transpose(_integers(order)) if order else numbers
    return tuple(map(tuple, numbers.reshape(dims[0], -1).tolist()))


def _of_mesh(axes: str, along: str) -> tuple[tuple[int, ...], ...]:
    """A mesh of named axes, and those of them, or parts of them, along which a group lies."""
    sizes = {name: int(size) for name, size in re.findall(r"'([^']+)'=(\d+)", axes)}
    chosen = {name: (before, size) for name, before, size in _AXIS.findall(along)}
    shape, inside = [], []
    for name, size in sizes.items():
        before, part = (int(each or 0) for each in chosen.get(name, (0, 0)))
        if part:  # 'a':(2)4 is the four in the middle of an axis that is 2 x 4 x the rest
            inside.append(len(shape) + 1)
            shape += [before, part, size // (before * part)]
        else:
            inside += [len(shape)] if name in chosen else []
            shape.append(size)
    outside = [axis for axis in range(len(shape)) if axis not in inside]
    devices = math.prod(shape[axis] for axis in inside)
    numbers = np.arange(math.prod(shape)).reshape(shape).transpose(outside + inside)
    return tuple(map(tuple, numbers.reshape(-1, devices).tolist()))
