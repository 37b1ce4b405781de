"""Localisation data sets by name, from their files or as the embedded twin."""

from pathlib import Path
from typing import Protocol

from jaxseg.data.batches.crew import ALONE, Crew
from jaxseg.data.localization.activitynet import read_activitynet
from jaxseg.data.localization.records import SnippetSet
from jaxseg.data.localization.thumos14 import read_thumos14
from jaxseg.data.localization.wtalc import read_bundle
from jaxseg.data.segmentation.catalog import check_known
from jaxseg.data.twins.localization import make_localization_twin

READERS = {
    "thumos14": read_thumos14,
    "thumos14_wtalc": read_bundle,
    "activitynet12": read_activitynet,
    "activitynet13": read_activitynet,
}
LOCALIZATION = tuple(READERS)


class LocalizationConfig(Protocol):
    """What `load_localization` has to know.

    Attributes:
        name: one of `LOCALIZATION`.
        root: folder of the data; "" is the embedded twin.
        length_tolerance: snippets by which RGB and flow of a video may differ.
    """

    name: str
    root: str
    length_tolerance: int


def load_localization(
    config: LocalizationConfig, *, progress: bool = True, crew: Crew = ALONE
) -> SnippetSet:
    """Reads a data set from `config.root`, or makes its twin where that is empty.

    Args:
        config: see `LocalizationConfig`.
        progress: show a bar over the files when reading takes long.
        crew: the processes that read together, see `Crew`.

    Raises:
        FileNotFoundError: the root, or a part of the data set that must be in it, is missing.
        ValueError: anything else that is wrong with the data, in one line.
    """
    check_known("data.name", [config.name], READERS)
    if not config.root:
        return make_localization_twin(config.name)
    return READERS[config.name](
        config.name,
        Path(config.root).expanduser(),
        length_tolerance=config.length_tolerance,
        progress=progress,
        crew=crew,
    )
