"""Models and settings that do not go together: a sentence each, before the first video."""

import json

import numpy as np
import pytest
from onnx_files import convolution, onnx, reshaped, write

from jaxseg.features.job import make_kind

IMAGE = ["N", 3, 8, 10]


def complaint(model, **options):
    with pytest.raises(ValueError) as error:
        make_kind("onnx", model=model, **options)
    text = str(error.value)
    assert "\n" not in text and len(text) < 400 and "ONNXRuntimeError" not in text
    return text.replace(f"{model.parent}/", "")


@pytest.mark.parametrize(
    ("shape", "order", "options", "text"),
    [
        (IMAGE, "NCHW", {"size": 224}, "is [N, 3, 8, 10]; it would be given [N, 3, 224, 224]"),
        ([2, 3, 8, 10], "NCHW", {"batch": 4}, "[2, 3, 8, 10]; it would be given [4, 3, 8, 10]"),
        (
            IMAGE,
            "NCHW",
            {"layout": "NHWC"},
            "is [N, 3, 8, 10]; it would be given [N, 3, 8, 3] (NHWC)",
        ),
        (IMAGE, "NCHW", {"layout": "NCTHW"}, "would be given [N, 3, T, H, W] (NCTHW)"),
        ([1, 3, 4, 8, 10], "NCTHW", {"clip": 16}, "would be given [1, 3, 16, 8, 10] (NCTHW)"),
        ([1, 4, 8, 10], "NCHW", {}, "is [1, 4, 8, 10], no axis of which is of 3 colors"),
        (IMAGE, "NCHW", {"clip": 8}, "clips of 8 need a layout of NCTHW, NTCHW, NTHWC, not NCHW"),
        (IMAGE, "NCHW", {"mean": 123.7}, "mean 123.7, but pixels end at 1 by --scale=255"),
    ],
)
def test_shapes(tmp_path, shape, order, options, text):
    result = complaint(convolution(tmp_path / "m.onnx", shape, order), **options)
    assert result.startswith("m.onnx: input 'pixels'") and text in result


@pytest.mark.parametrize(
    ("shape", "order", "options", "flags"),
    [
        (["N", 3, "h", 8], "NCHW", {}, "--size=HEIGHT,WIDTH"),
        (["N", 3, "h", None], "NCHW", {}, "--layout=NCHW|NHWC --size=HEIGHT,WIDTH"),
        (["N", "c", 8, None], "NCHW", {"size": 8}, "--layout=NCHW|NHWC"),
        (["N", "b", 8, "d"], "NCHW", {"layout": "NCHW"}, "--size=HEIGHT,WIDTH"),
        ([1, 3, 3, 8, 10], "NCTHW", {}, "--layout=NCTHW|NTCHW"),
        (["N", 3, "t", 8, 8], "NCTHW", {"layout": "NCTHW"}, "--clip=FRAMES"),
        (
            ["N", "t", "c", "h", "w"],
            "NTCHW",
            {},
            "--layout=NCTHW|NTCHW|NTHWC --size=HEIGHT,WIDTH --clip=FRAMES",
        ),
    ],
)
def test_what_the_file_leaves_open_has_to_be_given(tmp_path, shape, order, options, flags):
    """One line with all that the file says of itself, and all flags that are missing."""
    text = complaint(convolution(tmp_path / "m.onnx", shape, order), **options)
    axes = ", ".join("?" if size is None else str(size) for size in shape)
    pooled = ", ".join(["5"] + ["1"] * (len(shape) - 2))
    assert text == (
        f"m.onnx: input 'pixels' float32 [{axes}]; output 'rows' float32 [{shape[0]}, {pooled}]: "
        f"give {flags}, or the same in m.json"
    )


def test_settings_may_leave_one_layout(tmp_path):
    model = convolution(tmp_path / "m.onnx", ["N", 3, "h", None], "NCHW")
    assert make_kind("onnx", model=model, size="8,10").input.layout == "NCHW"


def test_neither_image_nor_clip(tmp_path):
    model = write(tmp_path / "m.onnx", [("Relu", ["pixels"], ["rows"])], [1, 3, 8])
    assert "is [1, 3, 8]; images and clips are NCHW, NHWC, NCTHW, NTCHW" in complaint(model)


def test_of_several_outputs_one_has_to_be_named(tmp_path):
    nodes = [("GlobalAveragePool", ["pixels"], ["rows"]), ("Relu", ["pixels"], ["map"])]
    model = write(tmp_path / "m.onnx", nodes, IMAGE, outputs=("rows", "map"))
    text = complaint(model)
    assert "output 'rows' float32 [N, 3, 1, 1], 'map' float32 [N, 3, 8, 10]: give" in text
    assert text.endswith("give --output=NAME, or the same in m.json")
    assert make_kind("onnx", model=model, output="rows").channels == 3


def test_shape_that_only_a_run_tells(tmp_path):
    """The model says that any size will do, and means another one."""
    nodes = [("Reshape", ["pixels", "to"], ["rows"])]
    weights = [("to", np.array([-1, 48], np.int64))]
    model = write(tmp_path / "m.onnx", nodes, ["N", 3, "h", "w"], weights=weights)
    text = complaint(model, layout="NCHW", size=(5, 5), batch=1)
    assert text.startswith("m.onnx fails on an input of [1, 3, 5, 5] (NCHW): ")
    text = complaint(model, layout="NCHW", size=(8, 8), batch=1)
    assert "is [4, 48] for a batch of 1; [batch, channels, ...] is needed" in text
    assert make_kind("onnx", model=model, layout="NCHW", size=(4, 4)).channels == 48


