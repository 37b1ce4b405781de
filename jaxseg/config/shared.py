"""The sections that every method's config has, and those of frame encoders."""

import dataclasses
import itertools
import math
from collections.abc import Mapping
from typing import ClassVar, Literal

from jaxseg.config.fields import (
    at_least,
    between,
    each,
    key,
    one_of,
    positive,
    section,
    some_of,
    split_names,
)

PROTOCOLS = ("asot", "asot-exact", "cte", "cte-soft", "tot-text", "twfinch", "mstcn", "mstcn2")

# Values of config.data.name that are no data set: sequences that a program has in memory, and all
# that is people's own.
ARRAYS = "arrays"
OWN_DATA = ("folder", "videos", ARRAYS)
# Keys of config.data that are for these alone.
OWN_KEYS = ("scaling", "label_fps", "window", "stride", "tier", "gaps")
OWN_KEYS += ("array", "streams")
# Kinds of features of videos with parts that are fitted to them, see `jaxseg.features.kinds`.
FITTED_FEATURES = ("motion", "image", "motion+image")
AUTO = "auto"  # as config.model.num_clusters: comes from the data

# Files of segments that a run can write, see `formats.annotations.exports`.
SEGMENT_FORMATS = ("csv", "vtt", "eaf", "boris", "nwb", "audacity", "frames")

# What a later stage may change without touching what was trained.
AFTER_TRAINING = (
    "mesh",
    "checkpoint",
    "predict",
    "evaluation",
    "report",
    "solver.eval",
    "data.fps",
    "data.excluded",
    "data.label_fps",
    "data.window",
    "data.stride",
    "data.offset",
    "data.tier",
    "data.gaps",
)


@dataclasses.dataclass(frozen=True)
class MeshConfig:
    """How many devices along each axis of the mesh; 0: the split that gives each least to do."""

    member: int = key(0, "devices over which members are spread; 0: chosen", at_least(0))
    data: int = key(0, "devices over which a batch is spread; 0: chosen", at_least(0))


