"""The whole way from sequences to segments on arrays in memory, in scikit-learn's manner."""

import contextlib
import inspect
import io
import logging
import operator
import os
import shutil
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Self, TypeVar

import numpy as np

from jaxseg import data, methods, report
from jaxseg.config import Config, complete, flatten, nest, to_dict
from jaxseg.data.segmentation.arrays import Names, is_folder, read_sequences
from jaxseg.prediction.new_data import Decoded, Trained
from jaxseg.run import stages
from jaxseg.run.temporary import RunFolder
from jaxseg.runfiles import segmentation as files
from jaxseg.runfiles.about import Member
from jaxseg.runfiles.choice import read_choice
from jaxseg.runfiles.evaluation import read_segmentation_scores
from jaxseg.runfiles.segmentation import Segment
from jaxseg.training.interrupts import Stopped

T = TypeVar("T")
STAGES = ("train", "predict", "evaluate")  # of `fit`; `report` draws the page when asked for
# Constructor's parameter -> key of the config.
TERMS = {
    "num_actions": "num_actions",
    "duration": "duration",
    "order": "order",
    "fps": "data.fps",
    "scaling": "data.scaling",
    "seeds": "seeds",
    "method": "method",
}
# Keys that say where a run's data are, and not what is made of them.
PLACES = ("data.name", "data.root", "data.videos")


