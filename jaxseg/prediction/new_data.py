"""New sequences with what a finished run has learned: its settings, its scaling, a seed of it."""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
from tqdm import tqdm

from jaxseg.config import Config
from jaxseg.data import VIDEOS, load_unlabeled, scaling
from jaxseg.data.segmentation.records import DataSet, scale_videos
from jaxseg.data.segmentation.video import Video
from jaxseg.features.listing import find_videos
from jaxseg.formats.annotations.exports import check_formats, write_exports
from jaxseg.formats.annotations.exports.segments import Clusters, Segmented
from jaxseg.formats.names import listed
from jaxseg.methods import from_dict
from jaxseg.methods.method import LENGTH_MULTIPLE
from jaxseg.prediction.finished import finished_parameters
from jaxseg.prediction.segments import Arguments
from jaxseg.runfiles import about, segmentation
from jaxseg.runfiles.names import read_names
from jaxseg.training.members import enumerate_members
from jaxseg.training.settled import read_settled
from jaxseg.training.setup import Setup, set_up
from jaxseg.training.step import make_gather

# float32 and int [8, K], of each eighth of a sequence and each cluster: how similar its most
# typical frame is, -inf where there is none, and that frame's index.
Typical = tuple[np.ndarray, np.ndarray]


class Decoded(NamedTuple):
    """What a run makes of one sequence."""

    labels: np.ndarray  # int64 [frames], cluster numbers; -1 where no cluster claims a frame
    plan: np.ndarray  # float32 [frames, K], rows sum to 1
    typical: Typical


