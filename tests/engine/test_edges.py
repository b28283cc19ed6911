"""Edge detectors against masks typed here, naive steps, SciPy, scikit-image and OpenCV; their directions; the files
beside a result."""

from __future__ import annotations

import colorsys
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import imgconv
from imgconv import Pipeline, errors
from imgconv.operations import Edges, detectors
from imgconv.operations.detectors import DETECTORS
from tests import command, oracle
from tests.command import noise, pixels_of, save
from tests.strategies import EVERYTHING, compiled, images, law, plain_python

R2 = math.sqrt(2)
RING = [(0, 0), (0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0)]


def ring(cells, centre=0):
    """A 3x3 mask from its outer cells, clockwise from the top left."""
    mask = [[centre] * 3 for _ in range(3)]
    for (row, column), cell in zip(RING, cells, strict=True):
        mask[row][column] = cell
    return mask


def turns(cells):
    """The mask for N, NE, E …: bright cells move on clockwise by one each time."""
    return [ring(cells[-i:] + cells[:-i]) for i in range(8)]


MASKS = {
    "sobel": [[[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], [[-1, -2, -1], [0, 0, 0], [1, 2, 1]]],
    "scharr": [[[-3, 0, 3], [-10, 0, 10], [-3, 0, 3]], [[-3, -10, -3], [0, 0, 0], [3, 10, 3]]],
    "prewitt": [[[-1, 0, 1]] * 3, [[-1] * 3, [0] * 3, [1] * 3]],
    "roberts": [[[1, 0], [0, -1]], [[0, 1], [-1, 0]]],
    "kirsch": turns([5, 5, 5, -3, -3, -3, -3, -3]),
    "robinson": turns([1, 2, 1, 0, -1, -2, -1, 0]),
}
FREI_CHEN = [
    [[1, R2, 1], [0, 0, 0], [-1, -R2, -1]],
    [[1, 0, -1], [R2, 0, -R2], [1, 0, -1]],
    [[0, -1, R2], [1, 0, -1], [-R2, 1, 0]],
    [[R2, -1, 0], [-1, 0, 1], [0, 1, -R2]],
    [[0, 1, 0], [-1, 0, -1], [0, 1, 0]],
    [[-1, 0, 1], [0, 0, 0], [1, 0, -1]],
    [[1, -2, 1], [-2, 4, -2], [1, -2, 1]],
    [[-2, 1, -2], [1, 4, 1], [-2, 1, -2]],
    [[1] * 3] * 3,
]
FREI_CHEN_DIVISORS = [2 * R2] * 4 + [2] * 2 + [6] * 2 + [3]


def test_every_detector_is_tested():
    assert detectors.DIRECTIONS == ("N", "NE", "E", "SE", "S", "SW", "W", "NW")
    assert set(DETECTORS) == set(MASKS) | {"farid", "frei-chen", "canny"}


# ---------------------------------------------------------------- strength


@law(60)
@given(st.data())
def test_strength_is_exact(data):
    detector = data.draw(st.sampled_from(sorted(MASKS)))
    dtype = data.draw(st.sampled_from(["uint8", "uint16", "int16"]))
    pixels = data.draw(images(dtype))
    norm = data.draw(st.sampled_from([None, "l2", "l1", "max"]))
    border = data.draw(st.sampled_from(["edge", "reflect101", "wrap"]))
    with plain_python():
        got = imgconv.edges(pixels, detector, norm=norm, border=border, dtype="int32")
    compass = detector in ("kirsch", "robinson")
    responses = [oracle.responses(pixels, mask, border=border) for mask in MASKS[detector]]
    way = {"l2": "l2", "l1": "l1", "max": "max" if compass else "linf", None: "max" if compass else "l2"}[norm]
    expected = oracle.l2(responses, "int32") if way == "l2" else oracle.settle(oracle.combined(way, responses), "int32")
    np.testing.assert_array_equal(got.reshape(expected.shape), expected)


def test_scikit_image_says_the_same():
    filters = pytest.importorskip("skimage.filters")
    pixels = noise(30, 41, seed=1)
    wide = pixels.astype(np.float64)
    for name, scale in (("sobel", 4), ("scharr", 16), ("prewitt", 3), ("farid", 1)):
        expected = getattr(filters, name)(wide, mode="nearest") * scale * math.sqrt(2)
        np.testing.assert_allclose(
            imgconv.edges(pixels, name, dtype="float64"), expected, rtol=1e-9, atol=1e-9, err_msg=name
        )
    inner = filters.roberts(wide)[1:-1, 1:-1] * math.sqrt(2)
    np.testing.assert_allclose(imgconv.edges(pixels, "roberts", dtype="float64")[1:-1, 1:-1], inner, rtol=1e-9)


def test_frei_chen_is_the_share_of_its_edge_masks():
    pixels = noise(12, 14, seed=6)
    wide = [
        oracle.responses(pixels, mask)[..., 0].astype(float) / divisor
        for mask, divisor in zip(FREI_CHEN, FREI_CHEN_DIVISORS, strict=True)
    ]
    squares = np.square(wide)
    np.testing.assert_allclose(
        imgconv.edges(pixels, "frei-chen", dtype="float64"), np.sqrt(squares[:4].sum(0) / squares.sum(0)), rtol=1e-12
    )
    padded = np.pad(pixels.astype(float), 1, "edge") ** 2
    energy = sum(padded[r : r + 12, c : c + 14] for r in range(3) for c in range(3))
    np.testing.assert_allclose(squares.sum(0), energy, rtol=1e-12)
    with plain_python():
        assert (imgconv.edges(np.zeros((4, 4), np.uint8), "frei-chen", dtype="float32") == 0).all()
    assert (imgconv.edges(np.full((4, 4), 9, np.uint8), "frei-chen", dtype="float64") < 1e-15).all()
    assert [note.code for note in Pipeline.parse("edges frei-chen").notes("uint8", "clamp")] == ["few-levels"]


@pytest.mark.parametrize("detector", sorted(DETECTORS))
@EVERYTHING
def test_nan_is_passed_on_or_is_no_edge(detector, everything):
    pixels = noise(12, 12).astype(np.float32)
    pixels[6, 6] = np.nan
    with compiled(everything or detector in ("canny", "kirsch")):
        got = imgconv.edges(pixels, detector, **({"sigma": 0} if detector == "canny" else {}))
    if detector == "canny":
        assert set(np.unique(got)) <= {0, 1}
        assert not got[5:8, 5:8].any()
    else:
        assert np.isnan(got).any()
        assert not np.isnan(got[:3]).any()


# ---------------------------------------------------------------- Canny


def naive_canny(pixels, low, high):
    """The steps on whole pixels, without smoothing: Sobel (of the channel where it is greatest), thinning along the
    nearest of four directions, two thresholds, tracing."""
    every = [oracle.responses(pixels, mask).astype(int) for mask in MASKS["sobel"]]
    channel = np.argmax(sum(part**2 for part in every), axis=2)[..., None]
    gx, gy = (np.take_along_axis(part, channel, 2)[..., 0] for part in every)
    strength = {(y, x): math.sqrt(int(gx[y, x]) ** 2 + int(gy[y, x]) ** 2) for y, x in np.ndindex(gx.shape)}
    kept = {}
    for (y, x), value in strength.items():
        degrees = math.degrees(math.atan2(gy[y, x], gx[y, x])) % 180
        nearest = min((0, 45, 90, 135, 180), key=lambda direction: abs(degrees - direction)) % 180
        dy, dx = {0: (0, 1), 45: (1, 1), 90: (1, 0), 135: (1, -1)}[nearest]
        if (
            value > 0
            and value >= low
            and value > strength.get((y - dy, x - dx), 0)
            and value >= strength.get((y + dy, x + dx), 0)
        ):
            kept[y, x] = value
    edges, todo = set(), [place for place, value in kept.items() if value >= high]
    while todo:
        y, x = todo.pop()
        if (y, x) in kept and (y, x) not in edges:
            edges.add((y, x))
            todo += [(y + j, x + i) for j in (-1, 0, 1) for i in (-1, 0, 1)]
    result = np.zeros(gx.shape, np.uint8)
    for place in edges:
        result[place] = 255
    return result


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize(("low", "high"), [(0, 0), (100, 300), (250, 250), (300, 700), (2000, 3000)])
def test_canny_takes_the_textbooks_steps(low, high, compiled, monkeypatch):
    if not compiled:
        monkeypatch.setenv("IMGCONV_NO_JIT", "1")
    for seed, shape in enumerate([(1, 1), (1, 9), (8, 1), (17, 23), (20, 20)]):
        pixels = noise(*shape, seed=seed)
        blocks = (pixels // 60 * 60).repeat(2, 0).repeat(2, 1)  # plateaus: equal neighbours
        for image in (pixels, blocks):
            np.testing.assert_array_equal(
                imgconv.edges(image, "canny", sigma=0, low=low, high=high), naive_canny(image, low, high)
            )


def test_canny_makes_one_map_of_several_channels():
    pixels = np.dstack([noise(15, 16, seed=seed) for seed in range(3)])
    with plain_python():
        one = imgconv.edges(pixels, "canny", sigma=0, low=200, high=500)
        np.testing.assert_array_equal(one, naive_canny(pixels, 200, 500))
        greatest = max(imgconv.edges(pixels, "sobel", dtype="float64").max(axis=(0, 1)))
        shares = imgconv.edges(pixels, "canny", sigma=0, low="20%", high="50%")
        np.testing.assert_array_equal(shares, naive_canny(pixels, greatest / 5, greatest / 2))
        apart = imgconv.edges(pixels, "canny", sigma=0, low=200, high=500, each_channel=True)
        for number in range(3):
            np.testing.assert_array_equal(apart[..., number], naive_canny(pixels[..., number], 200, 500))
        angles = imgconv.directions(pixels, "canny", sigma=0)
        np.testing.assert_array_equal(angles, imgconv.directions(pixels, "sobel"))
        assert imgconv.directions(pixels, "canny", "hue", sigma=0).shape == (15, 16, 3)


def test_one_map_is_gray_without_the_profile_of_colours():
    image = imgconv.Image(
        (imgconv.Frame(noise(6, 7, 3), np.full((6, 7), 9, np.uint8)),), metadata={"icc_profile": b"of RGB"}
    )
    with plain_python():
        map_ = image.through("edges canny")
        assert map_.mode == "gray + alpha uint8"
        assert "icc_profile" not in map_.metadata
        assert "profile-dropped" in [note.code for note in map_.notes]
        assert image.through("edges canny each-channel").mode == "RGB + alpha uint8"
        assert image.through("edges canny", alpha="premultiply").mode == "gray + alpha uint8"
        assert image.through("edges canny", channels="luma").mode == "RGB + alpha uint8"


def test_percentages_are_of_the_greatest_magnitude():
    pixels = noise(30, 30, seed=3)
    greatest = imgconv.edges(pixels, "sobel", dtype="float64").max()
    for share in (10, 33):
        expected = naive_canny(pixels, greatest * share / 100, greatest * 2 * share / 100)
        np.testing.assert_array_equal(
            imgconv.edges(pixels, "canny", sigma=0, low=f"{share}%", high=f"{2 * share}%"), expected
        )


def test_canny_is_near_to_scikit_images():
    """It smooths the same way and interpolates where here the nearest direction is taken: lines may lie a pixel
    beside."""
    feature, ndimage = pytest.importorskip("skimage.feature"), pytest.importorskip("scipy.ndimage")
    y, x = np.mgrid[:120, :160]
    pixels = np.where((x - 70) ** 2 + (y - 60) ** 2 < 1600, 200, np.where(x + 2 * y > 260, 120, 30)).astype(np.uint8)
    theirs = feature.canny(pixels.astype(float), 2, 20, 60, mode="nearest")
    ours = imgconv.edges(pixels, "canny", sigma=2, low=20, high=60) > 0
    near = ndimage.binary_dilation
    assert theirs.sum() > 200
    assert (theirs & near(ours, np.ones((3, 3)))).sum() > 0.98 * theirs.sum()
    inner = ours[1:-1, 1:-1]  # it never finds edges on the outermost pixels
    assert (inner & near(theirs, np.ones((3, 3)))[1:-1, 1:-1]).sum() > 0.95 * inner.sum()


@EVERYTHING
@pytest.mark.parametrize(
    ("dtype", "edge"),
    [("uint8", 255), ("uint16", 65535), ("int16", 32767), ("int32", 2**31 - 1), ("float32", 1), ("float64", 1)],
)
def test_an_edge_is_the_types_greatest_value(dtype, edge, everything):
    with compiled(everything or dtype in ("uint8", "float32")):
        assert set(np.unique(imgconv.edges(noise(20, 20), "canny", dtype=dtype))) == {0, edge}


def test_an_edge_between_steps_is_that_of_bytes():
    pixels = noise(20, 20)
    assert set(np.unique(imgconv.run(pixels, "edges canny | identity", dtype="float32"))) == {0, 255}
    assert imgconv.edges(pixels, "canny", range="shift").min() == 128


# ---------------------------------------------------------------- directions


def ramp(degrees):
    """A slope that becomes brighter towards an angle, clockwise from the right, rows growing downwards."""
    y, x = np.mgrid[:21, :21] - 10
    return x * math.cos(math.radians(degrees)) + y * math.sin(math.radians(degrees))


@pytest.mark.parametrize("detector", sorted(DETECTORS))
@pytest.mark.parametrize("degrees", [0, 30, 45, 90, 135, 170, 180, 225, 270, 300, 315, 359])
def test_angles_point_to_where_it_is_bright(detector, degrees, monkeypatch):
    monkeypatch.setenv("IMGCONV_NO_JIT", "1")
    found = imgconv.directions(ramp(degrees), detector)[5:-5, 5:-5]
    assert found.dtype == np.float32
    assert found.min() >= 0
    assert found.max() < 360
    apart = np.abs((found - degrees + 180) % 360 - 180)
    assert apart.max() <= (22.6 if detector in ("kirsch", "robinson") else 1e-3)


@pytest.mark.parametrize("detector", ["kirsch", "robinson"])
def test_winners_are_numbered_clockwise_from_the_north(detector):
    for number, degrees in enumerate((270, 315, 0, 45, 90, 135, 180, 225)):
        assert (imgconv.directions(ramp(degrees), detector, "which")[5:-5, 5:-5] == number).all()
        assert (imgconv.directions(ramp(degrees), detector)[5:-5, 5:-5] == degrees).all()


@EVERYTHING
def test_winners_are_the_greatest_response_and_the_first_of_equals(everything):
    pixels = noise(15, 16, seed=2)
    for detector, key in (("kirsch", np.asarray), ("robinson", np.asarray), ("sobel", np.abs), ("roberts", np.abs)):
        responses = np.stack([oracle.responses(pixels, mask)[..., 0].astype(int) for mask in MASKS[detector]])
        with compiled(everything or detector == "sobel"):
            np.testing.assert_array_equal(
                imgconv.directions(pixels, detector, "which"), np.argmax(key(responses), axis=0)
            )
    with compiled(everything):
        assert (imgconv.directions(np.zeros((3, 3)), "kirsch", "which") == 0).all()


def test_opencv_gives_the_same_angles():
    cv2 = pytest.importorskip("cv2")
    pixels = noise(30, 31, seed=4).astype(np.float32)
    gx, gy = (cv2.Sobel(pixels, cv2.CV_32F, *order, borderType=cv2.BORDER_REPLICATE) for order in ((1, 0), (0, 1)))
    ours = imgconv.directions(pixels, "sobel")
    apart = np.abs((cv2.phase(gx, gy, angleInDegrees=True) - ours + 180) % 360 - 180)
    assert apart.max() < 0.3  # what OpenCV promises of its own


def test_hues_are_hsv():
    pixels = noise(9, 8, seed=5)
    angle, strength = imgconv.directions(pixels, "sobel"), imgconv.edges(pixels, "sobel", dtype="float64")
    found = imgconv.directions(pixels, "sobel", "hue")
    for place in np.ndindex(pixels.shape):
        expected = [255 * part for part in colorsys.hsv_to_rgb(angle[place] / 360, 1, strength[place] / strength.max())]
        np.testing.assert_allclose(found[place], expected, atol=0.51)
    assert imgconv.directions(np.zeros((2, 2)), "sobel", "hue").tolist() == [[[0, 0, 0]] * 2] * 2


def test_of_several_channels_the_strongest_is_shown():
    pixels = noise(14, 13, 3, seed=7)
    strength = imgconv.edges(pixels, "sobel", dtype="float64")
    first = strength.argmax(2)
    for show in ("angle", "which"):
        alone = np.stack([imgconv.directions(pixels[..., c], "sobel", show) for c in range(3)], axis=2)
        np.testing.assert_array_equal(
            imgconv.directions(pixels, "sobel", show), np.take_along_axis(alone, first[..., None], 2)[..., 0]
        )


# ---------------------------------------------------------------- words


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("edges sobell", "unknown edge detector 'sobell'; did you mean sobel?"),
        ("edges kirsch sigma=1", "sigma has no meaning for kirsch; it is for canny"),
        ("edges frei-chen norm=l1", "norm has no meaning for frei-chen; it is for sobel,"),
        ("edges canny low=30 high=20", "the low threshold 30 is above the high one, 20"),
        ("edges canny low=30%", "the low threshold 30% is above the high one, 20%"),
        ("edges canny high=-1", "threshold '-1' is not a number from 0, or a percentage"),
        ("edges canny high=101%", "threshold '101%' is not a number from 0, or a percentage"),
        ("edges canny sigma=-1", "sigma '-1' is not a number from 0"),
        ("edges sobel angle=a.npy", "unknown option of edges 'angle'"),
        ("edges", "a value is missing"),
    ],
)
def test_refusals(text, said):
    with pytest.raises(errors.UsageError) as caught:
        Pipeline.parse(text)
    assert said in str(caught.value)


