"""Calling the command line inside this process, and what a refusal must look like."""

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from typing import NamedTuple

import pytest

from cachesim.cli.main import main

# A run that takes milliseconds and still misses, evicts and writes.
SMALL = [
    "--engine=simple", "--memory=40kb", "--keys=300", "--rate=300", "--duration=4", "--warmup=1",
    "--reads=0.8", "--ttl=1",
]  # fmt: skip
ONE_RUN = ["--replications=1", "--strategies=lazy-loading"]  # stays in this process


class Call(NamedTuple):
    """What a call of the command line left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        """The one object on stdout."""
        return json.loads(self.out, parse_constant=pytest.fail)


def call(*arguments):
    """Return the exit code and the output of `cachesim ARGUMENTS`."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as exit_:
        main([str(argument) for argument in arguments])
    return Call(exit_.value.code, out.getvalue(), err.getvalue())


def done(*arguments):
    """Return the same of a call that must succeed without a word on stderr."""
    found = call(*arguments)

    assert (0, "") == (found.code, found.err)
    return found


def refused(*arguments, says=()):
    """Return the sentence of a call that must be refused: exit 2, one line that holds every part of `says`."""
    found = call(*arguments)

    assert 2 == found.code, found
    assert "" == found.out
    assert_is_one_sentence(found.err, says)
    return found.err


def assert_is_one_sentence(text, says=()):
    """One line from cachesim, with these parts in it, and no trace of a program."""
    assert text.startswith("cachesim: ")
    assert text.endswith("\n")
    assert 1 == len(text.splitlines()), text
    assert "Traceback" not in text
    assert not [part for part in says if str(part) not in text], text
