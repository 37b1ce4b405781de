"""Collectives of a compiled program: how much its devices tell each other, how often, who to whom.

They are read from XLA's text of the program, of which there is nothing here but what this needs:
a line an instruction,

    %name = f32[2,3]{1,0} opcode(%operand, ...), attribute=..., ...

in computations in braces, of which one is the entry.
"""

import math
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

KINDS = ("all-reduce", "all-gather", "reduce-scatter", "all-to-all", "collective-permute")
KINDS += ("collective-broadcast", "ragged-all-to-all")
# Bits an element; of types that are not here, tokens for one, there are no bytes to count.
BITS = {"pred": 8, "bf16": 16, "c64": 64, "c128": 128}
BITS |= {f"{kind}{bits}": bits for kind in "su" for bits in (2, 4, 8, 16, 32, 64)}
BITS |= {f"f{bits}": bits for bits in (16, 32, 64)}


Groups = tuple[tuple[int, ...], ...]


class Collective(NamedTuple):
    """One collective instruction.

    Attributes:
        kind: one of `KINDS`.
        bytes: of its results on one device, whatever the algorithm sends on the way; what is
            reduced and scattered counts as it was before.
        times: how often one run of the program executes it.
        op_name: the operation of the traced program that it comes from, as JAX names it.
        groups: device numbers, places in the mesh's flat order, that talk to each other.
    """

    kind: str
    bytes: int
    times: int
    op_name: str
    groups: Groups


def collectives(compiled_text: str) -> list[Collective]:
    """All collectives that a run of a compiled program executes, in its order.

    Args:
        compiled_text: from `jax.stages.Compiled.as_text()`.

    Raises:
        ValueError: the text is no program, or names groups in an unknown notation.
    """
    result = []
    for instruction, computation, times in _executed(*_parse(compiled_text)):
        kind = instruction.opcode.removesuffix("-start")
        if kind not in KINDS:
            continue
        operands = sum(computation[name].bytes for name in instruction.operands)
        # The asynchronous forms give their operands back beside the results.
        is_asynchronous = kind != instruction.opcode
        size = max(operands, instruction.bytes - operands * is_asynchronous)
        name = re.search(r'op_name="([^"]*)"', instruction.attributes)
        op_name = name[1] if name else ""
        result.append(Collective(kind, size, times, op_name, _groups(instruction)))
    return result


def unknown_loops(compiled_text: str) -> int:
    """Number of loops whose length the compiler does not know; they count as one round."""
    computations, _ = _parse(compiled_text)
    instructions = [each for inner in computations.values() for each in inner.values()]
    return sum(each.opcode == "while" and each.num_rounds is None for each in instructions)


class Instruction(NamedTuple):
    """One line of a program.

    Attributes:
        bytes: of its results, all together where it gives a tuple.
        operands: names of the instructions whose results it takes.
        attributes: the text behind the operands.
    """

    name: str
    opcode: str
    bytes: int
    operands: tuple[str, ...]
    attributes: str

    def calls(self, attribute: str) -> list[str]:
        """Computations that an attribute names: "to_apply=%region", "branches={%a, %b}"."""
        match = re.search(rf"\b{attribute}=(\{{[^}}]*\}}|%[\w.\-]+)", self.attributes)
        return re.findall(r"%([\w.\-]+)", match[1]) if match else []

    @property
    def num_rounds(self) -> int | None:
        """How often a while loop goes round, where the compiler knows it."""
        match = re.search(r'"known_trip_count":\{"n":"(\d+)"\}', self.attributes)
        return int(match[1]) if match else None


Computation = dict[str, Instruction]

_HEADER = re.compile(r"^(ENTRY )?%?([\w.\-]+) \(.*\) -> .*\{$")
_LINE = re.compile(r"^\s+(?:ROOT )?%?([\w.\-]+) = (.*)$")
_SHAPE = re.compile(r"([a-z]\w*)\[([\d,]*)\]")
_OPCODE = re.compile(r"\s*([a-z][\w\-]*)\(")


def _parse(text: str) -> tuple[dict[str, Computation], str]:
    """All computations by name, and the name of the one that is run; ValueError without one."""
    computations: dict[str, Computation] = {}
    entry, current = None, None
    for line in text.splitlines():
        if header := _HEADER.match(line):
            current = computations.setdefault(header[2], {})
            entry = header[2] if header[1] else entry
        elif current is not None and (match := _LINE.match(line)):
            current[match[1]] = _instruction(match[1], match[2])
    if entry is None:
        raise ValueError(f"no compiled program: no ENTRY in {len(text)} characters")
    return computations, entry


