"""A localization run in miniature: videos that show their actions, a network that reads them off.

Channel c of a snippet is 1 where class c happens. The one parameter, `gain`, is how loudly the
network says so: at 10 its detections are the true segments, at 0 it knows nothing.
"""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from jaxseg.config.localization import LocalizationCheckpointConfig, LocalizationEvaluationConfig
from jaxseg.config.shared import ClustersConfig, MeshConfig, OptimizerConfig
from jaxseg.data.localization.records import SnippetSet, SnippetVideo
from jaxseg.methods.case import method as case
from jaxseg.methods.case.config import CaseTestConfig
from jaxseg.methods.method import Method
from jaxseg.run.workdir import data_record
from jaxseg.runfiles import about, localization
from jaxseg.training import sharding
from jaxseg.training.checkpoint import Checkpoints
from jaxseg.training.members import Member, stack
from jaxseg.training.setup import Setup
from jaxseg.training.step import TrainState, make_init

CLASSES = ("dive", "jump", "throw")
NUM_STEPS = 4
SNIPPETS = 20
# name -> (subset, snippets, [(first snippet, snippet after the last, class)])
VIDEOS = {
    "a": ("train", 30, [(3, 9, 0), (20, 26, 1), (12, 15, 2)]),
    "b": ("test", 40, [(4, 12, 0), (20, 32, 0)]),
    "c": ("test", 20, [(6, 12, 1)]),
    "d": ("test", 60, [(9, 21, 0), (30, 51, 2)]),
    "e": ("test", 20, []),
}


@dataclasses.dataclass(frozen=True)
class Data:
    num_snippets: int = SNIPPETS


@dataclasses.dataclass(frozen=True)
class Config:
    """The sections that prediction asks for."""

    sampling: ClassVar[str] = "snippets"

    num_epochs: int = 1
    epoch_scale: float = 1.0
    data: Data = Data()
    model: ClustersConfig = dataclasses.field(default_factory=lambda: ClustersConfig(2))
    optimizer: OptimizerConfig = dataclasses.field(default_factory=OptimizerConfig)
    predict: CaseTestConfig = dataclasses.field(default_factory=lambda: CaseTestConfig(maps=2))
    checkpoint: LocalizationCheckpointConfig = dataclasses.field(
        default_factory=LocalizationCheckpointConfig
    )
    evaluation: LocalizationEvaluationConfig = dataclasses.field(
        default_factory=LocalizationEvaluationConfig
    )


def make_data(videos: dict | None = None) -> SnippetSet:
    """A snippet lasts a second."""
    made = []
    for name, (subset, length, actions) in (videos or VIDEOS).items():
        features = np.zeros((length, len(CLASSES)), np.float32)
        labels = np.zeros(len(CLASSES), np.float32)
        for start, end, label in actions:
            features[start:end, label] = 1
            labels[label] = 1
        segments = tuple((float(start), float(end), label) for start, end, label in actions)
        made.append(SnippetVideo(name, subset, features, features, labels, segments))
    return SnippetSet("toy", tuple(made), CLASSES, seconds_per_snippet=1.0)


def make_method() -> Method:
    """Only what prediction calls does anything; `gain` starts at 0."""

    def init(key, example, member):
        return {"gain": jnp.zeros(())}, {"cluster_classes": jnp.eye(2)}

    def predict(params, carried, video, member):
        outputs = {"cluster_classes": carried["cluster_classes"]}
        for stream in ("rgb", "flow"):
            shown = params["gain"] * video[stream]
            some = shown.max(axis=-1)
            outputs[f"class_logits_{stream}"] = shown
            outputs[f"attention_{stream}"] = jax.nn.sigmoid(2 * some - params["gain"])
            outputs[f"cluster_logits_{stream}"] = jnp.stack(
                [some, params["gain"] / 2 + 0 * some], 1
            )
        return outputs

    unused = (lambda *_: None, lambda *_: None, lambda params: params)
    return Method(init, *unused, predict, locate=case.locate)


def make_setup(config: Config, *, seeds: int = 2, idle: int = 0) -> Setup:
    """Members without training; `idle` more, and as many as the mesh needs, stand behind them."""
    members = tuple(Member("toy", seed, "", 2, NUM_STEPS, config) for seed in range(seeds))
    mesh = sharding.make_mesh(MeshConfig(), num_members=seeds, videos_per_batch=1)
    idle += sharding.padding(seeds + idle, mesh)
    example = {"rgb": np.zeros((seeds + idle, 1))}
    batches = SimpleNamespace(num_steps=NUM_STEPS, videos_per_batch=1, batch=lambda step: example)
    inputs = jax.device_put(stack(members + (members[-1],) * idle), sharding.by_member(mesh))
    return Setup(make_method(), members, inputs, mesh, batches)


def make_state(setup: Setup, gains: Sequence[float], *, step: int = NUM_STEPS) -> TrainState:
    """A state whose members have these gains; the idle ones have none."""
    state = make_init(setup.method, setup.mesh)(setup.batches.batch(0), setup.inputs)
    padded = np.zeros(state.params["gain"].shape, np.float32)
    padded[: len(gains)] = gains
    gain = jax.device_put(padded, sharding.by_member(setup.mesh))
    return state._replace(step=jnp.array(step, jnp.int32), params={"gain": gain})


def save(config: Config, setup: Setup, workdir: Path, state: TrainState) -> None:
    """A checkpoint, as training leaves it."""
    checkpoints = Checkpoints(config, setup, workdir)
    checkpoints.save(state)
    checkpoints.close()


def write_records(workdir: Path, data: SnippetSet, setup: Setup) -> None:
    """The files that say what a run is."""
    about.write_dataset(workdir, data_record(data))
    about.write_members(workdir, [member.record() for member in setup.members])
    localization.write_truth(workdir, data.to_truth()["database"])
