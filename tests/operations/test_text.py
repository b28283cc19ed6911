"""Pipelines as text: reading undoes printing, canonical text prints itself, and every mistake names its step."""

from __future__ import annotations

import re
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from imgconv import Kernel, Pipeline, errors
from imgconv import operations as declared
from imgconv.operations import OPERATIONS, Activate, Operation, Pool
from imgconv.operations.activate import FUNCTIONS
from imgconv.operations.layers import LAYERS
from imgconv.operations.text import step_text
from imgconv.values.frozen import fields
from imgconv.values.numbers import number as exact_number
from imgconv.values.numbers import number_text
from tests.command import called

ROOT = Path(__file__).parent.parent.parent
Filter: Any = declared.Filter  # their fields also take what they are read from
Edges: Any = declared.Edges
Bank: Any = declared.Bank

# ---------------------------------------------------------------- every pipeline there can be

INTEGERS = st.integers(-(10**6), 10**6)
NUMBERS = st.one_of(
    INTEGERS,
    st.fractions(max_denominator=10**4),
    st.floats(allow_nan=False, allow_infinity=False),
    st.decimals(-(10**6), 10**6, places=5).map(Fraction),
)
PAIRS = st.tuples(st.integers(1, 2**31 - 1), st.integers(1, 2**31 - 1)) | st.integers(1, 9).map(lambda n: (n, n))
PADS = st.one_of(
    st.sampled_from(["same", "valid"]),
    st.integers(0, 2**31 - 1),
    st.tuples(st.integers(0, 99), st.integers(0, 99)),
    st.tuples(*[st.integers(0, 2**31 - 1)] * 4),
)
BORDERS = st.one_of(
    st.sampled_from(
        ["edge", "reflect", "reflect101", "wrap", "zero", "replicate", "nearest", "symmetric", "circular", "tile"]
    ),
    st.integers(-(10**6), 10**6).map("constant:{}".format),
    st.fractions(max_denominator=999).map("constant:{}".format),
    st.floats(allow_nan=False, allow_infinity=False, min_value=-1e300, max_value=1e300).map(
        lambda value: f"constant:{value.hex()}"
    ),
)
NAMED = st.one_of(
    st.sampled_from(["identity", "vertical", "horizontal", "laplacian", "sharpen", "emboss", "outline", "SOBEL-X"]),
    st.sampled_from(["sobel", "prewitt", "scharr"]).flatmap(lambda name: st.sampled_from([f"{name}-x", f"{name}-y"])),
    st.integers(1, 7).map("box:{}".format),
    st.sampled_from(
        [
            "sobel-x:5",
            "kirsch:ne",
            "gabor:6,theta=30,phase=90",
            "frei-chen:3",
            "disk:3/2",
            "laplacian:8",
            "motion: 4, 30",
        ]
    ),
    st.sampled_from(["0.3", "1", "1.5", " 0.8", "1/3", "0x1p-1"]).map("gaussian:{}".format),
)
LABELS = st.one_of(
    st.just(""),
    st.sampled_from(["vertical", "box:3", "a b", 'it\'s "mine" | all', "a=b", "1 2", "#", "\n", "out.png", "convolve"]),
    st.text(max_size=8),
)


@st.composite
def kernels(draw: st.DrawFn) -> str | Kernel:
    """A name, or weights with or without what else a kernel has."""
    if draw(st.booleans()):
        return draw(NAMED)
    rows, columns = draw(st.tuples(st.integers(1, 4), st.integers(1, 4)))
    cells = draw(st.sampled_from([INTEGERS, NUMBERS]))
    weights = draw(st.lists(st.lists(cells, min_size=columns, max_size=columns), min_size=rows, max_size=rows))
    divisor = draw(st.one_of(st.just(1), NUMBERS.filter(bool)))
    anchor = draw(st.none() | st.tuples(st.integers(0, rows - 1), st.integers(0, columns - 1)))
    return Kernel(weights, divisor, draw(st.just(0) | NUMBERS), anchor, draw(LABELS))


