"""What speaks for a class: sums, maps and covered pixels tied to what the network gives."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import imgconv
from imgconv import errors
from imgconv.networks import evidence as evidence_module
from imgconv.networks.evidence import evidence, heat
from imgconv.networks.network import Network
from tests.command import Pixels, called, pixels_of

SAMPLES = Path(__file__).parents[2] / "samples"
LENET = SAMPLES / "lenet5.safetensors"
NETWORKS = {
    "dense behind flatten": "conv 3@3x3 | relu | maxpool 2 | flatten | dense 4 | softmax",
    "dense behind dense": "conv 2@3x3 | tanh | flatten | dense 5 | relu | dense 4",
    "a convolution": "conv 3@3x3 | relu | conv 4@8x7 | flatten | sigmoid",
    "maps": "conv 3@3x3 | relu | conv 4@1x1 | globalavgpool | softmax",
}
PICTURE = np.random.default_rng(3).random((10, 9, 2)).astype("float32")


def network_of(name: str) -> Network:
    return Network.random(NETWORKS[name], (10, 9, 2), seed=5)


@pytest.mark.parametrize("name", NETWORKS)
def test_contributions_and_bias_are_the_score(name: str) -> None:
    network = network_of(name)
    outputs = network.run(PICTURE[None]).ravel()
    for class_ in range(4):
        found = evidence(network, PICTURE, str(class_), size=(5, 5))
        assert found.output == outputs[class_]
        if name == "maps":
            assert (found.contributions, found.behind) == (None, "softmax")
            continue
        assert found.contributions is not None
        total = found.contributions.products.sum() + found.contributions.bias
        assert total == pytest.approx(found.score, abs=1e-5)
        assert found.contributions.by_map.sum() == pytest.approx(found.contributions.products.sum())
    assert evidence(network, PICTURE).index == int(outputs.argmax())


@pytest.mark.parametrize("name", NETWORKS)
def test_a_map_of_zeros_is_a_filter_of_zeros(name: str) -> None:
    network = network_of(name)
    found = evidence(network, PICTURE, "1", size=(5, 5))
    for maps in found.maps:
        for number, drop in enumerate(maps.drops):
            tensors = dict(network.tensors)
            for role in ("weight", "bias"):
                tensors[f"{maps.layer}.{role}"] = tensors[f"{maps.layer}.{role}"].copy()
                tensors[f"{maps.layer}.{role}"][..., number] = 0
            without = evidence(Network(network.pipeline, tensors, network.input), PICTURE, "1", size=(10, 9))
            assert found.score - drop == pytest.approx(without.score, abs=1e-5)
    assert [maps.layer for maps in found.maps] == {"a convolution": ["conv1"], "maps": ["conv2", "conv1"]}.get(
        name, ["conv1"]
    )


def test_covered_pictures_give_what_is_said() -> None:
    network = network_of("dense behind flatten")
    covered = evidence(network, PICTURE, "2", size=(4, 3)).occlusion
    assert (covered.rows, covered.columns) == ((0, 2, 4, 6), (0, 1, 2, 3, 4, 5, 6))
    for row, outputs in zip(covered.rows, covered.outputs, strict=True):
        for column, output in zip(covered.columns, outputs, strict=True):
            picture = PICTURE.copy()
            picture[row : row + 4, column : column + 3] = np.sort(PICTURE.reshape(-1, 2), axis=0)[44]
            assert network.run(picture[None]).ravel()[2] == pytest.approx(output, abs=1e-6)


def test_heat_is_the_mean_of_what_covers_a_pixel() -> None:
    found = evidence(network_of("dense behind dense"), PICTURE, size=(10, 4))
    warm = heat(found.occlusion, found.score, (10, 9))
    drops = found.score - found.occlusion.scores[0]
    assert found.occlusion.columns == (0, 2, 4, 5)
    assert warm[3, 0] == pytest.approx(drops[0])
    assert warm[9, 4] == pytest.approx(drops[1:3].mean())


def test_what_is_too_much_is_left_out_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    network = network_of("maps")
    monkeypatch.setattr(evidence_module, "MOST_MAPS", 5)
    found = evidence(network, PICTURE, size=(5, 5))
    assert ([maps.layer for maps in found.maps], found.left_out) == (["conv2"], ("conv1",))
    monkeypatch.setattr(evidence_module, "_MOST_WINDOWS", 5)
    with pytest.raises(errors.UsageError, match="take a larger one"):
        evidence(network, PICTURE, size=(2, 2))
    with pytest.raises(errors.UsageError, match="larger than the picture"):
        evidence(network, PICTURE, size=(11, 2))
    with pytest.raises(errors.UsageError, match="no row of classes"):
        evidence(Network.random("conv 2@3x3", (10, 9, 2)), PICTURE)


def explain(*words: str, folder: Path) -> str:
    done = called("explain", "run", LENET, SAMPLES / "digits/7.png", *words, cwd=folder)
    assert done.code == 0, done.err
    return done.out.decode()


def test_numbers_are_those_of_predict(tmp_path: Path) -> None:
    found = json.loads(explain("--class", "7", "--json", folder=tmp_path))
    covered, sum_ = found["occlusion"], found["contributions"]
    assert (found["class"], sum_["layer"], len(sum_["products"])) == ("7", "dense3", 84)
    assert sum(sum_["products"]) + sum_["bias"] == pytest.approx(found["score"], abs=1e-4)
    row, column = np.unravel_index(np.argmin(covered["scores"]), np.shape(covered["scores"]))
    digit = pixels_of(SAMPLES / "digits/7.png").copy()
    top, left, (high, wide) = covered["rows"][row], covered["columns"][column], covered["size"]
    digit[top : top + high, left : left + wide] = covered["fill"][0]
    Image.fromarray(digit).save(tmp_path / "covered.png")
    for name, output in (("covered.png", covered["outputs"][row][column]), (SAMPLES / "digits/7.png", found["output"])):
        said = json.loads(called("predict", LENET, name, "--json", "--top", "10", cwd=tmp_path).out)
        [sure] = [one["probability"] for one in said["classes"] if one["class"] == "7"]
        assert sure == pytest.approx(output, abs=1e-6)


def test_text_markdown_and_picture(tmp_path: Path) -> None:
    lines = explain(folder=tmp_path).splitlines()
    assert lines[0].endswith("lenet5.safetensors, class 7")
    assert [line.split()[:2] for line in lines[2:4]] == [["score", "11.612"], ["behind", "softmax"]]
    assert any(line.startswith("sum of 84 products") for line in lines)
    assert "conv1, how much less the score is without a map:" in lines
    assert "| + bias | 0.027757 |" in explain("--markdown", folder=tmp_path)
    assert explain("-o", "why.png", "--class", "9", folder=tmp_path) == ""
    figure = pixels_of(tmp_path / "why.png").astype(int)
    assert figure.shape[1] < 1500
    assert reds(figure) > 5000  # the heat, and bars of what speaks for it


def reds(picture: Pixels) -> int:
    return int((picture[..., 0] > picture[..., 2] + 60).sum())


def test_a_pipeline_with_weights_is_a_network(tmp_path: Path) -> None:
    np.savez(tmp_path / "weights.npz", **imgconv.Network.load(LENET).tensors)
    pipeline = str(imgconv.Network.load(LENET).pipeline)
    digit = SAMPLES / "digits/3.png"
    (tmp_path / "names.txt").write_text("\n".join("abcdefghij"))
    words = ("--weights", "weights.npz", "--input", "28x28", "--labels", "names.txt", "--json")
    done = called("explain", "run", pipeline, digit, *words, cwd=tmp_path)
    assert json.loads(done.out)["class"] == "d", done.err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--class", "12"), "there is no class '12'; the network has 10"),
        (("--at", "1,1"), "name a class"),
        (("--patch", "40"), "larger than the picture"),
        (("--json", "--markdown"), "two forms"),
        (("-o", "-", "--json"), "standard output"),
    ],
)
def test_errors_say_what_to_write(words: tuple[str, ...], sentence: str, tmp_path: Path) -> None:
    done = called("explain", "run", LENET, SAMPLES / "digits/7.png", *words, cwd=tmp_path)
    assert (done.code, done.out) == (2, b"")
    assert sentence in done.err


def test_options_of_networks_are_for_networks(tmp_path: Path) -> None:
    done = called("explain", "run", "relu", SAMPLES / "digits/7.png", "--at", "1,1", "--class", "3", cwd=tmp_path)
    assert done.code == 2
    assert "--class is of networks" in done.err
