"""What goes into a network and what comes out: its axes, and the settings they leave open."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jaxseg.features.onnx.settings import CLIPS, IMAGES, LAYOUTS, PRESETS

# Names of NumPy's types, by ONNX Runtime's.
TYPES = {
    "tensor(float)": "float32",
    "tensor(float16)": "float16",
    "tensor(double)": "float64",
    "tensor(uint8)": "uint8",
}
Shape = Sequence[int | str | None]


@dataclass(frozen=True)
class Input:
    """What frames are made into before the network sees them.

    Attributes:
        layout: axes, one of `LAYOUTS`.
        batch: images or clips at a time.
        clip: frames of a clip, 1 for images.
        size: height and width in pixels.
        crop: "center" or "none".
        scale: what pixels are divided by.
        mean: of red, green and blue, subtracted then.
        deviation: of red, green and blue, divided by last.
        channel_order: "rgb" or "bgr".
        stride: frames from a clip to the next one.
        type: NumPy's name of the input's type.
    """

    layout: str
    batch: int
    clip: int
    size: tuple[int, int]
    crop: str
    scale: float
    mean: tuple[float, float, float]
    deviation: tuple[float, float, float]
    channel_order: str
    stride: int
    type: str

    @property
    def shape(self) -> tuple[int, ...]:
        """Of what the network is given."""
        height, width = self.size
        sizes = {"N": self.batch, "C": 3, "T": self.clip, "H": height, "W": width}
        return tuple(sizes[axis] for axis in self.layout)


def settle(place: str, shape: Shape, kind: str, said: Mapping[str, object]) -> Input:
    """The input's settings: what was said, before what the model says, before the defaults.

    Args:
        place: the model and its input, for messages.
        shape: a size an axis, a name or None where the model leaves it open.
        kind: the input's type, as ONNX Runtime calls it.
        said: option -> value, see `onnx_settings.gather`.

    Raises:
        ValueError: one sentence, with both shapes where they differ.
    """
    if kind not in TYPES:
        raise ValueError(f"{place} takes {kind}; pictures can be {', '.join(TYPES)}")
    layout = said.get("layout") or _guessed(place, shape)
    if "T" not in layout and said.get("clip", 1) != 1:
        clips = ", ".join(CLIPS)
        raise ValueError(f"{place}: clips of {said['clip']} need a layout of {clips}, not {layout}")
    sizes = _sizes(place, layout, shape, said)
    colours = _colours(place, TYPES[kind], said)
    return Input(
        layout=layout,
        batch=sizes["N"],
        clip=sizes["T"],
        size=(sizes["H"], sizes["W"]),
        crop=said.get("crop", "center"),
        channel_order=said.get("channel_order", "rgb"),
        stride=said.get("stride", max(1, sizes["T"] // 4)),
        type=TYPES[kind],
        **colours,
    )


def _guessed(place: str, shape: Shape) -> str:
    """The layout of as many axes whose channels are the model's 3, or are called so."""
    fitting = [layout for layout in LAYOUTS if len(layout) == len(shape)]
    if not fitting:
        wanted = ", ".join(LAYOUTS)
        raise ValueError(f"{place} wants {written(shape)}; images and clips are {wanted}")
    for colours in (_is_three, _is_called_channels):
        found = [layout for layout in fitting if colours(shape[layout.index("C")])]
        if len(found) == 1:
            return found[0]
        if found:
            break
    if not found and all(isinstance(shape[layout.index("C")], int) for layout in fitting):
        raise ValueError(f"{place} wants {written(shape)}, no axis of which is of 3 colours")
    choices = "|".join(found or fitting)
    raise ValueError(f"{place} wants {written(shape)}: which axis is which? --layout={choices}")


def _is_three(size: int | str | None) -> bool:
    return size == 3


def _is_called_channels(size: int | str | None) -> bool:
    return isinstance(size, str) and ("channel" in size.lower() or size.lower() == "c")


def _sizes(place: str, layout: str, shape: Shape, said: Mapping[str, object]) -> dict[str, int]:
    """Axis -> size; the axis T of images is 1."""
    height, width = said.get("size", (None, None))
    asked = {"N": said.get("batch"), "C": 3, "T": said.get("clip"), "H": height, "W": width}
    fits = len(shape) == len(layout)
    own = dict(zip(layout, shape, strict=True)) if fits else {}
    own = {axis: size for axis, size in own.items() if _is_fixed(size)}
    asked = {axis: own.get(axis) if size is None else size for axis, size in asked.items()}
    if not fits or any(asked[axis] != size for axis, size in own.items()):
        given = [axis if asked[axis] is None else asked[axis] for axis in layout]
        given = f"{written(given)} ({layout})"
        raise ValueError(f"{place} wants {written(shape)}; it would be given {given}")
    images = layout in IMAGES
    asked |= {"N": asked["N"] or (8 if images else 1), "T": 1 if images else asked["T"]}
    for axes, flag in (("HW", "--size=224, say,"), ("T", "--clip=16, say,")):
        if any(asked[axis] is None for axis in axes):
            raise ValueError(f"{place} wants {written(shape)}: {flag} tells what it leaves open")
    return asked


def _is_fixed(size: int | str | None) -> bool:
    return isinstance(size, int) and size > 0


def _colours(place: str, kind: str, said: Mapping[str, object]) -> dict[str, object]:
    """Scale, mean and deviation; one of the two by the name of a preset says both."""
    presets = [said[name] for name in ("mean", "deviation") if isinstance(said.get(name), str)]
    defaults = PRESETS[presets[0]] if presets else ((0.0,) * 3, (1.0,) * 3)
    colours = {"scale": said.get("scale", 1.0 if kind == "uint8" else 255.0)}
    for name, default in zip(("mean", "deviation"), defaults, strict=True):
        value = said.get(name, default)
        colours[name] = default if isinstance(value, str) else value
        highest, limit = max(colours[name]), 255 / colours["scale"]
        if highest > max(limit, 1.0):
            scale = f"--scale={colours['scale']:g}"
            raise ValueError(f"{place}: {name} {highest:g}, but pixels end at {limit:g} by {scale}")
    if kind == "uint8" and colours != {"scale": 1.0, "mean": (0.0,) * 3, "deviation": (1.0,) * 3}:
        raise ValueError(f"{place} takes bytes, pixels as they are: no scale, mean or deviation")
    return colours


def written(shape: Shape) -> str:
    """[batch, 3, ?, 224]: a shape for a message."""
    return f"[{', '.join('?' if size is None else str(size) for size in shape)}]"
