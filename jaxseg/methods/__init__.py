"""The papers' methods, found by name: each is a package in this folder, NAME, with

    NAME.CONFIG        the dataclass of all that decides a run of it, a `jaxseg.config.Config`
    NAME.method.make   (config, *, num_clusters) -> `jaxseg.methods.method.Method`
    NAME.OWN_DATA      where it is ready for people's own data: the dotted keys that differ there

Neither this module nor the packages import JAX: their modules `method` do, once they are asked for.
"""

import difflib
import importlib
import pkgutil
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from jaxseg.config.fields import build, complete, flatten, to_dict
from jaxseg.config.shared import Config

__all__ = ["check_key", "find", "from_dict", "make", "names", "own_data"]


def names() -> list[str]:
    """Names of all methods: of the packages in this folder that have a `CONFIG`."""
    packages = sorted(module.name for module in pkgutil.iter_modules(__path__) if module.ispkg)
    return [name for name in packages if hasattr(_package(name), "CONFIG")]


def find(name: str) -> ModuleType:
    """The package of a method, with its `CONFIG`.

    Raises:
        ValueError: a name that no method has, with all that there are and the nearest.
    """
    known = names()
    if name not in known:
        nearest = difflib.get_close_matches(str(name), known, n=1, cutoff=0.0)[0]
        raise ValueError(
            f"config.method must be one of {', '.join(known)}, got {name!r}; nearest is {nearest}"
        )
    return _package(name)


def make(config: Config, *, num_clusters: int):
    """The `Method` of a config, for at most K = `num_clusters` clusters; imports JAX."""
    method = importlib.import_module(f"{__name__}.{config.method}.method")
    return method.make(config, num_clusters=num_clusters)


def own_data(name: str) -> dict[str, Any]:
    """Dotted keys that differ from a method's defaults on people's own data, "method" included.

    Raises:
        ValueError: a method that is not ready for any data.
    """
    ready = [each for each in names() if hasattr(find(each), "OWN_DATA")]
    if name not in ready:
        raise ValueError(f"method must be one of {', '.join(ready)}, got {name!r}")
    return {"method": name, **find(name).OWN_DATA}


def from_dict(values: Mapping) -> Config:
    """Builds and validates the config of the method that `values` names (default: "asot").

    Keys that `values` leaves out have the defaults of the method's `CONFIG`.

    Raises:
        ValueError: naming the key, the value, and the nearest name for one that does not exist.
    """
    cls = find(values.get("method", "asot")).CONFIG
    return build(cls, complete(cls, values))


def check_key(path: str) -> None:
    """Raises ValueError, with the nearest key, where no method has it: "solver.train.epsilon"."""
    paths = {path: None for name in names() for path in flatten(to_dict(find(name).CONFIG()))}
    if path not in paths and not path.startswith("model.clusters_by_activity."):
        nearest = difflib.get_close_matches(path, paths, n=1, cutoff=0.0)[0]
        raise ValueError(f"the config has no key {path!r}; nearest is {nearest}")


def _package(name: str) -> ModuleType:
    return importlib.import_module(f"{__name__}.{name}")
