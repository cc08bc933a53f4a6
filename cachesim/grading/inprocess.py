"""The `lab` of notebooks that nbgrader and otter grade: the student's code runs where the tests do.

NOT hardened against hostile code: it can change the tests and the score. `cachesim grade` is the grader that cannot
be fooled; this exists for courses that are tied to one of those tools, and gives the same scores to honest answers.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from cachesim.grading.exercise import parameters_of
from cachesim.slips import Thing, never_began, slip
from cachesim.slips import arguments as counted


class NotebookLab:
    """The `lab` argument of a test, as in `cachesim grade`: policies, strategies, functions and parameters.

    Parameters
    ----------
    names : dict
        The notebook's `globals()`, in which the student's classes and functions are looked up.
    seed : int
        Seed of the parameters.

    >>> lab = NotebookLab({"double": lambda x: 2 * x})
    >>> lab.call("double", 21)
    42
    """

    def __init__(self, names: dict[str, Any], seed: int = 1) -> None:
        self.names, self.seed = names, seed
        self.params = parameters_of(names, seed)
        self.passed: set[str] = set()
        self.hints: list[str] = []  # of the test that runs

    def policy(self, name: str, **fields: Any) -> Callable[[], Any]:
        """Return a factory for `cs.Simple(policy=...)`."""
        made = partial(self._entry(name, "class"), **fields)
        made.__name__ = name  # type: ignore[attr-defined] # errors tell it
        return made

    def strategy(self, name: str, **fields: Any) -> Any:
        """Return a strategy for one run of a scenario."""
        return self._entry(name, "class")(**fields)

    def call(self, name: str, *arguments: Any) -> Any:
        """Call a function."""
        function = self._entry(name, "function")
        try:
            return function(*arguments)
        except TypeError as error:
            if never_began(error):
                raise slip("arguments", name=name, count=counted(len(arguments))) from error
            raise

    def hint_if(self, seen: bool, hint: str) -> None:
        """Note a hint, shown if the test fails: for a mistake that is known by its result."""
        self.hints += [hint] if seen else []

    def _entry(self, name: str, kind: str) -> Any:
        """Look a name up in the notebook; if it is missing, say so as `cachesim grade` does."""
        if name not in self.names:
            raise slip("undefined", name=name)
        found = self.names[name]
        if not callable(found) or isinstance(found, type) is not (kind == "class"):
            raise slip(kind, name=name, thing=Thing.of(found))
        return found

    def once(self, _what: Any, make: Callable[[], Any]) -> Any:
        """Call `make` and return its result, each time: the code may have changed since."""
        return make()

    def run(self, test: str, needs: tuple[str, ...], how: str | Callable[[Any], None]) -> None:
        """Run a test: a function, or the source of one, which then leaves nothing in the notebook.

        Raises
        ------
        AssertionError
            It fails, or a test that it needs has not passed.
        """
        missing = [name for name in needs if name not in self.passed]
        assert not missing, f"not reached: it needs {missing[0]}, which did not pass"
        self.hints = []
        try:
            (self._compiled(test, how) if isinstance(how, str) else how)(self)
        except AssertionError as failed:
            raise AssertionError(" ".join([str(failed), *self.hints])) from None
        self.passed.add(test)

    def _compiled(self, test: str, source: str) -> Callable[[Any], None]:
        names = dict(self.names)
        exec(compile(source, f"test {test}", "exec"), names)
        check: Callable[[Any], None] = names[f"test_{test}"]
        return check
