"""Segments as NWB, a file a recording, with the extension ndx-ethogram."""

import datetime
import importlib.metadata
import uuid
import warnings
from pathlib import Path

from jaxseg.formats.annotations.exports.segments import Clusters, Segmented, merged
from jaxseg.formats.files import atomic_write

MODULE, CATALOG, BOUTS = "behavior", "ethogram", "bouts"


def write(path: Path, recording: Segmented, clusters: Clusters) -> None:
    """Writes a processing module `behavior` with the tables `ethogram` and `bouts`.

    The first has a row a behavior, the second, an `EthogramBouts`, a row a segment in seconds from
    the recording's start. What is no action is no bout. NWB asks for the time at which a session
    started, which nothing here tells: it is the first second of 1970, and the description says so.
    """
    import pynwb  # of the extra `export`
    from ndx_ethogram import Ethogram, EthogramBouts

    source = f"; video {recording.source.name}" if recording.source else ""
    start = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
    document = pynwb.NWBFile(
        session_description=f"segments of {recording.name}{source}; when it was taken is not known",
        identifier=str(uuid.uuid4()),
        session_start_time=start,
        timestamps_reference_time=start,
    )
    catalog = Ethogram(
        name=CATALOG, description="the clusters that frames were assigned to", exclusive=True
    )
    for cluster, name in clusters.distinct.items():
        catalog.add_row(
            behavior=name,
            definition=f"cluster {cluster} of an unsupervised segmentation",
            behavior_type="state",
            native_code=cluster,
        )
    bouts = EthogramBouts(
        name=BOUTS,
        description="maximal stretches of frames of one cluster",
        labeling_method="automated",
        source_software=f"jaxseg {_version()}",
        ethogram=catalog,
    )
    for begin, end, cluster in merged(recording.segments, clusters):
        if cluster >= 0:
            bouts.add_row(start_time=begin, stop_time=end, label=clusters.name(cluster))
    module = document.create_processing_module(MODULE, "segments found by jaxseg")
    module.add(catalog)
    module.add(bouts)
    with atomic_write(path) as temporary, warnings.catch_warnings():
        # pynwb warns of every suffix but .nwb, which a temporary file has not.
        warnings.simplefilter("ignore", UserWarning)
        with pynwb.NWBHDF5IO(str(temporary), "w") as file:
            file.write(document)


def _version() -> str:
    try:
        return importlib.metadata.version("jaxseg")
    except importlib.metadata.PackageNotFoundError:  # run from a checkout
        return "(not installed)"
