"""Folder of a run that a program makes and does not keep."""

import os
import shutil
import tempfile
import weakref
from pathlib import Path
from typing import Any, Self


class RunFolder:
    """Folder of a run: one that was given, or a temporary one that is removed with the last user.

    A copy of a Segmenter shares it; a pickled one would outlive it.
    """

    def __init__(self, given: str | os.PathLike | None):
        self.path = Path(given) if given is not None else Path(tempfile.mkdtemp(prefix="jaxseg-"))
        self.is_temporary = given is None
        if self.is_temporary:
            weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)

    def __deepcopy__(self, memo: dict) -> Self:
        return self

    def __reduce__(self) -> Any:
        if self.is_temporary:
            raise TypeError(
                f"the run is in {self.path}, which goes with this object: use save(path) and "
                "Segmenter.load(path), or give the Segmenter a workdir"
            )
        return type(self), (self.path,)
