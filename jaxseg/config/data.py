"""Which videos a run of segmentation is on, and how a training step samples them."""

import dataclasses

from jaxseg.config.checks import at_least, between, one_of, positive


@dataclasses.dataclass(frozen=True)
class DataConfig:
    """Which videos, and how a training step samples them.

    `standardize` scales each video's channels to mean 0 and variance 1, then by 1/sqrt(channels)
    where `unit_frames` asks for it. A `test_share` above 0 trains on the other videos alone and
    tests on these; every seed then draws a split of its own.

    Where `name` is "videos", `videos` is the folder they lie in ("": a few are made of short
    clips), `features` the kind that is made of them, `onnx` its network and `reuse` the file of
    fitted parts of an earlier run; see `python -m jaxseg.features --help`.
    """

    name: str = "breakfast"
    root: str = ""
    videos: str = ""
    features: str = "motion"
    onnx: str = ""
    reuse: str = ""
    standardize: bool = False
    unit_frames: bool = True
    excluded: tuple[str, ...] = ()
    length_tolerance: int = 0
    fps: float = 0.0
    videos_per_batch: int = 2
    frames_per_video: int = 256
    test_share: float = 0.0

    def validate(self, path: str) -> None:
        if self.name == "folder" and not self.root:
            raise ValueError(f"config.{path}.root must name a folder of features: there is no twin")
        self._validate_videos(path)
        at_least(f"{path}.length_tolerance", self.length_tolerance, 0)
        at_least(f"{path}.fps", self.fps, 0)
        at_least(f"{path}.videos_per_batch", self.videos_per_batch, 1)
        at_least(f"{path}.frames_per_video", self.frames_per_video, 2)
        if not 0 <= self.test_share < 1:
            raise ValueError(f"config.{path}.test_share must be in [0, 1), got {self.test_share}")

    @property
    def is_made(self) -> bool:
        """Whether the run makes its own data: the embedded twin, or videos of short clips."""
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
        positive(f"{path}.fps", self.fps)
        between(f"{path}.fps", self.fps, 0, 1000)
        one_of(f"{path}.features", self.features, ("motion", "onnx"))
        if (self.features == "onnx") != bool(self.onnx):
            raise ValueError(
                f"config.{path}.features=onnx and config.{path}.onnx=FILE.onnx go together, "
                f"got {self.features!r} and {self.onnx!r}"
            )
        if self.reuse and self.features != "motion":
            raise ValueError(
                f"config.{path}.reuse={self.reuse} belongs to config.{path}.features=motion, "
                f"got {self.features!r}"
            )

    def steps_per_epoch(self, num_videos: int) -> int:
        """Batches that show every video once; the last one may be smaller."""
        return -(-num_videos // self.videos_per_batch)
