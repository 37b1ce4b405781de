"""Checkpoint -> detections of the test videos, as ActivityNet's JSON, and maps to look at."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
from tqdm import tqdm

from jaxseg import processes
from jaxseg.config import Config
from jaxseg.data.localization.records import SnippetSet, SnippetVideo
from jaxseg.methods.located import Located
from jaxseg.prediction import oracle
from jaxseg.prediction.detect import join_detections, make_detect
from jaxseg.prediction.finished import appearing_together, finished_state, spread
from jaxseg.proposals import Detections, as_segments
from jaxseg.training.loop import Setup
from jaxseg.training.members import Member
from jaxseg.training.writer import write_arrays, write_json, write_text


class Parameters(NamedTuple):
    """What is tested, with the members' axis in front, and a sentence that says which it is."""

    params: Any
    carried: Any
    checkpoint: str


def predict(
    config: Config, data: SnippetSet, setup: Setup, workdir: Path, *, progress: bool = True
) -> None:
    """Finds the actions of every test video under every member.

    `predictions/<member>.json` holds its detections as ActivityNet's evaluator reads them, with
    the sentence on the checkpoint under "external_data"; `maps/<member>/<video>.npz` what the
    report draws of some videos; where the method has clusters `clusters.json`,
    {member: [[foreground, background]] a cluster}.
    All of them appear at the end, together.

    Raises:
        ValueError: where there is no finished training in the folder, or a network's output is
            not finite.
    """
    params, carried, checkpoint = chosen_parameters(config, setup, workdir)
    detect = make_detect(config, data, setup)
    shown = spread(len(data.test), config.predict.maps)
    videos = processes.share(data.test)
    progress = progress and processes.is_first()
    bar = tqdm(total=len(data.test), desc="predict", unit="video", disable=not progress)
    with appearing_together(workdir, ("predictions", "maps")) as partial, bar:
        own = {}
        for index, video in videos:
            found = detect(params, carried, video)
            own[index] = [one.detections for one in found]
            for member, one in zip(setup.members, found, strict=True):
                if index in shown and member.seed == 0:
                    _write_map(partial["maps"] / member.directory, data, video, one)
            bar.update(min(processes.count(), bar.total - bar.n))
        joined = join_detections(own, len(data.test), len(setup.members))
        if processes.is_first():
            for member, each in zip(setup.members, zip(*joined, strict=True), strict=True):
                path = partial["predictions"] / f"{member.directory}.json"
                _write_detections(path, data, each, checkpoint)
    if processes.is_first() and "cluster_classes" in carried:
        write_json(workdir / "clusters.json", _cluster_classes(setup.members, carried))


def chosen_parameters(config: Config, setup: Setup, workdir: Path) -> Parameters:
    """The parameters that `config.checkpoint.rule` asks for: "last" or "oracle-test".

    Raises:
        ValueError: where training is not finished, or was not watched as the rule needs it.
    """
    state = finished_state(config, setup, workdir)
    if config.checkpoint.rule == "last":
        step = int(state.step)
        return Parameters(state.params, state.carried, f"last: the parameters after step {step}")
    best = oracle.read_best(workdir, like=(state.params, state.carried))
    return Parameters(*best.parameters, oracle.describe(best))


def _write_detections(
    path: Path, data: SnippetSet, found: Sequence[Detections], checkpoint: str
) -> None:
    """ActivityNet's JSON, compact: a run has tens of thousands of detections."""
    results = {
        video.name: as_segments(one, data.classes)
        for video, one in zip(data.test, found, strict=True)
    }
    external = {"checkpoint": checkpoint}
    content = {"version": "jaxseg", "external_data": external, "results": results}
    write_text(path, json.dumps(content, allow_nan=False) + "\n")


def _write_map(folder: Path, data: SnippetSet, video: SnippetVideo, found: Located) -> None:
    """What the report draws of a video; `seconds` are the borders of its T snippets."""
    folder.mkdir(parents=True, exist_ok=True)
    length = data.snippet_seconds(video) * video.num_snippets
    arrays = {
        "map": found.score_map,
        "video_scores": found.video_scores,
        "seconds": np.linspace(0, length, len(found.score_map) + 1),
    } | found.drawn
    arrays = {name: array.astype(np.float32) for name, array in arrays.items()}
    write_arrays(folder / f"{video.name}.npz", arrays, compressed=True)


def _cluster_classes(members: Sequence[Member], carried) -> dict[str, list]:
    """{directory: [[foreground, background]] * K}; the mean where streams have their own."""
    classes = np.asarray(jax.device_get(carried["cluster_classes"]), np.float64)
    classes = classes.reshape(len(members), -1, *classes.shape[-2:]).mean(axis=1)
    return {
        member.directory: own.round(6).tolist()
        for member, own in zip(members, classes, strict=True)
    }
