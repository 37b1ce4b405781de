"""`--kind=onnx`: rows of any image or clip network that ONNX Runtime runs."""

import argparse
import functools
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from jaxseg.features.kinds import Encoder, Progress
from jaxseg.features.onnx.encoder import OnnxEncoder
from jaxseg.features.onnx.model import Network, open_network, understand
from jaxseg.features.onnx.settings import gather, given
from jaxseg.features.record import checksum


class Onnx:
    """The kind (see `kinds.Kind`) of a model's file; there is nothing to fit.

    It is understood once, when it is made, by a run on black pictures; a process that gets it
    opens the file again, once for all its videos.
    """

    name, height, fps, fitted_file, needs_fitting = "onnx", None, None, None, False
    requires = ("cv2", "onnxruntime")

    def __init__(self, model: Path | str | None = None, *, spelled: bool = False, **options):
        """Opens the model.

        Args:
            model: FILE.onnx.
            spelled: whether messages spell an option as a flag.
            **options: see `onnx_settings.OPTIONS`; before those of a JSON beside the model.

        Raises:
            ValueError: one line; see `gather`, `open_network` and `understand`.
        """
        if model is None:
            raise ValueError("--kind=onnx needs --model=FILE.onnx")
        path = Path(model).expanduser()
        self.model = path.absolute()
        said = gather(path, options, spelled=spelled)
        self.providers = said.get("providers", ())
        network = open_network(path, self.providers)
        self.input, self.output = understand(network, said)
        self.channels = self.output.channels
        self.checksums = _checksums(self.model)

    def settings(self) -> dict:
        """All that the features come of but the size of a batch, with the checksum of the model."""
        values = asdict(self.input) | {"output": asdict(self.output), "files": self.checksums}
        del values["batch"]
        values["providers"] = self.providers
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in values.items()
        }

    def fit(self, videos: Sequence[Path], fps: float, progress: Progress | None) -> None:
        """Nothing to do: the network has its weights."""

    def save(self, path: Path) -> None:
        """Nothing to do."""

    def load(self, path: Path) -> None:
        """Nothing to do."""

    def encoder(self) -> Encoder:
        """A fresh encoder, for one video."""
        return OnnxEncoder(_opened(self.model, self.providers), self.input, self.output)


def from_arguments(arguments: argparse.Namespace) -> Onnx:
    """The kind of a command line, see `onnx_settings.add_arguments`."""
    return Onnx(arguments.model, spelled=True, **given(arguments))


@functools.lru_cache(1)
def _opened(model: Path, providers: tuple[str, ...]) -> Network:
    return open_network(model, providers)


def _checksums(model: Path) -> dict[str, str]:
    """SHA-256 of the model, and of the weights that exporters put beside it, by file."""
    beside = (model.with_name(model.name + end) for end in ("", ".data", "_data"))
    return {path.name: checksum(path) for path in beside if path.is_file()}