@st.composite
def filters(draw: st.DrawFn) -> Any:
    kernel = draw(kernels())
    rows, columns = Filter(kernel).kernel.shape
    summable = sum(abs(Fraction(cell)) for cell in Filter(kernel).kernel.cells()) < 10**300
    return Filter(
        kernel,
        border=draw(BORDERS),
        stride=draw(PAIRS),
        dilation=draw(PAIRS),
        pad=draw(PADS),
        anchor=draw(st.none() | st.tuples(st.integers(0, rows - 1), st.integers(0, columns - 1))),
        divisor=draw(st.none() | st.just("auto" if summable else 1) | NUMBERS.filter(bool)),
        bias=draw(st.none() | NUMBERS),
        convolve=draw(st.booleans()),
        rotate=draw(st.sampled_from([0, 90, 180, -90, "270", 720] + [45, "-135"] * ((rows, columns) == (3, 3)))),
        repeat=draw(st.none() | st.integers(1, 99)),
        until_stable=draw(st.booleans()),
    )


FACTORS = st.one_of(st.just(""), NUMBERS.filter(bool).map(lambda number: f"{number_text(exact_number(number))}*"))


@st.composite
def combinations(draw: st.DrawFn) -> Any:
    """A filter of several kernels, whatever it says of divisor and bias; what of a kernel's own has no text is
    refused."""
    weights = st.lists(st.lists(st.integers(-99, 99), min_size=2, max_size=3).map(tuple), min_size=1, max_size=1)
    terms = st.one_of(
        st.builds(str.__add__, FACTORS, NAMED),
        st.builds(Kernel, weights, st.integers(1, 9) | st.fractions(Fraction(1, 9), 9, max_denominator=9)),
    )
    options = {
        "combine": draw(st.sampled_from([None, "l2", "l1", "linf", "max", "min", "sum", "avg"])),
        "divisor": draw(st.none() | st.just("auto") | st.integers(1, 9)),
        "bias": draw(st.none() | st.integers(-9, 9)),
        "convolve": draw(st.booleans()),
        "repeat": draw(st.none() | st.integers(1, 9)),
    }
    try:
        return Filter(draw(terms), with_=draw(st.lists(terms, min_size=1, max_size=3)), **options)
    except errors.UsageError as error:
        assume(
            "not a finite number" not in str(error)
            and "is not a finite real number" not in str(error)
            and "beyond the largest float" not in str(error)
        )  # a factor beyond all floats
        raise


KINDS = ["max", "avg", "min", "maximum", "average", "mean", "minimum", "median", "sum", "range"]
REDUCTIONS = st.sampled_from([*KINDS, "percentile:33.30", "percentile:50", "lp:2"])
WINDOWS_POOLED = st.builds(
    Pool,
    kind=REDUCTIONS,
    size=PAIRS,
    stride=st.none() | PAIRS,
    dilation=PAIRS,
    pad=PADS,
    ceil=st.booleans(),
    count_padding=st.booleans(),
)
POOLS = st.one_of(
    WINDOWS_POOLED, st.builds(Pool, kind=REDUCTIONS, to=PAIRS), st.builds(Pool, kind=REDUCTIONS, size=st.just("all"))
)
ACTIVATIONS = st.one_of(
    st.builds(Activate, st.sampled_from([name for name, row in FUNCTIONS.items() if not row.numbers])),
    st.builds(Activate, st.sampled_from(["threshold:128", "clip:0,255", "CLIP:-1/3, 0.50", "threshold: -1e3"])),
    st.builds(Activate, st.sampled_from(["leaky-relu", "elu"]), st.integers(-5, 5)),
)
PERCENT = st.fractions(0, 100, max_denominator=99).map(lambda share: f"{number_text(exact_number(share))}%")
EDGES = st.one_of(
    st.builds(
        Edges,
        st.sampled_from(["sobel", "scharr", "prewitt", "roberts", "farid", "kirsch", "ROBINSON"]),
        st.sampled_from([None, "l2", "l1", "max"]),
        BORDERS,
    ),
    st.builds(Edges, st.just("frei-chen"), border=BORDERS),
    st.builds(
        lambda norm, border, sigma, ends, each: Edges(
            "canny",
            norm,
            border,
            sigma,
            *sorted(ends, key=lambda end: exact_number(str(end).rstrip("%"))),
            each_channel=each,
        ),
        st.sampled_from([None, "l2", "l1", "max"]),
        BORDERS,
        st.none() | st.fractions(0, 9, max_denominator=99) | st.sampled_from([0, 1, 0.1, "1/3"]),
        st.tuples(PERCENT, PERCENT) | st.tuples(st.integers(0, 9**9), st.floats(0, 1e9)),
        st.booleans(),
    ),
)
FAMILIES = st.one_of(
    st.builds(str.__add__, st.sampled_from(["", "-2*", "1/3*", "0x1.8p-3*", "1*"]), NAMED),
    st.sampled_from(
        [
            "gabor:8,0:180:22.5",
            "gabor:8,theta=90:0:-30,phase=0:90:45",
            "2*gaussian:1/3:2:0.5",
            "box:1:6:2",
            "log: 1 : 3 ",
        ]
    ),
    st.lists(st.integers(-99, 99), min_size=1, max_size=4).map(lambda row: [row]),
)
BANKS = st.builds(
    Bank,
    FAMILIES,
    border=BORDERS,
    stride=PAIRS,
    dilation=PAIRS,
    pad=PADS,
    convolve=st.booleans(),
    with_=st.lists(FAMILIES, max_size=2).map(tuple),
    sheet=st.just(True),
    columns=st.none() | st.integers(1, 99),
) | st.builds(
    Bank,
    st.just("gabor:8"),
    theta=st.sampled_from([None, "0:180:45", 30]),
    vary=st.sampled_from([(), "phase=0:90:45", ["aspect=1:3"]]),
)
STRATEGIES: dict[type[Operation], st.SearchStrategy[Any]] = {
    Filter: st.one_of(filters(), combinations()),
    Edges: EDGES,
    Bank: BANKS,
    Pool: POOLS,
    Activate: ACTIVATIONS,
}
PIPELINES = st.lists(st.one_of(*STRATEGIES.values()), min_size=1, max_size=4).map(lambda steps: Pipeline(tuple(steps)))


