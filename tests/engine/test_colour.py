"""Gray, channels, luma and linear light: each against a definition of its own, Pillow's, or a law."""

import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as pillow
from PIL import ImageCms

import imgconv
from imgconv import Pipeline, errors
from imgconv.api.image import Image
from imgconv.engine.colour.linear_light import SRGB, Curve, Sampled
from imgconv.engine.colour.profile import curves_of
from imgconv.values.image import Frame
from tests.command import imgconv as command
from tests.command import noise, pixels_of, save
from tests.strategies import law, plain_python


def image(colour: Any, alpha: Any = None, **said: Any) -> Image:
    return Image((Frame(colour, alpha),), metadata=said)


def through(given: Image, text: str, **options: Any) -> Frame:
    with plain_python():
        return given.through(Pipeline.parse(text), **options).frames[0]


def run(pixels: Any, text: str) -> Any:
    with plain_python():
        return imgconv.run(pixels, text)


# ---------------------------------------------------------------- gray


def test_gray_is_pillows():
    colour = noise(40, 50, 3)
    expected = np.array(pillow.fromarray(colour).convert("L"))
    np.testing.assert_array_equal(image(colour).gray().pixels, expected)


def test_gray_of_other_types():
    deep = noise(5, 6, 3, dtype="uint16") * 257
    wide = deep.astype(int) @ [19595, 38470, 7471]
    floats = noise(5, 6, 3, dtype="float32") / np.float32(255)
    with plain_python():
        np.testing.assert_array_equal(image(deep).gray().pixels, wide + 32768 >> 16)
        np.testing.assert_allclose(image(floats).gray().pixels, floats.astype(float) @ [0.299, 0.587, 0.114], rtol=1e-6)


# ---------------------------------------------------------------- channels


@pytest.mark.parametrize(
    ("words", "numbers"),
    [("r", [0]), ("g,b", [1, 2]), ("2", [2]), ("R, 1", [0, 1]), (["b"], [2]), ("r,g,b", [0, 1, 2])],
)
def test_chosen_channels_are_filtered_and_the_others_pass(words, numbers):
    colour, alpha = noise(9, 8, 3), noise(9, 8, seed=4)
    made = through(image(colour, alpha), "filter vertical | abs", channels=words, alpha="keep")
    alone = run(colour, "filter vertical | abs")
    for number in range(3):
        np.testing.assert_array_equal(made.pixels[..., number], (alone if number in numbers else colour)[..., number])
    np.testing.assert_array_equal(made.alpha, alpha)


def test_alpha_is_a_channel_too():
    colour, alpha = noise(9, 8, 3), noise(9, 8, seed=4)
    everything = through(image(colour, alpha), "filter box:3")
    for words, filtered in (("r,a", (0,)), ("0,alpha", (0,)), ("r", (0,)), ("r,g,b,a", (0, 1, 2))):
        made = through(image(colour, alpha), "filter box:3", channels=words)
        for number in range(3):
            np.testing.assert_array_equal(
                made.pixels[..., number], (everything.pixels if number in filtered else colour)[..., number]
            )
        np.testing.assert_array_equal(made.alpha, everything.alpha if "a" in words else alpha)
    alone = through(image(colour, alpha), "filter box:3", channels="a")
    np.testing.assert_array_equal(alone.pixels, colour)
    np.testing.assert_array_equal(alone.alpha, run(alpha, "filter box:3"))


def test_channels_of_other_models_and_of_arrays():
    inks = Image((Frame(noise(6, 6, 4)),), colour="CMYK")
    made = through(inks, "filter box:3", channels="k")
    np.testing.assert_array_equal(made.pixels[..., :3], inks.pixels[..., :3])
    np.testing.assert_array_equal(made.pixels[..., 3], run(inks.pixels[..., 3], "filter box:3"))
    lab = Image((Frame(noise(6, 6, 3), noise(6, 6)),), colour="LAB")
    assert (
        through(lab, "filter box:3", channels="a").pixels[..., 1].tolist() != lab.pixels[..., 1].tolist()
    )  # LAB's own a
    many = image(noise(6, 6, 7))
    np.testing.assert_array_equal(
        through(many, "relu | filter box:3", channels="6,2").pixels[..., [0, 1, 3, 4, 5]],
        many.pixels[..., [0, 1, 3, 4, 5]],
    )


