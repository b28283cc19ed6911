"""Arrays as files: .npz with named members, and floats that come back with their NaN and infinities whatever carries
them."""

import io
import zipfile

import numpy as np
import pytest

import imgconv
from imgconv import errors
from imgconv.api.image import Image
from imgconv.values.image import Frame
from tests.command import imgconv as command

RNG = np.random.default_rng(5)
SPECIAL = np.array([[np.nan, np.inf, -np.inf, 0.0], [-0.0, 1e-40, 3.4e38, 1 / 3]], "float32")


@pytest.fixture
def archive(tmp_path):
    arrays = {
        "left": RNG.integers(0, 256, (5, 6, 3)).astype("uint8"),
        "right": RNG.normal(0, 1, (4, 4)),
        "turned": np.asfortranarray(RNG.normal(0, 1, (3, 5))),
    }
    np.savez_compressed(tmp_path / "pair.npz", **arrays)
    np.savez(tmp_path / "one.npz", only=arrays["left"])
    return arrays


def test_arrays_are_named(archive, tmp_path):
    for name, array in archive.items():
        loaded = imgconv.load(f"{tmp_path}/pair.npz:{name}")
        np.testing.assert_array_equal(loaded.pixels, array)
        assert loaded.pixels.dtype == array.dtype
    np.testing.assert_array_equal(imgconv.load(tmp_path / "one.npz").pixels, archive["left"])


def test_which_array(archive, tmp_path):
    with pytest.raises(
        errors.FileError, match=r"pair\.npz: holds 3 arrays \(left, right, turned\); name one as .*pair\.npz:left"
    ):
        imgconv.load(tmp_path / "pair.npz")
    with pytest.raises(errors.FileError, match=r"has no array 'lefd'; did you mean left\?"):
        imgconv.load(f"{tmp_path}/pair.npz:lefd")
    with pytest.raises(errors.FileError, match="no such file"):
        imgconv.load(f"{tmp_path}/none.npz:left")


def test_a_file_that_is_called_so_is_that_file(archive, tmp_path):
    (tmp_path / "one.npz").rename(tmp_path / "one.npz:left")
    np.testing.assert_array_equal(imgconv.load(tmp_path / "one.npz:left").pixels, archive["left"])


def test_results_are_named_after_file_and_array(archive, tmp_path):
    done = command("filter", "identity", "pair.npz:left", "pair.npz:right", "-o", "out/", cwd=tmp_path)
    assert done.code == 0, done.err
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["pair-left.npz", "pair-right.npz"]
    with np.load(tmp_path / "out" / "pair-right.npz") as back:
        np.testing.assert_array_equal(back["image"], archive["right"])


@pytest.mark.parametrize(
    "words", [("-o", "pair.npz"), ("-o", "x.png", "--report", "pair.npz")], ids=["output", "report"]
)
def test_a_file_whose_array_is_read_is_an_input(words, archive, tmp_path):
    before = (tmp_path / "pair.npz").read_bytes()
    done = command("filter", "identity", "pair.npz:left", *words, cwd=tmp_path)
    assert (done.code, done.err.count("\n")) == (2, 1), done.err
    assert (tmp_path / "pair.npz").read_bytes() == before


def test_what_is_written_is_what_numpy_reads(tmp_path):
    for pixels in (RNG.integers(-9, 9, (4, 5, 7)).astype("int16"), SPECIAL):
        imgconv.save(Image((Frame(pixels),)), tmp_path / "x.npz")
        with np.load(tmp_path / "x.npz", allow_pickle=False) as back:
            np.testing.assert_array_equal(back["image"], pixels)
            assert back["image"].dtype == pixels.dtype


def test_pickles_bombs_and_damage_are_refused(archive, tmp_path):
    path = tmp_path / "x.npz"
    np.savez(path, a=np.array([{}], object))
    with pytest.raises(errors.FileError, match="pickle"):
        imgconv.load(path)
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(head, {"descr": "|u1", "fortran_order": False, "shape": (10**6, 10**6)})
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("a.npy", head.getvalue())
    with pytest.raises(errors.FileError, match="missing"):
        imgconv.load(path)
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("readme.txt", b"words")
    with pytest.raises(errors.FileError, match="an archive"):
        imgconv.load(path)
    whole = (tmp_path / "one.npz").read_bytes()
    path.write_bytes(whole[:-30])
    with pytest.raises(errors.FileError, match=r"x\.npz: broken or cut short"):
        imgconv.load(path)
    middle = len(whole) // 2
    path.write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])
    with pytest.raises(errors.FileError, match="CRC"):
        imgconv.load(path)


def test_too_many_pixels_are_refused_before_they_are_inflated(tmp_path):
    np.savez_compressed(tmp_path / "x.npz", a=np.zeros((3000, 3000), "uint8"))
    done = command("filter", "identity", "x.npz", "--max-pixels", "1000000", "-o", "y.npz", cwd=tmp_path)
    assert done.code == 1
    assert "9,000,000 pixels" in done.err or "9000000 pixels" in done.err, done.err


@pytest.mark.parametrize("suffix", ["npy", "npz", "pfm", "tiff"])
@pytest.mark.parametrize("colour", [False, True], ids=["gray", "colour"])
def test_floats_come_back_to_the_bit(suffix, colour, tmp_path):
    pixels = np.dstack([SPECIAL, SPECIAL[::-1], SPECIAL[:, ::-1]]) if colour else SPECIAL
    imgconv.save(Image((Frame(pixels),)), tmp_path / f"x.{suffix}")
    assert imgconv.load(tmp_path / f"x.{suffix}").pixels.tobytes() == np.ascontiguousarray(pixels).tobytes()


def test_nan_by_the_stated_rule(tmp_path):
    """A window that looks at a NaN gives NaN, a zero weight does not look, floats keep it and integers make it 0 and
    say so."""
    pixels = np.ones((5, 7), "float32")
    pixels[2, 3] = np.nan
    np.save(tmp_path / "x.npy", pixels)
    command("filter", "1 0 1", "x.npy", "-o", "y.tif", cwd=tmp_path)
    seen = np.isnan(imgconv.load(tmp_path / "y.tif").pixels)
    assert sorted(map(tuple, np.argwhere(seen).tolist())) == [(2, 2), (2, 4)]
    done = command("filter", "1 0 1", "x.npy", "--dtype", "uint8", "-o", "y.png", cwd=tmp_path)
    assert imgconv.load(tmp_path / "y.png").pixels[2, 2] == 0
    assert "not a number, set to 0" in done.err
    command("pool", "x.npy", "-o", "z.npy", cwd=tmp_path)
    assert np.isnan(np.load(tmp_path / "z.npy")).tolist() == [[False] * 3, [False, True, False]]
