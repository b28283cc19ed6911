"""Errors in texts and files of kernels carry what is wrong and where."""

import pickle

import pytest

import imgconv
from imgconv import errors
from imgconv.kernels.text_errors import KernelFileError, KernelTextError, in_file, no_numbers


def test_a_text_error_has_its_place_and_reason():
    with pytest.raises(KernelTextError) as caught:
        imgconv.kernel("1 2 x")
    assert caught.value.place.startswith("line 1, column 5")
    assert caught.value.reason.startswith("'x' is not a number")
    assert str(caught.value) == f"kernel, {caught.value.place}: {caught.value.reason}"


def test_a_file_error_names_the_file_once(tmp_path):
    path = tmp_path / "broken.txt"
    path.write_text("1 2\n3 x\n")
    with pytest.raises(KernelFileError) as caught:
        imgconv.kernel(str(path))
    assert str(caught.value).startswith(f"kernel file {path}: line 2, column 3")
    assert str(caught.value).count(str(path)) == 1


@pytest.mark.parametrize("error", [no_numbers(), in_file("a.txt", "empty"), errors.file_broken("a.png", "no end")])
def test_errors_survive_pickling(error):
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy), vars(copy)) == (type(error), str(error), vars(error))
