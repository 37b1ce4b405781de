"""Which seed of a finished run tells the data best, by the rule that has chosen its settings."""

from collections.abc import Sequence
from pathlib import Path

from jaxseg.config import Config
from jaxseg.data.segmentation.records import DataSet
from jaxseg.runfiles.about import read_dataset
from jaxseg.runfiles.savings import SeedSaving, write_savings
from jaxseg.runfiles.segmentation import read_labels
from jaxseg.training.members import Member
from jaxseg.tuning.description import Description, stride


def compare(config: Config, data: DataSet, members: Sequence[Member], workdir: Path) -> None:
    """Writes `savings.json`, of the labels that a run has predicted, where it uses human terms.

    Seeds that are tested on different sequences cannot be compared: the first one stays in front.

    Args:
        config: of the run.
        data: that it has learned from.
        members: of the run.
        workdir: of the run, with predictions.
    """
    if not config.uses_terms or config.data.test_share:
        return
    records = read_dataset(workdir).activities
    savings: dict[str, dict[str, SeedSaving]] = {}
    for name, videos in data.activities.items():
        every = slice(None, None, stride(videos))
        description = Description([video.frames(every) for video in videos])
        savings[name] = {}
        for member in members:
            if member.activity == name:
                labels = read_labels(workdir, member.record(), records[name])
                saving = description.saving([labels[video.name][every] for video in videos])
                score = saving.score(member.num_clusters)
                savings[name][member.directory] = SeedSaving(*saving, score)
    write_savings(workdir, savings)
