"""The named kernels against independent sources: SciPy, Pillow, scikit-image, OpenCV, Kornia's and ImageMagick's
definitions, and laws.

Peers that the test group does not hold are compared with where they are installed, and by golden numbers of theirs
everywhere.
"""

import itertools
import math
import re
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from PIL import ImageFilter
from scipy import ndimage

import imgconv
from imgconv import Kernel, errors
from imgconv.kernels.catalog import text
from imgconv.kernels.named import named, rows, table
from imgconv.kernels.named.row import DIRECTIONS
from tests import oracle
from tests.programs import imagemagick
from tests.strategies import FRACTIONS, law, plain_python, rows_of

NAMED = table()
EXAMPLES = [row.example for row in NAMED.values()]


@pytest.fixture(autouse=True)
def _uncompiled():
    """It is kernels that are tried here, not loops."""
    with plain_python():
        yield


def weights(name):
    """What a kernel adds up, divisor included, as float64."""
    kernel = imgconv.kernel(name)
    return np.array(kernel.weights, float) / float(kernel.divisor)


def mask(function, side=61):
    """The correlation mask of any linear shift-invariant function of an image: its impulse response, turned round;
    zeros around it cut off."""
    impulse = np.zeros((side, side))
    impulse[side // 2, side // 2] = 1
    response = function(impulse)[::-1, ::-1]
    reach = max(np.abs(np.argwhere(response) - side // 2).max(axis=0))
    return response[side // 2 - reach : side // 2 + reach + 1, side // 2 - reach : side // 2 + reach + 1]


def same(name, expected, within=1e-14):
    got = weights(name)
    assert got.shape == np.shape(expected)
    np.testing.assert_allclose(got, expected, rtol=0, atol=within * max(1, np.abs(expected).max()))


# ---------------------------------------------------------------- SciPy and Pillow: always there


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("sobel-x", lambda image: ndimage.sobel(image, axis=1)),
        ("sobel-y", lambda image: ndimage.sobel(image, axis=0)),
        ("prewitt-x", lambda image: ndimage.prewitt(image, axis=1)),
        ("prewitt-y", lambda image: ndimage.prewitt(image, axis=0)),
        ("laplacian", ndimage.laplace),
        ("box:5", lambda image: ndimage.uniform_filter(image, 5)),
        ("gaussian:1.5", lambda image: ndimage.gaussian_filter(image, 1.5)),
        ("gaussian:1.5,7", lambda image: ndimage.gaussian_filter(image, 1.5, radius=3)),
        ("gaussian:0.4", lambda image: ndimage.gaussian_filter(image, 0.4)),
        ("log:1", lambda image: ndimage.gaussian_laplace(image, 1)),
        ("log:2.3", lambda image: ndimage.gaussian_laplace(image, 2.3)),
        ("log:2,25", lambda image: ndimage.gaussian_laplace(image, 2, radius=12)),
        ("dog:1,2", lambda image: ndimage.gaussian_filter(image, 1) - ndimage.gaussian_filter(image, 2)),
        ("dog:2", lambda image: ndimage.gaussian_filter(image, 2) - ndimage.gaussian_filter(image, 3.2)),
        ("dog:2,1", lambda image: ndimage.gaussian_filter(image, 2) - ndimage.gaussian_filter(image, 1)),
        ("unsharp:1.5,0.7", lambda image: image + 0.7 * (image - ndimage.gaussian_filter(image, 1.5))),
        *(
            (
                f"gaussian-derivative:1.7,{x},{y}",
                lambda image, x=x, y=y: ndimage.gaussian_filter(image, 1.7, order=(y, x)),
            )
            for x, y in ((0, 0), (1, 0), (0, 1), (2, 0), (1, 1), (0, 3), (4, 2))
        ),
    ],
)
def test_scipy_answers_an_impulse_with_the_same_kernel(name, function):
    same(name, mask(function))


@pytest.mark.parametrize(
    ("name", "filter_"),
    [
        ("smooth", "SMOOTH"),
        ("smooth-more", "SMOOTH_MORE"),
        ("edge-enhance", "EDGE_ENHANCE"),
        ("edge-enhance-more", "EDGE_ENHANCE_MORE"),
        ("detail", "DETAIL"),
        ("contour", "CONTOUR"),
        ("outline", "FIND_EDGES"),
    ],
)
def test_pillow_holds_the_same_kernel(name, filter_):
    (columns, rows), scale, offset, numbers = getattr(ImageFilter, filter_).filterargs
    expected = Kernel(np.reshape(numbers, (rows, columns)), scale, offset)
    assert imgconv.kernel(name) == expected
    assert expected.weights == expected.turned().weights, "Pillow lays kernels upside down; these do not mind"


# ---------------------------------------------------------------- golden numbers of peers, and the peers where they are
# installed

DERIVATIVES = {  # OpenCV 5.0: getDerivKernels(order, 0, size)
    (1, 5): ([-1, -2, 0, 2, 1], [1, 4, 6, 4, 1]),
    (1, 7): ([-1, -4, -5, 0, 5, 4, 1], [1, 6, 15, 20, 15, 6, 1]),
    (2, 5): ([1, 0, -2, 0, 1], [1, 4, 6, 4, 1]),
    (2, 7): ([1, 2, -1, -4, -1, 2, 1], [1, 6, 15, 20, 15, 6, 1]),
}


@pytest.mark.parametrize("size", [5, 7])
def test_larger_sobels_are_opencvs(size):
    first, smooth = DERIVATIVES[1, size]
    assert imgconv.kernel(f"sobel-x:{size}") == Kernel(np.outer(smooth, first))
    assert imgconv.kernel(f"sobel-y:{size}") == Kernel(np.outer(first, smooth))
    second, smooth = DERIVATIVES[2, size]
    assert imgconv.kernel(f"laplacian-sobel:{size}") == Kernel(np.outer(smooth, second) + np.outer(second, smooth))


@pytest.mark.parametrize("size", [3, 5, 9, 31])
def test_sobel_in_opencv_itself(size):
    cv2 = pytest.importorskip("cv2")
    along, across = cv2.getDerivKernels(1, 0, size, ktype=cv2.CV_64F)
    same(f"sobel-x:{size}", np.outer(across, along))
    same(f"sobel-y:{size}", np.outer(along, across))
    along, across = cv2.getDerivKernels(2, 0, size, ktype=cv2.CV_64F)
    same(f"laplacian-sobel:{size}", np.outer(across, along) + np.outer(along, across))


def test_scharr_and_gaussian_in_opencv_itself():
    cv2 = pytest.importorskip("cv2")
    along, across = cv2.getDerivKernels(1, 0, cv2.FILTER_SCHARR, ktype=cv2.CV_64F)
    same("scharr-x", np.outer(across, along))
    for size, sigma in ((5, 1.0), (9, 1.5), (11, 0.8)):
        line = cv2.getGaussianKernel(size, sigma, cv2.CV_64F)
        same(f"gaussian:{sigma},{size}", line @ line.T, 1e-7)


@pytest.mark.parametrize(
    ("wavelength", "theta", "sigma", "aspect", "phase"),
    [(4, 30, 2, 0.5, 0), (8, 45, 3, 1, 90), (6.5, 100, 2.5, 0.7, -30)],
)
def test_gabor_in_opencv_itself(wavelength, theta, sigma, aspect, phase):
    cv2 = pytest.importorskip("cv2")
    whole = cv2.getGaborKernel(
        (11, 11), sigma, math.radians(theta), wavelength, aspect, math.radians(phase), cv2.CV_64F
    )
    scale = 2 * math.pi * sigma * sigma / aspect
    same(
        f"gabor:{wavelength},{theta},{sigma},{aspect},{phase},11", whole[::-1, ::-1] / scale
    )  # theirs is stored turned round


def test_gabor_by_golden_numbers():
    """OpenCV 5.0: getGaborKernel((5, 5), 2, pi / 6, 4, 0.5, 0), its first two rows, over 2 * pi * sigma_x * sigma_y."""
    golden = [
        [-1.58051193e-01, -6.03504610e-01, 2.27619420e-16, 8.35068039e-01, 3.02607940e-01],
        [-5.00937254e-01, -4.28860017e-01, 6.69475245e-01, 7.78532927e-01, -2.64472818e-01],
    ]
    np.testing.assert_allclose(weights("gabor:4,30,2,0.5,size=5")[:2] * 2 * math.pi * 2 * 4, golden, atol=1e-8)


@pytest.mark.parametrize("theta", [0, 30, 45, 90, 135])
def test_gabor_in_scikit_image_itself(theta):
    filters = pytest.importorskip("skimage.filters")
    whole = filters.gabor_kernel(1 / 8, math.radians(theta), dtype=np.complex128)  # a packet one octave wide, as ours
    same(f"gabor:8,{theta}", whole.real)
    odd = filters.gabor_kernel(
        1 / 5, math.radians(theta), sigma_x=2.1, sigma_y=3.5, offset=math.pi / 2, dtype=np.complex128
    )
    same(f"gabor:5,{theta},2.1,0.6,90", odd.real)


def test_farid_is_the_five_taps_of_the_paper():
    """Farid and Simoncelli 2004, table 1: smoothing and derivative to six digits; its derivative of a ramp of slope 1
    is 1."""
    smooth, edge = [0.037659, 0.249153, 0.426375, 0.249153, 0.037659], [-0.109604, -0.276691, 0, 0.276691, 0.109604]
    same("farid-x", np.outer(smooth, edge), 1e-6)
    ramp = np.tile(np.arange(9.0), (9, 1))
    assert imgconv.correlate(ramp, "farid-x")[4, 4] == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize("name", ["sobel", "scharr", "prewitt", "farid"])
def test_gradients_in_scikit_image_itself(name):
    filters = pytest.importorskip("skimage.filters")
    share = {"sobel": 4, "scharr": 16, "prewitt": 3, "farid": 1}[name]
    same(
        f"{name}-x", -mask(getattr(filters, f"{name}_v"))[::-1, ::-1] * share
    )  # theirs convolve; and are positive where it gets brighter
    same(f"{name}-y", -mask(getattr(filters, f"{name}_h"))[::-1, ::-1] * share)


def test_the_rest_in_scikit_image_itself():
    skimage = pytest.importorskip("skimage")
    from skimage import filters, morphology

    assert skimage.__version__
    np.testing.assert_array_equal(filters.edges.ROBERTS_PD_WEIGHTS, weights("roberts-x"))
    np.testing.assert_array_equal(filters.edges.ROBERTS_ND_WEIGHTS, weights("roberts-y"))
    same("dog:1.2,2.5", mask(lambda image: filters.difference_of_gaussians(image, 1.2, 2.5)))
    same("dog:1.2", mask(lambda image: filters.difference_of_gaussians(image, 1.2)))
    for radius in (1, 3, 5):
        disk = morphology.disk(radius)
        same(f"disk:{radius}", disk / disk.sum())


# ---------------------------------------------------------------- ImageMagick, where installed


def shown_by_imagemagick(name):
    """The numbers of a kernel as ImageMagick prints them; it convolves, so they are turned round here."""
    command = [imagemagick(), "xc:", "-define", "morphology:showkernel=1", "-morphology", "Convolve", name, "null:"]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stderr
    rows = re.findall(r"^ *\d+:((?: +[-+.\d]+)+) *$", said, flags=re.M)
    return np.array([row.split() for row in rows], float)[::-1, ::-1]


@pytest.mark.skipif(imagemagick() is None, reason="ImageMagick is not installed")
@pytest.mark.parametrize(
    ("name", "theirs", "sign"),
    [
        ("sobel-x", "Sobel", 1),
        ("prewitt-x", "Prewitt", 1),
        ("outline", "Laplacian:0", 1),
        ("ridge", "Laplacian:1", 1),
        ("laplacian:8", "Laplacian:0", -1),
        ("laplacian-fit:3", "Laplacian:2", -1),
        ("laplacian-fit:5", "Laplacian:5", -1),
        ("laplacian-fit:7", "Laplacian:7", -1),
        ("corner", "Laplacian:3", 1),
        ("mexican-hat:5", "Laplacian:15", 1),
        ("mexican-hat:9", "Laplacian:19", 1),
        *(
            (f"kirsch:{direction}", f"Kirsch:{45 * i}", 1)
            for i, direction in enumerate(["E", "SE", "S", "SW", "W", "NW", "N", "NE"])
        ),
        *(
            (f"robinson:{direction}", f"Sobel:{45 * i}", 1)
            for i, direction in enumerate(["E", "SE", "S", "SW", "W", "NW", "N", "NE"])
        ),
        *(
            (f"prewitt-compass:{direction}", f"Compass:{45 * i}", 1)
            for i, direction in enumerate(["E", "SE", "S", "SW", "W", "NW", "N", "NE"])
        ),
    ],
)
def test_imagemagick_prints_the_same_kernel(name, theirs, sign):
    np.testing.assert_array_equal(weights(name), sign * shown_by_imagemagick(theirs))


# ---------------------------------------------------------------- laws


def test_frei_chen_is_orthonormal():
    masks = np.array([weights(f"frei-chen:{n}").ravel() for n in range(1, 10)])
    np.testing.assert_allclose(masks @ masks.T, np.eye(9), atol=1e-15)
    root = math.sqrt(2)
    np.testing.assert_allclose(
        weights("frei-chen:1") * 2 * root, [[1, root, 1], [0, 0, 0], [-1, -root, -1]], atol=1e-15
    )
    np.testing.assert_allclose(
        weights("frei-chen:3") * 2 * root, [[0, -1, root], [1, 0, -1], [-root, 1, 0]], atol=1e-15
    )


@pytest.mark.parametrize("name", ["kirsch", "robinson", "prewitt-compass", "corner-compass"])
def test_a_direction_is_the_bright_side(name):
    """A picture that is bright towards a direction answers most to that direction's mask, which is the one before
    turned on."""
    vectors = {
        "N": (-1, 0),
        "NE": (-1, 1),
        "E": (0, 1),
        "SE": (1, 1),
        "S": (1, 0),
        "SW": (1, -1),
        "W": (0, -1),
        "NW": (-1, -1),
    }
    for direction, (down, right) in vectors.items():
        rows, columns = np.mgrid[-4:5, -4:5]
        picture = 5 + 5 * np.sign(rows * down + columns * right)
        answers = {other: imgconv.correlate(picture, f"{name}:{other}", dtype="int32")[4, 4] for other in DIRECTIONS}
        assert max(answers, key=answers.get) == direction, answers
    for before, after in itertools.pairwise([*DIRECTIONS, "N"]):
        assert imgconv.kernel(f"{name}:{before}").rotated(-45) == imgconv.kernel(f"{name}:{after}")


def test_compass_masks_as_the_books_print_them():
    assert weights("kirsch:N").tolist() == [[5, 5, 5], [-3, 0, -3], [-3, -3, -3]]
    assert weights("kirsch:NE").tolist() == [[-3, 5, 5], [-3, 0, 5], [-3, -3, -3]]
    assert imgconv.kernel("robinson:E") == imgconv.kernel("sobel-x")
    assert weights("robinson:NE").tolist() == [[0, 1, 2], [-1, 0, 1], [-2, -1, 0]]
    assert weights("prewitt-compass:N").tolist() == [[1, 1, 1], [1, -2, 1], [-1, -1, -1]]
    assert weights("corner-compass:NE").tolist() == [[-4, 5, 5], [-4, 5, 5], [-4, -4, -4]]
    assert weights("line:45").tolist() == [[-1, -1, 2], [-1, 2, -1], [2, -1, -1]]
    assert weights("line:90").tolist() == [[-1, 2, -1]] * 3


ZERO_SUM = [
    name
    for family in ("Edges", "Compass", "Laplacians")
    for name in (row.example for row in rows(family))
    if not name.startswith(("gaussian-derivative", "log"))
]


@pytest.mark.parametrize("name", ZERO_SUM)
def test_kernels_of_differences_sum_to_zero(name):
    kernel = imgconv.kernel(name)
    assert abs(sum(map(Fraction, kernel.cells()))) < (
        Fraction(1, 10**15) if kernel.exact is None else Fraction(1, 10**99)
    )


AVERAGES = [row.example for row in rows("Averages")] + [
    "sharpen",
    "unsharp:1,1",
    "high-boost:1.5",
    "edge-enhance",
    "edge-enhance-more",
    "detail",
    "emboss",
]


@pytest.mark.parametrize(
    "name",
    [*AVERAGES, "box:2x5", "binomial:4", "disk:2.5", "motion:4", "motion:8,30", "gaussian:2,6", "high-boost:1/3"],
)
def test_kernels_that_keep_brightness_sum_to_one(name):
    kernel = imgconv.kernel(name)
    total = sum(map(Fraction, kernel.cells())) / Fraction(kernel.divisor)
    assert abs(total - 1) < (Fraction(1, 10**15) if kernel.exact is None else Fraction(1, 10**99))
    flat = np.full((9, 9), 137, np.uint8)
    np.testing.assert_array_equal(imgconv.correlate(flat, name), flat)


def test_exact_kernels_stay_exact():
    """Only these hold numbers that no fraction is: whoever adds to them has made sums inexact for everybody."""
    inexact = {name.partition(":")[0] for name in EXAMPLES if imgconv.kernel(name).exact is None}
    assert inexact == {
        "farid-x",
        "farid-y",
        "gaussian-derivative",
        "frei-chen",
        "log",
        "dog",
        "gaussian",
        "blur",
        "motion",
        "unsharp",
        "gabor",
    }
    for name in (
        "motion:9",
        "motion:6,90",
        "motion:5/2,180",
        "frei-chen:5",
        "frei-chen:9",
        "high-boost:0.1",
        "disk:7/2",
        "binomial:31",
    ):
        assert imgconv.kernel(name).exact is not None, name


def test_the_box_laplacian_is_kornias():
    """Kornia's get_laplacian_kernel2d(n): ones, and 1 - n*n in the centre."""
    expected = np.ones((5, 5))
    expected[2, 2] = 1 - 5 * 5
    same("laplacian-box:5", expected)
    assert imgconv.kernel("laplacian-box:3") == imgconv.kernel("laplacian:8")


def test_binomials_are_powers_of_the_smallest():
    line = np.array([1])
    for size in range(2, 8):
        line = np.convolve(line, [1, 1])
        same(f"binomial:{size}", np.outer(line, line) / 4.0 ** (size - 1))


def test_the_fitted_laplacian_is_the_least_squares_one():
    for side in (3, 5, 7, 9):
        rows, columns = (axis.ravel() for axis in np.mgrid[:side, :side] - side // 2)
        design = np.stack([np.ones(side * side), rows, columns, rows * columns, rows**2, columns**2], axis=1)
        fit = np.linalg.pinv(design)
        laplacian = (2 * (fit[4] + fit[5])).reshape(side, side)
        got = weights(f"laplacian-fit:{side}")
        np.testing.assert_allclose(got / got[0, 0], laplacian / laplacian[0, 0], atol=1e-12)


def test_the_isotropic_laplacian_is_exact_to_fourth_order():
    """On r**4, whose Laplacian is 16 r**2: what it adds to that at the centre is its error, the same for every turn of
    the axes (h**2/12 of the biharmonic)."""
    rows, columns = np.mgrid[-1:2, -1:2]
    for turn in (0, 0.3, math.pi / 4):
        forward = rows * math.cos(turn) + columns * math.sin(turn)
        assert np.sum(weights("laplacian-isotropic") * forward**2) == pytest.approx(2)
        assert np.sum(weights("laplacian-isotropic") * forward**4) == pytest.approx(2)
        assert np.sum(weights("laplacian:8") * forward**4) != pytest.approx(2)


@pytest.mark.parametrize(("length", "angle"), [(9, 0), (9, 45), (7.5, 30), (12, 110), (1, 77), (4, 90)])
def test_motion_is_one_minus_the_distance_to_a_segment(length, angle):
    """The distance found by trying two thousand points of the segment."""
    got = weights(f"motion:{length},{angle}")
    turn, half = math.radians(angle), (length - 1) / 2
    points = np.linspace(-half, half, 4001)[:, None, None]
    rows, columns = (np.arange(side) - side // 2 for side in got.shape)
    distance = np.hypot(
        columns[None, None, :] - points * math.cos(turn), rows[None, :, None] + points * math.sin(turn)
    ).min(axis=0)
    near = np.maximum(0, 1 - distance)
    np.testing.assert_allclose(got, near / near.sum(), atol=1e-3)


@pytest.mark.parametrize("name", EXAMPLES)
def test_engine_and_oracle_agree_on_every_named_kernel(name):
    pixels = np.random.default_rng(5).integers(0, 256, (14, 11), dtype=np.uint8)
    kernel = imgconv.kernel(name)
    exact = oracle.correlate(pixels, kernel.weights, divisor=kernel.divisor, bias=kernel.bias, dtype="float64")
    np.testing.assert_allclose(
        imgconv.correlate(pixels, name, dtype="float64").reshape(exact.shape), exact.astype(float), atol=1e-9
    )


@law(200)
@given(rows_of(FRACTIONS, 3), FRACTIONS.filter(bool), FRACTIONS)
def test_the_exact_form_is_over_the_least_denominator(given_rows, divisor, bias):
    rows, offset, denominator = Kernel(given_rows, divisor, bias).exact
    assert [Fraction(cell, denominator) for row in rows for cell in row] == [
        cell / divisor for row in given_rows for cell in row
    ]
    assert Fraction(offset, denominator) == bias
    assert denominator == math.lcm(
        bias.denominator, *((cell / divisor).denominator for row in given_rows for cell in row)
    )


# ---------------------------------------------------------------- turning


@pytest.mark.parametrize("shape", [(3, 3), (2, 2), (1, 5), (4, 3), (5, 5)])
def test_turns_by_90_are_those_of_an_array(shape):
    given = np.arange(shape[0] * shape[1]).reshape(shape)
    for anchor in [None, *itertools.product(range(shape[0]), range(shape[1]))]:
        marked = np.zeros(shape, int)
        if anchor:
            marked[anchor] = 1
        for turns in range(-2, 6):
            turned = Kernel(given, anchor=anchor).rotated(90 * turns)
            assert turned.weights == Kernel(np.rot90(given, turns)).weights
            assert turned.anchor == (tuple(np.argwhere(np.rot90(marked, turns))[0]) if anchor else None)
    kernel = Kernel(given, 3, 1, (0, shape[1] - 1))
    assert kernel.rotated(180) == kernel.turned()


def test_turns_by_45_go_round_the_ring():
    kernel = Kernel([[1, 2, 3], [4, 5, 6], [7, 8, 9]], 2, 1, (0, 0))
    assert kernel.rotated(45) == Kernel([[2, 3, 6], [1, 5, 9], [4, 7, 8]], 2, 1, (1, 0))
    for degrees in range(-720, 721, 45):
        assert kernel.rotated(degrees).rotated(45) == kernel.rotated(degrees + 45)
        assert kernel.rotated(degrees).anchor is not None
    assert kernel.rotated(45).rotated(45) == kernel.rotated(90) == Kernel(np.rot90(kernel.weights), 2, 1, (2, 0))
    assert kernel.rotated(360) == kernel


def test_a_step_turns_its_kernel():
    pixels = np.random.default_rng(6).integers(0, 256, (9, 8), dtype=np.uint8)
    for degrees, direction in ((45, "NE"), (90, "N"), (-45, "SE"), (180, "W"), (405, "NE")):
        turned = imgconv.run(pixels, f"filter robinson:E rotate={degrees}", dtype="int16")
        np.testing.assert_array_equal(turned, imgconv.correlate(pixels, f"robinson:{direction}", dtype="int16"))
    assert str(imgconv.Pipeline.parse("filter sobel-x rotate=-90")) == "filter sobel-x rotate=270"
    both = imgconv.run(pixels, 'filter "1 2 3;4 5 6;7 8 9" rotate=45 convolve anchor=0,0', dtype="int16")
    other = Kernel([[1, 2, 3], [4, 5, 6], [7, 8, 9]], anchor=(0, 0)).rotated(225)
    np.testing.assert_array_equal(both, imgconv.correlate(pixels, other, dtype="int16"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("sobel-x rotate=30", "multiple of 45"),
        ("sobel-x:5 rotate=45", "kernel of 5x5 cannot be turned by 45"),
        ("box:2 rotate=-45", "2x2 .* 315 degrees"),
        ("sobel-x rotate=left", "'left'"),
        ("sobel-x rotate=22.5", "22.5"),
    ],
)
def test_other_turns_are_refused(arguments, said):
    with pytest.raises(errors.UsageError, match=said):
        imgconv.Pipeline.parse(f"filter {arguments}")


# ---------------------------------------------------------------- rows, names and arguments


@pytest.mark.parametrize("row", NAMED.values(), ids=list(NAMED))
def test_a_row_says_what_it_is(row):
    assert row.summary
    assert row.source
    assert row.name == row.name.lower()
    kernel = named(row.example)
    assert kernel.name == row.example
    assert text(kernel, kernel.name) == row.example
    assert row.usage.startswith(row.name)


def test_arguments_by_place_and_by_name():
    assert named("gabor:8,45,phase=90") == named(
        "gabor:8,45,sigma=" + float.hex(8 * 3 / math.pi * math.sqrt(math.log(2) / 2)) + ",aspect=1,phase=90"
    )
    assert named("gaussian:sigma=1.5, size=9") == named("gaussian:1.5,9") != named("gaussian:1.5")
    assert named("KIRSCH:direction=nw") == named("kirsch:NW")
    assert named("sobel-x:3") == named("sobel-x") == named("SOBEL-X")
    assert named("dog:1") == named("dog:1,1.6")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("kirsch", "kirsch:DIRECTION .for instance kirsch:N"),
        ("kirsch:NNE", "unknown direction 'NNE'; did you mean NE"),
        ("sobel-x:4", "size '4' is not an odd number from 3 to 31"),
        ("sobel-x:33", "from 3 to 31"),
        ("sobel-x:", "size '' is not"),
        ("sobel-x:3,3", r"sobel-x\[:SIZE\]"),
        ("sobel:3", "did you mean sobel-y or sobel-x|did you mean sobel-x or sobel-y"),
        ("frei-chen:0", "unknown N '0'"),
        ("laplacian:5", "unknown neighbours '5'"),
        ("laplacian8", "did you mean laplacian"),
        ("gaussian", "gaussian:SIGMA"),
        ("gaussian:0", "sigma '0' is not a number above 0"),
        ("Gaussian:0x1.5", "im:Gaussian:0x2"),
        ("log:0X1", "decimal numbers"),
        ("dog:1,sigma2=0x2", "decimal numbers"),
        ("gaussian:1.5,0", "size 0 is not a whole number from 1"),
        ("gaussian:1e9", "more than"),
        ("gaussian:sigma=1,sigma=2", "is written"),
        ("gaussian:size=9", "is written gaussian:SIGMA"),
        ("gaussian:size=9,1", "is written gaussian:SIGMA"),
        ("gaussian:sgima=9", "no argument 'sgima'; did you mean sigma"),
        ("vertical:1", "without arguments"),
        ("vertical:a=1", "no argument 'a'; it takes none"),
        ("gabor:-8", "wavelength '-8' is not a number above 0"),
        ("gabor:8,x", "theta 'x'"),
        ("gabor:1e30", "more than"),
        ("motion:0", "length '0' is not a number from 1"),
        ("motion:1e30,33", "more than"),
        ("motion:1e30", "more than"),
        ("disk:1e30", "more than"),
        ("box:9999999x9999999", "more than"),
        ("laplacian-box:99999", "to 2047"),
        ("binomial:32", "from 1 to 31"),
        ("gaussian-derivative:1,7,0", "order X 7 is not a.* from 0 to 6"),
        ("unsharp:1,-1", "amount '-1'"),
        ("line:30", "unknown angle '30'"),
    ],
)
def test_arguments_that_cannot_be_meant(given, said):
    with pytest.raises(errors.UsageError, match=said):
        imgconv.kernel(given)


def test_nothing_is_built_before_it_is_asked_for():
    probe = (
        "from unittest.mock import patch\nfrom imgconv.kernels.kernel import Kernel\nbuilt, make = [],"
        " Kernel.__init__\nwith patch.object(Kernel, '__init__', lambda self, *given, **more: (built.append(1),"
        " make(self, *given, **more))[1]):\n    import imgconv.kernels.catalog\n    assert not built\n   "
        " imgconv.kernels.catalog.kernel('vertical')\nassert len(built) == 1, built\nimport sys\nassert"
        " 'imgconv.kernels.named.waves' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", probe], check=True, timeout=60)


def test_the_verbs_turn_kernels_as_the_option_does():
    image = np.random.default_rng(4).integers(0, 256, (9, 11), np.uint8)
    for degrees in (0, 90, 45, -135):
        turned = imgconv.kernel("sobel-x").rotated(degrees)
        expected = imgconv.correlate(image, turned, dtype="int16")
        assert np.array_equal(imgconv.correlate(image, "sobel-x", rotate=degrees, dtype="int16"), expected)
        assert np.array_equal(imgconv.run(image, f"filter sobel-x rotate={degrees}", dtype="int16"), expected)
        assert np.array_equal(
            imgconv.convolve(image, "sobel-x", rotate=degrees, dtype="int16"),
            imgconv.convolve(image, turned, dtype="int16"),
        )
