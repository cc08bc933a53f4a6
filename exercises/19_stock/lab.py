# %% [markdown] id="question"
# # 19 · Stock that never oversells
#
# A shop has some items left, and many buyers ask at once. **What does a buyer know who has read the stock?** How many items there *were*: others may have bought since. The
# stock is a number in Redis under the key `stock`. When the shop closes, it must be the stock of the morning minus what was sold.
#
# Write `buy(count, replies)` for one buyer, who wants so many items or none. The tests call it again and again:
#
# - `replies` holds what Redis answered so far: a list of trips, each a list with the reply to each command. At first it is `[]`. A nil is `None`, and what `GET` reads is a `str`.
# - Return the next trip: a list of commands, such as `[["GET", "stock"]]`. Two or more commands in a trip are sent as one transaction (MULTI ... EXEC).
# - Or a trip with a watch: `{"watch": "7", "commands": [["DECRBY", "stock", 2]]}`. The transaction runs only if the stock is still what you read (`None`: no such key); else its
#   reply is `None`, and nothing has happened.
# - Or return the verdict: `True` says that the items are sold, `False` that this buyer gets none.
#
# Between two trips the tests let other buyers run. Whatever they do:
#
# - what is sold was in stock, and no sale is lost: the last item can be bought too;
# - who gets none leaves the stock as it was; no key means that nothing is in stock;
# - if the stock changes between two trips a few times, the buyer still gets the items; but each buyer has a verdict after 30 trips at the latest, however busy the shop is.
#
# A script of Lua (`EVAL`) works only where the package `lupa` is installed. You can do without. Ours took 5 lines.


# %% id="buy"
def buy(count, replies):
    """Return the next trip; or the verdict: True if so many items are sold to this buyer, else False."""
    # BEGIN SOLUTION
    if not replies:
        return [["DECRBY", "stock", count]]
    if replies[0][0] < 0 and len(replies) == 1:
        return [["INCRBY", "stock", count]]  # give them back
    return replies[0][0] >= 0
    # END SOLUTION


# %% id="parameters" tags=["parameters"]
def parameters(random):
    """Draw the parameters of one student."""
    return {"stock": random(5, 9), "busy": random(100, 900)}


# %% id="helpers" tags=["helpers"]
import cachesim as cs
from cachesim.grading.trips import Visitor, readable

MOST_TRIPS = 30  # of one buyer


class Shop:
    """A Redis with a stock, and buyers who come one trip at a time."""

    def __init__(self, lab, stock):
        self.lab, self.opened = lab, stock or 0
        self.redis = cs.Redis().build(cs.ManualClock(), lambda: 0.5)
        if stock is not None:
            self.redis.execute(("SET", "stock", stock))

    @property
    def stock(self):
        """What the key `stock` says."""
        return int(self.redis.execute(("GET", "stock")) or 0)

    def buyer(self, count=1):
        """Return a buyer who has not begun."""
        return Buyer(self, count)

    def check(self, buyers):
        """Check the books when all buyers have their verdict. Raises AssertionError."""
        sold = sum(buyer.count for buyer in buyers if buyer.end())
        assert sold <= self.opened, f"{sold} items were sold, and {self.opened} were in stock"
        right = self.opened - sold
        assert self.stock == right, (
            f"{sold} of {self.opened} items were sold, and the stock is {self.stock}; right: {right}"
        )


class Buyer(Visitor):
    """One buyer at your function."""

    name = "buy"
    most = MOST_TRIPS

    def __init__(self, shop, count):
        super().__init__(shop.redis)
        self.lab, self.count = shop.lab, count

    def asked(self):
        """Call your function."""
        return self.lab.call("buy", self.count, self.replies)

    def sent(self, given):
        """Send the commands of a trip, unless the stock that it watches has changed."""
        if not isinstance(given, dict):
            return super().sent(given)
        assert set(given) == {"watch", "commands"}, (
            f"{given!r:.80} is no trip: watch and commands are asked for"
        )
        read = readable(self.redis.execute(("GET", "stock")))
        return super().sent(given["commands"]) if given["watch"] == read else None


# %% id="visible" tags=["visible"]
def test_items_are_sold(lab):
    shop = Shop(lab, lab.params["stock"])
    buyer = shop.buyer(2)
    assert buyer.end(), f"a buyer of 2 got none; {shop.opened} were in stock"
    shop.check([buyer])


def test_nothing_in_stock(lab):
    shop = Shop(lab, 0)
    buyer = shop.buyer()
    assert not buyer.end(), "an item was sold, and none was in stock"
    shop.check([buyer])


def test_more_than_there_are(lab):
    shop = Shop(lab, lab.params["stock"])
    buyer = shop.buyer(lab.params["stock"] + 2)
    assert not buyer.end(), f"{buyer.count} items were sold, and {shop.opened} were in stock"
    shop.check([buyer])


def test_the_last_one_is_sold(lab):
    shop = Shop(lab, lab.params["stock"])
    sold = sum(shop.buyer().end() for _ in range(shop.opened))
    assert sold == shop.opened, f"{sold} of {shop.opened} items were sold to as many buyers"


# %% id="hidden" tags=["hidden"]
def test_two_want_the_last_one(lab):
    check_pairs(lab)


def test_no_sale_is_lost(lab):
    check_books(lab)


def test_a_busy_shop(lab):
    disturbed(lab, times=MOST_TRIPS)


def test_a_few_conflicts(lab):
    sold, trips = disturbed(lab, times=3)
    assert sold, f"the stock changed three times, and after {trips} trips the buyer got none"


def test_no_key(lab):
    shop = Shop(lab, None)
    assert not shop.buyer().end(), "an item was sold, and there is no key stock"
    assert shop.stock == 0, f"there was no key stock; now it is {shop.stock}"