@dataclasses.dataclass(frozen=True)
class DataConfig:
    """Which videos a run of segmentation is on, and how a training step samples them."""

    name: str = key("breakfast", 'data set; "folder" and "videos" are people\'s own')
    root: str = key("", "folder of the data; empty: embedded data, generated for the papers' sets")
    videos: str = key("", 'name "videos": their folder; empty: recordings of signs')
    features: str = key(
        "motion", 'name "videos": what is made of it', one_of(*FITTED_FEATURES, "onnx")
    )
    onnx: str = key("", 'name "videos": file of a network, see python -m jaxseg.features --help')
    reuse: str = key("", 'name "videos": file of fitted parts of an earlier run')
    scaling: str = key(
        "",
        "people's own data: over the folder, each sequence, none or auto; empty: standardize",
        one_of("", "folder", "sequence", "none", "auto"),
    )
    standardize: bool = key(False, "scale each video's channels to mean 0 and variance 1")
    unit_frames: bool = key(True, "where scaled, scale by 1/sqrt(channels) too")
    excluded: tuple[str, ...] = key((), "classes not evaluated; empty: as is usual", commas=True)
    length_tolerance: int = key(0, "frames by which features and labels may differ", at_least(0))
    array: str = key("", "array of a .mat, HDF5 or .npz file; empty: the only one; '*': each")
    streams: tuple[str, ...] = key(
        (), "NAME_rgb, NAME_flow as one: rgb,flow; empty: as known; none: apart", commas=True
    )
    axis: str = key("", "axis of time: first or last; empty: found", one_of("", "first", "last"))
    confidence: float = key(0.6, "poses: points of a lower one count as missing", between(0, 1))
    longest_gap: int = key(15, "poses: frames over which missing points are filled in", at_least(0))
    individual: str = key("", "poses: the animal or person that is read; empty: all")
    keypoints: tuple[str, ...] = key((), "poses: those that are read; empty: all", commas=True)
    vertical: str = key("", "poses in space: which is upright", one_of("", "x", "y", "z"))
    label_fps: float = key(0.0, "people's own data: labels a second; 0: a row each", at_least(0))
    window: int = key(0, "labels that a row of features is made of; 0: 1", at_least(0))
    offset: int = key(-1, "the label of row 0; -1: the middle one", at_least(-1))
    stride: int = key(0, "labels from one row to the next; 0: 1", at_least(0))
    tier: str = key("", "tier or subject whose segments are the labels; empty: the only one")
    gaps: str = key("", "class of frames without a label; empty: they are not scored")
    fps: float = key(
        0.0, "frames per second, for times; 0: as known, or unknown; 15 of videos", at_least(0)
    )
    videos_per_batch: int = key(2, "videos of a training step", at_least(1))
    frames_per_video: int = key(256, "frames sampled from each of them", at_least(2))
    piece: int = key(0, "longer videos are trained in pieces of about these frames", at_least(0))
    test_share: float = key(0.0, "above 0: train on the rest, test on these; a split per seed")

    def validate(self, path: str) -> None:
        self._validate_videos(path)
        for name in OWN_KEYS:
            if getattr(self, name) and self.name not in OWN_DATA:
                raise ValueError(
                    f"config.{path}.{name}={getattr(self, name)} is for people's own data, which "
                    f"config.{path}.name={self.name} is not: that is one of {', '.join(OWN_DATA)}"
                )
        if not 0 <= self.test_share < 1:
            raise ValueError(f"config.{path}.test_share must be in [0, 1), got {self.test_share}")

    @property
    def is_embedded(self) -> bool:
        """Whether no data is named, so that the run brings its own: recordings or a twin."""
        if self.name == ARRAYS:
            return False
        return not (self.videos if self.name == "videos" else self.root)

    def _validate_videos(self, path: str) -> None:
        if self.name != "videos":
            if self.videos:
                raise ValueError(
                    f"config.{path}.videos={self.videos} belongs to configs/asot_videos.py; "
                    f"config.{path}.name is {self.name!r} here"
                )
            return
        if self.root:
            raise ValueError(
                f"config.{path}.root={self.root}: a run on videos makes its own features; name "
                f"the videos' folder in config.{path}.videos, or use configs/asot_folder.py"
            )
        between(0, 1000)(f"{path}.fps", self.fps)
        if (self.features == "onnx") != bool(self.onnx):
            raise ValueError(
                f"config.{path}.features=onnx and config.{path}.onnx=FILE.onnx go together, "
                f"got {self.features!r} and {self.onnx!r}"
            )
        if self.reuse and self.features not in FITTED_FEATURES:
            raise ValueError(
                f"config.{path}.reuse={self.reuse} belongs to config.{path}.features="
                f"{'|'.join(FITTED_FEATURES)}, got {self.features!r}"
            )

    def num_pieces(self, num_frames: int) -> int:
        """In how many pieces a video of so many frames is trained."""
        return -(-num_frames // self.piece) if self.piece else 1

    def steps_per_epoch(self, num_videos: int) -> int:
        """Batches that show every video once; the last one may be smaller."""
        return -(-num_videos // self.videos_per_batch)


@dataclasses.dataclass(frozen=True)
class ClustersConfig:
    """K, the number of clusters, for every activity."""

    num_clusters: int = key(0, "K of every activity; 0: as in clusters_by_activity")
    clusters_by_activity: Mapping[str, int] = key({}, "K by name of the activity")

    @property
    def channels(self) -> int:
        """How many the features must have; 0 where any number will do."""
        return 0

    @property
    def chooses(self) -> bool:
        """Whether K is to come from the data."""
        return self.num_clusters == AUTO

    def validate(self, path: str) -> None:
        if self.num_clusters and not self.chooses:
            at_least(2)(f"{path}.num_clusters", self.num_clusters)
        for activity, count in self.clusters_by_activity.items():
            at_least(2)(f"{path}.clusters_by_activity.{activity}", count)


@dataclasses.dataclass(frozen=True)
class EncoderConfig(ClustersConfig):
    """The MLP that gives each frame an embedding, and its clusters.

    `num_clusters` = "auto" means the same as `num_actions` = "auto" of a method that has it.
    """

    num_clusters: int | Literal["auto"] = key(
        0, 'K; 0: clusters_by_activity; "auto": one of cluster_range'
    )
    cluster_range: tuple[int, ...] = key((2, 12), 'fewest and most K of "auto"')
    layers: tuple[int, ...] = key((64, 128, 40), "feature channels (0: as they are), then widths")
    temperature: float = key(0.1, "divides cosines before a softmax", positive)

    @property
    def channels(self) -> int:
        """How many the features must have; 0 where any number will do."""
        return self.layers[0]

    def validate(self, path: str) -> None:
        super().validate(path)
        if len(self.cluster_range) != 2 or not 2 <= self.cluster_range[0] < self.cluster_range[1]:
            raise ValueError(
                f"config.{path}.cluster_range must be the fewest clusters, 2 or more, and a larger "
                f"number, got {self.cluster_range}"
            )
        if len(self.layers) < 2 or self.layers[0] < 0 or min(self.layers[1:]) < 1:
            raise ValueError(
                f"config.{path}.layers must be channels and at least one positive width, "
                f"got {self.layers}"
            )


@dataclasses.dataclass(frozen=True)
class OptimizerConfig:
    """Adam with L2 decay added to the gradient, as PyTorch has it.

    Epochs of `change_at` may be fractions and are counted as `Config.epoch_scale` says.
    """

    learning_rate: float = key(1e-3, "step size of Adam", positive)
    weight_decay: float = key(1e-4, "factor of the L2 decay", at_least(0))
    freeze_steps: int = key(0, "steps for which late parameters (prototypes) stay", at_least(0))
    betas: tuple[float, float] = key((0.9, 0.999), "how much of its moments Adam keeps in a step")
    change_at: tuple[float, ...] = key((), "epochs from which on the learning rate is another")
    factors: tuple[float, ...] = key((), "of learning_rate, from each on", each(at_least(0)))

    def validate(self, path: str) -> None:
        if len(self.betas) != 2 or not all(0 <= beta < 1 for beta in self.betas):
            raise ValueError(f"config.{path}.betas must be two numbers in [0, 1), got {self.betas}")
        if not all(a < b < math.inf for a, b in itertools.pairwise((0.0, *self.change_at))):
            raise ValueError(
                f"config.{path}.change_at must be positive epochs in ascending order, "
                f"got {self.change_at}"
            )
        if len(self.factors) != len(self.change_at):
            raise ValueError(
                f"config.{path}.factors must have one for each epoch of change_at, "
                f"{self.change_at}, got {self.factors}"
            )


@dataclasses.dataclass(frozen=True)
class CheckpointConfig:
    """When the state is saved, and how often a watched run (`loop.train`) is looked at."""

    every: int = key(0, "steps between two checkpoints; 0: a fifth of the run", at_least(0))
    keep: int = key(2, "how many checkpoints are kept", at_least(1))
    watch_every: int = key(50, "steps between two looks at a run that is watched", at_least(1))


@dataclasses.dataclass(frozen=True)
class PredictConfig:
    """How whole videos are decoded, and what is kept of them."""

    num_buckets: int = key(6, "padded lengths, each of which is compiled once", at_least(1))
    segments: str = key(
        "", "files of segments for other programs, as csv,vtt,boris", some_of(*SEGMENT_FORMATS)
    )
    couplings: int = key(12, "videos per activity whose matrices are kept", at_least(0))
    peers: bool = key(True, "k-means on the same frames, to be scored beside the run")

    @property
    def formats(self) -> list[str]:
        """The names in `segments`, each once."""
        return split_names(self.segments)


@dataclasses.dataclass(frozen=True)
class EvaluationConfig:
    """Which protocols score the predictions.

    `exclusion` = "drop" removes the frames of excluded classes before the matching (ASOT);
    "background" binds the label -1 to them and counts -1 on an action as an error (CTE, TOT).
    `split_sil` makes two classes of Breakfast's SIL, at the start and at the end of a video
    (TOT's supplement, Sec. 3).
    """

    protocols: tuple[str, ...] = key(
        ("asot-exact", "asot"), "protocols of the scores", each(one_of(*PROTOCOLS)), commas=True
    )
    seed: int = key(0, "seed of the protocols that draw frames")
    exclusion: str = key("drop", "what becomes of excluded frames", one_of("drop", "background"))
    split_sil: bool = key(False, "Breakfast's SIL as two classes, at the start and at the end")


@dataclasses.dataclass(frozen=True)
class ReportConfig:
    """How much the report shows."""

    max_videos: int = key(6, "videos of an activity that are drawn", at_least(1))


@dataclasses.dataclass(frozen=True)
class Config:
    """Everything that decides a run of any method; each method's class adds to it.

    A method's class sets `task`, "segmentation" or "localization", `sampling`, the name of its
    stream of batches in `jaxseg.data.batches.loader`, and `scheduled`, the dotted paths of the keys
    that its sections `schedule` and `twin_schedule` have values for, under the path's last name.
    """

    task: ClassVar[str] = "segmentation"
    sampling: ClassVar[str] = "frames"
    scheduled: ClassVar[tuple[str, ...]] = ()

    method: str = key("", "the method's name, that of its folder in jaxseg/methods")
    seeds: int = key(3, "runs of every activity, side by side in one program", at_least(1))
    first_seed: int = key(0, "number of the first of them; the others follow it", at_least(0))
    activities: tuple[str, ...] = key((), "activities that are run; empty: all", commas=True)
    num_epochs: int = key(30, "passes over an activity's videos", at_least(0))
    sweep: tuple[str, ...] = key((), 'variants: ("solver.train.alpha=.3", "solver.train.alpha=.5")')
    mesh: MeshConfig = section(MeshConfig)
    data: DataConfig = section(DataConfig)
    model: ClustersConfig = section(ClustersConfig)
    optimizer: OptimizerConfig = section(OptimizerConfig)
    checkpoint: CheckpointConfig = section(CheckpointConfig)
    predict: PredictConfig = section(PredictConfig)
    evaluation: EvaluationConfig = section(EvaluationConfig)
    report: ReportConfig = section(ReportConfig)

    @property
    def uses_terms(self) -> bool:
        """Whether actions are spoken of in human terms, see `jaxseg.config.sequences`."""
        return False

    @property
    def asks_for(self) -> tuple[str, ...]:
        """The human terms that are to come from the data."""
        return ()

    @property
    def epoch_scale(self) -> float:
        """Epochs of this run to one of those in which the config counts its schedule."""
        return 1.0

    @classmethod
    def open_values(cls, values: Mapping) -> dict[str, object]:
        """Values, by dotted path, of the keys that are open (None) unless they are given.

        Args:
            values: of all keys, nested.
        """
        # The embedded twin, which is small, has a schedule of its own.
        is_twin = not values["data"]["root"] and values["data"]["name"] not in OWN_DATA
        schedule = values.get("twin_schedule" if is_twin else "schedule")
        return {path: schedule[path.split(".")[-1]] for path in cls.scheduled}
