"""`python mesh_runs.py NAME FOLDER 2x4 8x1 ...` trains and tests a toy on each of these meshes.

Each leaves a working directory of its own, FOLDER/2x4, FOLDER/8x1; all processes of a group run it
together. The tests train the same on one device.
"""

import dataclasses
import sys
from pathlib import Path

import jax
import numpy as np
import toy
import toy_case
import toy_gaufuse

from jaxseg import processes
from jaxseg.config.shared import MeshConfig
from jaxseg.prediction import intervals, segments
from jaxseg.training import loop, sharding
from jaxseg.training import setup as run_setup

ALL = ("1x8", "2x4", "4x2", "8x1")
LENGTHS = {"salad": (12, 19, 33, 24, 16, 40, 21, 28), "soup": (26, 40, 18, 35, 22, 15, 30)}
# Six members: on four rows and on eight, two are idle. Eight videos in a batch, so that each can
# have a device of its own; soup has one less.
COMMON = {"seeds": 3, "data.videos_per_batch": 8}
SEGMENTS = COMMON | {"num_epochs": 12, "optimizer.learning_rate": 0.01, "predict.num_buckets": 1}
LOCALIZED = {"seeds": 6, "predict.maps": 0}
UNEVEN = SEGMENTS | {"num_epochs": 4}
CONFIGS = {
    "asot": toy.make_config(SEGMENTS),
    "three members": toy.make_config(UNEVEN | {"seeds": 3, "activities": ("salad",)}),
    "five members": toy.make_config(UNEVEN | {"seeds": 5, "activities": ("salad",)}),
    "one member": toy.make_config(UNEVEN | {"seeds": 1, "activities": ("salad",)}),
    "tot": toy.make_tot_config(SEGMENTS | {"tcl": True, "optimizer.freeze_steps": 3}),
    "case": toy_case.make_config(LOCALIZED),
    "gaufuse": toy_gaufuse.make_config(LOCALIZED | {"data.videos_per_batch": 8}),
}


def make_data(name: str):
    """More videos to train on than the toys have, and for CASE some to test."""
    if name == "gaufuse":
        return toy_gaufuse.make_data()
    if name == "case":
        data = toy_case.make_data()
        tested = [
            dataclasses.replace(video, name=f"test {video.name}", subset="test")
            for video in data.videos[:3]
        ]
        return dataclasses.replace(data, videos=data.videos + tuple(tested))
    videos = [
        toy.make_video(activity, index, length)
        for activity in CONFIGS[name].activities or LENGTHS
        for index, length in enumerate(LENGTHS[activity])
    ]
    return dataclasses.replace(toy.make_data(), videos=tuple(videos))


def set_up(name: str, mesh: str):
    """Its config, data and setup on a mesh; "1x1" is one device."""
    config = dataclasses.replace(CONFIGS[name], mesh=MeshConfig(*map(int, mesh.split("x"))))
    data = make_data(name)
    return config, data, run_setup.set_up(config, data)


def train_and_test(name: str, mesh: str, workdir: Path):
    """The setup and the state at the end."""
    processes.first_alone(lambda: workdir.mkdir(parents=True, exist_ok=True), f"folder of {mesh}")
    config, data, setup = set_up(name, mesh)
    state = loop.train(config, setup, workdir, progress=False)
    stage = segments if config.task == "segmentation" else intervals
    stage.predict(config, data, setup, workdir, progress=False)
    return setup, state


def main(name: str, folder: str, *meshes: str) -> None:
    processes.start(None, None, None)
    for mesh in meshes:
        setup, state = train_and_test(name, mesh, Path(folder) / mesh)
        keep(setup, state, Path(folder) / f"{mesh}.npz")


def keep(setup, state, path: Path) -> None:
    """The members' parameters and carried state, leaf by leaf, without idle members."""
    leaves = jax.tree.leaves((state.params, state.carried))
    named = {f"{index:03d}": leaf for index, leaf in enumerate(leaves)}
    arrays = sharding.on_host(named, setup.mesh)
    if processes.is_first():
        np.savez(path, **{name: leaf[: len(setup.members)] for name, leaf in arrays.items()})


if __name__ == "__main__":
    main(*sys.argv[1:])
