"""ConfigDict -> frozen, validated dataclasses; a wrong value is one sentence naming the field."""

import dataclasses
import difflib
import math
import typing
from collections.abc import Mapping

PROTOCOLS = ("asot", "asot-exact", "cte", "cte-soft", "tot-text", "twfinch", "mstcn")


def _positive(path: str, value: float) -> None:
    if not value > 0 or math.isnan(value):
        raise ValueError(f"config.{path} must be positive, got {value}")


def _at_least(path: str, value: float, least: float) -> None:
    if not value >= least:
        raise ValueError(f"config.{path} must be at least {least}, got {value}")


def _one_of(path: str, value: str, names) -> None:
    if value not in names:
        listed = ", ".join(name or '""' for name in names)
        raise ValueError(f"config.{path} must be one of {listed}, got {value!r}")


@dataclasses.dataclass(frozen=True)
class MeshConfig:
    """How many devices along each axis; 0 takes all that are left."""

    member: int = 0
    data: int = 1

    def validate(self, path: str) -> None:
        _at_least(f"{path}.member", self.member, 0)
        _at_least(f"{path}.data", self.data, 1)


@dataclasses.dataclass(frozen=True)
class DataConfig:
    """Which videos, and how a training step samples them."""

    name: str = "breakfast"
    root: str = ""
    standardize: bool = False
    excluded: tuple[str, ...] = ()
    length_tolerance: int = 0
    fps: float = 0.0
    videos_per_batch: int = 2
    frames_per_video: int = 256

    def validate(self, path: str) -> None:
        if self.name == "folder" and not self.root:
            raise ValueError(f"config.{path}.root must name a folder of features: there is no twin")
        _at_least(f"{path}.length_tolerance", self.length_tolerance, 0)
        _at_least(f"{path}.fps", self.fps, 0)
        _at_least(f"{path}.videos_per_batch", self.videos_per_batch, 1)
        _at_least(f"{path}.frames_per_video", self.frames_per_video, 2)


@dataclasses.dataclass(frozen=True)
class ModelConfig:
    """The frame encoder and its clusters.

    `layers` starts with the feature channels (0: as many as the data has). `num_clusters` is K
    for every activity; 0 takes `clusters_by_activity`.
    """

    layers: tuple[int, ...] = (64, 128, 40)
    num_clusters: int = 0
    clusters_by_activity: Mapping[str, int] = dataclasses.field(default_factory=dict)
    temperature: float = 0.1
    kmeans: bool = True
    kmeans_restarts: int = 3

    def validate(self, path: str) -> None:
        if len(self.layers) < 2 or self.layers[0] < 0 or min(self.layers[1:]) < 1:
            raise ValueError(
                f"config.{path}.layers must be channels and at least one positive width, "
                f"got {self.layers}"
            )
        counts = {f"{path}.num_clusters": self.num_clusters} if self.num_clusters else {}
        for activity, count in self.clusters_by_activity.items():
            counts[f"{path}.clusters_by_activity.{activity}"] = count
        for name, count in counts.items():
            _at_least(name, count, 2)
        _positive(f"{path}.temperature", self.temperature)
        _at_least(f"{path}.kmeans_restarts", self.kmeans_restarts, 1)


@dataclasses.dataclass(frozen=True)
class FugwConfig:
    """Constants of ASOT's solver; infinity as a lambda is a hard marginal, step 0 is automatic.

    `compat` = "asot" lets padding and batch mates in as the authors' program does, see
    `fugw.solve`; decoding whole videos it must stay "", because their padding is ours.
    """

    epsilon: float = 0.07
    alpha: float = 0.3
    radius: float = 0.04
    rho: float = 0.15
    lambda_frames: float = math.inf
    lambda_actions: float = 0.1
    step_size: float = 0.0
    num_iterations: int = 25
    num_sinkhorn_iterations: int = 10
    compat: str = ""

    def validate(self, path: str) -> None:
        for name in ("epsilon", "radius", "lambda_frames", "lambda_actions"):
            _positive(f"{path}.{name}", getattr(self, name))
        if not 0 <= self.alpha <= 1:
            raise ValueError(f"config.{path}.alpha must be in [0, 1], got {self.alpha}")
        _one_of(f"{path}.compat", self.compat, ("",) if path.endswith("eval") else ("", "asot"))
        for name in ("rho", "step_size"):
            _at_least(f"{path}.{name}", getattr(self, name), 0)
        for name in ("num_iterations", "num_sinkhorn_iterations"):
            _at_least(f"{path}.{name}", getattr(self, name), 1)
        if math.isfinite(self.lambda_frames + self.lambda_actions) and not self.step_size:
            raise ValueError(
                f"config.{path}.step_size must be given where both marginals are relaxed "
                f"(lambda_frames {self.lambda_frames}, lambda_actions {self.lambda_actions})"
            )


@dataclasses.dataclass(frozen=True)
class SolverConfig:
    """The solver that makes pseudo-labels, and the one that decodes whole videos."""

    train: FugwConfig = FugwConfig()
    eval: FugwConfig = FugwConfig()


@dataclasses.dataclass(frozen=True)
class OptimizerConfig:
    """Adam with L2 decay added to the gradient, as PyTorch has it."""

    learning_rate: float = 1e-3
    weight_decay: float = 1e-4

    def validate(self, path: str) -> None:
        _positive(f"{path}.learning_rate", self.learning_rate)
        _at_least(f"{path}.weight_decay", self.weight_decay, 0)


