"""Reads the files of a run; knows their formats, and nothing of how they are drawn."""

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from jaxseg.report.files import read_json, read_losses
from jaxseg.report.records import Activity, Coupling, Member, Run

_FILES = (
    *("config.json", "versions.json", "dataset.json", "members.json", "metrics.jsonl"),
    *("truth/", "predictions/", "couplings/", "typical.json", "evaluation.json"),
)


def read_run(workdir: Path) -> Run:
    """Reads a workdir.

    `config.json`, `dataset.json` and `members.json` are required; every other file may be absent.

    Raises:
        ValueError: a required file is missing, or a file does not hold what it should.
    """
    config = read_json(workdir / "config.json", required=True)
    dataset = read_json(workdir / "dataset.json", required=True)
    entries = read_json(workdir / "members.json", required=True)
    evaluation = read_json(workdir / "evaluation.json")
    typical = read_json(workdir / "typical.json")
    try:
        members = tuple(Member(**entry) for entry in entries)
        names = dict.fromkeys(video["activity"] for video in dataset["videos"])
        described = {
            "data_name": dataset["name"],
            "generated": bool(dataset["generated"]),
            "fps": dataset["fps"],
            "classes": tuple(dataset["classes"]),
            "excluded": tuple(dataset["excluded"]),
        }
    except (KeyError, TypeError) as error:
        where = f"{workdir / 'dataset.json'} or members.json"
        raise ValueError(f"{where}: a field is missing or unknown: {error}") from None
    steps, losses = read_losses(workdir / "metrics.jsonl", len(members))
    read = functools.partial(_read_activity, workdir, dataset, members, evaluation, typical)
    return Run(
        name=workdir.resolve().name,
        config=config,
        versions=read_json(workdir / "versions.json"),
        members=members,
        activities=tuple(read(name) for name in names),
        steps=steps,
        losses=losses.get("loss", np.empty((0, len(members)))),
        evaluation=evaluation,
        files=tuple(name for name in _FILES if (workdir / name).exists()),
        **described,
    )


def _read_activity(workdir, dataset, members, evaluation, all_typical, name) -> Activity:
    videos = sorted(
        (v for v in dataset["videos"] if v["activity"] == name), key=lambda v: v["name"]
    )
    names = [video["name"] for video in videos]
    own = [member for member in members if member.activity == name]
    main = tuple(member for member in own if member.variant == own[0].variant)
    index = {label: i for i, label in enumerate(dataset["classes"])}
    predictions = {}
    for member in main:
        folder = workdir / "predictions" / name / member.directory
        read = functools.partial(_read_clusters, num_clusters=member.num_clusters)
        predictions[member.directory] = _read_videos(folder, names, read)
    typical, couplings = [], {}
    if main:
        folder = workdir / "couplings" / name / main[0].directory
        read = functools.partial(_read_coupling, num_clusters=main[0].num_clusters)
        couplings = _read_videos(folder, names, read, ".npz")
        typical = all_typical.get(name, {}).get(main[0].directory, [])
    return Activity(
        name=name,
        frames={video["name"]: video["frames"] for video in videos},
        members=main,
        truth=_read_videos(
            workdir / "truth" / name, names, functools.partial(_read_truth, index=index)
        ),
        predictions=predictions,
        matching={m.directory: _matching(workdir, evaluation, m, index) for m in main},
        typical=typical,
        couplings=couplings,
    )


def _read_videos(folder: Path, names, read, suffix: str = ".txt") -> dict[str, Any]:
    paths = {name: folder / f"{name}{suffix}" for name in names}
    return {name: read(path) for name, path in paths.items() if path.is_file()}


def _read_truth(path: Path, index: Mapping[str, int]) -> np.ndarray:
    labels = path.read_text(encoding="utf-8").splitlines()
    try:
        return np.array([index[label] for label in labels], np.int32)
    except KeyError as error:
        line = labels.index(error.args[0]) + 1
        raise ValueError(f"{path}, line {line}: class {error} is not in dataset.json") from None


def _read_clusters(path: Path, num_clusters: int) -> np.ndarray:
    try:
        clusters = np.array(path.read_text(encoding="utf-8").split(), np.int32)
    except ValueError as error:
        raise ValueError(f"{path}: not one cluster number a line: {error}") from None
    if clusters.size and not -1 <= clusters.min() <= clusters.max() < num_clusters:
        wrong = clusters[(clusters < -1) | (clusters >= num_clusters)][0]
        raise ValueError(f"{path}: cluster {wrong} of a member with {num_clusters} clusters")
    return clusters


def _read_coupling(path: Path, num_clusters: int) -> Coupling:
    try:
        with np.load(path) as arrays:
            coupling = Coupling(*(arrays[name].astype(np.float32) for name in Coupling._fields))
    except Exception as error:  # np.load raises whatever zip, zlib and pickle raise
        raise ValueError(f"{path}: not a coupling: {error}") from None
    for name, matrix in coupling._asdict().items():
        if matrix.shape != (len(coupling.plan), num_clusters) or not np.isfinite(matrix).all():
            what = f"{name} of shape {matrix.shape}"
            raise ValueError(f"{path}: {what} is not finite or not one of {num_clusters} clusters")
    return coupling


def _matching(workdir, evaluation, member: Member, index: Mapping[str, int]) -> dict[int, str]:
    key = f"{member.activity}/{member.directory}"
    matched = evaluation.get("matching", {}).get(key, {})
    for cluster, label in matched.items():
        if label not in index:
            path = workdir / "evaluation.json"
            raise ValueError(
                f"{path}: {key} matches cluster {cluster} with unknown class {label!r}"
            )
    return {int(cluster): label for cluster, label in matched.items()}
