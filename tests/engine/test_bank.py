"""Banks: each response is the filter's own; ranges, sheets, and what files they fit into."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import imgconv
from imgconv import Kernel, Pipeline, errors
from imgconv.kernels import sweeps
from imgconv.operations import Bank
from imgconv.values.image import Frame
from tests import command
from tests.command import noise, pixels_of, save

# ---------------------------------------------------------------- ranges


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0:4", [0, 1, 2, 3]),
        ("0:180:22.5", [Fraction(45 * i, 2) for i in range(8)]),
        ("3:0:-1", [3, 2, 1]),
        ("0:1:1/3", [0, Fraction(1, 3), Fraction(2, 3)]),
        ("0:0.3:0.1", [0, Fraction(1, 10), Fraction(1, 5)]),  # as typed, where floats would give a fourth
        ("-1:1", [-1, 0]),
    ],
)
def test_ranges_leave_their_end_out(text, expected):
    assert sweeps.values(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("gabor:8,0:90:45", ["gabor:8,0", "gabor:8,45"]),
        (
            "gabor:8,theta=0:90:45,phase=0:180:90",
            [
                "gabor:8,theta=0,phase=0",
                "gabor:8,theta=0,phase=90",
                "gabor:8,theta=45,phase=0",
                "gabor:8,theta=45,phase=90",
            ],
        ),
        ("2*Gaussian:1:3", ["2*gaussian:1", "2*gaussian:2"]),
        ("gabor:8,45", []),
        ("sobel-x", []),
        ("1 2 1", []),
    ],
)
def test_what_a_text_with_ranges_stands_for(text, expected):
    assert sweeps.swept(text) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("bank gabor:8,0:180:-1", "the range '0:180:-1' has no values"),
        ("bank gabor:8,0:0", "the range '0:0' has no values"),
        ("bank gabor:8,0:9:0", "the range '0:9:0' has no values"),
        ("bank gabor:8,0:x", "end of a range 'x' is not a finite number"),
        ("bank gabor:8,0:180:0.01", "stands for too many kernels; a bank has at most 1024"),
        ("bank gabor:1:99,0:99", "stands for 9702 kernels"),
        ("bank gaussian:-1:2", "sigma '-1' is not a number above 0"),
        ("bank sobel-x theta=0:9", "none of the kernels has an argument theta"),
        ("bank gabor:8,45 theta=0:9", "kernel 'gabor' is written"),
        ("bank sobel-x columns=3", "columns are those of a sheet"),
        ("bank gabor:8 vary=theta", "setting 'theta' is not NAME=VALUE"),
        ("bank sobel-q", "unknown kernel 'sobel-q'"),
    ],
)
def test_refusals(text, said):
    with pytest.raises(errors.UsageError) as caught:
        Pipeline.parse(text)
    assert said in str(caught.value)


def test_settings_go_into_the_texts():
    assert str(Pipeline((Bank("gabor:8", theta="0:180:22.5"),))) == 'bank "gabor:8,theta=0:180:22.5"'
    assert Bank("gaussian", vary="sigma=1:3") == Bank("gaussian:sigma=1:3")
    assert Bank("gabor:8", with_="sobel-x", theta=45) == Bank("gabor:8,theta=45", with_=["sobel-x"])
    assert Bank("im:Sobel:@").filters == Bank("im:Sobel:@").filters
    assert len(Bank("im:Sobel:@").filters) == 8
    assert str(Pipeline((Bank(Kernel([[1, 2]], divisor=3)),))) == 'bank "1/3 2/3"'
    assert Bank([[1, 2], [3, 4]]).filters[0].kernel.weights == ((1, 2), (3, 4))


# ---------------------------------------------------------------- responses


@pytest.mark.parametrize("range_", ["clamp", "abs", "shift"])
@pytest.mark.parametrize("shape", [(20, 31), (12, 9, 3)])
def test_each_response_is_the_filters_own(shape, range_):
    pixels = noise(*shape)
    options = {"border": "wrap", "stride": 2, "range": range_}
    names = ["sobel-x", "2*laplacian", "box:3"]
    alone = [
        imgconv.correlate(pixels, name, **options).reshape(-(-shape[0] // 2), -(-shape[1] // 2), -1) for name in names
    ]
    got = imgconv.bank(pixels, names[0], with_=names[1:], **options)
    np.testing.assert_array_equal(got, np.concatenate(alone, axis=2))
    sheet = imgconv.bank(pixels, names[0], with_=names[1:], sheet=True, columns=2, **options).reshape(
        2 * got.shape[0], 2 * got.shape[1], -1
    )
    empty = np.zeros_like(alone[0])
    np.testing.assert_array_equal(sheet, np.vstack([np.hstack(alone[:2]), np.hstack([alone[2], empty])]))


def test_stretching_is_over_all_responses():
    pixels = noise(15, 16)
    wide = imgconv.bank(pixels, "sobel-x", with_="box:3", dtype="float64")
    expected = np.floor((wide - wide.min()) * 255 / (wide.max() - wide.min()) + 0.5)
    np.testing.assert_array_equal(imgconv.bank(pixels, "sobel-x", with_="box:3", range="stretch"), expected)


def test_a_bank_convolves():
    pixels = noise(9, 8)
    kernels = [[[1, 2], [3, 4]], [[0, 1], [5, 0]]]
    got = imgconv.bank(pixels, kernels[0], with_=kernels[1], convolve=True, dtype="int32")
    for channel, kernel in enumerate(kernels):
        np.testing.assert_array_equal(got[..., channel], imgconv.convolve(pixels, kernel, dtype="int32"))


def test_a_bank_is_the_first_layer_of_a_network():
    pixels = noise(16, 16)
    got = imgconv.run(pixels, "bank sobel-x with=sobel-y | relu | maxpool 2", dtype="int32")
    for i, name in enumerate(("sobel-x", "sobel-y")):
        np.testing.assert_array_equal(
            got[..., i], imgconv.run(pixels, f"filter {name} | relu | maxpool 2", dtype="int32")
        )
    wide = imgconv.run(
        pixels, "bank sobel-x with=gaussian:1 | identity", dtype="float64"
    )  # whole and float responses together lose nothing
    np.testing.assert_array_equal(wide[..., 0], imgconv.correlate(pixels, "sobel-x", dtype="float64"))


# ---------------------------------------------------------------- the command


def test_channels_and_sheets_in_files(tmp_path):
    pixels = noise(20, 24)
    save(tmp_path / "in.png", pixels)
    done = command.imgconv(
        "bank", "gabor:6", "--theta", "0:180:45", "--dtype", "float32", "in.png", "-o", "r.npy", cwd=tmp_path
    )
    assert done.code == 0, done.err
    expected = imgconv.bank(pixels, "gabor:6,0:180:45", dtype="float32")
    assert expected.shape == (20, 24, 4)
    np.testing.assert_array_equal(np.load(tmp_path / "r.npy"), expected)
    done = command.imgconv(
        "bank",
        "gabor:6",
        "--vary",
        "theta=0:180:45",
        "--sheet",
        "--range",
        "abs",
        "in.png",
        "-o",
        "s.png",
        cwd=tmp_path,
    )
    assert done.code == 0, done.err
    np.testing.assert_array_equal(
        pixels_of(tmp_path / "s.png"), imgconv.bank(pixels, "gabor:6,0:180:45", sheet=True, range="abs")
    )
    done = command.imgconv("bank", "gabor:6,0:180:45", "in.png", "-o", "s.png", "--overwrite", cwd=tmp_path)
    assert done.code == 1
    assert "PNG cannot hold 4 channels uint8; formats that can: " in done.err
    assert "npy" in done.err
    done = command.imgconv("bank", "gabor:6", "--theta", "0:180:45", "--plan", "in.png", cwd=tmp_path)
    assert "4 kernels into 4 channels; the first: " in done.out.decode()


def test_derived_names_take_a_format_that_holds_the_channels(tmp_path):
    save(tmp_path / "in.png", noise(8, 9))
    done = command.on_terminal("bank", "sobel-x", "--with", "sobel-y", "in.png", cwd=tmp_path)
    assert done.code == 0, done.err
    made = next(path for path in tmp_path.iterdir() if path.name.startswith("in-bank"))
    assert imgconv.load(made).pixels.shape == (8, 9, 2)


def test_alpha_goes_to_every_tile(tmp_path):
    pixels = noise(6, 8, 4)
    pixels[..., 3] = 255
    save(tmp_path / "in.png", pixels)
    done = command.imgconv(
        "bank", "sobel-x", "--with", "sobel-y", "--with", "box:3", "--sheet", "in.png", "-o", "s.png", cwd=tmp_path
    )
    assert done.code == 0, done.err
    got = pixels_of(tmp_path / "s.png")
    np.testing.assert_array_equal(
        got[..., :3], imgconv.bank(pixels[..., :3], "sobel-x", with_=["sobel-y", "box:3"], sheet=True)
    )
    assert (got[:6, :, 3] == 255).all()


@pytest.mark.parametrize("first", ["filter box:3 pad=valid", "relu"])
@pytest.mark.parametrize("sheet", ["", " sheet"])
def test_a_constant_border_is_opaque_behind_other_steps_too(first, sheet):
    """Between steps alpha is float64 in the units it began in."""
    alpha = np.full((6, 6), 128, np.uint8)
    image = imgconv.Image((Frame(noise(6, 6), alpha),))
    after = image.through(Pipeline.parse(f"{first} | bank laplacian pad=3 border=constant:9{sheet}"))
    assert after.alpha[0, 0] == 255
    assert after.alpha[4, 4] == 128