def test_every_operation_is_tried_with_every_option() -> None:
    assert set(STRATEGIES) == set(OPERATIONS)
    assert {field.name for field in fields(Filter)} == {
        "kernel",
        "border",
        "stride",
        "dilation",
        "pad",
        "anchor",
        "divisor",
        "bias",
        "convolve",
        "rotate",
    } | {"with_", "combine", "repeat", "until_stable"}
    assert {field.name for field in fields(Edges)} == {
        "detector",
        "norm",
        "border",
        "sigma",
        "low",
        "high",
        "each_channel",
    }
    assert {field.name for field in fields(Bank)} == {
        "kernel",
        "border",
        "stride",
        "dilation",
        "pad",
        "convolve",
        "with_",
        "theta",
        "vary",
        "sheet",
        "columns",
    }
    assert {field.name for field in fields(Pool)} == {
        "kind",
        "size",
        "stride",
        "dilation",
        "pad",
        "ceil",
        "count_padding",
        "to",
    }


@settings(max_examples=150, deadline=None)
@given(PIPELINES)
@example(Pipeline((Filter(Kernel([[1, 2]], divisor=3, bias=Fraction(1, 3), anchor=(0, 1), name="vertical")),)))
@example(Pipeline((Filter("box:3", divisor=1, bias=0),)))
@example(Pipeline((Filter("box:3", divisor="auto"),)))
@example(Pipeline((Filter(Kernel([[0.1]], divisor=1e-300, bias=5e-324)),)))
def test_reading_undoes_printing(pipeline: Pipeline) -> None:
    text = str(pipeline)
    read = Pipeline.parse(text)
    assert read == pipeline
    assert str(read) == text  # what is printed is canonical
    for one, other in zip(read.steps, pipeline.steps, strict=True):
        if isinstance(one, Filter) and isinstance(other, Filter):
            assert one.kernels == other.kernels


@settings(max_examples=200, deadline=None)
@given(PIPELINES)
def test_layout_does_not_matter(pipeline: Pipeline) -> None:
    """The same steps on lines of their own, indented, between comments and blank lines, also with the line ends of
    Windows."""
    lines = "".join(
        f"# it's a comment | with \"marks\n\n \t{step}   # here, too\n"
        for step in (str(Pipeline((step,))) for step in pipeline.steps)
    )
    assert Pipeline.parse(lines) == pipeline
    assert Pipeline.parse(lines.replace("   # here, too\n", "\r\n")) == pipeline


@pytest.mark.parametrize("number", [1e300, 1e304, -1.7976931348623157e308, 5e-324, 0.1, 2.0**-17, -0.0])
def test_floats_of_every_size(number: float) -> None:
    pipeline = Pipeline((Filter([[number, 1]], bias=number, border=f"constant:{float(number).hex()}"),))
    assert Pipeline.parse(str(pipeline)) == pipeline
    assert pipeline.steps[0].kernel.weights[0][0] == number  # type: ignore[attr-defined]


LABELS_LIKE_PATHS = ("/\0", "./missing.txt", ".", "/", "a.\udcff", "x" * 5000 + ".txt", "gaussian:x", "1 2;3")


