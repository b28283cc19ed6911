"""Numba as the compiler it is: a loop body to relocatable object code that needs nothing but itself."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
import warnings
from collections.abc import Iterator
from functools import cache
from types import CellType, FunctionType
from typing import Any

from imgconv import errors
from imgconv.jit import machine
from imgconv.jit.arguments import signature
from imgconv.jit.elf import ALLOWED, undefined_symbols
from imgconv.jit.intrinsics import intrinsic_of
from imgconv.jit.keys import Machine
from imgconv.loops import Loop, tiles

_FOLDERS_SETTINGS = ".numba_config.yaml"
_stock: list[Any] = []  # keeps Numba's machine code as long as the process lives


def compile_loop(loop: Loop, types: dict[str, str]) -> tuple[bytes, str]:
    """Object code of `loop` for the types `types`, and the name of its entry.

    The entry follows Numba's own convention: `int32 f(void *result, void *exception, arguments…)`.
    Raises ObjectError where none can be emitted, or it would want what a plain process may lack.
    """
    import llvmlite.binding as llvm

    library, entry = _library(loop, types)
    try:
        module = llvm.parse_assembly(library.get_llvm_str())
        for value in [*module.functions, *module.global_variables]:
            if not value.is_declaration and value.name != entry:
                value.linkage = "internal"
        target = target_machine()
        passes = llvm.create_new_module_pass_manager()
        passes.add_global_dead_code_eliminate_pass()
        passes.run(module, llvm.create_pass_builder(target, llvm.create_pipeline_tuning_options()))
        code = target.emit_object(module)
    except (RuntimeError, AttributeError) as error:  # an llvmlite of another kind lacks the names
        raise errors.ObjectError(f"the machine code of loop {loop.name} cannot be used: {error}") from error
    _refuse_strangers(loop, code)
    return code, entry


def stock_address(loop: Loop, types: dict[str, str]) -> int:
    """The same entry in Numba's own engine, for where objects cannot be emitted or linked."""
    library, entry = _library(loop, types)
    _stock.append(library)
    return int(library.get_pointer_to_function(entry))


def target_machine() -> Any:
    """What is compiled for, as llvmlite describes it; every step of the compiler uses the same."""
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = machine.target()
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=target.name, features=target.features, opt=3, jit=True
    )


def _library(loop: Loop, types: dict[str, str]) -> tuple[Any, str]:
    """Numba's optimised code of a loop, and the name of its entry in it."""
    _load()
    from numba import config, njit
    from numba import types as numba_types
    from numba.core.compiler_lock import global_compiler_lock

    target = machine.target()
    options = {
        "error_model": "numpy",
        "_nrt": False,
        "no_cpython_wrapper": True,
        "no_cfunc_wrapper": True,
        "nogil": True,
    }
    with _uncollected(), global_compiler_lock, _settings_for_loops(config):
        if target != machine.here():  # vectors as wide as the target's; read when Numba's code generator is first made
            config.CPU_NAME, config.CPU_FEATURES = target.name, target.features
        dispatcher = njit(pipeline_class=_compiler(), **options)(_specialised(loop.make(**types), {}))
        # not dispatcher.compile: it would have Numba's engine emit the machine code a first time
        compiled = dispatcher._compiler.compile(signature(loop, types), numba_types.void)
        compiled.library.finalize()
    return compiled.library, compiled.fndesc.llvm_func_name


def _load() -> None:
    """Imports Numba; what it says of its settings is an error of ours, or nothing."""
    if "numba" in sys.modules:
        return
    try:
        if not _settings() and not os.path.exists(_FOLDERS_SETTINGS):
            import numba
        else:
            with warnings.catch_warnings(action="ignore"):  # tracebacks of values that it replaces by its own
                import numba  # noqa: F401
    except Exception as error:
        raise _numba_unusable(error) from error


def _numba_unusable(error: Exception) -> errors.UsageError | errors.LoopError:
    reason = f"{type(error).__name__}: {str(error).rstrip('.')}"
    if settings := _settings():
        return errors.UsageError(f"Numba refuses its settings ({reason}); unset {', '.join(settings)}")
    return errors.LoopError(
        f"Numba cannot be loaded ({reason}); reinstall it, or set IMGCONV_NO_JIT=1 to do without it, slowly"
    )


def _settings() -> list[str]:
    return sorted(name for name in os.environ if name.startswith("NUMBA_"))


@contextlib.contextmanager
def _settings_for_loops(config: Any) -> Iterator[None]:
    """Neither Numba's settings in the current folder, which it reads before each compilation, nor NUMBA_DISABLE_JIT are
    meant for loops of ours."""
    folders, disabled = getattr(config, "_config_fname", _FOLDERS_SETTINGS), config.DISABLE_JIT
    config._config_fname = ""
    try:
        try:
            config.reload_config()
        except Exception as error:
            raise _numba_unusable(error) from error
        config.DISABLE_JIT = 0
        yield
    finally:
        config._config_fname, config.DISABLE_JIT = folders, disabled


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """A compiler makes millions of objects and hardly a cycle: looking for them is a tenth of its time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


@cache
def _compiler() -> Any:
    """Numba's compiler, told that a loop's arrays never overlap (`bind` sees to it): no checks before vector code."""
    from numba.core.compiler import Compiler

    class NoAlias(Compiler):  # type: ignore[misc]
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            self.state.flags.noalias = True
            self.state.flags.no_compile = True

    return NoAlias


def _specialised(function: Any, done: dict[Any, Any]) -> Any:
    """The function with every helper it closes over compiled too, and intrinsics in their compiled form."""
    from numba import njit

    def compiled(value: Any) -> Any:
        if getattr(value, "is_loop_intrinsic", False):
            needs: set[str] = machine.TILES if value is tiles.add_byte_products else getattr(value, "needs", set())
            if not needs <= machine.able(Machine(*_compiled_for())):  # LLVM would end the process
                raise errors.ObjectError(
                    f"images take loops with {', '.join(sorted(needs))} here, and this process has set Numba to do"
                    " without; set it before the first image is computed"
                )
            return intrinsic_of(value)
        inlined = getattr(value, "is_loop_helper", False)
        if not inlined and not getattr(value, "is_loop_subroutine", False):
            return value
        if value not in done:
            options = {"inline": "always"} if inlined else {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
            done[value] = njit(error_model="numpy", _nrt=False, **options)(_specialised(value, done))
        return done[value]

    namespace = {
        name: compiled(function.__globals__[name])
        for name in function.__code__.co_names
        if name in function.__globals__
    }
    cells = tuple(CellType(compiled(cell.cell_contents)) for cell in function.__closure__ or ())
    return FunctionType(function.__code__, namespace, function.__name__, function.__defaults__, cells)


def _compiled_for() -> tuple[str, str]:
    """What Numba's code generator makes code for: a processor's name and its features, as it was told when it was first
    made, be it by another user of Numba in this process."""
    from numba.core.registry import cpu_target

    _, name, features = cpu_target.target_context.codegen().magic_tuple()
    return str(name), str(features)


def _refuse_strangers(loop: Loop, code: bytes) -> None:
    """Fails if the object itself (not only its IR) wants symbols that a plain process may lack."""
    refused = undefined_symbols(code) - ALLOWED
    if refused:
        raise errors.ObjectError(
            f"the machine code of loop {loop.name} cannot be used: undefined symbols {', '.join(sorted(refused))}"
        )
