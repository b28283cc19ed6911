"""Completion in shells, and the manual page: both from the declarations."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from imgconv.cli.main import group
from imgconv.cli.man_page import man_page
from imgconv.cli.options import Option
from imgconv.cli.topics import TOPICS
from imgconv.files.formats import FORMATS
from imgconv.kernels.named import table
from imgconv.operations.detectors import DETECTORS
from imgconv.values.borders import WORDS
from tests.command import imgconv
from tests.docs import commands


def completed(words: str, shell: str = "bash") -> list[str]:
    """What the shell gets for the last word, as `type,value`."""
    asked = {
        "_IMGCONV_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split(" ")) - 1),
    }
    top = group()
    end = CliRunner().invoke(top, [], env=asked, prog_name="imgconv")
    assert end.exception is None or isinstance(end.exception, SystemExit), end.exception
    return end.output.split()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("imgconv fil", ["filter"]),
        ("imgconv filter gauss", [name for name in table() if name.startswith("gauss")]),
        ("imgconv filter ", list(table())),
        ("imgconv bank gab", ["gabor"]),
        ("imgconv filter vertical --with sobel-", ["sobel-x", "sobel-y"]),
        ("imgconv kernels show sobel-", ["sobel-x", "sobel-y"]),
        ("imgconv kernels sh", ["show"]),
        ("imgconv edges ", list(DETECTORS)),
        ("imgconv filter vertical --border ", list(WORDS)),
        ("imgconv filter vertical --overw", ["--overwrite"]),
        ("imgconv filter vertical --format t", [name for name in FORMATS if name.startswith("t")]),
        ("imgconv help bord", ["borders"]),
        ("imgconv completion ", ["bash", "zsh", "fish"]),
        ("imgconv nonsense x", []),
        ("imgconv filter vertikal --stride x --over", ["--overwrite"]),
    ],
)
def test_words_complete(words, expected):
    assert completed(words) == [f"plain,{word}" for word in expected]


@pytest.mark.parametrize(
    "words", ["filter vertical ", "filter ./ker", "pool x -o ou", "run ", "predict net.onnx ", "maps "]
)
def test_files_complete(words):
    (line,) = completed(f"imgconv {words}")
    assert line.startswith("file,")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_has_a_script(shell):
    said = CliRunner().invoke(group(), ["completion", shell], prog_name="imgconv").output
    assert f"_IMGCONV_COMPLETE={shell}_complete" in said
    assert "%(" not in said


@pytest.mark.skipif(shutil.which("bash") is None or sys.platform == "win32", reason="needs bash")
def test_bash_completes_by_the_script(tmp_path):
    script = (
        'eval "$(imgconv completion bash)"\ncomplete -p imgconv\n'
        "COMP_WORDS=(imgconv filter sobel); COMP_CWORD=2; _imgconv_completion imgconv; echo ${COMPREPLY[@]}"
    )
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "--norc", "-c", script],
        cwd=tmp_path,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "-F _imgconv_completion imgconv" in done.stdout, done.stderr
    assert done.stdout.splitlines()[-1] == "sobel-x sobel-y"


def test_completion_loads_nothing_heavy():
    probe = (
        "import os, sys\n"
        "os._exit = lambda code: print('heavy:', sorted({'numpy', 'numba', 'llvmlite', 'PIL'} & set(sys.modules)))\n"
        "from imgconv.cli import main\nmain([])"
    )
    asked = {"_IMGCONV_COMPLETE": "bash_complete", "COMP_WORDS": "imgconv filter sob", "COMP_CWORD": "2"}
    done = subprocess.run(
        [sys.executable, "-c", probe], env=os.environ | asked, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.endswith("heavy: []\n"), done.stderr
    assert "plain,sobel-x" in done.stdout


@pytest.mark.parametrize(
    ("words", "reason"), [([], "which shell?"), (["tcsh"], "unknown shell 'tcsh'; choose from bash, zsh, fish")]
)
def test_completion_of_no_known_shell(tmp_path, words, reason):
    done = imgconv("completion", *words, cwd=tmp_path)
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert reason in done.err


def test_the_manual_page_has_every_command_option_and_topic():
    page = man_page(group())
    shown = page.replace("\\-", "-").replace("\\(aq", "'").replace("\\e", "\\")
    for name, command in commands("imgconv", group()):
        assert f'.SS "{name}"' in shown
        for param in command.params:
            assert (param.opts[-1] if isinstance(param, Option) else param.meaning) in shown, param
    for topic in TOPICS:
        assert f'.SH "{topic.upper()}"' in page
    assert not re.findall(r"^[.'](?!TH |SH |SS |PP|TP|nf|fi|B |I )", page, flags=re.M), "nothing reads as a command"


@pytest.mark.skipif(shutil.which("groff") is None, reason="needs groff")
def test_groff_reads_the_manual_page_without_a_warning():
    page = CliRunner().invoke(group(), ["help", "--man"], prog_name="imgconv").output
    done = subprocess.run(
        ["groff", "-man", "-Tutf8", "-Kutf8", "-ww"], input=page.encode(), capture_output=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"Slide" in done.stdout or b"slide" in done.stdout