def test_one_spelling_for_one_thing():
    assert str(Pipeline((Edges("sobel", norm="l2"),))) == "edges sobel"
    assert str(Pipeline((Edges("kirsch", norm="max"),))) == "edges kirsch"
    assert str(Pipeline((Edges("canny", sigma=1.0, low="10%", high="20 %".replace(" ", "")),))) == "edges canny"
    assert Edges("canny", low=Fraction(1, 3)).low == Fraction(1, 3)


def test_labels_show_what_is_not_the_default():
    assert Edges("sobel", norm="l2").label == "sobel"
    assert Edges("sobel", norm="l1", border="wrap").label == "sobel-l1"
    assert Edges("canny", sigma=1.5, low="12.5%", high=80).label == "canny-sigma1.5-low12.5percent-high80"


# ---------------------------------------------------------------- the command and the files beside its result


def test_files_beside_the_result(tmp_path):
    pixels = noise(30, 40, 3)
    save(tmp_path / "in.png", pixels)
    words = ["edges", "sobel", "in.png", "-o", "e.png", "--angle", "a.npy", "--which", "w.png", "--hue", "h.png"]
    done = command.imgconv(*words, cwd=tmp_path)
    assert done.code == 0, done.err
    assert "angle in a.npy; which in w.png; hue in h.png" in done.err
    np.testing.assert_array_equal(pixels_of(tmp_path / "e.png"), imgconv.edges(pixels, "sobel"))
    for file, show in (("a.npy", "angle"), ("w.png", "which"), ("h.png", "hue")):
        np.testing.assert_array_equal(pixels_of(tmp_path / file), imgconv.directions(pixels, "sobel", show))
    done = command.imgconv("edges", "sobel", "in.png", "-q", "-o", "e.png", "--angle", "a.png", "--gray", cwd=tmp_path)
    assert done.code == 0, done.err
    angle = imgconv.directions(imgconv.load(tmp_path / "in.png").gray().pixels, "sobel").astype(float)
    np.testing.assert_array_equal(pixels_of(tmp_path / "a.png"), np.floor(angle * 256 / 360 + 0.5) % 256)