@pytest.mark.parametrize("label", LABELS_LIKE_PATHS, ids=lambda label: ascii(label)[:20])
def test_any_label_of_a_kernel_will_do(label: str) -> None:
    pipeline = Pipeline((Filter(Kernel([[1, 2]], divisor=3, name=label)),))
    assert Pipeline.parse(str(pipeline)) == pipeline


def test_the_text_of_a_kernel_whose_file_has_changed(tmp_path: Path) -> None:
    file = tmp_path / "kernel.txt"
    file.write_text("1 2 1\n")
    pipeline = Pipeline((Filter(str(file)),))
    assert Pipeline.parse(str(pipeline)) == pipeline
    file.write_text("1 2 3\n")
    assert Pipeline.parse(str(pipeline)) == pipeline


# ---------------------------------------------------------------- canonical texts

CANONICAL = (
    "filter vertical",
    "filter vertical | relu | maxpool 2",
    "filter gaussian:1.5 border=reflect | avgpool 3 stride=2",
    'filter "1 2 1;2 4 2;1 2 1" divisor=16',
    (
        'filter "-1 0 1" border=constant:-3.5 stride=2x1 dilation=1x3 pad=1,0,2,1 anchor=0,2 divisor=auto bias=0.1'
        " convolve"
    ),
    "filter 1 bias=1/3",
    "filter box:3 border=zero pad=valid",
    "filter sobel-x border=reflect101 pad=1x2",
    "filter sobel-x border=wrap pad=3",
    "minpool 2x3",
    "maxpool 2 stride=1 dilation=3 pad=same ceil",
    "avgpool 3 pad=1 ceil count-padding",
    "relu | abs | sigmoid | tanh | identity",
)


@pytest.mark.parametrize("text", CANONICAL)
def test_canonical_text_prints_itself(text: str) -> None:
    assert str(Pipeline.parse(text)) == text


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("  filter   vertical|relu  ", "filter vertical | relu"),
        ("pool kind=max size=2", "maxpool 2"),
        ("pool", "maxpool 2"),
        ("pool 3", "maxpool 3"),
        ("pool AVG 3", "avgpool 3"),
        ("pool max 3x2 2 ceil", "maxpool 3x2 stride=2 ceil"),
        ("maxpool 2 2", "maxpool 2"),
        ("pool all", "globalmaxpool"),
        ("pool min 2,3 pad=SAME", "minpool 2x3 pad=same"),
        ("filter vertical pad=SAME stride=2,2 divisor=AUTO", "filter vertical stride=2 divisor=auto"),
        ("pool kind=mean size=3x3 stride=3", "avgpool 3"),
        ("pool size=2 kind=minimum", "minpool 2"),
        ("maxpool 2 stride=2x2 dilation=1 pad=0", "maxpool 2"),
        ("maxpool size=3", "maxpool 3"),
        ("activate relu", "relu"),
        ("activate function=tanh", "tanh"),
        ("FILTER Vertical", "filter vertical"),
        ("filter kernel=vertical", "filter vertical"),
        ("filter vertical border=edge stride=1 dilation=1x1 pad=same", "filter vertical"),
        ("filter vertical border=nearest", "filter vertical"),
        ("filter vertical border=circular", "filter vertical border=wrap"),
        ("filter vertical border=constant:0", "filter vertical border=zero"),
        ("filter vertical border=constant:2.50", "filter vertical border=constant:2.5"),
        ("filter border=reflect vertical", "filter vertical border=reflect"),
        ("filter vertical convolve bias=1 stride=2", "filter vertical stride=2 bias=1 convolve"),
        ('filter "1,2;3,4"', 'filter "1 2;3 4"'),
        ("filter '1 2; 3 4'", 'filter "1 2;3 4"'),
        ("filter 0.50,2e0 divisor=4/2", 'filter "0.5 2" divisor=2'),
        ("filter -1,0,1", 'filter "-1 0 1"'),
        ("filter vertical pad=0", "filter vertical pad=valid"),
        ("avgpool 2 count_padding", "avgpool 2 count-padding"),
        ("filter 'vertical' border='reflect'", "filter vertical border=reflect"),
        ("filter vert'ical' border=\"constant:1\"", "filter vertical border=constant:1"),
        ("filter vertical\nrelu\n", "filter vertical | relu"),
        ("\n# first\n\nfilter vertical # then\n\n\nrelu|abs\n# end", "filter vertical | relu | abs"),
    ],
)
def test_other_spellings(text: str, canonical: str) -> None:
    assert str(Pipeline.parse(text)) == canonical


