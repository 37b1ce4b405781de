"""Checkpoint -> labels of every frame: whole videos of any length through a few compiled ones."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
from tqdm import tqdm

from jaxseg import processes
from jaxseg.config import Config
from jaxseg.data.segmentation.records import DataSet
from jaxseg.data.segmentation.video import Video
from jaxseg.methods.method import LENGTH_MULTIPLE, MemberInputs, Method
from jaxseg.prediction import peers
from jaxseg.prediction.finished import appearing_together, evenly_chosen, finished_parameters
from jaxseg.runfiles import segmentation as files
from jaxseg.runfiles.segmentation import Coupling, TypicalFrame
from jaxseg.training.members import Member
from jaxseg.training.setup import Setup
from jaxseg.training.step import make_gather

TYPICAL_FRAMES = 12  # of each cluster, that are reported
_APART = 16  # two of one video are at least this part of its length apart
CHUNK = 4096  # all frames of an activity are padded to a multiple, so that few lengths compile

Arrays = dict[str, np.ndarray]


class Arguments(NamedTuple):
    """What a method's functions are given of some members, the members' axis in front."""

    params: Any
    carried: Any
    inputs: MemberInputs


def predict(
    config: Config, data: DataSet, setup: Setup, workdir: Path, *, progress: bool = True
) -> None:
    """Decodes every video under every member of its activity.

    Writes `predictions/`, by the config's decoding and by the method's others, `couplings/` of the
    videos that the report may draw, and `peers/`, all of which appear at the end, together; then
    `typical.json` and `objectives.json`.

    Raises:
        ValueError: there is no finished training in the folder.
    """
    trained = finished_parameters(config, setup, workdir)
    inputs = make_gather(len(setup.members), setup.mesh)(setup.inputs)
    everything = Arguments(trained.params, trained.carried, inputs)
    compiled = jax.jit(jax.vmap(setup.method.predict, in_axes=(0, 0, None, 0)))
    survey = make_survey(setup.method)
    lengths = bucket_lengths([v.num_frames for v in data.videos], config.predict.num_buckets)
    typical, objectives = {}, {}
    progress = progress and processes.is_first()
    bar = tqdm(total=len(data.videos), desc="predict", unit="video", disable=not progress)
    with appearing_together(workdir, ("predictions", "couplings", "peers")) as partial, bar:
        for activity, videos in data.activities.items():
            slots = [i for i, m in enumerate(setup.members) if m.activity == activity]
            members = [setup.members[i] for i in slots]
            arguments = jax.tree.map(lambda leaf, slots=slots: leaf[np.array(slots)], everything)
            carried = survey(members, videos, arguments, lambda video: padded(video, lengths))
            arguments = arguments._replace(carried=carried)
            tested = [i for i, video in enumerate(videos) if is_tested(members[0], video)]
            shown = {tested[i] for i in evenly_chosen(len(tested), config.predict.couplings)}
            candidates: Arrays = {}
            for index, video in processes.share(videos):
                output = _decode(compiled, arguments, video, lengths)
                similarity, frames = output.pop("typical")
                candidates |= {
                    f"{index}/similarity": similarity,
                    f"{index}/frames": frames,
                    f"{index}/objective": output.pop("objective"),
                }
                _write_labels(config, data, partial["predictions"], members, video, output)
                if index in shown:
                    _write_couplings(config, partial["couplings"], members, video, output)
                bar.update(min(processes.count(), bar.total - bar.n))
            candidates = processes.exchange(candidates)
            typical[activity] = most_typical(members, videos, candidates)
            objectives[activity] = _objectives(members, videos, candidates)
        bar.close()
        if processes.is_first() and _needs_peers(config, data):
            peers.write_kmeans(partial["peers"], data, setup.members, progress=progress)
    if processes.is_first():
        files.write_typical(workdir, typical)
        files.write_objectives(workdir, objectives)


def _needs_peers(config: Config, data: DataSet) -> bool:
    """Whether peers are asked for and can be scored."""
    has_truth = any(video.labels is not None for video in data.videos)
    return config.predict.peers and has_truth


def bucket_lengths(lengths: Sequence[int], num_buckets: int) -> list[int]:
    """Ascending padded lengths, in equal ratios from the shortest video to the longest.

    Each is a multiple of 8; every length fits into the last.
    """
    edges = np.geomspace(min(lengths), max(lengths), num_buckets + 1)[1:]
    edges[-1] = max(lengths)  # exactly: the last power may round to less
    return sorted({int(-(-edge // LENGTH_MULTIPLE) * LENGTH_MULTIPLE) for edge in np.rint(edges)})


def is_tested(member: Member, video: Video) -> bool:
    """Whether a member decodes a video: all of them, or those that it has not learned from."""
    return not member.test or video.name in member.test


def make_survey(method: Method) -> Callable:
    """The first of two passes over an activity's videos: all of their frames tell the decoding.

    Returns:
        Function of members, videos, arguments, and a function that pads a video; gives the
        carried state for `predict`. For methods that look at single videos it is the one given.
    """
    if method.survey is None:
        return lambda members, videos, arguments, pad: arguments.carried
    observe = jax.jit(jax.vmap(method.observe, in_axes=(0, 0, None, 0)))
    survey = jax.jit(jax.vmap(method.survey, in_axes=(0, None, 0, 0)))

    def run(
        members: Sequence[Member], videos: Sequence[Video], arguments: Arguments, pad: Callable
    ) -> Any:
        observed: Arrays = {}
        for index, video in processes.share(videos):
            outputs = observe(arguments.params, arguments.carried, pad(video), arguments.inputs)
            observed |= {
                f"{index}/{name}": np.asarray(array)[:, : video.num_frames]
                for name, array in outputs.items()
            }
        observed = processes.exchange(observed)
        names = sorted({name.partition("/")[2] for name in observed})
        time = np.concatenate([np.arange(v.num_frames) / v.num_frames for v in videos])
        length = -(-len(time) // CHUNK) * CHUNK
        arrays = {}
        for name in names:
            frames = [observed[f"{index}/{name}"] for index in range(len(videos))]
            arrays[name] = _pad(np.concatenate(frames, axis=1), length, axis=1)
        tested = [[is_tested(member, video) for video in videos] for member in members]
        mask = np.repeat(tested, [video.num_frames for video in videos], axis=1)
        time = _pad(time, length, axis=0).astype(np.float32)
        return survey(arrays, time, _pad(mask, length, axis=1), arguments.inputs)

    return run


def _pad(array: np.ndarray, length: int, axis: int) -> np.ndarray:
    """An array with zeros up to a length along an axis."""
    widths = [(0, 0)] * array.ndim
    widths[axis] = (0, length - array.shape[axis])
    return np.pad(array, widths)


def padded(video: Video, lengths: Sequence[int]) -> Arrays:
    """One video as a method sees it, in the shortest length that holds it."""
    length = next(length for length in lengths if length >= video.num_frames)
    frames = _pad(np.asarray(video.frames(), np.float32), length, axis=0)
    return {"frames": frames, "mask": np.arange(length) < video.num_frames}


def _decode(compiled: Callable, arguments: Arguments, video: Video, lengths: Sequence[int]) -> dict:
    """The method's output for one video, [members, frames, ...], cut to its own length."""
    params, carried, inputs = arguments
    output = jax.tree.map(np.asarray, compiled(params, carried, padded(video, lengths), inputs))
    # These two have no axis of frames to cut.
    uncut = {name: output.pop(name) for name in ("typical", "objective")}
    return jax.tree.map(lambda array: array[:, : video.num_frames], output) | uncut


