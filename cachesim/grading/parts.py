"""The parts of a submission: pieces of code that keep the line numbers of the file or the cell they come from."""

from typing import NamedTuple


class Part(NamedTuple):
    """One piece of a student's code, compiled by itself, so that an error names the student's own line.

    >>> Part("cell 3", "x = 1").where
    'cell 3'
    """

    where: str  # "cell 3"; empty for the one text of a .py file
    code: str  # what is left out is blank: every line keeps its number
