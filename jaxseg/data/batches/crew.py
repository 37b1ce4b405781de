"""Who reads a data set: one process, or several of one run that divide the reading."""

from collections.abc import Mapping, Sequence
from typing import Protocol, TypeVar

import numpy as np

T = TypeVar("T")


class Crew(Protocol):
    """The processes of a run, as reading needs them; every one of them makes the same calls."""

    def count(self) -> int:
        """How many there are."""

    def share(self, items: Sequence[T]) -> list[tuple[int, T]]:
        """Places and items of a work list that are this process's to do."""

    def barrier(self, name: str) -> None:
        """Waits until all have come here."""

    def exchange(self, arrays: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
        """Everybody's arrays, which have names of their own."""


class Alone:
    """A crew of one."""

    def count(self) -> int:
        return 1

    def share(self, items: Sequence[T]) -> list[tuple[int, T]]:
        return list(enumerate(items))

    def barrier(self, name: str) -> None:
        pass

    def exchange(self, arrays: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
        return arrays


ALONE = Alone()
