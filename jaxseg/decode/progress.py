"""The bar of a loop that takes its time."""

from collections.abc import Iterable

from tqdm import tqdm


def progress(items: Iterable, title: str, unit: str) -> tqdm:
    """The items; a bar appears after a second, and stays away where nobody watches."""
    return tqdm(items, title, unit=unit, disable=None, delay=1, leave=False)