class Segmenter:
    """Finds the actions in sequences of vectors without labels, as configs/asot_folder.py does.

    Parameters are stored as they are given; `fit` checks them.

    Args:
        num_actions: how many kinds of actions there are.
        duration: how long an action typically lasts, in seconds where `fps` is given, else in
            frames; "auto": from the data.
        order: "shared" where actions come once each and in about the same order in every
            sequence, "free" where they recur in any; "auto": from the data.
        fps: frames a second of the sequences; None: not known, so times are in frames.
        scaling: of the channels: "folder" over all sequences, "sequence" over each, "none", or
            "auto".
        seeds: trainings side by side, of which the best one labels.
        random_state: an integer from 0; the trainings have the seeds random_state * seeds and
            those after it, so that two states share none. None means 0: the same every time.
        method: "asot" or "tot".
        workdir: folder for the run's files, where a stopped `fit` goes on; None: a temporary one,
            which goes with this object.
        progress: show bars, and print what the command prints.
        settings: dotted keys of the config that win over all above: {"num_epochs": 30}.

    Attributes:
        labels_: cluster of every frame, int64 [frames], in the form in which sequences came: a
            list for a list, a dict for a dict or a folder.
        workdir_: folder of the run, as the command leaves it.

    Example:
        >>> import numpy as np
        >>> from jaxseg import Segmenter
        >>> rng = np.random.default_rng(0)
        >>> looks = 3 * rng.standard_normal((3, 8))
        >>> actions = [[0, 1, 2, 1], [2, 0, 1, 0], [1, 2, 0, 2]]
        >>> sequences = [np.repeat(looks[each], 20, axis=0) for each in actions]
        >>> sequences = [each + rng.standard_normal(each.shape) for each in sequences]
        >>> model = Segmenter(3, duration=20, order="free", seeds=1, progress=False)
        >>> labels = model.fit_predict(sequences)
        >>> [len(each) for each in labels]
        [80, 80, 80]
        >>> [(segment.start, segment.end) for segment in model.segments()[0]]
        [(0, 20), (20, 40), (40, 60), (60, 80)]
    """

    def __init__(
        self,
        num_actions: int | str | None = None,
        *,
        duration: float | str = "auto",
        order: str = "auto",
        fps: float | None = None,
        scaling: str = "auto",
        seeds: int = 3,
        random_state: int | None = 0,
        method: str = "asot",
        workdir: str | os.PathLike | None = None,
        progress: bool = True,
        settings: Mapping[str, Any] | None = None,
    ):
        self.num_actions = num_actions
        self.duration = duration
        self.order = order
        self.fps = fps
        self.scaling = scaling
        self.seeds = seeds
        self.random_state = random_state
        self.method = method
        self.workdir = workdir
        self.progress = progress
        self.settings = settings

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The constructor's parameters by name; `deep` is there for scikit-learn."""
        return {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}

    def set_params(self, **params: Any) -> Self:
        """Changes parameters; ValueError for a name that is none."""
        known = self.get_params()
        for name, value in params.items():
            if name not in known:
                raise ValueError(f"Segmenter has no parameter {name!r}, only {', '.join(known)}")
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        default = {
            name: each.default for name, each in inspect.signature(type(self)).parameters.items()
        }
        changed = [
            f"{name}={value!r}"
            for name, value in self.get_params().items()
            if not (value is default[name] or value == default[name])
        ]
        return f"{type(self).__name__}({', '.join(changed)})"

    def fit(self, sequences: Any, y: None = None) -> Self:
        """Learns the actions of sequences and labels their frames.

        Args:
            sequences: a list or dict of arrays [frames, channels], or the path of a folder, which
                is read as configs/asot_folder.py reads it.
            y: not used.

        Raises:
            ValueError: sequences or parameters that cannot be used, in one sentence.
            KeyboardInterrupt: after Ctrl-C; with a `workdir`, the next `fit` goes on from there.
        """
        config = self._make_config()
        if is_folder(sequences):
            names = data_set = None
            place = {"name": data.FOLDER, "root": str(Path(sequences).expanduser())}
            config = replace(config, data=replace(config.data, **place))
        else:
            names, arrays = read_sequences(sequences)
            data_set = data.from_arrays(config.data, arrays)
        folder = RunFolder(self.workdir)
        with self._console():
            try:
                stages.run(config, folder.path, STAGES, data_set=data_set, progress=self.progress)
            except Stopped as stop:
                raise KeyboardInterrupt(str(stop)) from None
        self._use(folder, names)
        self._sequences = sequences
        self._warn()
        return self

    def fit_predict(self, sequences: Any, y: None = None) -> list | dict:
        """`fit`, then `labels_`."""
        return self.fit(sequences).labels_

    def predict(self, sequences: Any) -> list | dict:
        """Labels new sequences with what `fit` has learned, scaled as those were.

        Only the seed that is shown first is used.

        Returns:
            int64 [frames] each, in the form of `labels_`.

        Raises:
            ValueError: not fitted; sequences that cannot be used, or of other channels or another
                rate than those of `fit`.
        """
        return self._decode(sequences, lambda _, decoded: decoded.labels)

    def score_frames(self, sequences: Any = None) -> list | dict:
        """How far each frame belongs to each action: the plan of the transport.

        Args:
            sequences: new ones; None: those of `fit`, which a loaded model does not hold.

        Returns:
            float32 [frames, K] each, rows sum to 1, in the form of `labels_`.
        """
        self._require_fit()
        if sequences is None and self._sequences is None:
            raise ValueError("a loaded Segmenter holds no sequences; give them to score_frames")
        given = self._sequences if sequences is None else sequences
        return self._decode(given, lambda _, decoded: decoded.plan)

    def segments(self, sequences: Any = None) -> list | dict:
        """Rows start, end, label of each sequence, in the form of `labels_`.

        Labels are the names of clusters as far as names.csv in `workdir_` has any, see
        docs/segmenter.md.

        Args:
            sequences: new ones; None: those of `fit`.

        Returns:
            A list of `Segment` each; `pandas.DataFrame` makes a table of it.
        """
        self._require_fit()

        def cut(member: Member, labels: np.ndarray) -> list[Segment]:
            return files.segments_of(labels, self._trained.data.fps, self._trained.names(member))

        if sequences is not None:
            return self._decode(sequences, lambda member, decoded: cut(member, decoded.labels))
        return self._arrange({name: cut(*each) for name, each in self._fitted.items()})

    def plot(self, sequences: Any = None) -> Any:
        """A matplotlib figure of every sequence as a bar of its segments.

        Args:
            sequences: new ones; None: those of `fit`.
        """
        from jaxseg.report.timelines import draw_timelines  # matplotlib takes its time to start

        self._require_fit()
        labels = self.labels_ if sequences is None else self.predict(sequences)
        bars = labels if isinstance(labels, dict) else dict(enumerate(labels))
        return draw_timelines(
            {str(key): each for key, each in bars.items()},
            fps=self._trained.data.fps,
            names=self._trained.names(next(iter(self._fitted.values()))[0]),
        )

    def report(self, path: str | os.PathLike) -> Path:
        """Writes the page of the run, which needs no other file; returns its path.

        Args:
            path: of the .html file, or a folder for report.html.
        """
        self._require_fit()
        page = report.write_report(self.workdir_)
        path = Path(path)
        target = path / page.name if path.is_dir() else path
        if target.resolve() != page.resolve():
            shutil.copyfile(page, target)
        return target

    def save(self, path: str | os.PathLike) -> Path:
        """Writes the run to a folder, which `load` and all commands read; returns its path.

        Raises:
            ValueError: not fitted, or the folder is there already.
        """
        self._require_fit()
        path = Path(path)
        if path.exists():
            raise ValueError(f"{path} is there already; give a path that is new")
        shutil.copytree(self.workdir_, path)
        return path

    @classmethod
    def load(cls, path: str | os.PathLike, *, activity: str = "", seed: int | None = None) -> Self:
        """The Segmenter of a saved one or of any finished run of segmentation of the command.

        Its `labels_` are a dict by name. It reads the folder when it is used, so keep it.

        Args:
            path: folder of the run.
            activity: which of several labels sequences; "" for the only one.
            seed: which of the run's; None for the one that is shown first.

        Raises:
            ValueError: no finished run, or an activity or a seed that it does not have.
        """
        trained = Trained(Path(path))
        model = cls(**_parameters(trained.config))
        model._use(RunFolder(path), None, activity=activity, seed=seed)
        return model

    def _make_config(self) -> Config:
        """The config of a folder's run with the parameters in it."""
        methods.own_data(self.method)  # refuses one that is not ready for any data
        return methods.from_dict(self._values())

    def _values(self) -> dict:
        """Nested values of the config that differ from the method's defaults."""
        if self.random_state is None:
            state = 0
        else:
            try:
                state = operator.index(self.random_state)
            except TypeError:
                raise ValueError(
                    f"random_state must be an integer from 0 or None, got {self.random_state!r}"
                ) from None
        given = {}
        for name, path in TERMS.items():
            if (value := getattr(self, name)) is not None:
                given[path] = value.item() if isinstance(value, np.generic) else value
        given |= {"data.name": data.ARRAYS, "first_seed": state * self.seeds}
        own = getattr(methods.find(self.method), "OWN_DATA", {})
        return nest({**own, **given, **(self.settings or {})})

    def _use(self, folder: RunFolder, names: Names | None, **which: Any) -> None:
        """Takes a finished run for its own."""
        trained = Trained(folder.path)
        self._folder, self._trained, self._which = folder, trained, which
        self._names, self._sequences = names, None
        self._fitted = {}  # name -> member and labels
        activities = trained.data.activities
        for activity in [which["activity"]] if which.get("activity") else activities:
            member = trained.member(activity, which.get("seed"))
            videos = activities[activity]
            read = files.read_labels(folder.path, member, videos, required=False)
            front = f"{activity}/" if len(activities) > 1 else ""
            self._fitted |= {front + name: (member, labels) for name, labels in read.items()}
        self.labels_ = self._arrange({name: labels for name, (_, labels) in self._fitted.items()})
        self.workdir_ = folder.path

    def _arrange(self, values: dict[str, T]) -> list[T] | dict[Any, T]:
        """Values of the sequences of `fit` by name, in the form in which these came."""
        return self._names.arrange(values) if self._names else values

    def _require_fit(self) -> None:
        if not hasattr(self, "labels_"):
            raise ValueError(
                "this Segmenter has learned nothing yet: call fit(sequences) or Segmenter.load(RUN)"
            )

    def _decode(
        self, sequences: Any, part: Callable[[Member, Decoded], T]
    ) -> list[T] | dict[Any, T]:
        """A part of what the run makes of new sequences, in the form in which they came."""
        self._require_fit()
        trained, fps = self._trained, self.fps
        if is_folder(sequences):
            folder = Path(sequences).expanduser()
            found = trained.read_folder(folder, progress=self.progress)
            several = len(found.activities) > 1
            names, videos, fps = None, found.videos, found.fps or fps
        else:
            names, arrays = read_sequences(sequences)
            videos, several = [data.Video(name, "", each) for name, each in arrays.items()], False
        trained.check(videos, fps)
        decoded = trained.decode_all(videos, progress=self.progress, **self._which)
        values = {
            f"{video.activity}/{video.name}" if several else video.name: part(member, each)
            for video, member, each in decoded
        }
        return names.arrange(values) if names else values

    def _warn(self) -> None:
        """Says what is doubtful about the result, where the run has not printed it."""
        if self.progress:
            return
        choice, scores = read_choice(self.workdir_), read_segmentation_scores(self.workdir_)
        texts = [doubt for each in choice.activities.values() for doubt in each.doubts]
        texts += [str(each) for each in scores.findings if each.kind == "warning"]
        for text in texts:
            for prefix in ("--config.data.", "--config.", "config."):
                text = text.replace(prefix, "")
            warnings.warn(text, stacklevel=3)

    @contextlib.contextmanager
    def _console(self) -> Iterator[None]:
        """Lets a run print what it prints, or nothing; orbax logs at length what nobody needs."""
        logger = logging.getLogger("absl")
        level = logger.level
        logger.setLevel(logging.CRITICAL)
        sink = contextlib.redirect_stdout(io.StringIO())
        try:
            with contextlib.nullcontext() if self.progress else sink:
                yield
        finally:
            logger.setLevel(level)


def _parameters(config: Config) -> dict[str, Any]:
    """Constructor's parameters with which a Segmenter makes this config."""
    given = flatten(to_dict(config))
    parameters = {name: given[path] for name, path in TERMS.items()}
    parameters["fps"] = parameters["fps"] or None
    parameters["random_state"] = config.first_seed // config.seeds
    same = flatten(complete(type(config), Segmenter(**parameters)._values()))
    changed = {
        path: value
        for path, value in given.items()
        if path not in PLACES and value != same.get(path)
    }
    return parameters | {"settings": changed or None}
