"""The papers' methods, found by name: each is a package in this folder with `CONFIG` and `make`.

    CONFIG: the dataclass of everything that decides a run of the method, a `jaxseg.config.Config`.
    make:   (config, *, num_clusters) -> `jaxseg.methods.method.Method`.

Nothing here imports JAX: a method does so when its `make` is called.
"""

import difflib
import importlib
import pkgutil
from collections.abc import Mapping
from types import ModuleType

from jaxseg.config.fields import build, complete, flatten, to_dict
from jaxseg.config.shared import Config

__all__ = ["check_key", "find", "from_dict", "names"]


def names() -> list[str]:
    """Names of all methods: of the packages in this folder that have a `CONFIG`."""
    packages = sorted(module.name for module in pkgutil.iter_modules(__path__) if module.ispkg)
    return [name for name in packages if hasattr(_package(name), "CONFIG")]


def find(name: str) -> ModuleType:
    """The package of a method, with its `CONFIG` and `make`.

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


def from_dict(values: Mapping) -> Config:
    """Builds and validates the config of the method that `values` names (default: "asot").

    Keys that `values` leaves out have the defaults of the method's `CONFIG`.

    Raises:
        ValueError: naming the key, the value, and the nearest name for one that does not exist.
    """
    cls = find(values.get("method", "asot")).CONFIG
    return build(cls, cls.resolve(complete(cls, values)))


def check_key(path: str) -> None:
    """Raises ValueError, with the nearest key, where no method has it: "solver.train.epsilon"."""
    paths = {path: None for name in names() for path in flatten(to_dict(find(name).CONFIG()))}
    if path not in paths and not path.startswith("model.clusters_by_activity."):
        nearest = difflib.get_close_matches(path, paths, n=1, cutoff=0.0)[0]
        raise ValueError(f"the config has no key {path!r}; nearest is {nearest}")


def _package(name: str) -> ModuleType:
    return importlib.import_module(f"{__name__}.{name}")
