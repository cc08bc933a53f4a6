"""Random sequences of RDS calls: whatever is called in whatever order, the desk stays in order.

`test_db_sequences.py` plays some through boto3; `python -m tests.service.db_sequences 10000` plays many at the desk.
"""

import math
import sys

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from cachesim.experiments.cloud import Cloud
from cachesim.service.faults import ServiceFault
from cachesim.service.rds.journal import DbCommit
from tests.service.sequences import ThroughClient, play
from tests.service.test_rds import ORDERS

STATES = {"creating", "available", "modifying", "backing-up", "rebooting", "deleting"}
NAMES = st.sampled_from(["a", "b", "c"])
SAVED = st.sampled_from(["s", "t"])


class DbSequences(RuleBasedStateMachine):
    """A desk whose operations are called in a random order; its instances commit something now and then."""

    def __init__(self):
        super().__init__()
        self.cloud = Cloud(seed=1)
        self.desk = self.cloud.desk("rds")
        self.moments = []  # instance, second, and the commits that it must have

    def call(self, operation, **request):
        """Call an operation; return its answer, or None if it was refused."""
        try:
            return getattr(self.desk, operation)(request)
        except ServiceFault:
            return None

    @rule(name=NAMES, standby=st.booleans(), days=st.sampled_from([0, 1, 2]))
    def create(self, name, standby, days):
        """Create an instance."""
        asked = ORDERS | {"DBInstanceIdentifier": name, "MultiAZ": standby}
        self.call("CreateDBInstance", **asked | {"BackupRetentionPeriod": days})

    @rule(name=NAMES, source=NAMES)
    def follow(self, name, source):
        """Create a replica."""
        self.call(
            "CreateDBInstanceReadReplica",
            DBInstanceIdentifier=name,
            SourceDBInstanceIdentifier=source,
        )

    @rule(name=NAMES)
    def promote(self, name):
        """Promote a replica."""
        self.call("PromoteReadReplica", DBInstanceIdentifier=name)

    @rule(name=NAMES, saved=SAVED)
    def save(self, name, saved):
        """Make a snapshot."""
        self.call("CreateDBSnapshot", DBInstanceIdentifier=name, DBSnapshotIdentifier=saved)

    @rule(saved=SAVED)
    def drop(self, saved):
        """Delete a snapshot."""
        self.call("DeleteDBSnapshot", DBSnapshotIdentifier=saved)

    @rule(name=NAMES, saved=SAVED)
    def restore(self, name, saved):
        """Restore a snapshot: it has what its instance had then."""
        if self.call(
            "RestoreDBInstanceFromDBSnapshot", DBInstanceIdentifier=name, DBSnapshotIdentifier=saved
        ):
            snapshot = self.desk.snapshots.find(saved)
            self.restored(name, snapshot.of, snapshot.begin)

    @rule(name=NAMES, source=NAMES, minutes=st.integers(0, 3 * 24 * 60))
    def go_back(self, name, source, minutes):
        """Restore a moment: inside of the window it is allowed, and outside it is not."""
        moment = max(0.0, self.cloud.account.calendar.now - 60 * minutes)
        of = self.desk.instances.find(source) if source in self.desk.instances else None
        window = self.desk.window(of) if of else ()
        answer = self.call(
            "RestoreDBInstanceToPointInTime",
            SourceDBInstanceIdentifier=source,
            TargetDBInstanceIdentifier=name,
            RestoreTime=self.cloud.account.calendar.date_at(moment),
        )
        if answer:
            assert window[0] - 0.001 <= moment <= window[1]
            assert window[1] <= self.cloud.account.calendar.now - 300
            self.restored(name, of, moment)

    def restored(self, name, source, moment):
        """Note what an instance must have; how a millisecond is rounded does not matter."""
        commits = [each for each in source.journal.commits() if each.when <= moment]
        self.moments.append((self.desk.instances.find(name), len(commits), commits))

    @rule(name=NAMES, kind=st.sampled_from(["db.t3.micro", "db.t3.small"]), standby=st.booleans())
    def modify(self, name, kind, standby):
        """Change the class and the standby, at once or later."""
        asked = {"DBInstanceClass": kind, "MultiAZ": standby, "ApplyImmediately": standby}
        self.call("ModifyDBInstance", DBInstanceIdentifier=name, **asked)

    @rule(name=NAMES, days=st.sampled_from([0, 1, 2]))
    def retain(self, name, days):
        """Change the retention period."""
        asked = {"BackupRetentionPeriod": days, "ApplyImmediately": True}
        self.call("ModifyDBInstance", DBInstanceIdentifier=name, **asked)

    @rule(name=NAMES, forced=st.booleans())
    def reboot(self, name, forced):
        """Restart an instance, or fail over."""
        self.call("RebootDBInstance", DBInstanceIdentifier=name, ForceFailover=forced)

    @rule(name=NAMES)
    def kill(self, name):
        """Let a machine die."""
        if name in self.desk.instances:
            self.desk.kill(name)

    @rule(name=NAMES)
    def delete(self, name):
        """Delete an instance."""
        self.call("DeleteDBInstance", DBInstanceIdentifier=name, SkipFinalSnapshot=True)

    @rule(name=NAMES)
    def commit(self, name):
        """Commit a row, as a run would."""
        if name in self.desk.instances and not self.desk.instances.find(name).source:
            self.desk.writes += 1
            now = self.cloud.account.calendar.now
            made = DbCommit(now, "k", self.desk.writes, 100, self.desk.writes)
            self.desk.instances.find(name).journal.own.append(made)
            self.cloud.account.calendar.advance(1)

    @rule(minutes=st.sampled_from([1, 3, 10, 60, 60 * 24]))
    def wait(self, minutes):
        """Let time pass."""
        self.cloud.advance(minutes)

    @invariant()
    def states_are_legal(self):
        """Every state is one that AWS has."""
        for each in self.desk.instances:
            assert each.status in STATES

    @invariant()
    def what_is_there_is_billed(self):
        """The instances that were opened, and no others."""
        there = sorted(each.id for each in self.desk.instances if each.status != "creating")
        rented = sorted(each.name for each in self.desk.costs.rents if each.end == math.inf)
        assert there == rented

    @invariant()
    def replicas_and_sources_know_each_other(self):
        """Both sides name the other; a source has backups."""
        for each in self.desk.instances:
            if each.source:
                assert each.id in self.desk.instances.find(each.source).replicas
            for name in each.replicas:
                assert self.desk.instances.find(name).source == each.id
                assert each.settings["BackupRetentionPeriod"] > 0

    @invariant()
    def restored_instances_have_exactly_their_commits(self):
        """Whatever their sources do later."""
        for instance, count, commits in self.moments:
            assert instance.journal.commits()[:count] == commits
            assert instance.journal.commits()[count:] == instance.journal.own


class DbSequencesOfClient(ThroughClient, DbSequences):
    """The databases through a client."""

    service = "rds"


if __name__ == "__main__":
    play(DbSequences, int(sys.argv[1]))
    print(f"{sys.argv[1]} sequences: all in order")
