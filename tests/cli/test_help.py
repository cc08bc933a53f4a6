"""The help pages say what every option takes, and know every name that the code knows; shells complete both."""

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import click
import pytest

from cachesim.cli.choices import COMPARED, ENGINES, STRATEGIES
from cachesim.cli.commands import COMMANDS
from cachesim.cli.main import cachesim
from cachesim.engines import policies
from cachesim.engines.redis.policy import POLICIES as REDIS_POLICIES
from cachesim.experiments.presets import cluster
from cachesim.measure.metrics import METRICS
from cachesim.replay import POLICIES as CURVE_POLICIES
from cachesim.scenario import Scenario
from cachesim.traces import FORMATS
from cachesim.units import show_size
from tests.cli.calls import done, refused

SAYS_NOTHING = {"TEXT", "INTEGER", "FLOAT", "PATH", "FILENAME", "DIRECTORY"}


def all_commands(group=cachesim, path=""):
    """Yield the words that call a command, and the command."""
    for name, command in group.commands.items():
        words = f"{path} {name}".strip()
        if isinstance(command, click.Group):
            yield from all_commands(command, words)
        else:
            yield words, command


COMMAND_OF = dict(all_commands())


def page(words):
    """Return a help page on one line, as it reads, words that a hyphen broke put together."""
    return " ".join(done(*words.split(), "--help").out.split()).replace("- ", "-")


@pytest.mark.parametrize("words", COMMAND_OF)
def test_every_option_says_what_it_takes(words):
    """NUMBER, SECONDS, SIZE, FILE, ... or its choices; and something in words."""
    command = COMMAND_OF[words]
    context = click.Context(command, info_name=words)
    options = [option for option in command.params if isinstance(option, click.Option)]
    takes = {
        option.opts[-1]: option.make_metavar(context) for option in options if not option.is_flag
    }

    assert [] == [flag for flag, what in takes.items() if what in SAYS_NOTHING]
    assert [] == [option.opts[-1] for option in options if not option.help]
    assert command.help


@pytest.mark.parametrize("words", ["", "exercise"])
def test_a_list_of_commands_is_not_cut_off(words):
    """The first sentence of each fits into its line."""
    listed = done(*words.split(), "--help").out.partition("Commands:")[2]

    assert [] == [line for line in listed.splitlines() if line.endswith("...")]


@pytest.mark.parametrize("words", COMMAND_OF)
def test_a_number_has_its_range(words):
    """Every option that a spec's rule checks shows the rule."""
    numbers = [o for o in COMMAND_OF[words].params if o.callback and o.metavar == "NUMBER"]

    assert [] == [option.opts[-1] for option in numbers if "[" not in option.help]


KNOWN = {
    "compare": [*ENGINES, *STRATEGIES, *COMPARED, *FORMATS, *policies.ALL, *REDIS_POLICIES, *METRICS],
    "run": [*METRICS],
    "sweep": [*METRICS],
    "replay": [*ENGINES, *CURVE_POLICIES, *FORMATS, *policies.ALL, *REDIS_POLICIES],
    "serve": ["redis", "memcached", "simple", *policies.ALL, *REDIS_POLICIES],
}  # fmt: skip


@pytest.mark.parametrize("words", KNOWN)
def test_a_help_page_knows_every_name(words):
    """Engines, strategies, policies, formats, metrics: none is forgotten, for they come from the code."""
    text = page(words)

    assert [] == [name for name in KNOWN[words] if name not in text]


def test_the_presets_are_as_many_as_the_help_page_says():
    """From cluster1 to cluster54."""
    assert "cluster1 ... cluster54" in page("compare")
    assert "cluster54" == cluster("cluster54").name
    refused("compare", "--preset", "cluster55", says=["choose from cluster1 ... cluster54"])


def test_defaults_on_a_help_page_are_those_of_the_code():
    """A default that nobody gave is the scenario's own."""
    text, usual = page("compare"), Scenario()
    drawn = usual.workload
    values = [drawn.reads, drawn.popularity.skew, drawn.popularity.keys, f"{drawn.rate:g}"]
    values += [show_size(usual.cache.memory), f"{usual.duration:g}", f"{usual.warmup:g}"]

    assert [] == [value for value in values if f"default: {value}]" not in text]


def test_every_command_of_a_file_is_in_the_list():
    """A command that is written and not listed in COMMANDS could not be called."""
    folder = Path(sys.modules["cachesim.cli.main"].__file__).parent
    modules = [import_module(f"cachesim.cli.{path.stem}") for path in folder.glob("*.py")]
    written = {
        thing
        for module in modules
        for thing in vars(module).values()
        if isinstance(thing, click.Command)
    }
    inside = {
        sub for group in COMMANDS if isinstance(group, click.Group) for sub in group.commands.values()
    }  # fmt: skip

    assert {*COMMANDS, cachesim} == written - inside


def completed(typed):
    """Complete a line as bash does, by click's protocol: the kind and value of every suggestion."""
    words = typed.split(" ")
    asked = {
        "_CACHESIM_COMPLETE": "bash_complete", "COMP_WORDS": typed, "COMP_CWORD": str(len(words) - 1),
    }  # fmt: skip
    program = [sys.executable, "-m", "cachesim"]
    found = subprocess.run(
        program, env={**os.environ, **asked}, capture_output=True, text=True, check=True
    )
    return found.stdout.split()


def test_the_shell_completes_commands():
    """The protocol is called once as bash does."""
    assert ["plain,compare"] == completed("cachesim comp")


COMPLETED = {
    ("compare", "engine"): ("redis,memcached-", ["redis,memcached-live"]),
    ("compare", "strategies"): ("near", ["near-cache"]),
    ("replay", "policies"): ("lru,redis-l", ["lru,redis-lru", "lru,redis-lfu"]),
    ("replay", "format_name"): ("oracle", ["oracleGeneral"]),
    ("exercise start", "name"): ("03", ["03"]),
}


@pytest.mark.parametrize(("words", "name"), COMPLETED)
def test_the_shell_completes_names(words, name):
    """Of a comma list the last one."""
    typed, expected = COMPLETED[words, name]
    command = COMMAND_OF[words]
    [option] = [option for option in command.params if option.name == name]
    found = option.shell_complete(click.Context(command), typed)

    assert expected == [item.value for item in found]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_its_script(shell):
    """The lines of docs/howto/complete_in_a_shell.md print a script for that shell."""
    asked = {**os.environ, "_CACHESIM_COMPLETE": f"{shell}_source"}
    found = subprocess.run(
        [sys.executable, "-m", "cachesim"], env=asked, capture_output=True, text=True, check=True
    )

    assert "_CACHESIM_COMPLETE" in found.stdout
