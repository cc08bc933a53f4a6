# %% [markdown] id="question"
# # 25 · A hot partition
#
# A show lets its viewers vote. The votes are in a table of DynamoDB with far more write units than there are votes per second, and yet it refuses most of them. **Who has the units that the table does not
# use?** A partition: each of them takes at most 1000 write units per second, and one value of `id` lies on one partition.
#
# The table `votes` has the key `id` (a text) and `part` (a number), 10,000 write units and 3000 read units. `id` alone decides on which partition an item lies; `part` orders the items of one `id`. There are
# other large items in the table, too. Today each candidate has one item, and each vote is `["UpdateItem", {"TableName": "votes", "Key": {"id": {"S": candidate}, "part": {"N": "0"}}, "UpdateExpression": "ADD n :one", ...}]`. In the
# rush one candidate gets some 3600 votes per second.
#
# Repair it with two functions:
#
# - `vote(candidate, voter)` returns the call that counts one vote: a list of an operation and its request, with AWS's names. `voter` is the number of the viewer; nobody votes twice.
# - `count(candidate, replies)` counts the votes of one candidate. It is called again and again: `replies` holds the answers so far, at first `[]`. Return the next call, or the number of votes.
#
# The rules:
#
# - a count has every vote that was taken before, also in the midst of the rush; who has no votes has 0;
# - no vote is refused for want of units;
# - a count takes at most 100 read units, and a vote takes one write unit.
#
# A vote that is refused is not repeated here. Ours took 9 lines.


# %% id="votes"
def vote(candidate, voter):
    """Return the call that counts the vote of one viewer: [operation, request]."""
    # BEGIN SOLUTION
    key = {"id": {"S": f"{candidate}#{voter % 50}"}, "part": {"N": "0"}}
    one = {":one": {"N": "1"}}
    more = {"UpdateExpression": "ADD n :one", "ExpressionAttributeValues": one}
    return ["UpdateItem", {"TableName": "votes", "Key": key, **more}]
    # END SOLUTION


def count(candidate, replies):
    """Return the next call, [operation, request]; or the number of votes of a candidate."""
    # BEGIN SOLUTION
    if not replies:
        keys = [{"id": {"S": f"{candidate}#{number}"}, "part": {"N": "0"}} for number in range(50)]
        asked = {"votes": {"Keys": keys, "ConsistentRead": True}}
        return ["BatchGetItem", {"RequestItems": asked}]
    return sum(int(item["n"]["N"]) for item in replies[0]["Responses"]["votes"])
    # END SOLUTION


# %% id="parameters" tags=["parameters"]
def parameters(random):
    """Draw the parameters of one student: the candidate of the rush, and the number of its first viewer."""
    return {"star": f"star-{random(100, 999)}", "first": random(10_000, 90_000)}


# %% id="helpers" tags=["helpers"]
from collections import Counter

from cachesim.service.account import Account
from cachesim.service.dynamodb.desk import DynamoDesk
from cachesim.service.faults import ServiceFault
from cachesim.storage.dynamo.capacity import place_of

OTHERS = ("ada", "bob", "eve")
RATE, SECONDS, STARS = 4000, 2, 9  # votes per second; STARS: of ten votes
MOST_READ, MOST_WRITTEN, MOST_TRIPS = (
    100,
    1.05,
    100,
)  # units per count and per vote; calls per count
UNITS = {"ReadCapacityUnits": 3000, "WriteCapacityUnits": 10_000}
VOTES = {
    "TableName": "votes",
    "KeySchema": [
        {"AttributeName": "id", "KeyType": "HASH"},
        {"AttributeName": "part", "KeyType": "RANGE"},
    ],
    "AttributeDefinitions": [
        {"AttributeName": "id", "AttributeType": "S"},
        {"AttributeName": "part", "AttributeType": "N"},
    ],
    "ProvisionedThroughput": UNITS,
}
THROTTLED = "ProvisionedThroughputExceededException"
ITEMS = [
    *("GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan"),
    *("BatchGetItem", "BatchWriteItem", "TransactGetItems", "TransactWriteItems"),
]


class Busy(DynamoDesk):
    """A desk with many callers, who do not wait for each other."""

    def __init__(self, account):
        super().__init__(account)
        self.asked = Counter()  # partition -> write units

    def moment(self):
        """Return the second of now."""
        return self.account.calendar.now

    def take(self, table, kind, units, key, now, spent):
        """Note what a partition is asked for, and take the units if they are there."""
        if kind == "write":
            self.asked[place_of(key[0].encode(), table.places)] += units
        super().take(table, kind, units, key, now, spent)


