"""Every operation that is declared is applied and explained, and every function has the form that pipelines expect."""

import inspect
from importlib import import_module

import pytest

from imgconv.api import explain
from imgconv.api.apply.application import Application
from imgconv.operations import HOMES, OPERATIONS

FUNCTIONS = ("apply", "apply_weighted", "apply_alpha")


def test_every_operation_is_applied_and_explained() -> None:
    assert [operation.word for operation in OPERATIONS] == list(HOMES)
    assert tuple(explain.EXPLANATIONS) == OPERATIONS


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_applications_have_the_same_form(operation: type, name: str) -> None:
    module = import_module(f"imgconv.api.apply.{operation.word}")
    expected = list(inspect.signature(getattr(Application, name)).parameters.values())[1:]
    parameters = list(inspect.signature(getattr(module, name)).parameters.values())
    assert [(one.name, one.default) for one in parameters] == [(one.name, one.default) for one in expected]
    assert parameters[0].annotation == operation.__name__


@pytest.mark.parametrize("operation", OPERATIONS)
def test_declared_auxiliary_outputs_are_made(operation: type) -> None:
    module = import_module(f"imgconv.api.apply.{operation.word}")
    assert hasattr(module, "auxiliary") == bool(operation.auxiliary)