def _write_labels(
    config: Config,
    data: DataSet,
    predictions: Path,
    members: Sequence[Member],
    video: Video,
    output: Mapping[str, Any],
) -> None:
    decodings = {"": output["labels"], **output["decodings"]}
    for index, member in enumerate(members):
        for decoding, labels in decodings.items() if is_tested(member, video) else ():
            directory = files.decoding_directory(member.directory, decoding)
            place = predictions, video.activity, directory, video.name
            files.write_labels(*place, labels[index])
            if "csv" in config.predict.formats:
                files.write_segments(*place, labels[index], data.fps)


def _write_couplings(
    config: Config,
    couplings: Path,
    members: Sequence[Member],
    video: Video,
    output: Mapping[str, Any],
) -> None:
    """Couplings of the seeds that may be shown first, without clusters of other members alone."""
    for index, member in enumerate(members):
        # Where human terms are used the best seed is shown first, which is not known yet.
        shown = config.uses_terms or member.seed == members[0].seed
        if shown and is_tested(member, video):
            matrices = output["matrices"].items()
            coupling = Coupling(
                **{name: each[index][:, : member.num_clusters] for name, each in matrices}
            )
            files.write_coupling(couplings, video.activity, member.directory, video.name, coupling)


def most_typical(
    members: Sequence[Member], videos: Sequence[Video], candidates: Arrays
) -> dict[str, list[list[TypicalFrame]]]:
    """Member directory -> for each cluster its most typical frames, best first.

    Args:
        members: of one activity.
        videos: of that activity.
        candidates: "<index of a video>/similarity" and "/frames" -> [members, 8, K], what a method
            gives as "typical".
    """
    lengths = {video.name: video.num_frames for video in videos}

    def of_cluster(slot: int, cluster: int) -> list[TypicalFrame]:
        frames = [
            TypicalFrame(video.name, int(frame), round(float(similarity), 4))
            for index, video in enumerate(videos)
            if is_tested(members[slot], video)
            for similarity, frame in zip(
                candidates[f"{index}/similarity"][slot, :, cluster],
                candidates[f"{index}/frames"][slot, :, cluster],
                strict=True,
            )
            if np.isfinite(similarity)
        ]
        return _choose_typical(frames, lengths)

    return {
        member.directory: [of_cluster(slot, cluster) for cluster in range(member.num_clusters)]
        for slot, member in enumerate(members)
    }


def _choose_typical(
    frames: Sequence[TypicalFrame], lengths: Mapping[str, int]
) -> list[TypicalFrame]:
    """The best of each video, then the second of each, and so on; no neighbors; best first."""
    chosen: dict[str, list[TypicalFrame]] = {}
    for each in sorted(frames, key=lambda each: -each.similarity):
        in_video, apart = chosen.setdefault(each.video, []), lengths[each.video] / _APART
        if all(abs(each.frame - other.frame) >= apart for other in in_video):
            in_video.append(each)
    ranked = [pair for in_video in chosen.values() for pair in enumerate(in_video)]
    # By rank and similarity alone: frames of the same stay in the order of their videos.
    ranked.sort(key=lambda pair: (pair[0], -pair[1].similarity))
    best = [each for _, each in ranked[:TYPICAL_FRAMES]]
    return sorted(best, key=lambda each: -each.similarity)


def _objectives(
    members: Sequence[Member], videos: Sequence[Video], candidates: Arrays
) -> dict[str, dict[str, float]]:
    """Member directory -> video -> transport objective a frame."""
    return {
        member.directory: {
            video.name: float(candidates[f"{index}/objective"][slot])
            for index, video in enumerate(videos)
            if is_tested(member, video)
        }
        for slot, member in enumerate(members)
    }
