"""What a field's value must be; each mistake is one sentence naming field and value."""

import math
from collections.abc import Sequence


def positive(path: str, value: float) -> None:
    """Raises ValueError for 0, negative numbers and NaN."""
    if not value > 0 or math.isnan(value):
        raise ValueError(f"config.{path} must be positive, got {value}")


def at_least(path: str, value: float, least: float) -> None:
    """Raises ValueError below `least`, and for NaN."""
    if not value >= least:
        raise ValueError(f"config.{path} must be at least {least}, got {value}")


def between(path: str, value: float, least: float, most: float) -> None:
    """Raises ValueError outside [least, most], and for NaN."""
    if not least <= value <= most:
        raise ValueError(f"config.{path} must be in [{least}, {most}], got {value}")


def one_of(path: str, value: str, names) -> None:
    """Raises ValueError, with the names there are, for any other."""
    if value not in names:
        listed = ", ".join(name or '""' for name in names)
        raise ValueError(f"config.{path} must be one of {listed}, got {value!r}")


def ascending(path: str, epochs: Sequence[int]) -> None:
    """Epochs from 0 on, none of them twice."""
    if list(epochs) != sorted(set(epochs)) or any(epoch < 0 for epoch in epochs):
        raise ValueError(f"config.{path} must be ascending epochs, got {epochs}")
