"""Help in two lengths, its groups, and `imgconv help`."""

from __future__ import annotations

import re

import pytest
from click.testing import CliRunner

from imgconv.cli.command import Group
from imgconv.cli.help_pages import brief_of, group_of
from imgconv.cli.main import EXAMPLES, group
from imgconv.cli.options import Argument, Option
from imgconv.cli.topics import TOPICS
from imgconv.operations import OPERATIONS
from imgconv.values.groups import GROUPS
from tests.command import imgconv
from tests.docs import commands

SCREEN = 40  # rows of a terminal that is not small
COMMANDS = dict(commands("imgconv", group()))
WITH_GROUPS = dict(COMMANDS.items()) | {"imgconv": group()}


def said(*words: str) -> str:
    return CliRunner().invoke(group(), words, prog_name="imgconv", terminal_width=80).output


@pytest.mark.parametrize("name", COMMANDS)
def test_help_fits_a_screen_and_explains_arguments(name):
    text = said(*name.split()[1:], "--help")
    lines = text.splitlines()
    assert len(lines) <= SCREEN, text
    assert all(len(line) <= 80 for line in lines if not line.startswith("  imgconv ")), "but for examples"
    assert text.index("Examples:") < text.index("Options:")
    for param in COMMANDS[name].params:
        if isinstance(param, Argument):
            assert param.meaning
            assert all(form in text for form, _ in param.forms)


@pytest.mark.parametrize("name", WITH_GROUPS)
def test_all_help_has_every_option_once_in_the_group_of_its_declaration(name):
    text, command = said(*name.split()[1:], "--help-all"), WITH_GROUPS[name]
    titles = [line[:-1] for line in text.splitlines() if line.endswith(":") and line[:-1] in GROUPS]
    options = [param for param in command.params if isinstance(param, Option)]
    assert titles == [title for title in GROUPS if title in {group_of(option) for option in options}]
    for option in options:
        long = max(option.opts, key=len)
        assert len(re.findall(rf"^  (?:-\w, )?{long}(?: |$)", text, flags=re.M)) == 1, long


def test_every_option_and_argument_is_declared_with_help():
    for command in WITH_GROUPS.values():
        for param in command.params:
            assert isinstance(param, (Option, Argument)), param
            if isinstance(param, Option):
                assert param.group in GROUPS
                assert param.help
                assert len(brief_of(param)) <= 80


def test_common_options_of_filter_are_about_a_dozen():
    common = [param for param in COMMANDS["imgconv filter"].params if isinstance(param, Option) and param.brief]
    assert 10 <= len(common) <= 14


def test_a_list_of_commands_is_not_cut():
    text = said("--help")
    assert re.search(r"^  filter +Slide a kernel over an image \(convolution\)$", text, flags=re.M)
    assert "..." not in text.partition("Commands:")[2]
    for row in OPERATIONS:
        assert re.search(rf"^  {row.word} +{re.escape(row.brief)}$", text, flags=re.M)
    for command in WITH_GROUPS.values():
        assert command.short_help or command.name == "imgconv"
        assert not isinstance(command, Group) or command.examples


@pytest.mark.parametrize("topic", TOPICS)
def test_topics(topic):
    text = said("help", topic)
    assert len(text.splitlines()) > 5
    assert all(len(line) <= 80 for line in text.splitlines() if not line.startswith("  imgconv "))


def test_help_of_a_command_is_its_help():
    assert said("help", "filter") == said("filter", "--help")
    assert said("help", "kernels", "show") == said("kernels", "show", "--help")
    assert said("help").startswith("Usage: imgconv [OPTIONS] COMMAND")
    assert EXAMPLES[0] in said("help")
    assert "'imgconv kernels --help' explains the command" in said("help", "kernels")


def test_help_of_nothing_known(tmp_path):
    done = imgconv("help", "bordrs", cwd=tmp_path)
    assert (done.code, done.err) == (
        2,
        "imgconv: unknown command or topic 'bordrs'; did you mean borders? (imgconv help lists them)\n",
    )