class Trained:
    """A finished run of segmentation, read from its folder; what it has learned is read when used.

    Args:
        workdir: the run's folder.

    Raises:
        ValueError: no run, a run of localization, or a damaged file.
    """

    def __init__(self, workdir: Path):
        self.workdir = Path(workdir)
        if not (self.workdir / "dataset.json").is_file():
            raise ValueError(f"{workdir} is no folder of a run: it has no dataset.json")
        data = about.read_dataset(self.workdir)
        if data.task != "segmentation":
            raise ValueError(f"{workdir} is a run of {data.task}, which labels no frames")
        self.data: about.SegmentationData = data
        self.members = about.read_members(self.workdir, data)
        self.config: Config = from_dict(about.read_config(self.workdir))

    def __reduce__(self) -> Any:
        """A copy reads the folder again: what is compiled cannot be pickled."""
        return type(self), (self.workdir,)

    def member(self, activity: str = "", seed: int | None = None) -> about.Member:
        """The member that labels sequences.

        Args:
            activity: "" for the run's only one.
            seed: None for the one that is shown first.

        Raises:
            ValueError: an activity or a seed that the run does not have, with those that it has.
        """
        names = list(self.data.activities)
        if not activity and len(names) > 1:
            one = f"give --activity, one of {_listed(names)}"
            raise ValueError(f"{self.workdir} has several activities: {one}")
        if activity and activity not in names:
            raise ValueError(f"{self.workdir} has no activity {activity!r}, only {_listed(names)}")
        trained = [each for each in self.members if each.activity == (activity or names[0])]
        variant = segmentation.main_variant(trained)
        seeds = {each.seed: each for each in trained if each.variant == variant}
        if seed is None:
            return segmentation.main_first(self.workdir, list(seeds.values()))[0]
        if seed not in seeds:
            raise ValueError(f"{self.workdir} has no seed {seed}, only {_listed(seeds)}")
        return seeds[seed]

    def names(self, member: about.Member) -> Mapping[int, str]:
        """Names of a member's clusters in names.csv, which are of the one that is shown first."""
        if member != self.member(member.activity):
            return {}
        counts = {name: self.member(name).num_clusters for name in self.data.activities}
        return read_names(self.workdir, counts).get(member.activity, {})

    def read_folder(self, folder: Path, *, progress: bool = True) -> DataSet:
        """The sequences of a folder, read as the run's were.

        Channels that have names, in both, are put in the order of the run's.

        Raises:
            ValueError: a folder that cannot be read, or channels of other names.
        """
        channels = self.data.channels
        data = load_unlabeled(folder, self.config.data, channels=channels, progress=progress)
        known, names = self.data.channel_names, data.channels
        if not known or not names or known == names:
            return data
        lacking = [name for name in known if name not in names]
        others = [name for name in names if name not in known]
        if lacking or others or len(set(names)) < len(names):
            raise ValueError(
                f"{self.workdir} was trained on channels {listed(known)}, the sequences have "
                f"{listed(names)}: {listed(lacking) or 'none'} lack, {listed(others) or 'none'} "
                "are new; give the same columns as there"
            )
        columns = [names.index(name) for name in known]
        videos = [replace(each, features=each.features[:, columns]) for each in data.videos]
        return replace(data, videos=tuple(videos), channels=known)

    def check(self, videos: Sequence[Video], fps: float | None) -> None:
        """Raises ValueError where sequences are not of the kind that the run has learned from."""
        for video in videos:
            if video.features.shape[1] != self.data.channels:
                raise ValueError(
                    f"sequence {video.name!r} has {video.features.shape[1]} channels, "
                    f"{self.workdir} was trained on {self.data.channels}: "
                    "give the same features as there"
                )
        known = self.data.fps
        if fps and known and not np.isclose(fps, known, rtol=1e-3):
            raise ValueError(
                f"the sequences have {fps:g} frames a second, {self.workdir} was trained on "
                f"{known:g}: bring them to that rate first"
            )

    def decode_all(
        self,
        videos: Sequence[Video],
        *,
        activity: str = "",
        seed: int | None = None,
        progress: bool = True,
    ) -> Iterator[tuple[Video, about.Member, Decoded]]:
        """Each sequence, its member and what is made of it, one after the other, with a bar.

        Args:
            videos: with features as they are in their files.
            activity: of the run, for all sequences; "" for the run's only one, or else for that of
                the same name as a sequence's own.
            seed: None for the one that is shown first.
        """
        names = self.data.activities
        own = [
            each.activity if len(names) > 1 and each.activity in names else "" for each in videos
        ]
        members = [self.member(activity or each, seed) for each in own]
        pairs = zip(videos, members, strict=True)
        total = len(videos)
        for video, member in tqdm(pairs, "label", total, unit="sequence", disable=not progress):
            yield video, member, self.decode(video, member)

    def decode(self, video: Video, member: about.Member) -> Decoded:
        """Labels and plan of one sequence under one member, by the run's own decoding."""
        _, everything = self.restored
        slot = self.members.index(member)
        arguments = jax.tree.map(lambda leaf: leaf[slot : slot + 1], everything)
        length = padded_length(video.num_frames)
        frames = np.zeros((length, self.data.channels), np.float32)
        frames[: video.num_frames] = self.scaled(video, member.activity).frames()
        padded = {"frames": frames, "mask": np.arange(length) < video.num_frames}
        labels, plan, typical = jax.tree.map(
            lambda array: np.asarray(array[0]),
            self._decoder(arguments.params, arguments.carried, padded, arguments.inputs),
        )
        return Decoded(
            labels[: video.num_frames].astype(np.int64),
            plan[: video.num_frames, : member.num_clusters],
            typical,
        )

    def scaled(self, video: Video, activity: str) -> Video:
        """A new sequence with the scaling of those that the run has learned from, or its own.

        It has its own where each of those has.
        """
        if shared := self.data.scaling.get(activity):
            both = np.array(shared.center, np.float32), np.array(shared.factor, np.float32)
            return replace(video, scaling=both, limit=shared.limit)
        kind = scaling(self.config.data)
        if kind.startswith("folder"):
            raise ValueError(f"{self.workdir} was made before runs kept their scaling; run it anew")
        (scaled,) = scale_videos([video], ["new"], kind.replace("auto", "sequence"))
        return scaled

    @functools.cached_property
    def _decoder(self) -> Callable:
        """(params, carried, video, inputs) -> the arrays of `Decoded`; no others are computed."""
        method = self.restored[0].method

        def decode(*arguments):
            output = method.predict(*arguments)
            return output["labels"], output["matrices"]["plan"], output["typical"]

        return jax.jit(jax.vmap(decode, in_axes=(0, 0, None, 0)))

    @functools.cached_property
    def restored(self) -> tuple[Setup, Arguments]:
        """The program and what all members have learned.

        Raises:
            ValueError: training is not finished, or the decoding cannot take new sequences.
        """
        outline = self._outline()
        settled = read_settled(self.config, self.workdir)
        setup = set_up(self.config, outline, enumerate_members(self.config, outline, settled))
        if setup.method.survey is not None:
            raise ValueError(
                f"{self.workdir}: this run's decoding looks at all of its training sequences at "
                "once, which new ones cannot be added to; see docs/segmenter.md"
            )
        trained = finished_parameters(self.config, setup, self.workdir)
        inputs = make_gather(len(setup.members), setup.mesh)(setup.inputs)
        return setup, Arguments(trained.params, trained.carried, inputs)

    def _outline(self) -> DataSet:
        """The training sequences by their lengths alone: all that members are made of."""
        nothing = np.zeros((), np.float32)
        videos = [
            Video(
                video.name,
                video.activity,
                np.broadcast_to(nothing, (video.frames, self.data.channels)),
            )
            for video in self.data.videos
        ]
        return DataSet(self.data.name, tuple(videos), fps=self.data.fps)


