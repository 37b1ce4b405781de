"""GauFuse's sections on instances: how they are found, fused and made pseudo-labels of."""

import dataclasses

from jaxseg.config.checks import ascending, at_least, between, one_of, positive

DISTRIBUTIONS = ("gaussian", "uniform", "exponential", "student-t")
WEIGHTS = ("inner_mean", "score")


@dataclasses.dataclass(frozen=True)
class InstancesConfig:
    """From a map of scores to instances and to what is kept of them, see `jaxseg.proposals`.

    Attributes:
        share: a, of the own branch in the map.
        video_share: of the own branch in the video's score.
        class_threshold: of that score; classes below it are not looked for.
        thresholds: of the map; what is above one of them for long enough is an instance.
        shortest: snippets of an instance.
        compat: "gaufuse" has the released program's borders.
        method: what is done with a class's instances: "fusion", or "soft", "hard" or no
            suppression, "none".
        overlap, distribution, weight: of the fusion.
        nms_threshold, nms_alpha: tIoU of suppression, and decay of the soft one.
    """

    share: float = 0.85
    video_share: float = 0.6
    class_threshold: float = 0.16
    thresholds: tuple[float, ...] = tuple(round(0.001 + 0.002 * step, 3) for step in range(20))
    shortest: int = 2
    compat: str = ""
    method: str = "fusion"
    overlap: float = 0.25
    distribution: str = "gaussian"
    weight: str = "inner_mean"
    nms_threshold: float = 0.4
    nms_alpha: float = 0.35

    def validate(self, path: str) -> None:
        between(f"{path}.share", self.share, 0, 1)
        between(f"{path}.video_share", self.video_share, 0, 1)
        between(f"{path}.class_threshold", self.class_threshold, 0, 1)
        if not self.thresholds:
            raise ValueError(f"config.{path}.thresholds must not be empty")
        for threshold in self.thresholds:
            between(f"{path}.thresholds", threshold, 0, 1)
        at_least(f"{path}.shortest", self.shortest, 1)
        one_of(f"{path}.compat", self.compat, ("", "gaufuse"))
        one_of(f"{path}.method", self.method, ("fusion", "soft", "hard", "none"))
        between(f"{path}.overlap", self.overlap, 0.01, 0.99)
        one_of(f"{path}.distribution", self.distribution, DISTRIBUTIONS)
        one_of(f"{path}.weight", self.weight, WEIGHTS)
        positive(f"{path}.nms_threshold", self.nms_threshold)
        between(f"{path}.nms_threshold", self.nms_threshold, 0, 1)
        positive(f"{path}.nms_alpha", self.nms_alpha)


@dataclasses.dataclass(frozen=True)
class PseudoConfig(InstancesConfig):
    """How and when the pseudo-labels P_r of the training videos are made.

    Attributes:
        refresh_at: epochs of the refreshes, none for the backbone alone.
        taus: temperature of the fusion at each of them.
        labels: "linpro" solves the linear programme of the instances; "scores" gives a snippet
            the highest score of the instances that hold it, "mean" the mean of these.
        linpro: which optimum, see `jaxseg.solvers.linear_program`: "spread", "vertex", "mean".
        delta: learn from what changed between two refreshes, 2 (P_r - P_r-1), not from P_r.
        delta_at, delta_factors: after which epochs, by which factors.
    """

    share: float = 0.8
    refresh_at: tuple[int, ...] = (200, 230, 245, 260, 275, 300)
    taus: tuple[float, ...] = (0.02, 0.02, 0.02, 0.002, 0.002, 0.0016)
    labels: str = "linpro"
    linpro: str = "spread"
    delta: bool = True
    delta_at: tuple[int, ...] = (250, 300)
    delta_factors: tuple[float, ...] = (2.0, 2.15)

    def validate(self, path: str) -> None:
        super().validate(path)
        if len(self.taus) < len(self.refresh_at):
            raise ValueError(
                f"config.{path}.taus must have one for each of the {len(self.refresh_at)} "
                f"refreshes of refresh_at, got {self.taus}"
            )
        for tau in self.taus:
            positive(f"{path}.taus", tau)
        one_of(f"{path}.labels", self.labels, ("linpro", "scores", "mean"))
        one_of(f"{path}.linpro", self.linpro, ("spread", "vertex", "mean"))
        ascending(f"{path}.refresh_at", self.refresh_at)
        ascending(f"{path}.delta_at", self.delta_at)
        if self.delta and len(self.refresh_at) == 1:
            raise ValueError(
                f"config.{path}.delta learns what changed between two refreshes, refresh_at has "
                f"one, {self.refresh_at}: give --config.{path}.delta=False"
            )
        if len(self.delta_at) != len(self.delta_factors):
            raise ValueError(
                f"config.{path}.delta_factors must have one for each epoch of delta_at, "
                f"{self.delta_at}, got {self.delta_factors}"
            )


@dataclasses.dataclass(frozen=True)
class GaufuseTestConfig(InstancesConfig):
    """From the network's outputs to detections; maps kept for the report.

    `foreground` is what the map is weighted by, as far as there are CASE's clusters: "attention",
    "clusters" or the mean of "both"; `tau` the temperature of the fusion.
    """

    maps: int = 12
    foreground: str = "attention"
    tau: float = 0.2

    def validate(self, path: str) -> None:
        super().validate(path)
        at_least(f"{path}.maps", self.maps, 0)
        one_of(f"{path}.foreground", self.foreground, ("both", "attention", "clusters"))
        positive(f"{path}.tau", self.tau)
