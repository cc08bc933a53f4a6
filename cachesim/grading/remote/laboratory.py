"""The `lab` of a test: the way to a student's code."""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from cachesim.engines.base import EvictionPolicy
from cachesim.grading.parts import Part
from cachesim.grading.remote.crossing import Message
from cachesim.grading.remote.policy import RemotePolicy
from cachesim.grading.remote.strategy import Actor, RemoteStrategy
from cachesim.grading.sandbox import Box
from cachesim.model.strategies.base import Strategy


class BoxLab:
    """The `lab` argument of a test: the student's policies, strategies and functions, and this student's parameters.

    A test asks for as many as it likes; all of them live in one sandbox, which no other test shares and which starts
    when it is first needed.
    """

    def __init__(
        self,
        start: Callable[[], Box],
        parts: Sequence[Part],
        params: Message,
        seed: int,
        known: dict[Any, Any],
    ) -> None:
        self.start, self.parts = start, parts
        self.params, self.seed, self.known = params, seed, known
        self.boxes: list[Box] = []
        self.policies: list[RemotePolicy] = []
        self.hints: list[str] = []

    @cached_property
    def box(self) -> Box:
        """The sandbox, with the student's code in it."""
        self.boxes.append(self.start())
        self.boxes[-1].load(self.parts)
        return self.boxes[-1]

    def policy(self, name: str, **fields: Any) -> Callable[[], EvictionPolicy]:
        """Return a factory for `cs.Simple(policy=...)`."""
        kind = type(name, (RemotePolicy,), {})  # errors of the engine tell its name

        def make() -> RemotePolicy:
            self.policies.append(kind(self.box, name, fields))
            return self.policies[-1]

        make.__name__ = name
        return make

    def strategy(self, name: str, **fields: Any) -> Strategy:
        """Return a strategy for one run of a scenario."""
        kind = type(name, (RemoteStrategy,), {})  # errors of the model tell its name
        made: Strategy = kind(actor=Actor(self.box, name, fields))
        return made

    def call(self, name: str, *arguments: Any) -> Any:
        """Call a function; arguments and result are plain data."""
        return self.box.ask(name, do="call", name=name, arguments=arguments)["value"]

    def once(self, what: Any, make: Callable[[], Any]) -> Any:
        """Call `make` once per submission and return its result: for a long run that several tests use."""
        if what not in self.known:
            self.known[what] = make()
        return self.known[what]

    def hint_if(self, seen: bool, hint: str) -> None:
        """Note a hint, shown if the test fails, also if it is hidden: for a mistake that is known by its result."""
        if seen:
            self.hints.append(hint)

    def finish(self) -> None:
        """End a test that has passed so far: send the policies the events that are still waiting."""
        for policy in self.policies:
            policy.finish()

    @property
    def output(self) -> str:
        """What the code has printed, once the sandbox is closed."""
        return "".join(box.output for box in self.boxes)
