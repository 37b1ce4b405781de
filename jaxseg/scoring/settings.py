"""What a run was told, or has found out, about actions: numbers to judge it by, flags to change."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from jaxseg.runfiles.about import SegmentationData, read_config
from jaxseg.runfiles.choice import read_choice

_LASTS = {"given": "was to last", "found": "was found to last", "assumed": "was taken to last"}
_TABLE = "clusters_by_activity"


class Settings(NamedTuple):
    """What a run goes by; 0 where it was told nothing and has found out nothing."""

    duration: float = 0.0  # of an action, in frames
    radius: float = 0.0  # reach of the solver's structure, a share of the sequence
    reach: float = 0.0  # the same in frames
    # Flags that K, the length of actions and their order come from; "" where any order goes.
    count: str = "--config.num_actions"
    time: str = "--config.duration=..."
    order: str = "--config.order=free"
    source: str = "given"  # of the duration: "given", "found" from the data, or "assumed"

    def reach_in(self, length: float) -> float:
        """Reach of the solver in a sequence of so many frames, in frames."""
        return max(self.radius * length, self.reach)

    @property
    def tries(self) -> str:
        """What to try where segments are too long or too short."""
        time = f"say how long an action lasts ({self.time})"
        return f"{time} or let actions come in any order ({self.order})" if self.order else time

    @property
    def lasts(self) -> str:
        """That an action was to last so long, or was found to."""
        return _LASTS[self.source]

    @property
    def nearer(self) -> str:
        """What to do about a duration that does not fit."""
        if self.source == "given":
            return "Set --config.duration nearer to what actions last, or --config.duration=auto."
        return f"If you know how long an action lasts, say so ({self.time})."


UNTOLD = Settings()


def read_settings(workdir: Path, data: SegmentationData, activity: str) -> Settings:
    """What choice.json and config.json say of an activity, as far as there are such files."""
    config = read_config(workdir) if (workdir / "config.json").is_file() else {}
    choice = read_choice(workdir)
    settled = choice.activities.get(activity) if choice else None

    def number(*path: str) -> float:
        value: Any = config
        for key in path:
            value = value.get(key) if isinstance(value, Mapping) else None
        return float(value) if isinstance(value, int | float) else 0.0

    def largest(name: str) -> float:
        return max(number("solver", part, name) for part in ("train", "eval"))

    order, duration, source = config.get("order"), number("duration") * (data.fps or 1), "given"
    if settled:
        order, duration, source = settled.order, settled.duration, settled.source("duration")
    radius, reach = largest("radius"), largest("reach")
    time = UNTOLD.time
    if radius or reach:  # the solver's own numbers win
        name = "radius" if radius else "reach"
        time = f"--config.solver.train.{name}=... --config.solver.eval.{name}=..."
    # In the order in which the run has looked for K.
    counts = (("model", "num_clusters"), ("num_actions",), ("model", _TABLE, activity))
    count = next((path for path in counts if number(*path)), ("num_actions",))
    return Settings(
        duration=0.0 if radius or reach else duration,
        radius=radius,
        reach=reach,
        count=f"--config.{'.'.join(count)}",
        time=time,
        order=_order_flag(order, config.get("temporal_prior"), largest("rho")),
        source=source,
    )


def _order_flag(order: str | None, prior: bool | None, rho: float) -> str:
    """Flag that lets actions come in any order; "" where they may. `prior` is TOT's switch."""
    if prior is None and rho > 0:
        return "--config.solver.train.rho=0 --config.solver.eval.rho=0"
    if order:
        return "" if order == "free" else UNTOLD.order
    return "--config.temporal_prior=False" if prior else ""
