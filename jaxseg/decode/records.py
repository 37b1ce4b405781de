"""What the command of decoding reads, and what it makes of it."""

from typing import Any, NamedTuple

import numpy as np

from jaxseg.decode.scores import Scores
from jaxseg.decode.truth import Classes, Truth
from jaxseg.decode.tuning import Tuned


class Inputs(NamedTuple):
    """Content of the files that the command names."""

    scores: Scores  # of all videos
    kind: str  # of the scores
    classes: Classes  # of the scores and labels
    truth: Truth | None  # of --truth, or None
    transcripts: dict[str, np.ndarray] | None  # video -> classes in order, of --order, or None


class Output(NamedTuple):
    """A finished decoding."""

    config: dict[str, Any]  # how it was made, content of `config.json`
    labels: dict[str, np.ndarray]  # video -> classes [N]
    results: dict[str, dict]  # scores of argmax and of the method; empty without truth
    tuned: Tuned | None  # result of --tune, or None