def padded_length(num_frames: int) -> int:
    """Length that a sequence is padded to: one of four in every power of two.

    So a few programs are compiled for sequences of any length, in this call and in later ones.
    """
    step = max(LENGTH_MULTIPLE, 2 ** (num_frames.bit_length() - 3))
    return -(-num_frames // step) * step


def holds_videos(path: Path) -> bool:
    """Whether a path is a video, or a folder with videos in it."""
    try:
        return bool(find_videos(path).files)
    except ValueError:
        return False


def _listed(names: Sequence[object]) -> str:
    return ", ".join(map(str, names))


def label_folder(
    run: Path,
    folder: Path,
    out: Path,
    *,
    activity: str = "",
    seed: int | None = None,
    fps: float | None = None,
    formats: Sequence[str] = ("csv",),
    progress: bool = True,
) -> int:
    """Labels every sequence of a folder and writes a .txt of each, as a run does, and its segments.

    Args:
        run: folder of a finished run.
        folder: new sequences, as configs/asot_folder.py reads them; labels there are not read.
        out: gets `<name>.txt` and the segments, in a subfolder where the sequence is in one.
        activity, seed: see `Trained.decode_all`.
        fps: frames a second of the sequences; None: as a features.json there says.
        formats: of the segments, names of `exports.FORMATS`.
        progress: show a bar.

    Returns:
        The number of sequences.

    Raises:
        ValueError: see `Trained`; labels would go among the sequences or into the run; a format
            that cannot be written.
        OSError: a file that cannot be read or written.
    """
    for taken in (run, folder):
        if out.resolve().is_relative_to(taken.resolve()):
            raise ValueError(f"--out={out} is in {taken}; give a folder of its own")
    trained = Trained(run)
    check_formats("--segments", formats, fps=trained.data.fps)
    try:
        data = trained.read_folder(folder, progress=progress)
    except (ValueError, FileNotFoundError) as error:
        if trained.config.data.name == VIDEOS or not holds_videos(folder):
            raise
        raise ValueError(
            f"{run} was made of features, not of videos, and {folder} holds videos ({error}); make "
            "the same features of them first, and give their folder"
        ) from None
    trained.check(data.videos, fps or data.fps)
    places: dict[Path, tuple[Clusters, list[Segmented]]] = {}
    for video, member, decoded in trained.decode_all(
        data.videos, activity=activity, seed=seed, progress=progress
    ):
        place = out, "" if video.top else video.activity, "", video.name
        segmentation.write_labels(*place, decoded.labels)
        names = Clusters(member.num_clusters, trained.names(member))
        _, found = places.setdefault(out / place[1], (names, []))
        found.append(Segmented.of(video.name, decoded.labels, trained.data.fps))
    for place, (names, found) in places.items():
        write_exports(place, found, names, formats)
    return len(data.videos)