class Poll:
    """The table, and what became of the votes."""

    def __init__(self, lab):
        self.lab, self.account = lab, Account(seed=lab.seed)
        self.desk = Busy(self.account)
        self.taken, self.refused = {}, 0  # taken: by candidate
        self.voter = lab.params["first"]
        self.desk.CreateTable(VOTES)
        self.account.calendar.advance(60)
        for number in range(500):  # what else is in the table
            key = {"id": {"S": f"ballot-{number}"}, "part": {"N": "0"}}
            self.desk.PutItem({"TableName": "votes", "Item": {**key, "text": {"S": "." * 4000}}})
        self.account.calendar.advance(10)

    def units(self, kind):
        """Return the units that were used so far."""
        return self.desk.tables.find("votes").capacity[kind].used

    def call(self, name, made):
        """Make a call of the student's; None: there were no units for it."""
        is_call = isinstance(made, list | tuple) and [str, dict] == [type(part) for part in made]
        assert is_call, f"{name}() returned {made!r:.60}; right: [operation, request]"
        operation, request = made
        assert operation in ITEMS, f"there is no operation {operation!r:.40} with items"
        try:
            return getattr(self.desk, operation)(request)
        except ServiceFault as fault:
            if fault.shape == THROTTLED:
                return None
            raise AssertionError(f"{operation} of {name}() was refused: {fault}") from None
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise AssertionError(f"{operation} does not take this request: {error!r}") from None

    def vote(self, candidate):
        """Let one viewer vote."""
        self.voter += 1
        answer = self.call("vote", self.lab.call("vote", candidate, self.voter))
        if answer is None:
            self.refused += 1
        else:
            self.taken[candidate] = self.taken.get(candidate, 0) + 1

    def count(self, candidate):
        """Let the student count; return the number."""
        replies = []
        for _ in range(MOST_TRIPS + 1):
            made = self.lab.call("count", candidate, replies)
            if not isinstance(made, list | tuple):
                return made
            answer = self.call("count", made)
            assert answer is not None, "there were not enough read units for a count"
            replies.append(answer)
        raise AssertionError(f"count() has no number after {MOST_TRIPS} calls")

    def compare(self, candidate, when):
        """Return a sentence if a count is wrong."""
        found, right = self.count(candidate), self.taken.get(candidate, 0)
        if found == right and not isinstance(found, bool):
            return ""
        return f"{when} {candidate} has {found!r:.40} votes; taken were {right}"


def slow(lab):
    """Let a few viewers vote, one each second; return the first wrong count, if there is one."""
    poll = Poll(lab)
    for place in range(60):
        poll.vote((lab.params["star"], *OTHERS[:2])[place % 3])
        poll.account.calendar.advance(1)
    wrong = [poll.compare(each, "after 60 slow votes") for each in (lab.params["star"], *OTHERS)]
    return next(filter(None, wrong), "")


class Seen:
    """What the rush has shown."""

    def __init__(self, lab):
        poll, self.wrong = Poll(lab), []
        before = poll.units("write")
        poll.desk.asked.clear()
        self.read = 0
        for place in range(RATE * SECONDS):
            poll.account.calendar.advance(1 / RATE)
            is_star = place % 10 < STARS
            poll.vote(lab.params["star"] if is_star else OTHERS[place // 10 % len(OTHERS)])
            if place % (RATE // 2) == RATE // 2 - 1:
                read = poll.units("read")
                self.wrong.append(poll.compare(lab.params["star"], "in the rush"))
                self.read = max(self.read, poll.units("read") - read)
        taken = sum(poll.taken.values())
        self.refused = poll.refused / (RATE * SECONDS)
        self.busiest = max(poll.desk.asked.values()) / SECONDS
        self.written = (poll.units("write") - before) / max(1, taken)


def rush(lab):
    """Let the rush happen once for all tests."""
    return lab.once("rush", lambda: Seen(lab))


def check_refused(lab, most):
    """Look at the share of the votes that were refused."""
    seen = rush(lab)
    assert seen.refused <= most, (
        f"{seen.refused:.1%} of {RATE * SECONDS} votes were refused, allowed are {most:.0%}; the "
        f"busiest partition was asked for {seen.busiest:.0f} units per second, and takes 1000"
    )


# %% id="visible" tags=["visible"]
def test_votes_are_counted(lab):
    assert not (wrong := slow(lab)), wrong


def test_most_votes_are_taken(lab):
    check_refused(lab, 0.1)


# %% id="hidden" tags=["hidden"]
def test_each_vote_is_taken(lab):
    check_refused(lab, 0)


def test_exact_in_the_rush(lab):
    wrong = [each for each in rush(lab).wrong if each]
    assert not wrong, wrong[0]


def test_a_cheap_count(lab):
    read = rush(lab).read
    assert read <= MOST_READ, f"a count took {read:g} read units; allowed: {MOST_READ}"


def test_one_unit_per_vote(lab):
    written = rush(lab).written
    assert written <= MOST_WRITTEN, f"a vote took {written:.2f} write units; right: 1"
