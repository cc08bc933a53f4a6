"""The part of the random sequences of DynamoDB calls that is about tables, and what must always hold."""

import math

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from cachesim.experiments.cloud import Cloud
from cachesim.service.faults import ServiceFault
from tests.service.dynamo_calls import TABLE
from tests.service.dynamo_expected import (
    ABSENT,
    AGO,
    DAY,
    DAYS,
    FAILED,
    HOUR,
    LATEST,
    NAMES,
    PRICES,
    RATES,
    STATES,
    THROTTLED,
    Expected,
    capacity,
    size_of,
)


class TableSequences(RuleBasedStateMachine):
    """A desk whose operations are called in a random order."""

    def __init__(self):
        super().__init__()
        self.cloud = Cloud(seed=1)
        self.desk = self.cloud.desk("dynamodb")
        self.known = {}  # tables that were made and not deleted
        self.spent = {}  # capacity of a table -> units
        self.demanded = {"read": 0.0, "write": 0.0}  # units on demand, of all tables
        self.gone = {}  # name of what was deleted -> second at which it must be gone
        self.refused = ""

    def call(self, operation, **request):
        """Call an operation; return its answer, or None if it was refused."""
        self.refused = ""
        try:
            return getattr(self.desk, operation)(request)
        except ServiceFault as fault:
            self.refused = fault.shape
            return None

    @property
    def now(self):
        """The second of the calendar."""
        return self.cloud.account.calendar.now

    def is_ready(self, name, *also):
        """Whether a table takes orders."""
        return name in self.known and self.desk.tables.find(name).status in ("active", *also)

    # Tables

    @rule(name=NAMES, rates=RATES)
    def create(self, name, rates):
        """Create a table."""
        if self.call("CreateTable", **{**TABLE, "TableName": name, **capacity(rates)}):
            self.known[name] = Expected()
            self.gone.pop(name, None)

    @rule(name=NAMES, rates=RATES)
    def update(self, name, rates):
        """Change the units of a table."""
        self.call("UpdateTable", TableName=name, **capacity(rates))

    @rule(name=st.sampled_from(["one", "two", "back", "back"]))
    def delete(self, name):
        """Delete a table."""
        is_ready = self.is_ready(name)
        done = self.call("DeleteTable", TableName=name)
        assert is_ready == bool(done)
        if done:
            del self.known[name]
            self.gone[name] = self.now + HOUR

    @rule(name=NAMES)
    def expire(self, name):
        """Let items expire, or no longer; they are sought an hour later, and each hour from then on."""
        enabled = name not in self.known or self.known[name].sweep == math.inf
        wanted = {"Enabled": enabled, "AttributeName": "ends"}
        if self.call("UpdateTimeToLive", TableName=name, TimeToLiveSpecification=wanted):
            self.known[name].sweep = self.now + HOUR if enabled else math.inf

    @rule(name=NAMES, days=DAYS)
    def back_up(self, name, days):
        """Let a table keep what it was, or no longer."""
        more = {"RecoveryPeriodInDays": days} if days else {}
        wanted = {"PointInTimeRecoveryEnabled": days > 0, **more}
        if self.call(
            "UpdateContinuousBackups", TableName=name, PointInTimeRecoverySpecification=wanted
        ):
            table = self.known[name]
            if not days:
                table.since = None
            elif table.since is None:
                table.since = self.now
            else:  # what was not kept is not there
                table.since = max(table.since, self.now - table.days * DAY)
            table.days = days

    @rule(name=st.sampled_from(["back", "two"]), source=NAMES, ago=AGO, nth=st.integers(1, 8))
    def go_back(self, name, source, ago, nth):
        """Restore a moment, often just before a change: in the window it is allowed, and not outside."""
        of = self.known.get(source)
        moment = of.log[-nth][0] if of and nth <= len(of.log) else max(0.0, self.now - ago)
        moment = math.floor(moment)
        is_allowed = self.is_ready(source) and name not in self.desk.tables and of.since is not None
        if is_allowed:
            first = max(of.since, self.now - of.days * DAY)
            is_allowed = first <= moment <= self.now - LATEST
        answer = self.call(
            "RestoreTableToPointInTime",
            SourceTableName=source,
            TargetTableName=name,
            RestoreDateTime=self.cloud.account.calendar.date_at(moment),
        )
        assert is_allowed == bool(answer)
        if answer:
            self.known[name] = Expected()
            for key, item in of.at(moment).items():
                self.known[name].set(self.now, key, item)

    # What follows from a call

    def is_refused(self, answer, name):
        """Whether a call was refused for the state of the table, or for its units."""
        self.sweep()
        if answer is not None or self.refused == FAILED:
            return False
        if not self.is_ready(name, "updating"):
            assert ABSENT == self.refused
        else:
            assert self.refused in THROTTLED
            assert self.desk.tables.find(name).eras[-1][1]  # on demand, there is enough
        return True

    def spend(self, name, kind, units):
        """Note what a call has taken."""
        table = self.desk.tables.find(name)
        taken = table.capacity[kind]
        self.spent[taken] = self.spent.get(taken, 0.0) + units
        if taken.on_demand:
            self.demanded[kind] += units

    def sweep(self):
        """Let go what has expired: each hour on the hour since a table was told to look."""
        for table in self.known.values():
            while table.sweep <= self.now:
                date = self.cloud.account.calendar.date_at(table.sweep).timestamp()
                for key, item in [*table.items.items()]:
                    if "ends" in item and int(item["ends"]["N"]) <= date:
                        table.set(table.sweep, key, None)
                table.sweep += HOUR

    @rule(minutes=st.sampled_from([1, 3, 10]))
    def wait_a_little(self, minutes):
        """Let time pass in the midst of a change."""
        self.wait(minutes)

    @rule(minutes=st.sampled_from([20, 60, 60, 60 * 24]))
    def wait(self, minutes):
        """Let time pass; what is there costs its price, and nothing else does."""
        there = [self.desk.tables.find(name) for name in self.known]
        is_still = all(each.status != "updating" for each in there)
        rent = sum(
            each.eras[-1][1].get(kind, 0) * price
            for each in there
            for kind, price in PRICES.items()
        )
        before = self.cloud.dollars()
        self.cloud.advance(minutes)
        self.sweep()
        if is_still:
            assert before + rent * minutes / 60 == pytest.approx(self.cloud.dollars(), rel=1e-9)

    # What always holds

    @invariant()
    def states_are_legal(self):
        """Every state is one that AWS has."""
        for each in self.desk.tables:
            assert each.status in STATES
            assert (each.status == "deleting") == (each.id not in self.known)

    @invariant()
    def what_was_deleted_is_gone(self):
        """An hour later nobody finds it."""
        for name, when in self.gone.items():
            assert self.now < when or name not in self.desk.tables

    @invariant()
    def tables_have_their_items(self):
        """All of them, no others, and their sizes."""
        for name, expected in self.known.items():
            table = self.desk.tables.find(name)
            found = {(key[0][1:], int(key[1][1:])): item for key, item in table.items.all()}
            assert expected.items == found
            sizes = sum(map(size_of, found.values()))
            assert (len(found), sizes) == (table.items.count, table.items.size)

    @invariant()
    def units_are_those_of_the_arithmetic(self):
        """What was taken is what the calls cost, and never more than there was."""
        for name in self.known:
            table = self.desk.tables.find(name)
            since, rates = table.eras[-1]
            for kind, taken in table.capacity.items():
                assert self.spent.get(taken, 0.0) == taken.used
                if rates:
                    assert taken.used <= rates[kind] * (1 + self.now - since) + 1e-6
        for kind, units in self.demanded.items():
            assert units == sum(each.used[kind] for each in self.desk.billed)
