"""ConfigDict -> frozen, validated dataclasses; a wrong value is one sentence naming the field.

`shared` has the sections that every method has, and each method a module with its own.
"""

import difflib
from collections.abc import Mapping

from jaxseg.config.fields import build, flatten, to_dict
from jaxseg.config.shared import AFTER_TRAINING, Config
from jaxseg.methods.asot.config import AsotConfig
from jaxseg.methods.case.config import CaseConfig
from jaxseg.methods.gaufuse.config import GaufuseConfig
from jaxseg.methods.tot.config import TotConfig

__all__ = ["AFTER_TRAINING", "CONFIGS", "Config", "check_key", "flatten", "from_dict", "to_dict"]

CONFIGS = {"asot": AsotConfig, "tot": TotConfig, "case": CaseConfig, "gaufuse": GaufuseConfig}


def from_dict(values: Mapping) -> Config:
    """Builds and validates the config of the method that `values` names (default: "asot").

    Raises:
        ValueError: naming the field, the value, and the nearest name for one that does not exist.
    """
    method = values.get("method", "asot")
    if method not in CONFIGS:
        raise ValueError(f"config.method must be one of {', '.join(CONFIGS)}, got {method!r}")
    config = CONFIGS[method]
    return build(config, config.resolve(values))


def check_key(path: str) -> None:
    """Raises ValueError, with the nearest key, where no method has it: "solver.train.epsilon"."""
    paths = {path: None for config in CONFIGS.values() for path in flatten(to_dict(config()))}
    if path not in paths and not path.startswith("model.clusters_by_activity."):
        nearest = difflib.get_close_matches(path, paths, n=1, cutoff=0.0)[0]
        raise ValueError(f"the config has no key {path!r}; nearest is {nearest}")