def test_hyphen_and_underscore_are_one() -> None:
    assert Pipeline.parse("avgpool 3 pad=1 count-padding") == Pipeline.parse("avgpool 3 pad=1 count_padding")
    assert Pipeline.parse("avgpool 3 pad=1 count-padding") != Pipeline.parse("avgpool 3 pad=1")


# ---------------------------------------------------------------- quoting

ODD_NAMES = (
    *(
        "we ird.txt",
        "a|b.txt",
        "it's.txt",
        'say "so".txt',
        "a=b.txt",
        "stride=2.txt",
        "# no comment.txt",
        "back\\slash.txt",
    ),
    *("two\nlines.txt", "tab\t.txt", "é—✓.txt", "'.txt", "=.txt", "\\.txt", 'end\\".txt'),
)


@pytest.mark.parametrize("name", ODD_NAMES)
def test_kernel_files_of_any_name(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / name).write_text("1 2 1\n")
    monkeypatch.chdir(tmp_path)
    for path in (f"./{name}", str(tmp_path / name), name):
        pipeline = Pipeline((Filter(path, stride=2), Activate("relu")))
        assert pipeline.steps[0] == Filter([[1, 2, 1]], stride=2)
        assert Pipeline.parse(str(pipeline)) == pipeline


def test_a_bar_is_free_inside_quotes(tmp_path: Path) -> None:
    (tmp_path / "a|b.txt").write_text("1 2 1\n")
    for quoted in (f'"{tmp_path}/a|b.txt"', f"'{tmp_path}/a|b.txt'", f"{tmp_path}/a'|'b.txt"):
        assert Pipeline.parse(f"filter {quoted} | relu") == Pipeline((Filter([[1, 2, 1]]), Activate("relu")))


def test_a_hash_begins_a_comment_only_between_words(tmp_path: Path) -> None:
    (tmp_path / "a#b.txt").write_text("1 2 1\n")
    assert Pipeline.parse(f"filter {tmp_path}/a#b.txt # comment") == Pipeline((Filter([[1, 2, 1]]),))


# ---------------------------------------------------------------- mistakes


def refusal(text: str) -> str:
    with pytest.raises(errors.UsageError) as caught:
        Pipeline.parse(text)
    return str(caught.value)


@pytest.mark.parametrize("option", ["range=abs", "dtype=float32", "gray", "gray=1", "threads=2", "range", "dtype"])
@pytest.mark.parametrize("step", ["filter vertical", "maxpool 2", "pool", "relu", "activate relu"])
def test_what_belongs_to_the_run_is_refused_in_a_step(step: str, option: str) -> None:
    said = refusal(f"abs | {step} {option}")
    name = option.partition("=")[0]
    assert "step 2" in said
    assert f"{name} belongs to the whole run" in said
    assert f"--{name}" in said


