"""`--kind=onnx`: rows of any image or clip network that ONNX Runtime runs."""

import functools
import json
from collections import deque
from dataclasses import asdict
from pathlib import Path

import numpy as np

from jaxseg.features import need
from jaxseg.features.folders import checksum
from jaxseg.features.kinds import ONNX, Kind
from jaxseg.features.onnx.model import Input, Network, Output, open_network, pooled, understand
from jaxseg.features.onnx.settings import gather


class Onnx(Kind):
    """The kind `onnx` of a model's file; there is nothing to fit.

    The model is tried once, when the kind is made; a worker process opens the file again, once for
    all its videos.
    """

    name = ONNX
    requires = ("cv2", "onnxruntime")

    def __init__(self, model: Path | str | None = None, **options):
        """Opens the model; the options (`settings.OPTIONS`) count before a JSON beside it."""
        if model is None:
            raise ValueError("--kind=onnx needs --model=FILE.onnx")
        path = Path(model).expanduser()
        self.model = path.absolute()
        settings = gather(path, options)
        self.providers = settings.get("providers", ())
        network = open_network(path, self.providers)
        self.input, self.output = understand(network, settings)
        self.channels = self.output.channels
        # The model, and the weights that exporters put beside it.
        files = (self.model.with_name(self.model.name + end) for end in ("", ".data", "_data"))
        self.checksums = {file.name: checksum(file) for file in files if file.is_file()}

    def settings(self) -> dict:
        """All that the features depend on: settings but the size of a batch, and checksums."""
        values = asdict(self.input) | {"output": asdict(self.output), "files": self.checksums}
        del values["batch"]
        return json.loads(json.dumps(values | {"providers": self.providers}))

    def encoder(self) -> "OnnxEncoder":
        return OnnxEncoder(_opened(self.model, self.providers), self.input, self.output)


@functools.lru_cache(1)
def _opened(model: Path, providers: tuple[str, ...]) -> Network:
    """The network of a worker process."""
    return open_network(model, providers)


class OnnxEncoder:
    """Encoder (see `kinds.Encoder`) of one video; holds one clip and one batch in memory.

    Every `stride` frames is the middle of a clip, the first one at frame 0: clip j covers the
    frames from j stride - (clip - 1) // 2 on, where the first and the last frame stand for those
    outside the video. A frame takes the row of the clip whose middle is nearest, of the earlier one
    of two; so there is a row a frame, and those of a stride are alike.
    """

    def __init__(self, network: Network, given: Input, output: Output):
        self._network = network
        self._given = given
        self._output = output
        self.window: deque[np.ndarray] = deque(maxlen=given.clip)  # the last frames
        self._batch = np.zeros((given.batch, given.clip, *given.size, 3), np.uint8)
        self._waiting = 0  # clips in the batch
        self.rows: dict[int, np.ndarray] = {}  # of the clips that frames to come may need
        self._pushed = self._returned = self._clips = 0

    def push(self, frame: np.ndarray) -> list[np.ndarray]:
        picture = fitted(frame, self._given.size, self._given.crop)
        if not self._pushed:
            self.window.extend([picture] * self._given.clip)
        self.window.append(picture)
        self._pushed += 1
        self._add_clip(self._pushed - 1)
        return self._ready()

    def finish(self) -> list[np.ndarray]:
        if not self._pushed:
            return []
        for frame in range(self._pushed, self._pushed + self._given.clip // 2):
            self.window.append(self.window[-1])
            self._add_clip(frame)
        self._run()
        return self._ready(ended=True)

    def _add_clip(self, newest: int) -> None:
        """Puts the window into the batch if its middle is a clip's; `newest` is its last frame."""
        middle = newest - self._given.clip // 2
        if middle < 0 or middle % self._given.stride:
            return
        self._batch[self._waiting] = np.stack(self.window)
        self._waiting += 1
        if self._waiting == self._given.batch:
            self._run()

    def _run(self) -> None:
        """Makes rows of the waiting clips, in a batch of full size: another one may not fit."""
        if not self._waiting:
            return
        result = self._network.run(self._batch, self._given, self._output.name)
        for row in pooled(result, self._output)[: self._waiting]:
            self._check(row)
            self.rows[self._clips] = row
            self._clips += 1
        self._waiting = 0

    def _check(self, row: np.ndarray) -> None:
        channels = self._output.channels
        if row.shape != (channels,):
            problem = f"{row.size} channels instead of {channels}"
        elif not np.isfinite(row).all():
            problem = f"{np.count_nonzero(~np.isfinite(row))} channels that are no finite number"
        else:
            return
        frame = self._clips * self._given.stride
        raise ValueError(f"{self._network.path} gives {problem} around row {frame}")

    def _ready(self, ended: bool = False) -> list[np.ndarray]:
        """Rows of the frames whose nearest clip is done."""
        stride, ready = self._given.stride, []
        while self._returned < self._pushed:
            clip = (self._returned + (stride - 1) // 2) // stride
            clip = min(clip, self._clips - 1) if ended else clip
            if clip not in self.rows:
                break
            ready.append(self.rows[clip])
            self.rows.pop(clip - 1, None)
            self._returned += 1
        return ready


def fitted(frame: np.ndarray, size: tuple[int, int], crop: str) -> np.ndarray:
    """A frame, uint8 [H, W, 3], at the network's size, height and width.

    Crop "center" scales it, keeping its shape, until it covers the size, and cuts out the middle;
    "none" scales each side by itself.
    """
    height, width = size
    if crop == "none":
        return _scaled(frame, height, width)
    factor = max(height / frame.shape[0], width / frame.shape[1])
    tall, wide = (round(side * factor) for side in frame.shape[:2])
    # Rounding must not make a side too short.
    frame = _scaled(frame, max(tall, height), max(wide, width))
    top, left = (frame.shape[0] - height) // 2, (frame.shape[1] - width) // 2
    return frame[top : top + height, left : left + width]


def _scaled(frame: np.ndarray, height: int, width: int) -> np.ndarray:
    """Means over areas where the picture shrinks, so that nothing flickers; else bilinear."""
    if frame.shape[:2] == (height, width):
        return frame
    cv2 = need("cv2")
    shrinks = height * width < frame.shape[0] * frame.shape[1]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(frame, (width, height), interpolation=method)