@EVERYTHING
def test_files_beside_are_of_the_channels_and_the_light_that_are_wanted(everything, tmp_path):
    pixels = noise(20, 26, 4)
    save(tmp_path / "in.png", pixels)
    colour, alpha = pixels[..., :3], pixels[..., 3]
    encoded = colour / 255
    light = np.where(encoded > 0.04045, ((encoded + 0.055) / 1.055) ** 2.4, encoded / 12.92).astype(
        np.float32
    ) * np.float32(255)
    share = (alpha / 255)[..., None]
    green, gray = pixels[..., 1], colour @ [0.299, 0.587, 0.114]
    for words, seen in (
        ("--channels g --alpha keep", green),
        ("--channels g", green * share[..., 0]),
        ("--channels luma --alpha drop", gray),
        ("--channels alpha", alpha),
        ("--linear --alpha drop", light),
        ("--linear", light * share),
        ("--linear --channels r,b --alpha keep", light[..., [0, 2]]),
    ):
        with compiled(everything):
            done = command.imgconv(
                "edges",
                "sobel",
                "in.png",
                "-o",
                "e.npy",
                "--angle",
                "a.npy",
                *words.split(),
                "--dtype",
                "float32",
                cwd=tmp_path,
            )
            assert done.code == 0, done.err
            turned = (pixels_of(tmp_path / "a.npy") - imgconv.directions(seen, "sobel").astype(float) + 180) % 360 - 180
        assert np.quantile(np.abs(turned), 0.99) < 0.01, words  # of equals in two channels another may be the first


