"""A plan as text for the terminal and as plain values for plan.json."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from jaxseg.planning.chips import Chip, balanced_members, estimate, most_members
from jaxseg.planning.limits import limits
from jaxseg.planning.program import Step

_WRAPPERS = {"jit", "train_step", "vmap", "jvp", "closed_call"}  # of every operation
_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")


def text(steps: Sequence[Step], chips: Sequence[Chip]) -> str:
    """The tables of a plan, and where it says that the method stops scaling."""
    first = steps[0]
    loops = sum(step.unknown_loops for step in steps)
    parts = [
        f"{first.members} members of {first.parameters:,} parameters each, "
        f"{first.members * first.parameters:,} in all; {first.num_steps:,} steps",
        "Counted in the compiled step; bytes and FLOP are those of one device in one step:",
        _counted(steps),
        _collectives(steps),
        "Steps a second (estimate: no operation faster than its FLOP or bytes at the chip's peak,",
        "nor than starting it takes; collectives in a ring):",
        _by_chip(steps, chips, lambda step, chip: _number(1 / estimate(step, chip).step)),
        "The same if nothing had to be started or sent (estimate, the roofline's bound):",
        _by_chip(steps, chips, lambda step, chip: _number(1 / estimate(step, chip).bound)),
        f"Times as fast as {first.name} (estimate):",
        _by_chip(steps, chips, lambda step, chip: f"{_gain(first, step, chip):.1f}"),
        "Members that fit (estimate, in three quarters of the memory):",
        _by_chip(steps, chips, lambda step, chip: f"{most_members(step, chip):,}"),
        "Where it stops scaling:",
        "\n".join(f"- {sentence}" for sentence in limits(steps, chips)),
    ]
    if loops:
        parts.append(f"{loops} loops are of unknown length and count as one round.")
    return "\n".join(part for part in parts if part)


def _gain(first: Step, step: Step, chip: Chip) -> float:
    return estimate(first, chip).step / estimate(step, chip).step


def _counted(steps: Sequence[Step]) -> str:
    header = ("member x data", "devices", "members", "idle", "state", "batch", "other", "all")
    rows = [
        (
            *(step.name, step.mesh[0] * step.mesh[1], step.members_per_device, step.idle_members),
            *map(_bytes, (step.state_bytes, step.batch_bytes, step.other_bytes)),
            _bytes(step.device_bytes),
            *(_number(step.flops.total / 1e6), _bytes(step.bytes_moved), f"{step.starts:,}"),
            sum(each.times for each in step.collectives),
        )
        for step in steps
    ]
    return _table([(*header, "MFLOP", "moved", "operations", "collectives"), *rows])


def _collectives(steps: Sequence[Step]) -> str:
    """Those of the same kind, size and origin in a row."""
    times: Counter[tuple] = Counter()
    for step in steps:
        for each in step.collectives:
            size, devices = _bytes(each.bytes), len(each.groups[0])
            times[step.name, each.kind, size, devices, _source(each.op_name)] += each.times
    rows = [(*key[:2], count, *key[2:]) for key, count in times.items()]
    header = ("collective of", "kind", "times", "each", "devices", "from")
    return _table([header, *rows]) if rows else ""


def _source(op_name: str) -> str:
    """What a collective is for, as far as the operations that it comes from tell."""
    if "transpose(" in op_name:  # JAX's word for the way back
        return "gradients"
    words = [each for each in re.split("[/:()]", op_name) if each.isidentifier()]
    return "/".join(dict.fromkeys(each for each in words if each not in _WRAPPERS))


def _by_chip(
    steps: Sequence[Step], chips: Sequence[Chip], cell: Callable[[Step, Chip], str]
) -> str:
    rows = [(step.name, *(cell(step, chip) for chip in chips)) for step in steps]
    return _table([("member x data", *(chip.name for chip in chips)), *rows])


def _table(rows: Sequence[Sequence[Any]]) -> str:
    """Columns as wide as they need; names stand left, numbers right."""
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = (
        "  ".join(
            cell.ljust(width) if not place else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in cells
    )
    return "\n".join(f"  {line}" for line in lines)


def _number(value: float) -> str:
    """Three digits are all that an estimate has."""
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:,.{digits}f}"


def _bytes(count: float) -> str:
    unit = 0
    while count >= 1000 and unit < len(_UNITS) - 1:
        count, unit = count / 1000, unit + 1
    digits = 1 if unit and count < 100 else 0
    return f"{count:.{digits}f} {_UNITS[unit]}"


def values(steps: Sequence[Step], chips: Sequence[Chip]) -> dict:
    """The same in full, for plan.json; what stands below "estimate" is one."""
    return {
        "steps": [_values(step, chips) for step in steps],
        "chips": [chip._asdict() for chip in chips],
        "limits": limits(steps, chips),
    }


def _values(step: Step, chips: Sequence[Chip]) -> dict:
    counted = {
        name: value
        for name, value in step._asdict().items()
        if name not in ("mesh", "operations", "collectives")
    }
    return {
        "mesh": {"member": step.mesh[0], "data": step.mesh[1]},
        **counted,
        "members_per_device": step.members_per_device,
        "idle_members": step.idle_members,
        "device_bytes": step.device_bytes,
        "flops": step.flops._asdict() | {"total": step.flops.total},
        "bytes_moved": step.bytes_moved,
        "operations": step.starts,
        "collectives": [
            each._asdict() | {"groups": [list(group) for group in each.groups]}
            for each in step.collectives
        ],
        "estimate": {chip.name: _estimated(step, chip) for chip in chips},
    }


def _estimated(step: Step, chip: Chip) -> dict:
    times = estimate(step, chip)
    return {
        "seconds": times._asdict(),
        "steps_per_second": 1 / times.step,
        "roofline_steps_per_second": 1 / times.bound,
        "members_that_fit": most_members(step, chip),
        "members_a_device_that_balance_starting": balanced_members(step, chip),
    }
