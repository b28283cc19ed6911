"""What users of other tools type is answered with what to write here."""

from __future__ import annotations

import shlex

import pytest
from click.testing import CliRunner

from imgconv.cli.habits import OPTIONS
from imgconv.cli.main import group
from imgconv.cli.messages import Finished
from imgconv.errors import UsageError
from tests.command import imgconv, noise, save
from tests.docs import commands

COMMANDS = dict(commands("imgconv", group()))
KNOWN = {name: {one for param in command.params for one in param.opts} for name, command in COMMANDS.items()}


def refusal(text: str) -> str:
    error = CliRunner().invoke(group(), shlex.split(text), prog_name="imgconv").exception
    assert isinstance(error, UsageError), error
    return str(error)


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        ("filter vertical in.png --force", "write --overwrite"),
        ("filter vertical in.png --abs", "write --range abs"),
        ("filter vertical in.png --show", "write --view"),
        ("view in.png --histogram", "write --hist"),
        ("filter box:3 in.png --padding 1", "write --pad"),
        ("filter in.png --kernel vertical", "write the kernel as the first argument: imgconv filter vertical in.png"),
        ("filter vertical in.png --json", "write --report -"),
        ("pool in.png -f 2", "write --size"),
        ("pool in.png -s2", "write --stride"),
        ("pool in.png -p 1", "write --pad"),
        ("pool in.png --filter-size=2", "write --size"),
        ("pool in.png --pool_size 2", "write --size"),
        ("pool in.png --strides 2", "write --stride"),
        ("filter vertical in.png -f 3", "write the size with the kernel's name, as in box:3"),
    ],
)
def test_options_of_other_tools(words, advice):
    assert advice in refusal(words)


@pytest.mark.parametrize("name", OPTIONS)
def test_advice_names_options_that_there_are(name):
    assert any(name not in known for known in KNOWN.values())
    for advice in OPTIONS[name]:
        if advice.startswith("-"):
            assert any(advice.split()[0] in known for known in KNOWN.values())


@pytest.mark.parametrize(
    ("words", "command"),
    [
        ("relu in.png", "imgconv activate relu in.png"),
        ("show in.png", "imgconv view in.png"),
        ("imshow", "imgconv view in.png"),
        ("relu", "imgconv activate relu in.png -o out.png"),
        ("maxpool 2 'my in.png' -o out.png", "imgconv pool --kind max --size 2 'my in.png' -o out.png"),
        ("avgpool in.png", "imgconv pool --kind avg in.png"),
        ("leaky-relu 0.1 in.png", "imgconv activate leaky-relu --slope 0.1 in.png"),
        ("canny in.png --low 5", "imgconv edges canny in.png --low 5"),
        ("gaussian in.png", "imgconv filter gaussian:1.5 in.png"),
        ("gaussian:2 in.png", "imgconv filter gaussian:2 in.png"),
        ("Sharpen in.png", "imgconv filter sharpen in.png"),
        ("conv in.png", "imgconv run 'conv ...' --weights FILE in.png"),
        ("convolve vertical in.png", "imgconv filter --convolve vertical in.png"),
    ],
)
def test_words_of_steps_and_kernels_as_commands(words, command):
    assert refusal(words).endswith(f"not a command; write: {command}")


def test_the_commands_written_are_right(tmp_path):
    save(tmp_path / "in.png", noise(8, 8))
    said = imgconv("maxpool", "2", "in.png", "-o", "out.png", cwd=tmp_path)
    assert said.code == 2
    meant = said.err.partition("write: imgconv ")[2].split()
    assert imgconv(*meant, cwd=tmp_path).code == 0
    assert (tmp_path / "out.png").is_file()


def test_an_output_without_its_option(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save(tmp_path / "in.png", noise(8, 8))
    assert refusal("filter vertical in.png 'new one.png'") == (
        "new one.png: there is no such file; to write it: -o 'new one.png'"
    )
    assert refusal("run relu in.png other.jpg").endswith("-o other.jpg")
    done = imgconv("filter", "vertical", "in.png", "gone.png", "-o", "out/", cwd=tmp_path)
    assert (done.code, "gone.png: no such file" in done.err) == (1, True), "with -o it is an input"
    done = imgconv("filter", "vertical", "gone.png", cwd=tmp_path)
    assert (done.code, done.err) == (1, "imgconv: gone.png: no such file\n")


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("2 in.png", "--size 2 in.png"),
        ("max 2 in.png", "--kind max --size 2 in.png"),
        ("AVG 2 2 in.png", "--kind avg --size 2 --stride 2 in.png"),
        ("mean 3x2 1 in.png --pad SAME", "--kind avg --size 3x2 --stride 1 --pad same in.png"),
        ("in.png --size 2,2 --pad 1,1", "--size 2 --pad 1 in.png"),
        ("min in.png", "--kind min in.png"),
    ],
)
def test_spellings_of_pool(tmp_path, monkeypatch, words, meant):
    monkeypatch.chdir(tmp_path)
    save(tmp_path / "in.npy", noise(9, 8))
    results = []
    for text in (words, meant):
        end = CliRunner().invoke(group(), ["pool", *shlex.split(text.replace("in.png", "in.npy")), "-o", "out.npy"])
        assert isinstance(end.exception, Finished), end.exception
        assert end.exception.exit_code == 0
        results.append((tmp_path / "out.npy").read_bytes())
    assert results[0] == results[1]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("pool 3 2 in.png", "two readings: size=3 stride=2 and size=3x2"),
        ("pool 2 --size 3 in.png", "size is given twice"),
        ("pool 7 in.png", "'7' has two readings: a value, which is written with its option, and a file"),
        ("pool 2 2 2 in.png", "'2' is one value too many"),
    ],
)
def test_values_of_pool_that_mean_two_things(tmp_path, monkeypatch, words, reason):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "7").write_bytes(b"")
    assert reason in refusal(words)
