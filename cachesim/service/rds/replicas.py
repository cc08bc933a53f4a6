"""Read replicas: they follow their source, and become instances of their own."""

from cachesim.service.faults import refuse_if
from cachesim.service.rds.instance import DbInstance
from cachesim.service.rds.instances import Values
from cachesim.service.rds.journal import Journal
from cachesim.service.rds.modify import DbChanges
from cachesim.service.rds.settings import checked, completed

MOST = 15  # of an instance (RDS User Guide)
CREATE = "DBInstanceIdentifier SourceDBInstanceIdentifier Tags"
KEPT = ["Engine", "DBInstanceClass", "AllocatedStorage", "MasterUsername", "DBName", "Port"]


class DbReplicas(DbChanges):
    """The operations on read replicas."""

    def CreateDBInstanceReadReplica(self, request: Values) -> Values:
        """Begin to make a copy that follows its source."""
        source = self.instances.ready(request["SourceDBInstanceIdentifier"])
        refuse_if(source.source, "db replica of replica")
        refuse_if(not source.settings["BackupRetentionPeriod"], "db source backups")
        refuse_if(len(source.replicas) >= MOST, "db most replicas", MOST)
        kept = {n: source.settings[n] for n in KEPT if n in source.settings}
        kept |= {"BackupRetentionPeriod": 0, **checked(self, request, CREATE)}
        name = request["DBInstanceIdentifier"].lower()
        journal = Journal(source.journal, replica=name)
        made = self.make(name, completed(self, kept), journal, request)
        made.source = source.id
        source.replicas.append(made.id)
        if source.copies == 1:
            self.outage(source, "db pause", frozen=True)
        self.later("create db replica", self._follows, made)
        return self.answer(made)

    def _follows(self, made: DbInstance) -> None:
        self.opened(made, "instance created")
        if made.source:
            self.tell("replication resumed", made.id)

    def PromoteReadReplica(self, request: Values) -> Values:
        """Begin to make a replica an instance of its own, with the commits that it has now."""
        found = self.instances.ready(request["DBInstanceIdentifier"])
        refuse_if(not found.source, "db no replica", found.id)
        only = "DBInstanceIdentifier BackupRetentionPeriod PreferredBackupWindow"
        asked = {"BackupRetentionPeriod": 1, **checked(self, request, only, changes=True)}
        found.settings = completed(self, found.settings | asked)
        self._leave(found)
        self.away(found, "promote db replica")
        return self.answer(found)

    def _leave(self, replica: DbInstance) -> None:
        """Let a replica follow its source no more."""
        self.instances.find(replica.source).replicas.remove(replica.id)
        replica.journal.until, replica.source = self.now, ""
        self.tell("replication ended", replica.id)

    def drop(self, instance: DbInstance) -> None:
        """Let the replicas of an instance that is removed stand by themselves."""
        for name in (*instance.replicas, *([instance.id] if instance.source else [])):
            self._leave(self.instances.find(name))
        super().drop(instance)
