"""Records behave as the dataclasses they stand for: every law is asked of both."""

import copy
import dataclasses
import inspect
import pickle

import pytest

from imgconv.values import frozen


def declared(decorate, field):
    """The same two classes, a root and one that inherits, by either way of declaring."""

    @decorate
    class Root:
        first: int
        second: str = "two"

    @decorate
    class Leaf(Root):
        note: str = field(default="", compare=False)
        many: list = field(default_factory=list)

        def __post_init__(self):
            if self.first < 0:
                raise ValueError("negative")
            object.__setattr__(self, "first", int(self.first))

    return Root, Leaf


OURS = declared(frozen.record, frozen.field)
THEIRS = declared(dataclasses.dataclass(frozen=True), dataclasses.field)
BOTH = pytest.mark.parametrize(("root", "leaf"), [OURS, THEIRS], ids=["record", "dataclass"])


@BOTH
def test_values_come_by_place_by_name_and_by_default(root, leaf):
    assert vars(leaf(1)) == vars(leaf(first=1)) == {"first": 1, "second": "two", "note": "", "many": []}
    assert vars(leaf(1, "x", many=[2])) == {"first": 1, "second": "x", "note": "", "many": [2]}
    assert leaf(1).many is not leaf(1).many
    assert root.second == "two"


@BOTH
@pytest.mark.parametrize("given", [((), {}), ((1, "a", "b", [], 5), {}), ((1,), {"first": 2}), ((1,), {"other": 2})])
def test_what_does_not_fit_is_a_type_error(root, leaf, given):
    arguments, named = given
    with pytest.raises(TypeError):
        leaf(*arguments, **named)


@BOTH
def test_checks_run_on_making_and_replacing(root, leaf):
    with pytest.raises(ValueError, match="negative"):
        leaf(-1)
    replace = frozen.replace if leaf is OURS[1] else dataclasses.replace
    assert replace(leaf(1), first=2, note="n") == leaf(2)
    with pytest.raises(ValueError, match="negative"):
        replace(leaf(1), first=-1)
    with pytest.raises(TypeError):
        replace(leaf(1), other=1)


@BOTH
def test_records_are_equal_by_what_is_compared(root, leaf):
    assert leaf(1, note="a") == leaf(1, note="b")
    assert leaf(1) != leaf(2)
    assert root(1) != leaf(1)
    assert root(1) != (1, "two")
    assert hash(root(1)) == hash(root(1))
    assert len({root(1), root(1), root(2)}) == 2


@BOTH
def test_records_do_not_change(root, leaf):
    one = leaf(1)
    with pytest.raises(AttributeError):
        one.first = 2
    with pytest.raises(AttributeError):
        del one.first
    with pytest.raises(AttributeError):
        one.other = 2
    assert one == leaf(1)


@BOTH
def test_records_show_and_copy_themselves(root, leaf):
    assert repr(leaf(1, many=[2])).endswith("Leaf(first=1, second='two', note='', many=[2])")
    assert copy.deepcopy(leaf(1, many=[2])) == leaf(1, many=[2])
    assert list(inspect.signature(leaf).parameters) == ["first", "second", "note", "many"]
    assert inspect.signature(root).parameters["second"].default == "two"


def test_records_know_their_fields_and_can_be_pickled():
    assert [one.name for one in frozen.fields(OURS[1])] == ["first", "second", "note", "many"]
    from imgconv import Kernel

    kernel = Kernel([[1, 2], [3, 4]])
    assert pickle.loads(pickle.dumps(kernel)) == kernel


def test_records_without_equality_and_records_that_change():
    @frozen.record(eq=False)
    class Alone:
        value: int

    @frozen.record(frozen=False)
    class Open:
        value: int = 0

    assert Alone(1) != Alone(1)
    assert hash(Alone(1)) != 0
    one = Open()
    one.value = 2
    assert one == Open(2)
    with pytest.raises(TypeError):
        hash(one)
