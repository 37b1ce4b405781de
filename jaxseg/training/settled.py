"""Configs of the activities of a run on people's own sequences, as its choice.json settles them."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path

from jaxseg.config import Config
from jaxseg.config.sequences import SequencesConfig
from jaxseg.runfiles.choice import Choice, Settled, read_choice


def in_frames(duration: float, fps: float | None) -> float:
    """A duration of the config in frames: it is in seconds where the rate is known."""
    return duration * (fps or 1.0)


def settled_config(config: SequencesConfig, settled: Settled) -> SequencesConfig:
    """The config of one activity, with numbers in place of what was "auto"."""
    model = dataclasses.replace(config.model, num_clusters=settled.num_actions)
    config = dataclasses.replace(config, model=model)
    if not settled.duration and not settled.order:
        return config
    return config.with_terms(duration=settled.duration, order=settled.order)


def read_settled(config: Config, workdir: Path) -> Mapping[str, Config]:
    """Activity -> its config, of a run that was made; empty for runs without human terms."""
    return settled_configs(config, read_choice(workdir))


def settled_configs(config: Config, choice: Choice | None) -> Mapping[str, Config]:
    """Activity -> its config, with numbers in place of what was "auto"; empty without a choice."""
    if choice is None or not isinstance(config, SequencesConfig):
        return {}
    return {name: settled_config(config, each) for name, each in choice.activities.items()}
