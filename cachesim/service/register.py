"""Registers: all resources of one kind. What is common to every kind is a row of data/kinds.csv."""

from collections.abc import Iterator
from functools import cache
from typing import Any, Generic, NamedTuple, TypeVar

from cachesim.service.faults import ServiceFault
from cachesim.service.pages import page
from cachesim.service.tables import table

R = TypeVar("R", bound=Any)  # what stands in a register: it has an id, a status, and is shown()
READY = ("available", "active")


class Kind(NamedTuple):
    """How AWS names the resources of a kind, and what it answers when one is not as it should be."""

    kind: str
    id: str  # member of a request that names one
    list: str  # member of an answer that lists them
    arn: str  # the first part of the name in an ARN
    missing: str  # shapes of faults, and their texts
    missing_text: str
    exists: str
    exists_text: str
    busy: str
    busy_text: str
    most: str  # of an account
    too_many: str


@cache
def kinds() -> dict[str, Kind]:
    """Return every kind of resource by our name for it."""
    return {row["kind"]: Kind(**row) for row in table("kinds")}


class Register(Generic[R]):
    """The resources of one kind, by their ids in small letters.

    >>> register = Register("group")
    >>> register.find("Shop")
    Traceback (most recent call last):
    cachesim.service.faults.ServiceFault: ReplicationGroup Shop not found.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kinds()[kind]
        self.held: dict[str, R] = {}
        self.tags: dict[str, dict[str, str]] = {}  # of each, by its id in small letters

    def __iter__(self) -> Iterator[R]:
        return iter(list(self.held.values()))

    def __len__(self) -> int:
        return len(self.held)

    def __contains__(self, name: str) -> bool:
        return name.lower() in self.held

    def check_new(self, name: str) -> None:
        """Refuse a name that is taken, and one resource too many."""
        kind = self.kind
        if name in self:
            raise ServiceFault(kind.exists, kind.exists_text.format(id=name))
        if len(self) >= int(kind.most):
            raise ServiceFault(kind.too_many, f"An account can have at most {kind.most} of these.")

    def add(self, resource: R, tags: dict[str, str] | None = None) -> R:
        """Enter a new resource with its tags, and return it. Its name must be free."""
        self.check_new(resource.id)
        self.held[resource.id.lower()] = resource
        self.tags[resource.id.lower()] = dict(tags or {})
        return resource

    def find(self, name: str) -> R:
        """Return a resource that is there."""
        if name not in self:
            raise ServiceFault(self.kind.missing, self.kind.missing_text.format(id=name))
        return self.held[name.lower()]

    def ready(self, name: str, *also: str) -> R:
        """Return a resource that is available, or in one of the other states that will do."""
        found = self.find(name)
        if found.status not in (*READY, *also):
            text = self.kind.busy_text.format(id=found.id, status=found.status)
            raise ServiceFault(self.kind.busy, text)
        return found

    def remove(self, resource: R) -> None:
        """Strike a resource out."""
        del self.held[resource.id.lower()], self.tags[resource.id.lower()]

    def described(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return a page of all of them, or the one that the request names."""
        name = request.get(self.kind.id)
        chosen = [self.find(name)] if name else list(self)
        return page([each.shown() for each in chosen], request, self.kind.list)
