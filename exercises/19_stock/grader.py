"""What the hidden tests of exercise 19 use; it never leaves the teacher."""

from itertools import product


def check_pairs(lab):
    """Let two buyers want the last item, in each order of their first trips; none may be sold twice."""
    for order in product((0, 1), repeat=6):
        shop = Shop(lab, 1)
        pair = shop.buyer(), shop.buyer()
        for which in order:
            pair[which].trip()
        sold = sum(buyer.end() for buyer in pair)
        assert sold <= 1, "the last item was sold to both of two buyers"


def check_books(lab):
    """Let ten buyers make each trip at the same time; there is enough for all of them."""
    shop = Shop(lab, lab.params["busy"])
    buyers = [shop.buyer(1 + number % 3) for number in range(10)]
    for _ in range(MOST_TRIPS):
        for buyer in buyers:
            buyer.trip()
    sold = sum(buyer.count for buyer in buyers if buyer.end())
    assert sold, "ten buyers came at once, and nothing was sold"
    assert shop.stock == shop.opened - sold, (
        f"ten buyers bought {sold} of {shop.opened} items at once, and the stock is {shop.stock}"
    )


def disturbed(lab, times):
    """Let others buy an item after each of the first trips; return if it was sold, and the trips."""
    shop = Shop(lab, lab.params["busy"])
    buyer = shop.buyer(2)
    for _ in range(times):
        buyer.trip()
        shop.redis.execute(("DECR", "stock"))
    return buyer.end(), len(buyer.replies)
