"""The operations on tables."""

import re
from typing import Any

from cachesim.service.account import Account
from cachesim.service.dynamodb.table import ON_DEMAND, PROVISIONED, DynamoTable
from cachesim.service.faults import ServiceFault, only
from cachesim.service.register import Register
from cachesim.service.tags import shown, tags_of
from cachesim.storage.dynamo.items import KeyPart

NAME = re.compile(r"[a-zA-Z0-9_.-]{3,255}")
CREATED = (
    "TableName KeySchema AttributeDefinitions BillingMode ProvisionedThroughput "
    "DeletionProtectionEnabled Tags"
)
UPDATED = "TableName BillingMode ProvisionedThroughput DeletionProtectionEnabled"
MOST_UNITS = 40_000.0  # of a table
BAD = "One or more parameter values were invalid: "
SWEEP = 3600.0  # seconds from one search for expired items to the next: an assumption
Answer = dict[str, Any]


def invalid(text: str) -> ServiceFault:
    """Make the error for a value that is not allowed."""
    return ServiceFault("ValidationException", text)


class TableDesk:
    """Tables are created, changed and deleted; each step takes its time."""

    service = "dynamodb"

    def __init__(self, account: Account) -> None:
        self.account = account
        self.tables: Register[DynamoTable] = Register("table")
        self.billed: list[DynamoTable] = []
        account.bill.others.append(
            lambda now: [line for each in self.billed for line in each.lines(now)]
        )

    def CreateTable(self, request: Answer) -> Answer:
        """Make a table."""
        only(request, CREATED.split())
        if not NAME.fullmatch(request["TableName"]):
            raise invalid(
                "TableName must be at least 3 characters long and at most 255 characters long, and "
                "may have letters, digits, underscores, hyphens and dots"
            )
        made = self._made(request["TableName"], key_parts(request), rates_of(request))
        made.protected = request.get("DeletionProtectionEnabled", False)
        self._begin(made, "create table", tags_of(request))
        return {"TableDescription": made.shown()}

    def _made(self, name: str, parts: list[KeyPart], rates: dict[str, float]) -> DynamoTable:
        arn, calendar = self.account.arn("dynamodb", f"table/{name}"), self.account.calendar
        made = DynamoTable(name, arn, parts, rates, calendar.now)
        made.created = calendar.date
        return made

    def _begin(self, made: DynamoTable, step: str, tags: dict[str, str] | None = None) -> None:
        """Enter a table that will be active when a step is done."""
        self.tables.add(made, tags)
        self.billed.append(made)
        self._become_active(made, step)

    def _become_active(self, table: DynamoTable, step: str) -> None:
        def done() -> None:
            table.status = "active"

        self.account.calendar.at(self.account.timings.draw(step), done)

    def DescribeTable(self, request: Answer) -> Answer:
        """Show a table."""
        return {"Table": self.tables.find(request["TableName"]).shown()}

    def ListTables(self, request: Answer) -> Answer:
        """List the names of the tables, in order; a page begins behind the name given."""
        most, after = request.get("Limit", 100), request.get("ExclusiveStartTableName", "")
        names = sorted(each.id for each in self.tables if each.id > after)
        more = {"LastEvaluatedTableName": names[most - 1]} if len(names) > most else {}
        return {"TableNames": names[:most], **more}

    def UpdateTable(self, request: Answer) -> Answer:
        """Change the capacity of a table, or whether it can be deleted. SIMPLIFIED: as often as one likes."""
        only(request, UPDATED.split())
        table = self.tables.ready(request["TableName"])
        table.protected = request.get("DeletionProtectionEnabled", table.protected)
        if request.keys() & {"BillingMode", "ProvisionedThroughput"}:
            rates = rates_of({"BillingMode": table.mode, **request})
            if rates == table.eras[-1][1]:
                raise invalid(
                    "The provisioned throughput for the table will not change. The requested value "
                    "equals the current value."
                )
            table.status = "updating"
            delay = self.account.timings.draw("update table")
            self.account.calendar.at(delay, lambda: self._changed(table, rates))
        return {"TableDescription": table.shown()}

    def _changed(self, table: DynamoTable, rates: dict[str, float]) -> None:
        table.status = "active"
        table.set_rates(rates, self.account.calendar.now)

    def DeleteTable(self, request: Answer) -> Answer:
        """Remove a table with its items."""
        table = self.tables.ready(request["TableName"])
        if table.protected:
            raise invalid(
                f"Resource cannot be deleted as it is currently protected against deletion. Disable "
                f"deletion protection first. Resource: {table.arn}"
            )
        table.status, table.ended = "deleting", self.account.calendar.now
        delay = self.account.timings.draw("delete table")
        self.account.calendar.at(delay, lambda: self.tables.remove(table))
        return {"TableDescription": table.shown()}

    def ListTagsOfResource(self, request: Answer) -> Answer:
        """List the tags of a table."""
        table = self.tables.find(request["ResourceArn"].rpartition("/")[2])
        return {"Tags": shown(self.tables.tags[table.id.lower()])}

    # Items that expire

    def UpdateTimeToLive(self, request: Answer) -> Answer:
        """Let items be deleted some time after the second that one of their attributes has."""
        table, wanted = self.tables.ready(request["TableName"]), request["TimeToLiveSpecification"]
        name = wanted["AttributeName"] if wanted["Enabled"] else ""
        if bool(name) == bool(table.expires):
            state = "enabled" if name else "disabled"
            raise invalid(f"TimeToLive is already {state}")
        table.expires = name
        table.sweep.cancel()
        self._sweep_later(table)
        return {"TimeToLiveSpecification": wanted}

    def DescribeTimeToLive(self, request: Answer) -> Answer:
        """Say which attribute lets items expire."""
        name = self.tables.find(request["TableName"]).expires
        if not name:
            return {"TimeToLiveDescription": {"TimeToLiveStatus": "DISABLED"}}
        found = {"TimeToLiveStatus": "ENABLED", "AttributeName": name}
        return {"TimeToLiveDescription": found}

    def _sweep_later(self, table: DynamoTable) -> None:
        if table.expires and table.ended is None:
            table.sweep = self.account.calendar.at(SWEEP, lambda: self._sweep(table))

    def _sweep(self, table: DynamoTable) -> None:
        """Delete what has expired; until then it can still be read. It costs no units."""
        calendar = self.account.calendar
        for key, item in list(table.items.all()):
            if 0 < float(item.get(table.expires, {}).get("N", "0")) <= calendar.date.timestamp():
                table.items.put(key, None, calendar.now)
        self._sweep_later(table)