def test_files_beside_follow_the_rules_of_results(tmp_path):
    for name in ("a.png", "b.png"):
        save(tmp_path / name, noise(9, 9))
    ran = [
        (["a.png", "b.png", "-o", "out/", "--hue", "hues", "--angle", "angles/", "--format", "npy"], 0, ""),
        (
            ["a.png", "b.png", "-o", "out2/", "--hue", "out2/"],
            2,
            "a.png and the hue of a.png would both be written to out2/a.png",
        ),
        (["a.png", "-o", "x.png", "--hue", "./x.png"], 2, "would both be written to ./x.png"),
        (["a.png", "-o", "x.png", "--hue", "a.png"], 2, "a.png is also an input; --overwrite replaces it"),
        (
            ["a.png", "-o", "x.png", "--hue", "b.png", "--which", "b.png"],
            2,
            "the which of a.png and the hue of a.png would both be written to b.png",
        ),
        (["a.png", "--hue", "-"], 2, "would both be written to standard output"),
        (
            ["a.png", "b.png", "-o", "out3/", "--hue", "b.png"],
            2,
            "b.png is a file, and 2 results cannot go into one file",
        ),
        (["a.png", "-o", "x.png", "--hue", "x"], 2, "x: no suffix tells the format"),
        (["a.png", "-o", "x.png", "--hue", "x.pfm"], 1, "PFM cannot hold RGB uint8"),
        (["a.png", "-o", "x.png", "--hue", "nowhere/x.png"], 1, "there is no folder nowhere"),
        (["a.png", "-o", "y.png", "--hue", "hues/"], 0, ""),
        (["a.png", "-o", "z.png", "--hue", "hues/"], 1, "hues/a.png: exists already and was not replaced"),
    ]
    for words, code, said in ran:
        done = command.imgconv("edges", "sobel", *words, cwd=tmp_path)
        assert (done.code, said in done.err) == (code, True), (words, done)
    assert sorted(path.name for path in (tmp_path / "hues").iterdir()) == ["a.npy", "a.png", "b.npy"]
    assert np.load(tmp_path / "angles" / "b.npy").dtype == np.float32
    assert pixels_of(tmp_path / "b.png").ndim == 2  # never replaced


