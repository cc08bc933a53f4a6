"""Random sequences of DynamoDB calls, beside dicts of what each table must have.

`test_dynamo_sequences.py` plays some through boto3; `python -m tests.service.dynamo_sequences 10000` plays many at the
desk.
"""

import sys

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from tests.service.dynamo_expected import (
    ABSENT,
    ADD,
    CONDITION,
    CONDITIONS,
    DAYS,
    FORM,
    HOUR,
    KIND,
    LASTS,
    NAMES,
    PLACE,
    PLACES,
    RATES,
    SIZE,
    SOME_PLACES,
    THROTTLED,
    TOTAL,
    added,
    key_of,
    nothing,
    read_units,
    with_values,
    write_units,
)
from tests.service.dynamo_tables import TableSequences
from tests.service.sequences import ThroughClient, play


class DynamoSequences(TableSequences):
    """A desk whose operations are called in a random order, on tables and on items."""

    @initialize(rates=RATES, days=DAYS, expires=st.booleans())
    def begin(self, rates, days, expires):
        """Begin with a table that has two items."""
        self.create("one", rates)
        self.cloud.advance(1)
        self.back_up("one", days)
        if expires:
            self.expire("one")
        self.cloud.advance(6)
        self.put("one", ("p", 1), "{}", 1100, "", 1)
        self.put("one", ("p", 10), "{}", 5, "", 0)

    # Writes

    @rule(name=NAMES, place=PLACE, form=FORM, size=SIZE, condition=CONDITION, lasts=LASTS)
    def put(self, name, place, form, size, condition, lasts):
        """Put an item, which may expire some hours later."""
        item = self.made(place, size, lasts)
        asked = {**item, "n": {"N": form.format(place[1])}}
        self.write("PutItem", name, place, lambda old: item, condition, Item=asked)

    def made(self, place, size, lasts):
        """Make an item."""
        ends = int(self.cloud.account.calendar.date.timestamp()) + lasts * HOUR + 600
        expiring = {"ends": {"N": f"{ends}"}} if lasts else {}
        return {**key_of(place), "c": {"N": "0"}, "v": {"S": "." * size}, **expiring}

    @rule(name=NAMES, place=PLACE, form=FORM, condition=CONDITION)
    def add(self, name, place, form, condition):
        """Add one to a counter."""
        key = key_of(place, form)
        self.write("UpdateItem", name, place, added(place), condition, Key=key, **ADD)

    @rule(name=NAMES, place=PLACE, form=FORM, condition=CONDITION)
    def drop(self, name, place, form, condition):
        """Delete an item."""
        key = key_of(place, form)
        self.write("DeleteItem", name, place, nothing, condition, Key=key)

    def write(self, operation, name, place, make, condition, **request):
        """Write under a condition, and compare what the table does with what it must do."""
        asked = with_values({**request, **TOTAL, "ReturnValues": "ALL_OLD"}, condition)
        answer = self.call(operation, TableName=name, **asked)
        if self.is_refused(answer, name):
            return
        before = self.known[name].items.get(place)
        holds = CONDITIONS[condition](before)
        assert holds == (answer is not None)
        after = make(before) if holds else before
        units = write_units(before, after)
        self.spend(name, "write", units)
        if holds:
            assert (before or {}) == answer.get("Attributes", {})
            assert units == answer["ConsumedCapacity"]["CapacityUnits"]
            self.known[name].set(self.now, place, after)

    @rule(name=NAMES, places=SOME_PLACES, size=SIZE, puts=st.integers(0, 3))
    def write_batch(self, name, places, size, puts):
        """Put the first ones of some items, and delete the others."""
        made = {place: self.made(place, size, 0) for place in places[:puts]}
        asked = [
            {"PutRequest": {"Item": made[place]}} if place in made
            else {"DeleteRequest": {"Key": key_of(place)}}
            for place in places
        ]  # fmt: skip
        answer = self.call("BatchWriteItem", RequestItems={name: asked}, **TOTAL)
        if self.is_refused(answer, name):
            return
        left, units = answer["UnprocessedItems"].get(name, []), 0
        for place, one in zip(places, asked, strict=True):
            if one not in left:
                before = self.known[name].items.get(place)
                units += write_units(before, made.get(place))
                self.known[name].set(self.now, place, made.get(place))
        self.spend(name, "write", units)
        assert units == answer["ConsumedCapacity"][0]["CapacityUnits"]

    @rule(actions=st.lists(st.tuples(NAMES, PLACE, CONDITION, KIND), min_size=1, max_size=3))
    def transact(self, actions):
        """Do all of some writes, or none."""
        steps = [self.step(*each) for each in actions]
        items = [{kind: asked} for *_, kind, asked in steps]
        answer = self.call("TransactWriteItems", TransactItems=items, **TOTAL)
        self.sweep()
        touched = [(name, place) for name, place, *_ in actions]
        if not all(self.is_ready(name, "updating") for name, _ in touched):
            assert ABSENT == self.refused
        elif len(set(touched)) < len(touched):
            assert "ValidationException" == self.refused
        elif self.refused in THROTTLED:  # those before have taken their units
            for name, _ in touched:
                taken = self.desk.tables.find(name).capacity["write"]
                self.spend(name, "write", taken.used - self.spent.get(taken, 0.0))
        else:
            self.transacted(steps, answer)

    def step(self, name, place, condition, kind):
        """Return an action of a transaction: the table, the key, the item after it, and what is asked."""
        asked, make = {"Key": key_of(place)}, lambda old: old
        if kind == "Put":
            made = self.made(place, 5, 0)
            asked, make = {"Item": made}, lambda old: made
        elif kind == "Update":
            asked, make = {**asked, **ADD}, added(place)
        elif kind == "Delete":
            make = nothing
        elif not condition:
            condition = "attribute_exists(id)"
        return (
            name,
            place,
            condition,
            make,
            kind,
            with_values({**asked, "TableName": name}, condition),
        )

    def transacted(self, steps, answer):
        """Compare a transaction with what it must do."""
        found = []
        for name, place, condition, make, *_ in steps:
            before = self.known[name].items.get(place)
            holds = CONDITIONS[condition](before)
            after = make(before) if holds else before
            self.spend(name, "write", 2 * write_units(before, after))
            found.append((name, place, after, holds))
        assert all(holds for *_, holds in found) == (answer is not None)
        if answer is not None:
            for name, place, after, _ in found:
                self.known[name].set(self.now, place, after)

    # Reads

    @rule(name=NAMES, place=PLACE, form=FORM)
    def read(self, name, place, form):
        """Read an item, with a strong read."""
        answer = self.call(
            "GetItem", TableName=name, Key=key_of(place, form), ConsistentRead=True, **TOTAL
        )
        if not self.is_refused(answer, name):
            item = self.known[name].items.get(place)
            assert item == answer.get("Item")
            self.read_for(name, answer["ConsumedCapacity"], read_units([item]))

    @rule(name=NAMES, places=SOME_PLACES)
    def read_batch(self, name, places):
        """Read several items; those that were throttled come back."""
        asked = {name: {"Keys": [*map(key_of, places)], "ConsistentRead": True}}
        answer = self.call("BatchGetItem", RequestItems=asked, **TOTAL)
        if not self.is_refused(answer, name):
            left = answer["UnprocessedKeys"].get(name, {}).get("Keys", [])
            done = [place for place in places if key_of(place) not in left]
            items = [self.known[name].items.get(place) for place in done]
            assert [each for each in items if each] == answer["Responses"][name]
            units = sum(read_units([each]) for each in items)
            self.read_for(name, answer["ConsumedCapacity"][0], units)

    def read_for(self, name, consumed, units):
        """Compare the units of a read with the arithmetic."""
        self.spend(name, "read", units)
        assert units == consumed["CapacityUnits"]

    @rule(name=NAMES, first=st.sampled_from("pq"), back=st.booleans(), limit=st.integers(1, 4))
    def query(self, name, first, back, limit):
        """Read a partition in the order of its numbers, page by page."""
        asked = {"KeyConditionExpression": "id = :p", "ScanIndexForward": not back, "Limit": limit}
        seen = self.pages("Query", name, **asked, ExpressionAttributeValues={":p": {"S": first}})
        if seen is not None:
            there = self.known[name].items
            keys = sorted((key for key in there if key[0] == first), reverse=back)
            assert [there[key] for key in keys] == seen

    @rule(name=NAMES, limit=st.integers(1, 4))
    def scan(self, name, limit):
        """Read a table, page by page: each item once."""
        seen = self.pages("Scan", name, Limit=limit)
        if seen is not None:
            there = self.known[name].items
            found = {(each["id"]["S"], int(each["n"]["N"])): each for each in seen}
            assert len(seen) == len(found)
            assert there == found

    def pages(self, operation, name, **asked):
        """Return the items of all pages; None if one was refused, or if some expired in between."""
        seen, start, noted = [], {}, None
        for _ in range(len(PLACES) + 2):
            answer = self.call(
                operation, TableName=name, ConsistentRead=True, **TOTAL, **asked, **start
            )
            if self.is_refused(answer, name):
                return None
            self.read_for(name, answer["ConsumedCapacity"], read_units(answer["Items"]))
            seen += answer["Items"]
            noted = noted or len(self.known[name].log)
            if "LastEvaluatedKey" not in answer:
                return seen if noted == len(self.known[name].log) else None
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}
        raise AssertionError("there is no last page")


class DynamoSequencesOfClient(ThroughClient, DynamoSequences):
    """The tables through a client."""

    service = "dynamodb"


if __name__ == "__main__":
    play(DynamoSequences, int(sys.argv[1]))
    print(f"{sys.argv[1]} sequences: all in order")
