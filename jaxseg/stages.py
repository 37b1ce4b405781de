"""The stages of a run in their order; each reads the files of the ones before it."""

from collections.abc import Sequence
from pathlib import Path

from jaxseg import data, evaluate, predict, report, workdir
from jaxseg.config import Config
from jaxseg.training import loop

STAGES = ("train", "predict", "evaluate", "report")
GENERATED = "generated data (embedded twin): its figures are not comparable with any paper's"


def run(config: Config, folder: Path, stages: Sequence[str]) -> None:
    """Runs stages on one working directory.

    Raises:
        ValueError, OSError: one sentence with the file and the value.
        loop.Stopped: training was interrupted and saved.
    """
    if not config.data.root:
        print(f"{config.data.name}: {GENERATED}")
    workdir.check(folder, config)
    if "train" in stages or "predict" in stages:
        videos = data.load(config.data, activities=config.activities, cache=folder.parent / "cache")
        setup = loop.set_up(config, videos)
        workdir.claim(folder, config, videos, setup.members)
        print(_summary(videos, setup, folder))
        if "train" in stages:
            loop.train(config, setup, folder)
        if "predict" in stages:
            predict.predict(config, videos, setup, folder)
    if "evaluate" in stages:
        rules = config.evaluation
        scores = evaluate.evaluate(
            folder,
            protocols=rules.protocols,
            seed=rules.seed,
            exclusion=rules.exclusion,
            split_sil=rules.split_sil,
        )
        print("\n".join(evaluate.summary_lines(scores)))
    if "report" in stages:
        print(f"report: {report.write_report(folder, max_videos=config.report.max_videos)}")
    if not config.data.root:
        print(f"{config.data.name}: {GENERATED}")


def _summary(videos: data.DataSet, setup: loop.Setup, folder: Path) -> str:
    frames = sum(video.num_frames for video in videos.videos)
    return (
        f"{videos.name}: {len(videos.videos)} videos, {frames} frames, "
        f"{len(videos.activities)} activities; {len(setup.members)} members of one program, "
        f"{setup.num_steps} steps; files in {folder}"
    )
