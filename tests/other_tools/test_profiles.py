"""Each profile gives what the real tool gives: to the bit where it computes in whole numbers."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest
from PIL import Image

import imgconv
from imgconv import errors
from imgconv.operations import Filter, Pool
from imgconv.operations.profiles import PROFILES
from imgconv.values.tools import TOOLS
from tests.command import called
from tests.other_tools import make_layers, peers
from tests.strategies import plain_python

RANDOM = np.random.default_rng(11)
SIZES = [(1, 1), (3, 3), (1, 2), (2, 1), (2, 2), (4, 1), (3, 2), (5, 5), (2, 5)]
DIVISORS = (1, 2, 8)  # weights are then exact in every tool
SHAPES = [(1, 1), (1, 7), (6, 1), (5, 8), (9, 4)]


@pytest.fixture(autouse=True)
def uncompiled():
    """Small images of many kernels: compiling would take longer than all of them."""
    with plain_python():
        yield


def kernels(sizes=SIZES, divisors=DIVISORS):
    for size, divisor in itertools.product(sizes, divisors):
        rows = RANDOM.integers(-3, 6, size)
        rows[0, 0] += int(rows.sum() == 0)
        yield imgconv.Kernel(rows.tolist(), divisor=divisor)


def image(*shape):
    return RANDOM.integers(0, 256, shape, dtype=np.uint8)


def like(tool, kernel, **stated):
    return Filter(**Filter.like(tool, {"kernel": kernel, **stated}))


def ours(pixels, kernel, tool):
    return imgconv.run(pixels, like(tool, kernel), rounding=PROFILES[tool].rounding)


def test_every_tool_has_a_profile():
    assert tuple(PROFILES) == TOOLS


@pytest.mark.parametrize("tool", ["opencv", "scipy"])
def test_libraries_to_the_bit(tool, tmp_path):
    peer = getattr(peers, tool)
    with plain_python():
        for kernel, shape in itertools.product(kernels(), SHAPES):
            pixels = image(*shape)
            expected = peer(pixels, kernel, tmp_path)
            np.testing.assert_array_equal(ours(pixels, kernel, tool), expected, f"{kernel} on {shape}")


COMMANDS = {
    "imagemagick": (peers.magick, [(3, 3), (1, 2), (2, 2), (4, 1)], (8, 2)),
    "vips": (peers.vips, [(3, 3), (1, 2), (2, 2), (4, 1)], (8,)),
    "ffmpeg": (peers.ffmpeg, [(3, 3), (5, 5)], (1, 1)),
}


@pytest.mark.parametrize("tool", COMMANDS)
def test_commands_to_the_bit(tool, tmp_path):
    peer, sizes, divisors = COMMANDS[tool]
    pixels = image(17, 22)  # a process takes as long as all pixels; each is a case
    with plain_python():
        for kernel in kernels(sizes, divisors):
            expected = peer(pixels, kernel, tmp_path)
            np.testing.assert_array_equal(ours(pixels, kernel, tool), expected, str(kernel))


def test_pillow_to_the_bit_but_for_its_frame(tmp_path):
    with plain_python():
        for drawn in kernels([(3, 3), (5, 5)], (1,) * 20):
            rows = [list(row) for row in drawn.weights]
            rows[0][1] += 16 - sum(map(sum, rows))  # Pillow divides in float32, which a power of two leaves exact
            kernel = imgconv.Kernel(rows)
            pixels = image(9, 12)
            expected, edge = peers.pillow(pixels, kernel, tmp_path), kernel.shape[0] // 2
            inner = (slice(edge, -edge),) * 2
            np.testing.assert_array_equal(ours(pixels, kernel, "pillow")[inner], expected[inner], str(kernel))
            np.testing.assert_array_equal(expected[0], pixels[0])


def test_pillow_reduces():
    for size, shape in itertools.product([(2, 2), (3, 2), (1, 4), (3, 3), (4, 5)], [(9, 12), (7, 7), (8, 5)]):
        pixels = image(*shape)
        expected = np.asarray(Image.fromarray(pixels).reduce(size[::-1])).astype(int)
        step = Pool(**Pool.like("pillow", {"kind": "avg", "size": size}))
        difference = imgconv.run(pixels, step) - expected
        wide = imgconv.run(pixels, step, dtype="float64")
        assert set(np.unique(difference)) <= {0, 1}
        fraction = wide[difference == 1] % 1
        assert ((fraction >= 0.5) & (fraction < 0.5 + 1 / 3)).all()  # the remark of the profile


SKIMAGE = {"sobel-x": "sobel_v", "sobel-y": "sobel_h", "prewitt-x": "prewitt_v", "prewitt-y": "prewitt_h",
           "scharr-x": "scharr_v", "scharr-y": "scharr_h", "laplacian": "laplace"}  # fmt: skip


def test_skimage():
    filters = pytest.importorskip("skimage.filters", reason="scikit-image is not installed")
    for kernel, name in SKIMAGE.items():
        for shape in SHAPES[3:]:
            pixels = RANDOM.random(shape)
            result = imgconv.run(pixels, like("skimage", kernel))
            np.testing.assert_allclose(result, getattr(filters, name)(pixels), atol=1e-14, err_msg=kernel)
    for sigma in (0.5, 1, 1.5, 3):
        pixels = RANDOM.random((9, 7))
        result = imgconv.run(pixels, like("skimage", f"gaussian:{sigma}"))
        np.testing.assert_allclose(result, filters.gaussian(pixels, sigma), atol=1e-14)


def test_skimage_pools_whole_blocks():
    measure = pytest.importorskip("skimage.measure", reason="scikit-image is not installed")
    for kind, function in (("avg", np.mean), ("max", np.max), ("min", np.min), ("sum", np.sum)):
        pixels = RANDOM.random((7, 8))
        result = imgconv.pool(pixels, kind, size=(2, 3), like="skimage")
        expected = measure.block_reduce(pixels, (2, 3), function)
        assert result.shape == expected.shape
        np.testing.assert_allclose(result[:3, :2], expected[:3, :2])


def test_gaussians():
    cv2 = pytest.importorskip("cv2", reason="opencv is not installed")
    from scipy import ndimage

    for sigma in (0.5, 0.8, 1, 1.5, 2, 3, 5):
        pixels = image(30, 31)
        made = imgconv.correlate(pixels, f"gaussian:{sigma}", like="opencv", dtype="float64")
        side = cv2.getGaussianKernel(like("opencv", f"gaussian:{sigma}").kernel.shape[0], sigma)
        np.testing.assert_allclose(made, cv2.sepFilter2D(pixels.astype(float), -1, side, side), atol=1e-9)
        assert np.abs(np.rint(made) - cv2.GaussianBlur(pixels, (0, 0), sigma)).max() <= 2
        made = imgconv.correlate(pixels, f"gaussian:{sigma}", like="scipy", dtype="float64")
        np.testing.assert_allclose(made, ndimage.gaussian_filter(pixels.astype(float), sigma), atol=1e-9)


def test_gaussians_of_commands(tmp_path):
    pixels = image(30, 31)
    Image.fromarray(pixels).save(tmp_path / "in.pgm")
    for sigma in (0.8, 1.5):
        peers.call(tmp_path, peers.program("imagemagick"), "in.pgm", "-gaussian-blur", f"0x{sigma}", "out.pgm")
        expected = peers.opened(tmp_path / "out.pgm").astype(int)
        assert np.abs(ours(pixels, f"gaussian:{sigma}", "imagemagick") - expected).max() <= 1
    for sigma in (0.8, 1.5, 3):
        peers.call(tmp_path, peers.program("vips"), "gaussblur", "in.pgm", "out.png", str(sigma))
        expected = peers.opened(tmp_path / "out.png").astype(int)
        made = imgconv.correlate(pixels, f"gaussian:{sigma}", like="vips", rounding="half-up")
        assert np.abs(made - expected).max() <= 2


@pytest.mark.parametrize("tool", ["torch", "keras"])
def test_layers_of_frameworks(tool):
    """Against what PyTorch and Keras gave when layers.json was made."""
    cases = [case for case in json.loads(make_layers.FILE.read_text()) if case["tool"] == tool]
    assert len(cases) > 10
    for case in cases:
        pixels, step = make_layers.picture(*case["image"]), case["text"]
        if step == "filter":
            step = like(tool, make_layers.kernel(*case["size"]), stride=case.get("stride", 1))
        result = imgconv.run(pixels, step)
        np.testing.assert_allclose(result, case["result"], rtol=1e-6, atol=1e-5, err_msg=str(case))


def test_torch_itself():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    for kernel, shape in itertools.product(kernels(divisors=(1,)), SHAPES):
        pixels = image(*shape).astype("float32")
        tensors = [torch.tensor(np.asarray(each, "float32"))[None, None] for each in (pixels, kernel.weights)]
        expected = torch.nn.functional.conv2d(*tensors, padding="same")[0, 0].numpy()
        np.testing.assert_array_equal(imgconv.run(pixels, like("torch", kernel)), expected)


def by_onnx(operator, *inputs, **attributes):
    from onnx import TensorProto, helper
    from onnx.reference import ReferenceEvaluator

    names = ["x", "w"][: len(inputs)]
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names]
    node = helper.make_node(operator, names, ["y"], **attributes)
    graph = helper.make_graph([node], "one", values, [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)])
    feeds = {name: each[None, None].astype("float32") for name, each in zip(names, inputs, strict=True)}
    return ReferenceEvaluator(model).run(None, feeds)[0][0, 0]


def test_onnx():
    for kernel in kernels(divisors=(1,)):
        pixels = image(6, 7).astype("float32")
        expected = by_onnx("Conv", pixels, np.array(kernel.weights), auto_pad="SAME_UPPER")
        np.testing.assert_array_equal(imgconv.run(pixels, like("onnx", kernel)), expected)
    for (size, stride, pad), ceil in itertools.product([(2, 2, 0), (3, 2, 1), (2, 3, 0)], (0, 1)):
        pixels = image(8, 7).astype("float32")
        how = {"kernel_shape": [size] * 2, "strides": [stride] * 2, "pads": [pad] * 4, "ceil_mode": ceil}
        for kind, operator in (("max", "MaxPool"), ("avg", "AveragePool")):
            text = f"{kind}pool {size} stride={stride} pad={pad} like=onnx{' ceil' * ceil}"
            np.testing.assert_allclose(imgconv.run(pixels, text), by_onnx(operator, pixels, **how), rtol=1e-6)


def test_what_is_stated_wins():
    assert str(imgconv.Pipeline.parse("filter box:2 like=opencv")) == "filter box:2 border=reflect101 anchor=1,1"
    assert str(imgconv.Pipeline.parse("filter box:2 border=wrap like=cv2 anchor=0,0")) == (
        "filter box:2 border=wrap anchor=0,0"
    )
    assert str(imgconv.Pipeline.parse('filter "1 2;3 4" like=im')) == 'filter "1 2;3 4" anchor=0,0 convolve'
    assert str(imgconv.Pipeline.parse("avgpool 3 pad=1 like=torch")) == "avgpool 3 pad=1 count-padding"
    assert str(imgconv.Pipeline.parse("filter gaussian:2 like=opencv border=edge")) == "filter gaussian:2,13"
    pixels = [[0, 0, 9, 0]]
    assert imgconv.correlate(pixels, "1 2 3", like="scipy").tolist() == imgconv.correlate(pixels, "1 2 3").tolist()
    assert imgconv.convolve(pixels, "1 2", like="scipy").tolist() == [[0, 9, 18, 0]]  # as ndimage
    assert imgconv.correlate([[1, 2]], "0.5 0.5 0", like="scipy").tolist() == [[1, 1]]
    assert imgconv.correlate([[1, 2]], "0.5 0.5 0", like="scipy", rounding="half-up").tolist() == [[1, 2]]
    assert imgconv.pool([[1, 2, 3]], size=(1, 2), like="pillow").tolist() == [[2, 3]]
    assert imgconv.pool([[1, 2, 3]], size=(1, 2), like="pillow", ceil=False).tolist() == [[2]]


def test_what_makes_no_sense_is_refused():
    for text, message in (
        ("maxpool 2 like=scipy", "scipy has no pooling"),
        ("filter vertical like=photoshop", "tool"),
        ("filter vertical like=torch like=onnx", "twice"),
        ("relu like=torch", "like"),
        ("filter box:2 with=box:4 like=opencv", "different centres"),
        ("filter sobel-x with=scharr-x like=skimage", "different divisors"),
    ):
        with pytest.raises(errors.UsageError, match=message):
            imgconv.Pipeline.parse(text)


@pytest.mark.parametrize("rounding", ["half-up", "half-even", "zero"])
@pytest.mark.parametrize("range_", ["clamp", "abs", "shift", "stretch"])
def test_rounding(rounding, range_):
    pixels = np.array([[0, 1, 2, 3, 5, 250, 255]], np.uint8)
    values = {"clamp": [-1.5, -0.5, 0.5, 1.5], "abs": [1.5, 0.5, 0.5, 1.5], "shift": [126.5, 127.5, 128.5, 129.5],
              "stretch": [0, 85, 170, 255]}[range_]  # fmt: skip
    expected = {"half-up": np.floor(np.add(values, 0.5)), "half-even": np.rint(values), "zero": np.trunc(values)}
    made = imgconv.correlate(pixels[:, :4], "1", rounding=rounding, range=range_, dtype="int16")
    assert made.shape == (1, 4)
    kernel = imgconv.Kernel([[1]], bias=-1.5)
    made = imgconv.correlate(pixels[:, :4], kernel, rounding=rounding, range=range_)
    assert made.tolist() == np.clip(expected[rounding], 0, 255).astype(int).tolist() or made.tolist() == [
        np.clip(expected[rounding], 0, 255).astype(int).tolist()
    ]
    image_ = imgconv.Image(pixels[:, :4]).through(Filter(kernel), rounding=rounding, range=range_)
    np.testing.assert_array_equal(image_.pixels, made)
    assert image_.response.below == int((expected[rounding] < 0).sum())


def test_the_command(tmp_path):
    pixels = image(6, 7)
    Image.fromarray(pixels).save(tmp_path / "in.png")
    done = called("filter", "0.5 0.5", "--like", "opencv", "in.png", "-o", "out.png", cwd=tmp_path)
    assert done.code == 0, done.err
    np.testing.assert_array_equal(
        np.asarray(Image.open(tmp_path / "out.png")), imgconv.correlate(pixels, "0.5 0.5", like="opencv")
    )
    done = called("filter", "0.5 0.5", "--like=scipy", "--rounding=half-up", "in.png", "-o", "out.png", cwd=tmp_path)
    assert done.code == 0, done.err
    assert "reflect" in called("like", cwd=tmp_path).out.decode()
    shown = called("like", "ffmpeg", cwd=tmp_path).out.decode()
    assert "reflect101-reflect" in shown
    assert "whole numbers" in shown
    facts = json.loads(called("like", "opencv", "--json", cwd=tmp_path).out)
    assert facts["opencv"]["rounding"] == "half-even"
    assert called("like", "photoshop", cwd=tmp_path).code == 2