@dataclasses.dataclass(frozen=True)
class CheckpointConfig:
    """Steps between two checkpoints (0: a fifth of the run) and how many are kept."""

    every: int = 0
    keep: int = 2

    def validate(self, path: str) -> None:
        _at_least(f"{path}.every", self.every, 0)
        _at_least(f"{path}.keep", self.keep, 1)


@dataclasses.dataclass(frozen=True)
class PredictConfig:
    """Decoding: how many padded lengths, which annotators' files, how many couplings to keep."""

    num_buckets: int = 6
    segments: str = ""
    couplings: int = 12

    def validate(self, path: str) -> None:
        _at_least(f"{path}.num_buckets", self.num_buckets, 1)
        _at_least(f"{path}.couplings", self.couplings, 0)
        _one_of(f"{path}.segments", self.segments, ("", "csv"))


@dataclasses.dataclass(frozen=True)
class EvaluationConfig:
    """Which protocols score the predictions, and the seed of those that draw frames."""

    protocols: tuple[str, ...] = ("asot-exact", "asot")
    seed: int = 0

    def validate(self, path: str) -> None:
        for name in self.protocols:
            _one_of(f"{path}.protocols", name, PROTOCOLS)


@dataclasses.dataclass(frozen=True)
class ReportConfig:
    """How many videos an activity shows."""

    max_videos: int = 6

    def validate(self, path: str) -> None:
        _at_least(f"{path}.max_videos", self.max_videos, 1)


@dataclasses.dataclass(frozen=True)
class Config:
    """Everything that decides a run.

    `seeds` runs every activity that many times; `sweep` multiplies them once more, each entry
    being numeric overrides such as "solver.train.alpha=0.3,solver.eval.alpha=0.6".
    """

    method: str = "asot"
    seeds: int = 1
    activities: tuple[str, ...] = ()
    num_epochs: int = 15
    sweep: tuple[str, ...] = ()
    mesh: MeshConfig = MeshConfig()
    data: DataConfig = DataConfig()
    model: ModelConfig = ModelConfig()
    solver: SolverConfig = SolverConfig()
    optimizer: OptimizerConfig = OptimizerConfig()
    checkpoint: CheckpointConfig = CheckpointConfig()
    predict: PredictConfig = PredictConfig()
    evaluation: EvaluationConfig = EvaluationConfig()
    report: ReportConfig = ReportConfig()

    def validate(self, path: str) -> None:
        _at_least("seeds", self.seeds, 1)
        _at_least("num_epochs", self.num_epochs, 0)


# Fields that a command line may give as "a,b" instead of "('a','b')".
_COMMA_LISTS = ("activities", "data.excluded", "evaluation.protocols")

# What a later stage may change without touching what was trained.
AFTER_TRAINING = (
    *("mesh", "checkpoint", "predict", "evaluation", "report"),
    *("solver.eval", "data.fps", "data.excluded"),
)


def from_dict(values: Mapping) -> Config:
    """Builds and validates a Config.

    Raises:
        ValueError: naming the field, the value, and the nearest name for one that does not exist.
    """
    return _build(Config, values, "")


def check_key(path: str) -> None:
    """Raises ValueError, with the nearest key, where `path` is none: "solver.train.epsilon"."""
    paths = list(flatten(to_dict(Config())))
    if path not in paths and not path.startswith("model.clusters_by_activity."):
        nearest = difflib.get_close_matches(path, paths, n=1, cutoff=0.0)[0]
        raise ValueError(f"the config has no key {path!r}; nearest is {nearest}")


def to_dict(config: Config) -> dict:
    """Plain nested dictionaries and lists, as `config.json` holds them."""
    return dataclasses.asdict(config)


def flatten(values: Mapping, prefix: str = "") -> dict:
    """{"solver": {"train": {...}}} -> {"solver.train.epsilon": ...}."""
    flat = {}
    for name, value in values.items():
        nested = isinstance(value, Mapping) and name != "clusters_by_activity"
        flat |= flatten(value, f"{prefix}{name}.") if nested else {prefix + name: value}
    return flat


def _build(cls, values, prefix: str):
    hints = typing.get_type_hints(cls)
    for name in values:
        if name not in hints:
            nearest = difflib.get_close_matches(name, hints, n=1, cutoff=0.0)[0]
            raise ValueError(f"config.{prefix}{name} does not exist; nearest is {prefix}{nearest}")
    fields = {}
    for name, value in values.items():
        hint, path = hints[name], prefix + name
        if dataclasses.is_dataclass(hint):
            fields[name] = _build(hint, value, f"{path}.")
        else:
            fields[name] = _convert(hint, value, path)
    built = cls(**fields)
    if hasattr(built, "validate"):
        built.validate(prefix.rstrip("."))
    return built


def _convert(hint, value, path: str):
    """The value as its field's type, or a ValueError that names both."""
    origin = typing.get_origin(hint) or hint
    if origin is tuple:
        if isinstance(value, str) or not isinstance(value, (tuple, list)):
            raise ValueError(f"config.{path} must be a tuple, got {value!r}")
        item = typing.get_args(hint)[0]
        if path in _COMMA_LISTS:
            value = [name for entry in value for name in str(entry).split(",")]
        return tuple(_convert(item, entry, path) for entry in value)
    if origin is Mapping:
        return dict(value)
    if origin is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, origin) or (origin is int and isinstance(value, bool)):
        raise ValueError(f"config.{path} must be {origin.__name__}, got {value!r}")
    return value
