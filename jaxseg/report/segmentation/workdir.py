"""Reads the files of a run; knows their formats, and nothing of how they are drawn."""

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from jaxseg.report.files import read_json, read_losses, reason
from jaxseg.report.segmentation.decodings import find_decodings
from jaxseg.report.segmentation.footage_records import read_footage
from jaxseg.report.segmentation.num_clusters import main_variant
from jaxseg.report.segmentation.records import Activity, Coupling, Member, Run
from jaxseg.report.segmentation.signs import read_signs
from jaxseg.report.segmentation.silence import scored_classes, scored_labels

_FILES = (
    *("config.json", "versions.json", "dataset.json", "members.json", "metrics.jsonl"),
    *("truth/", "predictions/", "couplings/", "typical.json", "evaluation.json"),
    *("objectives.json", "num_clusters.json"),
    *("footage/footage.json", "footage/pictures/"),
)
_ALWAYS = ("plan", "affinity")  # arrays that every coupling has


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
    choice = read_json(workdir / "num_clusters.json")
    try:
        members = tuple(Member(**entry) for entry in entries)
        names = dict.fromkeys(video["activity"] for video in dataset["videos"])
        described = {
            "data_name": dataset["name"],
            "generated": bool(dataset["generated"]),
            "fps": dataset["fps"],
            "classes": scored_classes(dataset["classes"], evaluation),
            "excluded": tuple(dataset["excluded"]),
        }
    except (KeyError, TypeError) as error:
        where = f"{workdir / 'dataset.json'} or members.json"
        raise ValueError(f"{where}: a field is missing or unknown: {error}") from None
    dataset["classes"] = described["classes"]
    steps, losses = read_losses(workdir / "metrics.jsonl", len(members))
    files = workdir, dataset, members, evaluation, typical, choice
    read = functools.partial(_read_activity, *files)
    return Run(
        name=workdir.resolve().name,
        config=config,
        versions=read_json(workdir / "versions.json"),
        members=members,
        activities=tuple(read(name) for name in names),
        steps=steps,
        losses=losses.get("loss", np.empty((0, len(members)))),
        signs=read_signs(workdir / "metrics.jsonl", steps, len(members)),
        evaluation=evaluation,
        footage=read_footage(workdir),
        num_clusters=choice,
        files=tuple(name for name in _FILES if (workdir / name).exists()),
        **described,
    )


def _read_activity(workdir, dataset, members, evaluation, all_typical, choice, name) -> Activity:
    videos = sorted(
        (v for v in dataset["videos"] if v["activity"] == name), key=lambda v: v["name"]
    )
    names = [video["name"] for video in videos]
    own = [member for member in members if member.activity == name]
    variant = main_variant(workdir, choice, own)
    main = tuple(member for member in own if member.variant == variant)
    index = {label: i for i, label in enumerate(dataset["classes"])}
    predictions = {m.directory: _read_labels(workdir, names, m, m.directory) for m in main}
    typical, couplings, decodings, folders = [], {}, {}, [*predictions]
    if main:
        first, directories = main[0], {member.directory for member in members}
        found = find_decodings(workdir / "predictions" / name, first.directory, directories)
        decodings = {k: _read_labels(workdir, names, first, found[k]) for k in found}
        folders += found.values()
        read = functools.partial(_read_coupling, num_clusters=first.num_clusters)
        couplings = _read_videos(
            workdir / "couplings" / name / first.directory, names, read, ".npz"
        )
        typical = all_typical.get(name, {}).get(first.directory, [])
    return Activity(
        name=name,
        frames={video["name"]: video["frames"] for video in videos},
        members=main,
        truth=_read_videos(
            workdir / "truth" / name, names, functools.partial(_read_truth, index=index)
        ),
        predictions=predictions,
        decodings=decodings,
        matching={f: _matching(workdir, evaluation, f"{name}/{f}", index) for f in folders},
        typical=typical,
        couplings=couplings,
    )


def _read_videos(folder: Path, names, read, suffix: str = ".txt") -> dict[str, Any]:
    paths = {name: folder / f"{name}{suffix}" for name in names}
    return {name: read(path) for name, path in paths.items() if path.is_file()}


def _read_labels(workdir, names, member: Member, directory: str) -> dict[str, np.ndarray]:
    read = functools.partial(_read_clusters, num_clusters=member.num_clusters)
    return _read_videos(workdir / "predictions" / member.activity / directory, names, read)


def _read_truth(path: Path, index: Mapping[str, int]) -> np.ndarray:
    labels = path.read_text(encoding="utf-8").splitlines()
    try:
        indices = np.array([index[label] for label in labels], np.int32)
    except KeyError as error:
        line = labels.index(error.args[0]) + 1
        raise ValueError(f"{path}, line {line}: class {error} is not in dataset.json") from None
    return scored_labels(indices, tuple(index))


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
            names = [name for name in Coupling._fields if name in _ALWAYS or name in arrays]
            coupling = Coupling(**{name: arrays[name].astype(np.float32) for name in names})
    except Exception as error:  # np.load raises whatever zip, zlib and pickle raise
        raise ValueError(f"{path}: not a coupling: {reason(error)}") from None
    for name in names:
        matrix = getattr(coupling, name)
        if matrix.shape != (len(coupling.plan), num_clusters) or not np.isfinite(matrix).all():
            what = f"{name} of shape {matrix.shape}"
            raise ValueError(f"{path}: {what} is not finite or not one of {num_clusters} clusters")
    return coupling


def _matching(workdir, evaluation, key: str, index: Mapping[str, int]) -> dict[int, str]:
    matched = evaluation.get("matching", {}).get(key, {})
    for cluster, label in matched.items():
        if label not in index:
            path = workdir / "evaluation.json"
            raise ValueError(
                f"{path}: {key} matches cluster {cluster} with unknown class {label!r}"
            )
    return {int(cluster): label for cluster, label in matched.items()}
