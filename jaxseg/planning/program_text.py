"""XLA's text of a compiled program, read back: its instructions, and how often each is run.

Of the format there is nothing here but what counting needs: a line an instruction,

    %name = f32[2,3]{1,0} opcode(%operand, ...), attribute=..., ...

in computations in braces, of which one is the entry.
"""

import math
import re
from collections.abc import Iterator
from typing import NamedTuple

# Bits an element; of what is not here, tokens for one, there are no bytes to count.
BITS = {"pred": 8, "bf16": 16, "c64": 64, "c128": 128}
BITS |= {f"{kind}{bits}": bits for kind in "su" for bits in (2, 4, 8, 16, 32, 64)}
BITS |= {f"f{bits}": bits for bits in (16, 32, 64)}

_HEADER = re.compile(r"^(ENTRY )?%?([\w.\-]+) \(.*\) -> .*\{$")
_LINE = re.compile(r"^\s+(ROOT )?%?([\w.\-]+) = (.*)$")
_SHAPE = re.compile(r"([a-z]\w*)\[([\d,]*)\]")
_OPCODE = re.compile(r"\s*([a-z][\w\-]*)\(")
_TRIPS = re.compile(r'"known_trip_count":\{"n":"(\d+)"\}')


class Shape(NamedTuple):
    """Of one array."""

    dtype: str
    dims: tuple[int, ...]

    @property
    def size(self) -> int:
        return math.prod(self.dims)

    @property
    def bytes(self) -> int:
        return self.size * BITS.get(self.dtype, 0) // 8


class Instruction(NamedTuple):
    """One line; `shapes` are those of its results, several where it gives a tuple."""

    name: str
    opcode: str
    shapes: tuple[Shape, ...]
    operands: tuple[str, ...]
    attributes: str
    is_root: bool

    @property
    def size(self) -> int:
        """Elements of its first result."""
        return self.shapes[0].size if self.shapes else 0

    @property
    def bytes(self) -> int:
        """Of all its results."""
        return sum(shape.bytes for shape in self.shapes)

    def calls(self, attribute: str) -> list[str]:
        """Computations that an attribute names: "to_apply=%region", "branches={%a, %b}"."""
        found = re.search(rf"\b{attribute}=(\{{[^}}]*\}}|%[\w.\-]+)", self.attributes)
        return re.findall(r"%([\w.\-]+)", found[1]) if found else []

    def numbers(self, attribute: str) -> tuple[int, ...]:
        """Of an attribute like "dimensions={0,2}"; empty where there is none."""
        found = re.search(rf"\b{attribute}=\{{([\d,]*)\}}", self.attributes)
        return tuple(map(int, filter(None, found[1].split(",")))) if found else ()


Computation = dict[str, Instruction]


class Program(NamedTuple):
    """All computations by name, and the name of the one that is run."""

    computations: dict[str, Computation]
    entry: str


class Run(NamedTuple):
    """An instruction, where it stands, and how often one run of the program comes by it."""

    instruction: Instruction
    computation: Computation
    times: int


def parse(text: str) -> Program:
    """Reads what `jax.stages.Compiled.as_text` gives.

    Raises:
        ValueError: where there is no entry computation in it.
    """
    computations: dict[str, Computation] = {}
    entry, current = None, None
    for line in text.splitlines():
        if header := _HEADER.match(line):
            current = computations.setdefault(header[2], {})
            entry = header[2] if header[1] else entry
        elif current is not None and (found := _LINE.match(line)):
            instruction = _instruction(found[2], found[3], bool(found[1]))
            current[instruction.name] = instruction
    if entry is None:
        raise ValueError(f"no compiled program: no ENTRY in {len(text)} characters")
    return Program(computations, entry)


def _instruction(name: str, rest: str, is_root: bool) -> Instruction:
    end = _closing(rest, 0) if rest.startswith("(") else rest.index(" ")
    opcode = _OPCODE.match(rest, end)
    close = _closing(rest, opcode.end() - 1)
    shapes = tuple(
        Shape(dtype, tuple(map(int, filter(None, dims.split(",")))))
        for dtype, dims in _SHAPE.findall(rest[:end])
    )
    operands = tuple(re.findall(r"%([\w.\-]+)", rest[opcode.end() : close]))
    return Instruction(name, opcode[1], shapes, operands, rest[close:], is_root)


def _closing(text: str, start: int) -> int:
    """The place behind the parenthesis that closes the one at `start`."""
    depth = 0
    for place in range(start, len(text)):
        depth += (text[place] == "(") - (text[place] == ")")
        if not depth:
            return place + 1
    raise ValueError(f"no compiled program: a parenthesis is left open in {text[:80]!r}")


def trip_count(instruction: Instruction) -> int | None:
    """How often a while loop goes round, where the compiler knows it."""
    found = _TRIPS.search(instruction.attributes)
    return int(found[1]) if found else None


def executed(program: Program) -> Iterator[Run]:
    """What one run of the program executes, loops and calls resolved; fusions are one each.

    A loop whose length the compiler does not know counts as one round, and of a conditional all
    branches count: see `unknown_loops`.
    """

    def visit(name: str, times: int) -> Iterator[Run]:
        computation = program.computations[name]
        for instruction in computation.values():
            if instruction.opcode == "while":
                rounds = trip_count(instruction) or 1
                yield from visit(*instruction.calls("condition"), times * (rounds + 1))
                yield from visit(*instruction.calls("body"), times * rounds)
            elif inner := _called(instruction):
                for each in inner:
                    yield from visit(each, times)
            else:
                yield Run(instruction, computation, times)

    return visit(program.entry, 1)


def _called(instruction: Instruction) -> list[str]:
    if instruction.opcode == "call":
        return instruction.calls("to_apply")
    if instruction.opcode == "conditional":
        names = ("branch_computations", "true_computation", "false_computation")
        return [each for name in names for each in instruction.calls(name)]
    return []


def unknown_loops(program: Program) -> int:
    """How many loops there are whose length the compiler does not know."""
    instructions = [i for each in program.computations.values() for i in each.values()]
    return sum(i.opcode == "while" and trip_count(i) is None for i in instructions)
