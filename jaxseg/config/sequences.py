"""Human terms for people's own sequences: how many actions, how long, in which order.

The papers' constants are shares of a video and weights of a prior, which nobody knows of data of
their own. From these three come the solver's reach, its temporal prior and the number of clusters;
each may be "auto" and then comes from the data, by the rule of `jaxseg.tuning`.
"""

import abc
import dataclasses
from typing import ClassVar, Literal

from jaxseg.config.fields import at_least, key, one_of
from jaxseg.config.shared import AUTO, Config

SHARED, FREE = "shared", "free"  # values of config.order
TERMS = ("num_actions", "duration", "order")


@dataclasses.dataclass(frozen=True)
class SequencesConfig(Config, abc.ABC):
    """The config of a method that can be told, or can find out, what the actions are like.

    A method's class sets `scout_steps`, after which a training tells settings apart.
    """

    scout_steps: ClassVar[int] = 100

    num_actions: int | Literal["auto"] = key(
        0, 'how many actions an activity has; "auto": from the data; 0: model.num_clusters'
    )
    duration: float | Literal["auto"] = key(
        0.0, 'how long an action lasts: seconds, frames without data.fps; "auto"; 0: not used'
    )
    order: str = key(
        "",
        '"shared": once each, in about the same order; "free": they recur; "auto"; "": not used',
        one_of("", SHARED, FREE, AUTO),
    )
    least_steps: int = key(0, "training steps at least, whatever num_epochs says", at_least(0))

    @property
    def uses_terms(self) -> bool:
        """Whether human terms are given or asked for."""
        return bool(self.duration or self.asks_for)

    @property
    def asks_for(self) -> tuple[str, ...]:
        """The human terms that are to come from the data."""
        terms = [name for name in TERMS if getattr(self, name) == AUTO]
        if self.model.chooses:
            terms = ["num_actions", *(name for name in terms if name != "num_actions")]
        elif self.model.num_clusters:  # an explicit number wins
            terms = [name for name in terms if name != "num_actions"]
        return tuple(terms)

    def validate(self, path: str) -> None:
        if self.num_actions != AUTO and self.num_actions:
            at_least(2)("num_actions", self.num_actions)
        if self.duration != AUTO:
            at_least(0)("duration", self.duration)
        if (self.duration == 0) != (self.order == ""):
            raise ValueError(
                "config.duration and config.order go together, got "
                f'{self.duration!r} and {self.order!r}; give the other one too, or "auto"'
            )
        if self.asks_for and (self.sweep or self.data.test_share):
            raise ValueError(
                f"config.sweep={self.sweep} and config.data.test_share={self.data.test_share} go "
                f"with settings that are given: give a value for {', '.join(self.asks_for)}"
            )

    @abc.abstractmethod
    def with_terms(self, *, duration: float, order: str) -> "SequencesConfig":
        """The config with the method's own numbers in place of duration and order.

        Args:
            duration: of a typical action, in frames.
            order: SHARED or FREE.
        """
