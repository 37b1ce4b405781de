"""Checkpoint -> prediction files: whole videos of any length through a few compiled lengths."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import jax
import numpy as np
from tqdm import tqdm

from jaxseg import processes
from jaxseg.config import Config
from jaxseg.data.segmentation.records import DataSet, Video
from jaxseg.methods.method import LENGTH_MULTIPLE
from jaxseg.prediction.finished import appearing_together, finished_state, spread
from jaxseg.prediction.surveys import is_tested, make_surveyor
from jaxseg.training.forward import make_gather
from jaxseg.training.loop import Setup
from jaxseg.training.members import Member
from jaxseg.training.writer import write_arrays, write_json, write_text

TYPICAL_FRAMES = 12  # a cluster's most typical frames that are reported
_APART = 16  # two of one video are at least this part of its length apart


def bucket_lengths(lengths: Sequence[int], num_buckets: int) -> list[int]:
    """Ascending padded lengths, in equal ratios from the shortest video to the longest.

    Each is a multiple of 8; every length fits into the last.
    """
    edges = np.geomspace(min(lengths), max(lengths), num_buckets + 1)[1:]
    edges[-1] = max(lengths)
    return sorted({int(-(-edge // LENGTH_MULTIPLE) * LENGTH_MULTIPLE) for edge in np.rint(edges)})


def predict(
    config: Config, data: DataSet, setup: Setup, workdir: Path, *, progress: bool = True
) -> None:
    """Decodes every video under every member of its activity and writes the labels.

    `predictions/<activity>/<seed>/<video>.txt` holds a cluster number a line, and
    `<seed>,<decoding>` beside it the labels of the method's other decodings;
    `couplings/` the plans of the videos that the report may draw; `typical.json` each
    cluster's most typical frames; `objectives.json` the transport objective of each video, a
    frame. All of them appear at the end, together.

    Raises:
        ValueError: where there is no finished training in the folder.
    """
    state = finished_state(config, setup, workdir)
    run = jax.jit(jax.vmap(setup.method.predict, in_axes=(0, 0, None, 0)))
    survey = make_surveyor(setup.method)
    inputs = make_gather(len(setup.members), setup.mesh)(setup.inputs)
    lengths = bucket_lengths([v.num_frames for v in data.videos], config.predict.num_buckets)
    typical, objectives = {}, {}
    progress = progress and processes.is_first()
    bar = tqdm(total=len(data.videos), desc="predict", unit="video", disable=not progress)
    with appearing_together(workdir, ("predictions", "couplings")) as partial, bar:
        for activity, videos in data.activities.items():
            chosen = [i for i, m in enumerate(setup.members) if m.activity == activity]
            members = [setup.members[i] for i in chosen]
            arguments = _take((state.params, state.carried, inputs), chosen)
            carried = survey(members, videos, arguments, lambda video: _padded(video, lengths))
            arguments = (arguments[0], carried, arguments[2])
            tested = [i for i, video in enumerate(videos) if is_tested(members[0], video)]
            shown = {tested[i] for i in spread(len(tested), config.predict.couplings)}
            candidates = {}
            for index, video in processes.share(videos):
                output = _decode(run, arguments, video, lengths)
                similarity, frames = output.pop("typical")
                candidates |= {f"{index}/similarity": similarity, f"{index}/frames": frames}
                candidates |= {f"{index}/objective": output.pop("objective")}
                folder = partial["couplings"] if index in shown else None
                _write(config, data, partial["predictions"], folder, members, video, output)
                bar.update(min(processes.count(), bar.total - bar.n))
            candidates = processes.exchange(candidates)
            typical[activity] = _most_typical(members, videos, candidates)
            objectives[activity] = _objectives(members, videos, candidates)
    if processes.is_first():
        write_json(workdir / "typical.json", typical)
        write_json(workdir / "objectives.json", objectives)


def _take(tree, members: Sequence[int]):
    """Some members' share of arrays that have all of them."""
    return jax.tree.map(lambda leaf: leaf[np.array(members)], tree)


def _padded(video: Video, lengths: Sequence[int]) -> dict[str, np.ndarray]:
    """One video as a method sees it, in the shortest length that holds it."""
    length = next(length for length in lengths if length >= video.num_frames)
    frames = np.zeros((length, video.features.shape[1]), np.float32)
    frames[: video.num_frames] = video.frames()
    return {"frames": frames, "mask": np.arange(length) < video.num_frames}