@EVERYTHING
def test_one_stream_and_files(everything, tmp_path):
    pixels = noise(9, 9)
    with compiled(everything):
        done = command.imgconv(
            "edges", "kirsch", "--which", "w.npy", "--range", "stretch", cwd=tmp_path, stdin=command.png(pixels)
        )
        np.testing.assert_array_equal(pixels_of(done.out), imgconv.edges(pixels, "kirsch", range="stretch"))
        np.testing.assert_array_equal(np.load(tmp_path / "w.npy"), imgconv.directions(pixels, "kirsch", "which"))
        done = command.imgconv("edges", "kirsch", "-o", "e.png", "--hue", "-", cwd=tmp_path, stdin=command.png(pixels))
        np.testing.assert_array_equal(pixels_of(done.out), imgconv.directions(pixels, "kirsch", "hue"))


def test_plans(tmp_path):
    save(tmp_path / "in.png", noise(9, 9))
    for words, said in (
        ("sobel", "l2 of 2 responses"),
        ("frei-chen", "9 responses in float64"),
        (
            "canny --sigma 1.5 --high 40",
            (
                "smoothed by gaussian:1.5 in float64, gradient and its l2 magnitude in float64, thinned along four"
                " directions, from 40 on"
            ),
        ),
    ):
        done = command.imgconv("edges", *words.split(), "--plan", "in.png", "--hue", "h.png", cwd=tmp_path)
        assert done.code == 0
        assert said in done.out.decode()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.png"]


