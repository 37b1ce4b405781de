"""A plan as text for the terminal and as plain values for plan.json."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from jaxseg.planning.step import Step

_WRAPPERS = {"jit", "train_step", "vmap", "jvp", "closed_call"}  # of every operation
_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")


def text(steps: Sequence[Step]) -> str:
    """The tables of a plan, and where the run stops scaling."""
    first = steps[0]
    parts = [
        f"{first.members} members of {first.parameters:,} parameters each, "
        f"{first.members * first.parameters:,} in all; {first.num_steps:,} steps",
        "Counted in the compiled step; bytes are those of one device:",
        _sizes(steps),
        _collectives(steps),
        "Where it stops scaling:",
        "\n".join(f"- {sentence}" for sentence in limits(steps)),
    ]
    if loops := sum(step.unknown_loops for step in steps):
        parts.append(f"{loops} loops are of unknown length and count as one round.")
    return "\n".join(part for part in parts if part)


def values(steps: Sequence[Step]) -> dict[str, Any]:
    """The same in full, for plan.json."""
    return {"steps": [_values(step) for step in steps], "limits": limits(steps)}


def limits(steps: Sequence[Step]) -> list[str]:
    """What holds back more devices, one reason a sentence.

    Args:
        steps: of one run on several meshes.
    """
    members, videos = steps[0].members, steps[0].videos_per_batch
    sentences = [f"Along member there is work for {members} devices, one a member."]
    for step in steps:
        if step.idle_members:
            slots = step.members + step.idle_members
            sentences.append(
                f"{step.name} has places for {slots} members: {step.idle_members} of them, "
                f"{step.idle_members / slots:.0%}, stay idle."
            )
    sentences.append(f"Along data there is work for {videos} devices, one a video of a batch.")
    for step in steps:
        if step.collectives:
            times = sum(each.times for each in step.collectives)
            size = sum(each.times * each.bytes for each in step.collectives)
            sentences.append(
                f"In a step of {step.name} devices wait for each other in {times:,} collectives "
                f"of {_bytes(size)} in all."
            )
    return sentences


def _values(step: Step) -> dict[str, Any]:
    return step._asdict() | {
        "mesh": {"member": step.mesh[0], "data": step.mesh[1]},
        "members_per_device": step.members_per_device,
        "idle_members": step.idle_members,
        "device_bytes": step.device_bytes,
        "collectives": [each._asdict() for each in step.collectives],
    }


def _sizes(steps: Sequence[Step]) -> str:
    header = ("member x data", "devices", "members", "idle", "state", "batch", "other", "all")
    rows = []
    for step in steps:
        devices = step.mesh[0] * step.mesh[1]
        sizes = (step.state_bytes, step.batch_bytes, step.other_bytes, step.device_bytes)
        times = sum(each.times for each in step.collectives)
        places = (step.members_per_device, step.idle_members)
        rows.append((step.name, devices, *places, *map(_bytes, sizes), times))
    return _table([(*header, "collectives"), *rows])


def _collectives(steps: Sequence[Step]) -> str:
    """Those of the same kind, size and origin in a row; "" where there are none."""
    times: Counter[tuple] = Counter()
    for step in steps:
        for each in step.collectives:
            size, devices = _bytes(each.bytes), len(each.groups[0])
            times[step.name, each.kind, size, devices, _source(each.op_name)] += each.times
    rows = [
        (mesh, kind, count, size, devices, source)
        for (mesh, kind, size, devices, source), count in times.items()
    ]
    header = ("collective of", "kind", "times", "each", "devices", "from")
    return _table([header, *rows]) if rows else ""


def _source(op_name: str) -> str:
    """What a collective is for, as far as the operations that it comes from tell."""
    if "transpose(" in op_name:  # JAX's word for the backward pass
        return "gradients"
    words = [each for each in re.split("[/:()]", op_name) if each.isidentifier()]
    return "/".join(dict.fromkeys(each for each in words if each not in _WRAPPERS))


def _table(rows: Sequence[Sequence[Any]]) -> str:
    """Columns as wide as they need; names stand left, numbers right."""
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = []
    for name, *others in cells:
        padded = [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        lines.append("  " + "  ".join([name.ljust(widths[0]), *padded]))
    return "\n".join(lines)


def _bytes(count: float) -> str:
    unit = 0
    while count >= 1000 and unit < len(_UNITS) - 1:
        count, unit = count / 1000, unit + 1
    digits = 1 if unit and count < 100 else 0
    return f"{count:.{digits}f} {_UNITS[unit]}"