@pytest.mark.parametrize(
    ("given", "options", "sentence"),
    [
        (noise(6, 6, 3), {"channels": "k"}, "no channel 'k'.* r, g, b"),
        (noise(6, 6, 3), {"channels": "a"}, "no channel 'a'"),
        (noise(6, 6, 3), {"channels": "3"}, "no channel '3'"),
        (noise(6, 6, 3), {"channels": ""}, "channels '' are none"),
        (noise(6, 6, 3), {"channels": "r;g"}, "are none"),
        (noise(6, 6, 3), {"channels": "r,luma"}, "are none"),
        (noise(6, 6, 5), {"channels": "luma"}, "5 channels have no luma"),
        (noise(6, 6, 5), {"linear": True}, "no agreed relation to light"),
        (noise(6, 6, 3, dtype="int16"), {"linear": True}, "no agreed relation to light"),
    ],
)
def test_what_cannot_be_meant_is_refused(given, options, sentence):
    with pytest.raises(errors.ImgconvError, match=sentence):
        through(image(given), "filter box:3", **options)
    with pytest.raises(errors.PixelError, match=r"size must stay; this would make 3x3 of 6x6"):
        through(image(noise(6, 6, 3)), "maxpool 2", channels="r")
    for channels, counts in (("g", "2 of 1"), ("r,b", "4 of 2"), ("luma", "2 of 1")):
        with pytest.raises(errors.PixelError, match=f"number must stay; this would make {counts}"):
            through(image(noise(6, 6, 3)), "bank sobel-x with=sobel-y", channels=channels)


# ---------------------------------------------------------------- luma


@pytest.mark.parametrize("text", ["filter sharpen", "filter gaussian:1", "filter vertical | relu"])
def test_luma_is_filtered_and_chroma_stays(text):
    colour = noise(12, 11, 3)
    made = through(image(colour), text, channels="luma", dtype="float64").pixels
    weights = np.array([0.299, 0.587, 0.114])
    before = colour @ weights
    np.testing.assert_allclose(
        made @ weights, run(before, text), atol=1e-9
    )  # a result of doubles is computed in doubles
    for number in range(3):  # Cb and Cr are multiples of these
        np.testing.assert_allclose(made[..., number] - made @ weights, colour[..., number] - before, atol=1e-9)


def test_luma_changes_nothing_where_nothing_is_filtered_and_is_all_of_gray():
    colour, alpha = noise(9, 8, 3), noise(9, 8)
    made = through(image(colour, alpha), "filter identity", channels="luma")
    np.testing.assert_array_equal(made.pixels, colour)
    np.testing.assert_array_equal(made.alpha, alpha)
    gray = noise(9, 8)
    np.testing.assert_array_equal(
        through(image(gray), "filter box:3", channels="luma").pixels, run(gray, "filter box:3")
    )


# ---------------------------------------------------------------- linear light


def srgb_light(x: Any) -> Any:
    """IEC 61966-2-1, as it is printed."""
    return np.where(x <= 0.04045, x / 12.92, ((np.maximum(x, 0) + 0.055) / 1.055) ** 2.4)


def srgb_value(y: Any) -> Any:
    return np.where(y <= 0.0031308, 12.92 * y, 1.055 * np.maximum(y, 0) ** (1 / 2.4) - 0.055)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_every_value_comes_back(dtype):
    every = np.arange(np.iinfo(dtype).max + 1).astype(dtype).reshape(-1, 256)
    for said in (
        {},
        {"icc_profile": profile(b"para", 2.19921875)},
        {"icc_profile": profile(b"para", 2.2, 0.9, 0.1, 0.27, 0.06)},
        {"gamma": 1.0},
    ):
        np.testing.assert_array_equal(through(image(every, **said), "filter identity", linear=True).pixels, every)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64"])
@pytest.mark.parametrize("shape", [(9, 8), (9, 8, 3)])
def test_light_is_averaged(dtype, shape):
    white = 1 if dtype.startswith("float") else np.iinfo(dtype).max
    pixels = (noise(*shape) / 255 * white).astype(dtype)
    made = through(image(pixels), "filter box:3", linear=True, dtype="float64").pixels
    expected = srgb_value(run(srgb_light(pixels.astype(float) / white), "filter box:3")) * white
    np.testing.assert_allclose(made, expected, atol=1e-12 * white)  # a result of doubles is computed in doubles


def test_black_and_white_make_the_gray_of_half_the_light():
    checks = np.indices((8, 8)).sum(axis=0) % 2 * np.uint8(255)
    made = through(image(checks.astype(np.uint8)), 'filter "1 1;1 1" divisor=4 pad=valid', linear=True).pixels
    assert (made == 188).all()  # 0.5 -> 0.735; without --linear it is 128