@pytest.mark.parametrize("detector", sorted(DETECTORS))
@EVERYTHING
def test_hidden_colours_make_no_edges(detector, everything, tmp_path):
    pixels = np.full((12, 16, 4), 90, np.uint8)
    pixels[:, 8:, :3], pixels[..., 3] = noise(12, 8, 3), 0
    pixels[:, :2, 3] = 255
    picture = save(tmp_path / "in.png", pixels)
    with compiled(everything or detector == "sobel"):
        done = command.imgconv("edges", detector, picture, "-o", "e.png", "--hue", "h.png", cwd=tmp_path)
    assert done.code == 0, done.err
    result = pixels_of(tmp_path / "e.png")
    assert not result[:, 4:, :-1].any()
    np.testing.assert_array_equal(result[..., -1], pixels[..., 3])
    assert not pixels_of(tmp_path / "h.png")[:, 4:].any()
    opaque = pixels.copy()
    opaque[..., 3] = 255
    save(tmp_path / "opaque.png", opaque)
    save(tmp_path / "plain.png", pixels[..., :3])
    with compiled(everything or detector == "sobel"):
        command.imgconv("edges", detector, "opaque.png", "plain.png", "-o", "out/", cwd=tmp_path)
    plain = pixels_of(tmp_path / "out/plain.png")
    np.testing.assert_array_equal(pixels_of(tmp_path / "out/opaque.png")[..., :-1].reshape(plain.shape), plain)
