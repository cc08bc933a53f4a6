"""What random sequences of DynamoDB calls draw from, what a table must have then, and units by hand."""

import math
from dataclasses import dataclass, field

from hypothesis import strategies as st

STATES = {"creating", "active", "updating", "deleting"}
HOUR, DAY = 3600, 86400  # seconds
LATEST = 300  # seconds: so far back lies the last moment to which a table can go
PRICES = {"read": 0.00013, "write": 0.00065}  # of a unit for an hour, in US dollars
NAMES = st.sampled_from(["one", "one", "one", "two", "back"])
RATES = st.sampled_from([{}, {"read": 1, "write": 1}, {"read": 40, "write": 20}])
PLACES = [(first, number) for first in "pq" for number in (-2, 1, 10)]
PLACE = st.sampled_from(PLACES)
FORM = st.sampled_from(["{}", "{}.0", "{}0e-1", "{}.00e0"])  # one number has several texts
SIZE = st.sampled_from([0, 5, 1100, 100_000])  # bytes of a value
CONDITIONS = {
    "": lambda old: True,
    "attribute_not_exists(id)": lambda old: old is None,
    "attribute_exists(id)": lambda old: old is not None,
    "c < :two": lambda old: old is not None and int(old["c"]["N"]) < 2,
}
CONDITION = st.sampled_from(["", *CONDITIONS])
DAYS = st.sampled_from([0, 1, 2])  # for which a table can go back
AGO = st.one_of(st.integers(290, 1200), st.integers(0, 3 * DAY))  # seconds: often just allowed
LASTS = st.sampled_from([0, 0, 1, 3])  # hours; 0: for ever
KIND = st.sampled_from(["Put", "Update", "Delete", "ConditionCheck"])
SOME_PLACES = st.lists(PLACE, min_size=1, max_size=4, unique=True)
FAILED = "ConditionalCheckFailedException"
THROTTLED = ("ProvisionedThroughputExceededException", "ThrottlingException")
ABSENT = "ResourceNotFoundException"
TOTAL = {"ReturnConsumedCapacity": "TOTAL"}
ADD = {"UpdateExpression": "ADD c :one"}


@dataclass
class Expected:
    """What a table must have."""

    items: dict = field(default_factory=dict)  # by (first, number) of the key
    log: list = field(default_factory=list)  # second, key, item from then on
    sweep: float = math.inf  # second of the next search for expired items
    since: float | None = None  # from which second the table can go back
    days: int = 0

    def set(self, when, key, item):
        """Note that an item is this from a second on."""
        self.log.append((when, key, item))
        self.items.pop(key, None)
        if item is not None:
            self.items[key] = item

    def at(self, moment):
        """Return the items of a moment."""
        found = {key: item for when, key, item in self.log if when <= moment}
        return {key: item for key, item in found.items() if item is not None}


def capacity(rates):
    """Return the part of a request that says how many units a table has."""
    if not rates:
        return {"BillingMode": "PAY_PER_REQUEST"}
    units = {f"{kind.title()}CapacityUnits": rate for kind, rate in rates.items()}
    return {"BillingMode": "PROVISIONED", "ProvisionedThroughput": units}


def key_of(place, form="{}"):
    """Return the key of an item."""
    return {"id": {"S": place[0]}, "n": {"N": form.format(place[1])}}


def nothing(old):
    """Delete an item: nothing is left."""


def added(place):
    """Return the function that makes of an item one whose counter is one higher."""

    def make(old):
        count = int(old["c"]["N"]) if old else 0
        return {**(old or key_of(place)), "c": {"N": f"{count + 1}"}}

    return make


def with_values(request, condition):
    """Return a request with its condition, and with the values that its expressions name."""
    values = {":one": {"N": "1"}} if "UpdateExpression" in request else {}
    if condition:
        request = {**request, "ConditionExpression": condition}
    if ":two" in condition:
        values[":two"] = {"N": "2"}
    return {**request, **({"ExpressionAttributeValues": values} if values else {})}


def size_of(item):
    """Count the bytes of an item by hand: letters; and of a number a byte for two digits, and one more."""
    found = 0
    for name, value in (item or {}).items():
        ((kind, text),) = value.items()
        digits = len(text.lstrip("-").strip("0"))
        number = math.ceil(digits / 2) + 1 + text.startswith("-")
        found += len(name) + (len(text) if kind == "S" else number)
    return found


def write_units(*items):
    """Return the units of a write: one for each kB of the larger one."""
    return max(1, *(math.ceil(size_of(each) / 1024) for each in items))


def read_units(items):
    """Return the units of a strong read: one for each 4 kB of all items together."""
    return max(1, math.ceil(sum(map(size_of, items)) / 4096))
