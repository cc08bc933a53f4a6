"""Transactions: all or none of some writes, and several reads at one moment."""

from typing import Any

from cachesim.service.account import Account
from cachesim.service.dynamodb.calls import Units, validated
from cachesim.service.dynamodb.tables import invalid
from cachesim.service.dynamodb.writes import FAILED, ItemChange, WriteDesk
from cachesim.service.faults import ServiceFault, only
from cachesim.storage.dynamo.capacity import read_units, write_units
from cachesim.storage.dynamo.values import item_size

MOST_ACTIONS = 100  # of one transaction
REMEMBERED = 600.0  # seconds in which the same token means the same transaction
Answer = dict[str, Any]


class TransactionDesk(WriteDesk):
    """SIMPLIFIED: no two transactions are under way at once."""

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self.done: dict[str, tuple[float, Answer]] = {}  # token -> when, and what was asked

    @validated
    def TransactWriteItems(self, request: Answer) -> Answer:
        """Do all of some writes, or none. With the token of an earlier call nothing is done again."""
        only(request, ("TransactItems", "ReturnConsumedCapacity", "ClientRequestToken"))
        changes = [self._prepared(each) for each in request["TransactItems"]]
        if not 1 <= len(changes) <= MOST_ACTIONS:
            raise invalid(f"a transaction has from 1 to {MOST_ACTIONS} actions")
        if len({(change.table.id, change.key) for change in changes}) < len(changes):
            raise invalid("Transaction request cannot include multiple operations on one item")
        spent, now = Units(), self.moment()
        if self._is_done(request, now):
            for change in changes:
                units = read_units(item_size(change.before), "transactional")
                self.take(change.table, "read", units, change.key, now, spent)
            return spent.several(request)
        for change in changes:
            size = max(item_size(change.before), item_size(change.after))
            self.take(change.table, "write", write_units(size, True), change.key, now, spent)
        self._commit(changes, now)
        if token := request.get("ClientRequestToken"):
            self.done[token] = now, request["TransactItems"]
        return spent.several(request)

    def _is_done(self, request: Answer, now: float) -> bool:
        """Whether a transaction with this token was done a short time ago. Raises ServiceFault."""
        self.done = {key: each for key, each in self.done.items() if now < each[0] + REMEMBERED}
        _, before = self.done.get(request.get("ClientRequestToken", ""), (now, None))
        if before is not None and before != request["TransactItems"]:
            raise ServiceFault(
                "IdempotentParameterMismatchException",
                "Another request with this ClientRequestToken had other parameters",
            )
        return before is not None

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