def _decode(run, arguments, video: Video, lengths: Sequence[int]) -> dict:
    """The method's output for one video, [members, frames, ...], cut to its own length."""
    params, carried, inputs = arguments
    output = jax.tree.map(np.asarray, run(params, carried, _padded(video, lengths), inputs))
    whole = {name: output.pop(name) for name in ("typical", "objective")}
    return jax.tree.map(lambda array: array[:, : video.num_frames], output) | whole


def _write(config, data, predictions, couplings, members: Sequence[Member], video, output) -> None:
    for index, member in enumerate(members):
        if not is_tested(member, video):
            continue
        decodings = {"": output["labels"], **output["decodings"]}
        for decoding, labels in decodings.items():
            place = predictions / video.activity / member.directory_of(decoding)
            _write_labels(config, data, place, video.name, labels[index])
        if couplings is not None and member.seed == 0:
            place = couplings / video.activity / member.directory
            place.mkdir(parents=True, exist_ok=True)
            matrices = {
                name: matrix[index][:, : member.num_clusters].astype(np.float16)
                for name, matrix in output["matrices"].items()
            }
            write_arrays(place / f"{video.name}.npz", matrices, compressed=True)


def _write_labels(config, data, folder: Path, name: str, labels: np.ndarray) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / f"{name}.txt", "".join(f"{label}\n" for label in labels))
    if config.predict.segments:
        write_text(folder / f"{name}.csv", segments_csv(labels, data.fps))


def segments_csv(labels: np.ndarray, fps: float | None) -> str:
    """Annotators' table, `start,end,label`: in seconds where fps is known, else in frames.

    An end is the start of what follows: segments share their borders and leave no gap.
    """
    borders = np.flatnonzero(np.diff(labels)) + 1
    starts, ends = np.r_[0, borders], np.r_[borders, len(labels)]
    unit = (lambda frame: f"{frame / fps:.3f}") if fps else str
    rows = [f"{unit(s)},{unit(e)},{labels[s]}\n" for s, e in zip(starts, ends, strict=True)]
    return "start,end,label\n" + "".join(rows)


def _most_typical(members: Sequence[Member], videos, candidates: dict[str, np.ndarray]) -> dict:
    """{directory: [per cluster: [{"video", "frame", "similarity"}]]}, best first."""
    result = {}
    for index, member in enumerate(members):
        clusters = []
        for cluster in range(member.num_clusters):
            found = [
                {"video": video.name, "frame": int(frame), "similarity": round(float(value), 4)}
                for place, video in enumerate(videos)
                if is_tested(member, video)
                for value, frame in zip(
                    candidates[f"{place}/similarity"][index, :, cluster],
                    candidates[f"{place}/frames"][index, :, cluster],
                    strict=True,
                )
                if np.isfinite(value)
            ]
            clusters.append(_choose_typical(found, {v.name: v.num_frames for v in videos}))
        result[member.directory] = clusters
    return result


def _objectives(members: Sequence[Member], videos, candidates: dict[str, np.ndarray]) -> dict:
    """{directory: {video: objective a frame}}."""
    return {
        member.directory: {
            video.name: float(candidates[f"{place}/objective"][index])
            for place, video in enumerate(videos)
            if is_tested(member, video)
        }
        for index, member in enumerate(members)
    }


def _choose_typical(found: Sequence[dict], lengths: Mapping[str, int]) -> list[dict]:
    """The best of each video, then the second of each, and so on; no neighbours; best first."""
    chosen: dict[str, list[dict]] = {}
    for entry in sorted(found, key=lambda entry: -entry["similarity"]):
        own, apart = chosen.setdefault(entry["video"], []), lengths[entry["video"]] / _APART
        if all(abs(entry["frame"] - other["frame"]) >= apart for other in own):
            own.append(entry)
    ranked = [
        (i, -entry["similarity"], entry) for own in chosen.values() for i, entry in enumerate(own)
    ]
    ranked.sort(key=lambda rank: rank[:2])
    return [entry for *_, entry in sorted(ranked[:TYPICAL_FRAMES], key=lambda rank: rank[1])]
