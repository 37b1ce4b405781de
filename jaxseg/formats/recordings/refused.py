"""Files that are not opened, since they may hold programs, and how to convert them."""

import json
import shlex
from pathlib import Path

TORCH = (
    "import torch, numpy; numpy.save({new}, "
    'torch.load({old}, map_location="cpu", weights_only=True).float().numpy())'
)
PICKLE = 'import pickle, numpy; numpy.save({new}, pickle.load(open({old}, "rb")))'
JOBLIB = "import joblib, numpy; numpy.save({new}, joblib.load({old}))"
PROGRAMS = {
    ".pt": TORCH,
    ".pth": TORCH,
    ".pkl": PICKLE,
    ".pickle": PICKLE,
    ".p": PICKLE,
    ".joblib": JOBLIB,
}


def conversion(path: Path) -> str:
    """Why a file is not opened, with the line of Python that converts it; "" for other kinds."""
    program = PROGRAMS.get(path.suffix.lower())
    if not program:
        return ""
    code = program.format(old=json.dumps(str(path)), new=json.dumps(str(path.with_suffix(".npy"))))
    return (
        f"{path}: such a file may run any program when it is opened, so it is not; if you trust "
        f"it, convert it: python -c {shlex.quote(code)}"
    )
