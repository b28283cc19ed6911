"""The instructions that generators promise stand in the machine code, also for processors that are not at hand."""

import pytest
from llvmlite import binding, ir

from imgconv.jit.stacks import DOTS, dots
from imgconv.jit.tiles import vector_of
from imgconv.loops.instructions import INSTRUCTIONS, Instructions, named
from imgconv.loops.stacks import BLOCK

PROCESSORS = (
    ("usdot", "aarch64-unknown-linux-gnu", "neoverse-v1", "", "usdot"),
    ("sdot", "aarch64-unknown-linux-gnu", "neoverse-n1", "", "sdot"),
    ("sdot", "arm64-apple-darwin", "apple-m1", "", "sdot"),
    ("usdot", "arm64-apple-darwin", "apple-m2", "", "usdot"),
    ("bytes512", "x86_64-unknown-linux-gnu", "cascadelake", "", "vpdpbusd"),
    ("bytes256", "x86_64-unknown-linux-gnu", "alderlake", "", "{vex}\tvpdpbusd"),
    ("bytes256vl", "x86_64-unknown-linux-gnu", "icelake-server", "", "vpdpbusd"),
    ("words512", "x86_64-unknown-linux-gnu", "skylake-avx512", "", "vpmaddwd"),
    ("words256", "x86_64-unknown-linux-gnu", "x86-64-v3", "", "vpmaddwd"),
    ("words256", "x86_64-unknown-linux-gnu", "alderlake", "", "{vex}\tvpdpwssd"),
    ("pairs256", "x86_64-unknown-linux-gnu", "haswell", "", "vpmaddubsw"),
)


def assembly(row: Instructions, triple: str, cpu: str, features: str) -> str:
    """Of a function that adds up one block of products."""
    module = ir.Module()
    sums, stacked = vector_of(row.wide), vector_of(row.bits, row.stack * BLOCK)
    kind = ir.FunctionType(ir.VoidType(), [sums.as_pointer(), stacked.as_pointer(), stacked.as_pointer()])
    function = ir.Function(module, kind, "block")
    builder = ir.IRBuilder(function.append_basic_block())
    loaded = [builder.load(argument, align=1) for argument in function.args]
    builder.store(dots(row, module, builder, *loaded), function.args[0], align=1)
    builder.ret_void()
    parsed = binding.parse_assembly(str(module))
    target = binding.Target.from_triple(triple).create_target_machine(cpu=cpu, features=features, opt=3)
    return str(target.emit_assembly(parsed))


@pytest.mark.parametrize(("name", "triple", "cpu", "features", "mnemonic"), PROCESSORS)
def test_a_block_takes_as_many_instructions_as_the_table_says(name, triple, cpu, features, mnemonic):
    binding.initialize_all_targets()
    binding.initialize_all_asmprinters()
    row = named(name)
    lines = assembly(row, triple, cpu, features).splitlines()
    assert sum(line.strip().startswith(mnemonic) for line in lines) == BLOCK // row.sums


def test_every_row_has_a_generator():
    assert {row.name for row in INSTRUCTIONS} == set(DOTS)
    assert {name for name, *_ in PROCESSORS} == set(DOTS)