def test_alpha_is_no_light():
    colour, alpha = noise(9, 8, 3), noise(9, 8, seed=4)
    made, plain = (through(image(colour, alpha), "filter gaussian:1", linear=linear) for linear in (True, False))
    np.testing.assert_array_equal(made.alpha, plain.alpha)
    light = srgb_light(colour / 255.0)
    share = alpha[..., None] / 255.0
    expected = srgb_value(run(light * share, "filter gaussian:1") / run(share, "filter gaussian:1")) * 255
    assert np.abs(made.pixels - expected).max() <= 0.501


def test_signed_light_is_mirrored_and_ranges_work_on_what_is_encoded():
    pixels = noise(9, 8)
    light = run(srgb_light(pixels / 255.0), "filter vertical")
    signed = np.sign(light) * srgb_value(np.abs(light)) * 255
    for range_, expected in (
        ("clamp", np.clip(signed, 0, 255)),
        ("abs", np.clip(np.abs(signed), 0, 255)),
        ("shift", np.clip(signed + 128, 0, 255)),
    ):
        made = through(image(pixels), "filter vertical", linear=True, range=range_).pixels
        assert np.abs(made - expected).max() <= 0.51, range_
    stretched = through(image(pixels), "filter vertical", linear=True, range="stretch").pixels
    assert (stretched.min(), stretched.max()) == (0, 255)


# ---------------------------------------------------------------- colour profiles


def tag(kind: bytes, *numbers: float) -> bytes:
    """A tone curve: `para` with 1, 3, 4, 5 or 7 parameters; `curv` with a gamma, or with a table of values from 0 to
    1."""
    if kind == b"para":
        function = {1: 0, 3: 1, 4: 2, 5: 3, 7: 4}[len(numbers)]
        return (
            kind
            + bytes(4)
            + struct.pack(">HH", function, 0)
            + struct.pack(f">{len(numbers)}i", *(round(n * 65536) for n in numbers))
        )
    values = [round(numbers[0] * 256)] if len(numbers) == 1 else [round(n * 65535) for n in numbers]
    return kind + bytes(4) + struct.pack(f">I{len(values)}H", len(values), *values)


def profile(kind: bytes, *numbers: float, space: bytes = b"", **others: bytes) -> bytes:
    """As much of an ICC profile as has curves: gray's and, so that one does for both, nothing of RGB unless `space`
    is."""
    space = space or b"GRAY"
    names = (b"kTRC",) if space == b"GRAY" else (b"rTRC", b"gTRC", b"bTRC")
    tags = {name: tag(kind, *numbers) for name in names} | {name.encode(): data for name, data in others.items()}
    header = bytearray(128)
    header[16:20], header[36:40] = space, b"acsp"
    table, data, start = struct.pack(">I", len(tags)), b"", 132 + 12 * len(tags)
    for name, content in tags.items():
        table += struct.pack(">4sII", name, start + len(data), len(content))
        data += content
    return bytes(header) + table + data


def test_srgb_is_known_in_every_dress():
    pillows = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert curves_of({"icc_profile": pillows}, 3) == (SRGB,)
    table = srgb_light(np.linspace(0, 1, 1024))
    assert curves_of({"icc_profile": profile(b"curv", *table, space=b"RGB ")}, 3) == (SRGB,)
    assert curves_of({"icc_profile": profile(b"para", 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)}, 1) == (SRGB,)
    assert curves_of({}, 3) == (SRGB,)
    assert curves_of({"gamma": 0.45455, "srgb": 0}, 3) == (SRGB,)


