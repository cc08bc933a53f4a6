"""A student's eviction policy as an engine sees it: it hears what happened, and names victims."""

import math
from typing import Any

from cachesim.engines.base import Entry, EvictionPolicy
from cachesim.grading.remote.crossing import Message, made, one_of
from cachesim.grading.sandbox import Box
from cachesim.slips import POLICY


class RemotePolicy(EvictionPolicy):
    """Sends the policy in the sandbox what happened, together with the next question."""

    def __init__(self, box: Box, name: str, fields: Message) -> None:
        self.box, self.name = box, name
        about = made(box, name, "policy", POLICY, fields)
        self.number, self.own = about["ok"], one_of(about.get("defines"), list, "the methods")
        self.events: list[tuple[str, str, int]] = []

    def defines(self, method: str) -> bool:  # type: ignore[override]
        """Whether the student's class overrides a method of the contract."""
        return method in self.own

    def before_add(self, entry: Entry) -> bool:
        """Ask whether to store an entry."""
        answer = self._tell("wanted", entry.key, entry.size).get("wanted")
        wanted: bool = one_of(answer, bool, "before_add()")
        return wanted

    def on_add(self, entry: Entry) -> None:
        """Note it."""
        self.events.append(("add", entry.key, entry.size))

    def on_use(self, entry: Entry) -> None:
        """Note it."""
        self.events.append(("use", entry.key, entry.size))

    def on_evict(self, entry: Entry) -> None:
        """Note it."""
        self.events.append(("evict", entry.key, entry.size))

    def on_remove(self, entry: Entry) -> None:
        """Note it."""
        self.events.append(("remove", entry.key, entry.size))

    def victim(self) -> str:
        """Ask for a victim."""
        key: str = one_of(self._tell("victim").get("victim"), str, "victim()")
        return key

    def finish(self) -> None:
        """Send what has happened since the last question: the code may fail on that, too."""
        if self.events:
            self._tell("nothing")

    def _tell(self, asks: str, *about: Any) -> dict[str, Any]:
        items = None if math.isinf(self.items) else self.items
        message = {"items": items, "events": self.events, "asks": asks, "about": about}
        self.events = []
        return self.box.ask(self.name, do="tell", number=self.number, message=message)
