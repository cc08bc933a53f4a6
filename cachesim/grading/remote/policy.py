"""A student's eviction policy as an engine sees it: told what happened, asked for victims."""

from typing import Any

from cachesim.engines.base import Entry, EvictionPolicy
from cachesim.grading.remote.crossing import Message, made, one_of
from cachesim.grading.sandbox import Box
from cachesim.slips import POLICY


class RemotePolicy(EvictionPolicy):
    """Tells the policy in the sandbox what happened, together with the next question."""

    def __init__(self, box: Box, name: str, fields: Message) -> None:
        self.box, self.name = box, name
        self.number = made(box, name, "policy", POLICY, fields)["ok"]
        self.events: list[tuple[str, str, int]] = []

    def on_add(self, entry: Entry) -> None:
        """Note it."""
        self.events.append(("add", entry.key, entry.size))

    def on_use(self, entry: Entry) -> None:
        """Note it."""
        self.events.append(("use", entry.key, entry.size))

    def on_remove(self, entry: Entry) -> None:
        """Note it."""
        self.events.append(("remove", entry.key, entry.size))

    def victim(self) -> str:
        """Ask for a victim."""
        key: str = one_of(self._tell(asks=True).get("victim"), str, "victim()")
        return key

    def finish(self) -> None:
        """Tell what has happened since the last question: the code may fail over that, too."""
        if self.events:
            self._tell(asks=False)

    def _tell(self, *, asks: bool) -> dict[str, Any]:
        message = {"events": self.events, "asks": asks}
        self.events = []
        return self.box.ask(self.name, do="tell", number=self.number, message=message)
