"""Where a method stops scaling and why, in sentences made of the counted numbers."""

from collections.abc import Sequence

from jaxseg.planning.chips import Chip, balanced_members, estimate
from jaxseg.planning.program import Step


def limits(steps: Sequence[Step], chips: Sequence[Chip]) -> list[str]:
    """What holds back more devices, one reason a sentence; the last ones are estimates.

    Args:
        steps: of one run on several meshes, the smallest first.
    """
    return [
        *_members(steps),
        *_videos(steps),
        *_repeated_work(steps),
        *_starting(steps[0], chips),
        *_collectives(steps, chips),
    ]


def _members(steps: Sequence[Step]) -> list[str]:
    """The axis "member" has no use for more devices than there are members."""
    members = steps[0].members
    said = [f"Along member there is work for {members} devices, one a member."]
    for step in steps:
        if step.idle_members:
            slots = step.members + step.idle_members
            said.append(
                f"{step.name} has places for {slots} members: {step.idle_members} of them, "
                f"{step.idle_members / slots:.0%}, stay idle."
            )
    return said


def _videos(steps: Sequence[Step]) -> list[str]:
    videos = steps[0].videos_per_batch
    return [f"Along data there is work for {videos} devices, one a video of a batch."]


def _repeated_work(steps: Sequence[Step]) -> list[str]:
    """What is not split over videos is done by every device of a row."""

    def each(step: Step) -> float:
        return step.flops.total * step.mesh[1] / step.members_per_device

    least = min(steps, key=each)
    return [
        f"{step.name} does {each(step) / each(least):.2f} times the arithmetic of {least.name} for "
        "each member: what is not split over videos is done by every device."
        for step in steps
        if each(step) > 1.01 * each(least)
    ]


def _starting(step: Step, chips: Sequence[Chip]) -> list[str]:
    """Operations follow each other: a step takes as long as starting them, however few members."""
    least = {chip.name: _short(estimate(step, chip).starting) for chip in chips}
    shared = {time: [name for name in least if least[name] == time] for time in least.values()}
    times = "; ".join(f"{time} on {', '.join(names)}" for time, names in shared.items())
    balance = ", ".join(f"{chip.name} {balanced_members(step, chip):,.0f}" for chip in chips)
    return [
        f"A step is {step.starts:,} operations one after the other, on any number of devices; "
        f"starting them alone takes, estimated, {times}.",
        "With fewer members a device than this, estimated, their work is less than that and more "
        f"devices make a step hardly shorter: {balance}.",
    ]


def _collectives(steps: Sequence[Step], chips: Sequence[Chip]) -> list[str]:
    said = []
    for step in steps:
        if step.collectives:
            times = {chip.name: estimate(step, chip) for chip in chips}
            shares = ", ".join(
                f"{name} {each.collectives / each.step:.0%}" for name, each in times.items()
            )
            count = sum(each.times for each in step.collectives)
            said.append(
                f"Collectives in a step of {step.name}: {count}; they take, estimated, {shares}."
            )
    return said


def _short(seconds: float) -> str:
    """ "2.4 ms", "310 us"."""
    return f"{1e3 * seconds:.1f} ms" if seconds >= 1e-3 else f"{1e6 * seconds:.0f} us"