def _instruction(name: str, rest: str) -> Instruction:
    """Takes a line apart: shapes of the results, opcode, operands in parentheses, attributes."""
    end = _closing(rest, 0) if rest.startswith("(") else rest.index(" ")
    opcode = _OPCODE.match(rest, end)
    close = _closing(rest, opcode.end() - 1)
    sizes = [
        math.prod(_integers(dims)) * BITS.get(dtype, 0) // 8
        for dtype, dims in _SHAPE.findall(rest[:end])
    ]
    operands = tuple(re.findall(r"%([\w.\-]+)", rest[opcode.end() : close]))
    return Instruction(name, opcode[1], sum(sizes), operands, rest[close:])


def _closing(text: str, start: int) -> int:
    """The place behind the parenthesis that closes the one at `start`."""
    depth = 0
    for place in range(start, len(text)):
        depth += (text[place] == "(") - (text[place] == ")")
        if not depth:
            return place + 1
    raise ValueError(f"no compiled program: a parenthesis is left open in {text[:80]!r}")


def _executed(
    computations: Mapping[str, Computation], name: str, times: int = 1
) -> Iterator[tuple[Instruction, Computation, int]]:
    """Each instruction that a computation executes, where it stands and how often, calls resolved.

    A loop of unknown length counts as one round, and of a conditional all branches count.
    """
    for instruction in computations[name].values():
        if instruction.opcode == "while":
            rounds = instruction.num_rounds or 1
            (condition,), (body,) = instruction.calls("condition"), instruction.calls("body")
            yield from _executed(computations, condition, times * (rounds + 1))
            yield from _executed(computations, body, times * rounds)
        elif called := _called(instruction):
            for each in called:
                yield from _executed(computations, each, times)
        else:
            yield instruction, computations[name], times


def _called(instruction: Instruction) -> list[str]:
    if instruction.opcode == "call":
        return instruction.calls("to_apply")
    if instruction.opcode == "conditional":
        names = ("branch_computations", "true_computation", "false_computation")
        return [each for name in names for each in instruction.calls(name)]
    return []


_MESH = re.compile(r"mesh\[([^\]]*)\] *\{([^}]*)\}")
_IOTA = re.compile(r"\[([\d,]+)\](?:<=\[([\d,]+)\](?:T\(([\d,]+)\))?)?")
_AXIS = re.compile(r"'([^']+)'(?::\((\d+)\)(\d+))?")


def _groups(instruction: Instruction) -> Groups:
    """Groups in any of XLA's notations: {{0,1},{2,3}}, [2,2]<=[4], mesh['a'=2,'b'=2] {'b'}."""
    text = instruction.attributes
    if pairs := re.search(r"source_target_pairs=\{((?:\{\d+,\d+\},?)*)\}", text):
        return _listed_groups(pairs[1])
    start = re.search(r"replica_groups=", text)
    text = text[start.end() :] if start else ""
    if listed := re.match(r"\{((?:\{[\d,]*\},?)*)\}", text):
        return _listed_groups(listed[1])
    if mesh := _MESH.match(text):
        return _mesh_groups(axes=mesh[1], along=mesh[2])
    if iota := _IOTA.match(text):
        return _iota_groups(shape=iota[1], source=iota[2], order=iota[3])
    raise ValueError(f"{instruction.name}: groups of devices in an unknown notation: {text[:80]}")


def _listed_groups(text: str) -> Groups:
    return tuple(tuple(_integers(group)) for group in re.findall(r"\{([\d,]+)\}", text))


def _integers(text: str) -> list[int]:
    return [int(number) for number in text.split(",") if number]


def _iota_groups(shape: str, source: str | None, order: str | None) -> Groups:
    """[groups, devices]<=[...]T(...): numbers in order, reshaped, transposed, reshaped again."""
    dims = _integers(shape)
    numbers = np.arange(math.prod(dims))
    if source:
        numbers = numbers.reshape(_integers(source))
        numbers = numbers.transpose(_integers(order)) if order else numbers
    return tuple(map(tuple, numbers.reshape(dims[0], -1).tolist()))


def _mesh_groups(axes: str, along: str) -> Groups:
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