@pytest.mark.parametrize(
    ("to", "options", "text"),
    [
        (
            (4, 12),
            {},
            "'rows' is [1, 4, 12]: which axis holds the channels? give --channels-axis=1|2",
        ),
        ((4, 12), {"channels_axis": 3}, "has no axis 3"),
        ((4, 6, 2), {"pool": "first", "channels_axis": 1}, "--pool=first is of no use"),
        ((4, 12), {"output": "row"}, "output: there is no 'row'; there is rows"),
    ],
)
def test_outputs(tmp_path, to, options, text):
    model = reshaped(tmp_path / "m.onnx", (3, 2, 4, 2), to)
    assert text in complaint(model, layout="NCTHW", **options)


def test_types(tmp_path):
    """Numbers that are no pixels; bytes that are to be scaled."""
    nodes = [("Cast", ["pixels"], ["x"], {"to": 1}), ("GlobalAveragePool", ["x"], ["rows"])]
    model = write(tmp_path / "m.onnx", nodes, IMAGE, kind=onnx.TensorProto.INT64)
    assert "takes tensor(int64); pictures can be tensor(float)" in complaint(model)
    model = write(tmp_path / "m.onnx", nodes, IMAGE, kind=onnx.TensorProto.UINT8)
    assert "takes bytes" in complaint(model, mean="imagenet")


def test_two_inputs(tmp_path):
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Add", ["slow", "fast"], ["y"])],
        "two",
        [onnx.helper.make_tensor_value_info(name, 1, [1, 3]) for name in ("slow", "fast")],
        [onnx.helper.make_tensor_value_info("y", 1, None)],
    )
    opset = [onnx.helper.make_opsetid("", 17)]
    path = tmp_path / "m.onnx"
    path.write_bytes(
        onnx.helper.make_model(graph, opset_imports=opset, ir_version=8).SerializeToString()
    )
    assert "has 2 inputs ('slow' float32 [1, 3], 'fast' float32 [1, 3]); one" in complaint(path)


def test_files(tmp_path):
    """No model at all, half of one, one of operators or weights that are not there."""
    model = convolution(tmp_path / "m.onnx", IMAGE)
    assert complaint(tmp_path / "x.onnx") == "x.onnx: no such file"
    (tmp_path / "d.onnx").mkdir()
    assert complaint(tmp_path / "d.onnx") == "d.onnx: a folder"
    broken = tmp_path / "b.onnx"
    for content in (b"", b"not a network", model.read_bytes()[:200]):
        broken.write_bytes(content)
        assert complaint(broken) == "b.onnx is no ONNX model, or is cut short"
    write(broken, [("Mine", ["pixels"], ["rows"], {"domain": "mine"})], IMAGE)
    assert "needs an operator that onnxruntime does not have" in complaint(broken)
    loaded = onnx.load(model)
    onnx.save(loaded, broken, save_as_external_data=True, location="b.onnx.data", size_threshold=0)
    assert len(make_kind("onnx", model=broken).settings()["files"]) == 2
    for change in (lambda file: file.write_bytes(b"1"), lambda file: file.unlink()):
        change(tmp_path / "b.onnx.data")
        assert "weights in a second file, which is missing or cut short" in complaint(broken)
    loaded.ir_version = 99
    broken.write_bytes(loaded.SerializeToString())
    assert "b.onnx cannot be opened: Unsupported model IR version: 99" in complaint(broken)


def test_providers(tmp_path):
    model = convolution(tmp_path / "m.onnx", IMAGE)
    assert make_kind("onnx", model=model, providers="CPUExecutionProvider").channels == 5
    assert "--providers: Cuda is none of this" in complaint(model, providers="Cuda")


def test_beside_the_model(tmp_path):
    """The JSON's settings hold, options go before them, and both are looked at."""
    model = convolution(tmp_path / "m.onnx", ["N", 3, "h", "w"])
    file = tmp_path / "m.json"
    content = {"size": [8, 10], "mean": 0.5, "deviation": [0.1, 0.2, 0.3], "layout": "nchw"}
    file.write_text(json.dumps(content))
    settings = make_kind("onnx", model=model, mean="0.1,0.2,0.3", stride=3).settings()
    assert settings["size"] == [8, 10] and settings["deviation"] == [0.1, 0.2, 0.3]
    assert settings["mean"] == [0.1, 0.2, 0.3] and settings["stride"] == 3
    assert json.loads(json.dumps(settings)) == settings
    for text, message in (
        ('{"strid": 2}', "m.json: there is no 'strid'; there is stride, size, "),
        ('{"stride": 0}', "m.json: stride: 0 is not a whole number from 1"),
        ('{"size": true}', "m.json: size: True is not N or HEIGHT,WIDTH"),
        ('{"pool": ["mean"]}', "m.json: pool: ['mean'] is not mean|first"),
        ("[1]", "m.json: [1] is no object of settings"),
        ('{"size":', "m.json: not valid JSON: Expecting value in line 1, column 9"),
    ):
        file.write_text(text)
        assert complaint(model).startswith(message)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("size", "1,2,3"),
        ("size", "4.5"),
        ("stride", "two"),
        ("batch", -1),
        ("scale", "0"),
        ("mean", "imagenett"),
        ("mean", "nan"),
        ("mean", [1, 2]),
        ("deviation", "0.5,0,0.5"),
        ("output", ""),
        ("channel_order", "rbg"),
        ("crop", None),
        ("channels_axis", 0),
    ],
)
def test_values(tmp_path, name, value):
    model = convolution(tmp_path / "m.onnx", IMAGE)
    assert complaint(model, **{name: value}).startswith(
        f"--{name.replace('_', '-')}: {value!r} is not "
    )


def test_no_model():
    with pytest.raises(ValueError, match="--kind=onnx needs --model=FILE"):
        make_kind("onnx")
