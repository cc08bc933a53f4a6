"""Transactions: all or none of some writes, and several reads at one moment."""

from copy import deepcopy
from typing import Any, NamedTuple

from cachesim.service.account import Account
from cachesim.service.dynamodb.calls import Units, validated
from cachesim.service.dynamodb.tables import invalid
from cachesim.service.dynamodb.writes import FAILED, ItemChange, WriteDesk
from cachesim.service.faults import ServiceFault, only
from cachesim.storage.dynamo.capacity import read_units, write_units
from cachesim.storage.dynamo.items import Key
from cachesim.storage.dynamo.values import item_size

MOST_ACTIONS = 100  # of one transaction
REMEMBERED = 600.0  # seconds in which the same token means the same transaction
Answer = dict[str, Any]


class DoneTransaction(NamedTuple):
    """A transaction that was done a short time ago."""

    when: float
    asked: list[Answer]
    places: list[tuple[str, Key]]  # tables and keys


class TransactionDesk(WriteDesk):
    """SIMPLIFIED: no two transactions are under way at once."""

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self.done: dict[str, DoneTransaction] = {}  # by token, the oldest first

    @validated
    def TransactWriteItems(self, request: Answer) -> Answer:
        """Do all of some writes, or none. With the token of an earlier call nothing is done again."""
        only(request, ("TransactItems", "ReturnConsumedCapacity", "ClientRequestToken"))
        token, now, spent = request.get("ClientRequestToken", ""), self.moment(), Units()
        if (before := self._done(token, request["TransactItems"], now)) is not None:
            for name, key in before.places:
                table = self.active(name)
                units = read_units(item_size(table.items.at(key)), "transactional")
                self.take(table, "read", units, key, now, spent)
            return spent.several(request)
        changes = self._changes(request["TransactItems"])
        for change in changes:
            size = max(item_size(change.before), item_size(change.after))
            self.take(change.table, "write", write_units(size, True), change.key, now, spent)
        self._commit(changes, now)
        if token:
            places = [(change.table.id, change.key) for change in changes]
            self.done[token] = DoneTransaction(now, deepcopy(request["TransactItems"]), places)
        return spent.several(request)

    def _done(self, token: str, asked: list[Answer], now: float) -> DoneTransaction | None:
        """Return the transaction of the last minutes with this token, if any. Raises ServiceFault."""
        while self.done and next(iter(self.done.values())).when <= now - REMEMBERED:
            del self.done[next(iter(self.done))]
        before = self.done.get(token)
        if before is not None and before.asked != asked:
            raise ServiceFault(
                "IdempotentParameterMismatchException",
                "Another request with this ClientRequestToken had other parameters",
            )
        return before

    def _changes(self, actions: list[Answer]) -> list[ItemChange]:
        """Prepare the actions of a transaction. Raises ServiceFault, BadInput."""
        changes = [self._prepared(each) for each in actions]
        if not 1 <= len(changes) <= MOST_ACTIONS:
            raise invalid(f"a transaction has from 1 to {MOST_ACTIONS} actions")
        if len({(change.table.id, change.key) for change in changes}) < len(changes):
            raise invalid("Transaction request cannot include multiple operations on one item")
        return changes

    def _prepared(self, action: Answer) -> ItemChange:
        ((kind, asked),) = action.items()
        prepare = {
            "Put": self.put_change,
            "Delete": self.delete_change,
            "Update": self.update_change,
            "ConditionCheck": self.check_change,
        }
        return prepare[kind](asked)

    def _commit(self, changes: list[ItemChange], now: float) -> None:
        """Do all changes. Raises ServiceFault if a condition is not met, with the reason for each."""
        if not all(change.holds for change in changes):
            reasons = [_reason(change) for change in changes]
            raise ServiceFault(
                "TransactionCanceledException",
                "Transaction cancelled, please refer cancellation reasons for specific reasons "
                f"[{', '.join(reason['Code'] for reason in reasons)}]",
                CancellationReasons=reasons,
            )
        for change in changes:
            if change.after is not change.before:
                change.table.items.put(change.key, change.after, now)

    @validated
    def TransactGetItems(self, request: Answer) -> Answer:
        """Read several items at one moment, for twice the units."""
        only(request, ("TransactItems", "ReturnConsumedCapacity"))
        spent, now = Units(), self.moment()
        items = [
            self.read(each["Get"], "transactional", spent, now) for each in request["TransactItems"]
        ]
        found = [{} if item is None else {"Item": item} for item in items]
        return {"Responses": found, **spent.several(request)}


def _reason(change: ItemChange) -> Answer:
    """Return why a transaction did not do a change."""
    if change.holds:
        return {"Code": "None"}
    return {"Code": "ConditionalCheckFailed", "Message": FAILED, **change.shown}
