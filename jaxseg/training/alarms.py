"""Warnings about members that have collapsed, once an activity."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from jaxseg.training.members import Member


class CollapseAlarm:
    """Says when a method's metric "collapsed" holds in the second half of a member's training.

    Before, networks that have learned nothing yet show the same signs. Methods without the
    metric are never warned of.

    Args:
        members: of the run.
        say: prints a line without disturbing the progress bar.
    """

    def __init__(self, members: Sequence[Member], say: Callable[[str], None]):
        self._members = members
        self._say = say
        self._warned: set[str] = set()

    def check(self, step: int, metrics: Mapping[str, np.ndarray]) -> None:
        """Looks at one logged step's metrics, one number a member."""
        if "collapsed" not in metrics:
            return
        for index, member in enumerate(self._members):
            runs = member.num_steps / 2 <= step < member.num_steps
            if runs and metrics["collapsed"][index] and member.activity not in self._warned:
                self._warned.add(member.activity)
                self._say(_sentence(step, member, {k: v[index] for k, v in metrics.items()}))


def _sentence(step: int, member: Member, signs: Mapping[str, float]) -> str:
    used, top = int(signs["clusters_used"]), float(signs["top_probability"])
    return (
        f"warning: {member.activity} has collapsed ({member.directory}, step {step}): its "
        f"frames use {used} of {member.num_clusters} clusters, highest probability {top:.2f} "
        f"on average (1/K is {1 / member.num_clusters:.2f}), entropy {signs['entropy']:.2f} of "
        f"{np.log(member.num_clusters):.2f}; see config.optimizer.freeze_steps"
    )
