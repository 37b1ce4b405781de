"""Files as MATLAB 7.3 writes them: HDF5 behind 512 bytes, axes in reverse order, cells by links."""

from pathlib import Path

import h5py
import numpy as np


def save_v73(path: Path, **variables) -> None:
    """Writes arrays, text, cell arrays (lists) and structs (dicts)."""
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, value in variables.items():
            _save(file, file, name, value)
    with path.open("r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(128))


def _save(file, group, name, value):
    if isinstance(value, dict):
        inside = group.create_group(name)
        inside.attrs["MATLAB_class"] = np.bytes_("struct")
        for field, content in value.items():
            _save(file, inside, field, content)
        return
    kind = "double"
    if isinstance(value, str):
        kind, value = "char", np.array([[ord(letter) for letter in value]], np.uint16)
    elif isinstance(value, list):
        kind = "cell"
        cells = [_save(file, file, f"#refs#/{name}{k}", each) for k, each in enumerate(value)]
        value = np.array([[cell.ref for cell in cells]], h5py.ref_dtype)
    data = np.atleast_2d(value).T
    item = group.create_dataset(name, data=data, dtype=data.dtype)
    item.attrs["MATLAB_class"] = np.bytes_(kind)
    return item