@pytest.mark.parametrize(
    ("text", "number", "parts"),
    [
        ("filtre vertical", 1, ("filtre", "did you mean filter")),
        ("relu | abs | maxpol 2", 3, ("maxpol", "did you mean maxpool")),
        ("relu | nonsense", 2, ("nonsense", "imgconv help pipelines lists")),
        ("relu | filter vertcal", 2, ("vertcal", "did you mean vertical")),
        ("relu | filter vertical boder=wrap", 2, ("boder", "did you mean border")),
        ("relu | avgpool 2 count-paddin=1", 2, ("count-paddin", "did you mean count-padding")),
        ("relu | avgpool 2 kind=max", 2, ("kind",)),
        ("relu | filter vertical border=wrp", 2, ("wrp", "did you mean wrap")),
        ("relu | filter vertical horizontal", 2, ("horizontal", "too many")),
        ("relu | filter 1 2 1", 2, ("too many",)),
        ("relu | maxpool 2 2 2", 2, ("'2'", "too many")),
        ("relu | maxpool 3 2", 2, ("size=3 stride=2 and size=3x2", "name one of them")),
        ("relu | pool mx 2", 2, ("unknown kind 'mx'", "did you mean max")),
        ("relu | pool 2 size=2", 2, ("size is given twice",)),
        ("relu | maxpool max 2", 2, ("max",)),
        ("relu | globalmaxpool 2", 2, ("'2'", "too many")),
        ("relu | relu 3", 2, ("'3'", "too many")),
        ("relu | filter", 2, ("missing", "KERNEL")),
        ("relu | activate", 2, ("missing",)),
        ("relu | filter vertical stride=1 stride=2", 2, ("stride", "twice")),
        ("relu | filter vertical stride=1 stride=1", 2, ("stride", "twice")),
        ("relu | filter vertical kernel=horizontal", 2, ("kernel", "twice")),
        ("relu | avgpool 2 count-padding count_padding", 2, ("twice",)),
        ("relu | maxpool 2 ceil=true", 2, ("ceil", "flag")),
        ("relu | filter vertical channels=g", 2, ("whole run", "--channels")),
        ("relu | filter vertical linear", 2, ("whole run", "--linear")),
        ("relu | filter vertical alpha=drop", 2, ("whole run", "--alpha")),
        ("relu | filter vertical dtype=float32", 2, ("whole run", "imgconv.run(dtype=...)")),
        ("relu | maxpool 2 stride=", 2, ("stride",)),
        ("relu | maxpool 0", 2, ("size", "0")),
        ("relu | filter vertical anchor=3,3", 2, ("anchor 3,3", "3x3")),
        ("relu | filter vertical divisor=0", 2, ("divisor", "0")),
        ("relu | filter vertical border=mirror", 2, ("reflect101",)),
        ("relu | filter '1 2;3'", 2, ("row 2",)),
        ("relu | filter '1 2;3 x'", 2, ("line 1, column 7", "'x'")),
        ("relu | filter './a\0b.txt'", 2, ("kernel",)),
        ("relu | | abs", 2, ("empty",)),
        ("| relu", 1, ("empty",)),
        ("relu |", 2, ("empty",)),
        ("relu | maxpool 2 --stride=1", 2, ("--stride",)),
        ("# comment\n\nrelu\nmaxpol 2\n", 2, ("maxpol",)),
    ],
)
def test_a_mistake_names_its_step(text: str, number: int, parts: tuple[str, ...]) -> None:
    said = refusal(text)
    assert re.match(rf"step {number}\b", said), said
    assert [part for part in parts if part not in said] == [], said


@pytest.mark.parametrize("text", ["", "   ", "\n\n", "# nothing\n", "|"])
def test_no_steps(text: str) -> None:
    assert "step" in refusal(text)


@pytest.mark.parametrize("text", ["filter 'vertical", 'filter "1 2', "relu | filter '1 2 | abs"])
def test_a_quotation_mark_that_is_not_closed(text: str) -> None:
    assert "quotation mark" in refusal(text)


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="filterpoolmaxrlu 123|'\"\\=#\n;,-:x./", max_size=30) | st.text(max_size=20))
def test_any_text_is_a_pipeline_or_refused(text: str) -> None:
    """And by nothing but a UsageError."""
    try:
        pipeline = Pipeline.parse(text)
    except errors.UsageError:
        return
    assert Pipeline.parse(str(pipeline)) == pipeline


def test_words_mean_one_thing() -> None:
    words = [word for kind in (*OPERATIONS, *LAYERS) for word in (kind.word, *kind.short_words, *kind.short_calls)]
    assert sorted(words) == sorted(set(words))


def test_layers_load_neither_kernels_nor_the_planner() -> None:
    """A network's command starts without what filters need."""
    text = "conv 3@3x3 | relu | maxpool 2 | threshold:3 | flatten | dense 2 | softmax"
    code = (
        f"import sys, imgconv.networks.reading as networks; networks._layers('', {text!r});"
        " assert not {'imgconv.planner', 'imgconv.kernels.kernel', 'imgconv.operations.filter'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_plans_show_kernels_of_files_as_they_were_typed(tmp_path, monkeypatch):
    """The text of a pipeline has their numbers, since a file may change."""
    monkeypatch.chdir(tmp_path)
    Path("k.json").write_text("[[0.1234567890123456, 2], [3, 4.7]]")
    Path("rows.txt").write_text("1 2 1")
    for typed in ("filter k.json", "filter rows.txt border=zero with=2*k.json", "bank k.json with=sobel-x"):
        (step,) = Pipeline.parse(typed).steps
        assert step_text(step, typed=True) == typed
        assert "k.json" not in step_text(step)
        assert Pipeline.parse(step_text(step)).steps == (step,)
    done = called("filter", "./k.json", str(ROOT / "samples/digit.png"), "--plan", cwd=tmp_path)
    assert done.out.decode().startswith("filter ./k.json: 28x28")
    (turned,) = Pipeline.parse("filter k.json rotate=90 bias=3").steps
    assert step_text(turned, typed=True) == "filter k.json bias=3 rotate=90"
