"""Arithmetic and memory traffic of a compiled program, loops counted as often as they go round.

XLA's own cost analysis counts a loop's body once, whatever its length; most of what these methods
do stands in loops. A fusion reads its operands and writes its results; what is inside it stays in
registers and counts as arithmetic alone.
"""

import math
import re
from typing import NamedTuple

from jaxseg.planning.collectives import KINDS
from jaxseg.planning.program_text import Computation, Instruction, Program, executed

FREE = {"parameter", "constant", "tuple", "get-tuple-element", "bitcast", "after-all"}
FREE |= {"partition-id", "replica-id", "while", "call", "conditional", "opt-barrier"}
FREE |= {f"{kind}-done" for kind in KINDS}
TRANSCENDENTAL = {"exponential", "exponential-minus-one", "log", "log-plus-one", "logistic"}
TRANSCENDENTAL |= {"power", "sqrt", "rsqrt", "cbrt", "tanh", "sine", "cosine", "tan", "atan2"}
TRANSCENDENTAL |= {"erf"}
ARITHMETIC = {"add", "subtract", "multiply", "divide", "remainder", "negate", "abs", "sign"}
ARITHMETIC |= {"maximum", "minimum", "clamp", "select", "compare", "and", "or", "xor", "not"}
ARITHMETIC |= {"floor", "ceil", "round-nearest-afz", "round-nearest-even", "is-finite"}
ARITHMETIC |= {"shift-left", "shift-right-logical", "shift-right-arithmetic", "convert"}
ARITHMETIC |= {"popcnt", "count-leading-zeros"}
READ_IN_PART = {"slice", "dynamic-slice", "gather"}


class Flops(NamedTuple):
    """Operations on single numbers; a multiplication and an addition are two.

    Attributes:
        matmul: in matrix products of the precision that a device takes by default.
        exact_matmul: in those that ask for full float32.
        vector: element by element, integers and comparisons too; sums.
        transcendental: exponentials, logarithms, roots, powers.
    """

    matmul: float = 0
    exact_matmul: float = 0
    vector: float = 0
    transcendental: float = 0

    def __add__(self, other):
        return Flops(*map(sum, zip(self, other, strict=True)))

    def __mul__(self, times):
        return Flops(*(times * each for each in self))

    @property
    def total(self) -> float:
        return sum(self)


class Operation(NamedTuple):
    """What a device starts as one piece of work, and how often; costs are of one time."""

    name: str
    times: int
    flops: Flops
    bytes: int


def operations(program: Program) -> list[Operation]:
    """All that one run executes on one device, collectives left out."""
    return [
        Operation(
            run.instruction.name,
            run.times,
            _flops(run.instruction, run.computation, program),
            _bytes(run.instruction, run.computation, program),
        )
        for run in executed(program)
        if run.instruction.opcode not in FREE
        and run.instruction.opcode.removesuffix("-start") not in KINDS
    ]


def _inside(name: str, program: Program) -> Flops:
    computation = program.computations[name]
    found = (_flops(each, computation, program) for each in computation.values())
    return sum(found, Flops())


def _flops(instruction: Instruction, computation: Computation, program: Program) -> Flops:
    opcode = instruction.opcode
    if opcode in ARITHMETIC:
        return Flops(vector=instruction.size)
    if opcode in TRANSCENDENTAL:
        return Flops(transcendental=instruction.size)
    if opcode == "dot":
        return _dot(instruction, computation)
    if opcode == "fusion":
        return _inside(*instruction.calls("calls"), program)
    if opcode in ("reduce", "reduce-window", "scatter", "sort", "map"):
        times = _applications(instruction, computation)
        return _inside(*instruction.calls("to_apply"), program) * times
    if opcode == "custom-call":  # TopK and its like look at every element
        return Flops(vector=sum(computation[name].size for name in instruction.operands))
    return Flops()


def _dot(instruction: Instruction, computation: Computation) -> Flops:
    left = computation[instruction.operands[0]].shapes[0].dims
    depth = math.prod(left[axis] for axis in instruction.numbers("lhs_contracting_dims"))
    count = 2 * instruction.size * depth
    exact = "operand_precision={highest" in instruction.attributes
    return Flops(exact_matmul=count) if exact else Flops(matmul=count)


def _applications(instruction: Instruction, computation: Computation) -> int:
    """How often the computation of a reduction, a scatter or a sort is applied."""
    first = computation[instruction.operands[0]]
    if instruction.opcode == "reduce":
        return first.size
    if instruction.opcode == "reduce-window":
        window = re.search(r"window=\{size=([\dx]+)", instruction.attributes)[1]
        return instruction.size * math.prod(map(int, window.split("x")))
    if instruction.opcode == "scatter":
        return computation[instruction.operands[-1]].size
    if instruction.opcode == "sort":
        (axis,) = instruction.numbers("dimensions")
        return first.size * math.ceil(math.log2(max(2, first.shapes[0].dims[axis])))
    return instruction.size


def _bytes(instruction: Instruction, computation: Computation, program: Program) -> int:
    """Read and written; of what is taken or replaced in part, only that part."""
    opcode = instruction.opcode
    if opcode == "fusion":
        return _fusion_bytes(program.computations[instruction.calls("calls")[0]])
    if opcode in READ_IN_PART:
        return 2 * instruction.bytes
    if opcode == "dynamic-update-slice":
        return 2 * computation[instruction.operands[1]].bytes
    return instruction.bytes + sum(computation[name].bytes for name in instruction.operands)


def _fusion_bytes(inside: Computation) -> int:
    total = 0
    for parameter in inside.values():
        if parameter.opcode == "parameter":
            users = [each for each in inside.values() if parameter.name in each.operands]
            total += min(parameter.bytes, sum(_taken(parameter, user) for user in users))
    root = next(each for each in inside.values() if each.is_root)
    in_place = root.opcode == "dynamic-update-slice"
    return total + (inside[root.operands[1]].bytes if in_place else root.bytes)


def _taken(parameter: Instruction, user: Instruction) -> int:
    """How many bytes of a fusion's operand one of the instructions in it looks at."""
    if user.opcode in READ_IN_PART and user.operands[0] == parameter.name:
        return user.bytes
    if user.opcode == "dynamic-update-slice" and user.operands[0] == parameter.name:
        return 0
    return parameter.bytes