def key_parts(request: Answer) -> list[KeyPart]:
    """Read the key of a new table. Raises ServiceFault."""
    kinds = {
        each["AttributeName"]: each["AttributeType"]
        for each in request.get("AttributeDefinitions", [])
    }
    schema = request.get("KeySchema", [])
    if [each["KeyType"] for each in schema] not in (["HASH"], ["HASH", "RANGE"]):
        raise invalid(
            f"{BAD}the KeySchema must begin with a HASH key, and may have one RANGE key behind it"
        )
    names = [each["AttributeName"] for each in schema]
    if set(names) - kinds.keys():
        raise invalid(
            f"{BAD}Some index key attributes are not defined in AttributeDefinitions. Keys: "
            f"[{', '.join(names)}], AttributeDefinitions: [{', '.join(kinds)}]"
        )
    if kinds.keys() - set(names):
        raise invalid(
            f"{BAD}Number of attributes in KeySchema does not exactly match number of attributes "
            "defined in AttributeDefinitions"
        )
    return [KeyPart(name, kinds[name]) for name in names]


def rates_of(request: Answer) -> dict[str, float]:
    """Read the units each second; none: on demand. Raises ServiceFault."""
    mode, given = request.get("BillingMode", PROVISIONED), request.get("ProvisionedThroughput")
    if mode == ON_DEMAND:
        if given:
            raise invalid(
                f"{BAD}Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when "
                "BillingMode is PAY_PER_REQUEST"
            )
        return {}
    if not given:
        raise invalid(
            f"{BAD}ReadCapacityUnits and WriteCapacityUnits must both be specified when "
            "BillingMode is PROVISIONED"
        )
    rates = {kind: float(given[f"{kind.title()}CapacityUnits"]) for kind in ("read", "write")}
    if not all(1 <= rate <= MOST_UNITS for rate in rates.values()):
        raise invalid(f"{BAD}capacity units must be from 1 to {MOST_UNITS:.0f}")
    return rates