def test_other_profiles_are_honoured():
    assert curves_of({"icc_profile": profile(b"curv", 2.2)}, 1) == (Curve(563 / 256),)
    assert curves_of({"icc_profile": profile(b"para", 1.8, space=b"RGB ")}, 3)[0].g == pytest.approx(1.8, abs=1e-4)
    colour = noise(9, 8, 3)
    adobe = profile(b"curv", 2.19921875, space=b"RGB ")
    made = through(image(colour, icc_profile=adobe), "filter box:3", linear=True, dtype="float64").pixels
    np.testing.assert_allclose(
        made, run((colour / 255.0) ** 2.19921875, "filter box:3") ** (1 / 2.19921875) * 255, atol=1e-3
    )
    uneven = profile(b"curv", 1.0, space=b"RGB ")[:-14] + tag(b"curv", 2.0)
    made = through(image(colour, icc_profile=uneven), "filter box:3", linear=True, dtype="float64").pixels
    np.testing.assert_allclose(made[..., 0], run(colour[..., 0].astype(float), "filter box:3"), atol=1e-3)
    np.testing.assert_allclose(made[..., 2], run((colour[..., 2] / 255.0) ** 2, "filter box:3") ** 0.5 * 255, atol=1e-3)
    light = image(colour, gamma=1.0)
    np.testing.assert_allclose(
        through(light, "filter box:3", linear=True, dtype="float64").pixels,
        run(colour.astype(float), "filter box:3"),
        atol=1e-3,
    )
    some = through(
        image(colour, icc_profile=uneven), "filter box:3", linear=True, dtype="float64", channels="1,2"
    ).pixels
    np.testing.assert_array_equal(some[..., 1:], made[..., 1:])
    bank = through(image(colour, icc_profile=uneven), "bank identity with=box:3", linear=True, dtype="float64").pixels
    np.testing.assert_allclose(bank[..., 3:], made, atol=1e-3)
    np.testing.assert_allclose(bank[..., :3], colour, atol=1e-3)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (profile(b"curv", 2.2, space=b"RGB "), "for RGB, not for 1 channel"),
        (profile(b"curv", 2.2, A2B0=b"mft1"), "tables of colours"),
        (b"nonsense" * 40, "for nons|broken"),
        (profile(b"curv", 2.2)[:-3], "broken"),
        (profile(b"curv", 0.0, 0.7, 0.3, 1.0), "broken"),
        (profile(b"para", -1.0), "broken"),
        (profile(b"para", 2.4, 0.9, 0.1, 0.5, 0.06), "broken"),
        (profile(b"para", 2.4, 0.0, 0.1), "broken"),
    ],
)
def test_profiles_that_cannot_be_honoured_are_refused(content, sentence):
    with pytest.raises(errors.PixelError, match=sentence):
        through(image(noise(5, 5), icc_profile=content), "filter box:3", linear=True)
    through(image(noise(5, 5), icc_profile=content), "filter box:3")  # without --linear it does not matter


@given(
    st.builds(Curve, st.floats(0.3, 4), st.floats(0.5, 2), st.floats(0, 0.2))
    | st.lists(st.floats(0.001, 1), min_size=2, max_size=30).map(
        lambda steps: Sampled(np.cumsum([0, *steps]) / sum(steps))
    )
)
@law(50)
def test_curves_are_undone(curve: Any) -> None:
    x = np.linspace(-1.5, 1.5, 301)
    if isinstance(curve, Curve):
        x = x[x * x > 1e-4]
    np.testing.assert_allclose(curve.encoded(curve.decoded(x)), x, atol=1e-6)


# ---------------------------------------------------------------- the command


def test_the_command(tmp_path):
    colour = noise(20, 18, 3)
    save(tmp_path / "in.png", colour)
    adobe = profile(b"curv", 2.19921875, space=b"RGB ")
    save(tmp_path / "adobe.png", colour, icc_profile=adobe)
    for words, options in (
        (("--linear",), {"linear": True}),
        (("--channels", "luma"), {"channels": "luma"}),
        (("--channels", "r,2", "--linear"), {"channels": "r,2", "linear": True}),
        (
            ("--channels", "luma", "--linear", "--range", "stretch"),
            {"channels": "luma", "linear": True, "range": "stretch"},
        ),
    ):
        for name in ("in", "adobe"):
            done = command("filter", "sharpen", *words, f"{name}.png", cwd=tmp_path)
            assert done.code == 0, done.err
            given = imgconv.load(tmp_path / f"{name}.png")
            np.testing.assert_array_equal(
                pixels_of(done.out), given.through(Pipeline.parse("filter sharpen"), **options).pixels
            )
    left_out = command("filter", "sharpen", "--linear", "--strip", "adobe.png", cwd=tmp_path)
    kept = command("filter", "sharpen", "--linear", "adobe.png", cwd=tmp_path)
    np.testing.assert_array_equal(
        pixels_of(left_out.out), pixels_of(kept.out)
    )  # what goes along is one thing, what pixels mean another
    assert b"iCCP" in kept.out
    assert b"iCCP" not in left_out.out
    done = command("filter", "sharpen", "--linear", "--gray", "adobe.png", cwd=tmp_path)
    assert done.code == 1
    assert command("filter", "sharpen", "--linear", "--gray", "--strip", "adobe.png", cwd=tmp_path).code == 1
    assert "adobe.png: its colour profile is not sRGB" in done.err
    assert command("filter", "sharpen", "--linear", "--gray", "in.png", cwd=tmp_path).code == 0
    assert command("filter", "sharpen", "--channels", "x", "in.png", cwd=tmp_path).code == 1
    assert command("filter", "sharpen", "--channels", "r;g", "in.png", cwd=tmp_path).code == 2
