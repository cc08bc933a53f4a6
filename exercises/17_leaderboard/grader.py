"""What the hidden tests of exercise 17 use; it never leaves the teacher."""

import random


def games(seed):
    """Return who won how many points, game after game."""
    draw = random.Random(seed)
    return [(f"p{draw.randrange(40)}", draw.choice([1, 5, 10, -3, 2.5])) for _ in range(200)]


def check_order(lab, redis, scores):
    """Check the best players and every place; players with equal points may stand in any order."""
    ordered = sorted(scores.values(), reverse=True)
    for count in (1, 10, 100):
        rows = sent(lab, redis, "best", count)
        assert [points for _, points in rows] == ordered[:count], f"the {count} best are wrong"
    for player, points in scores.items():
        place = sent(lab, redis, "rank", player)
        assert isinstance(place, int) and ordered[place] == points, f"a place is {place!r:.60}"
    assert sent(lab, redis, "rank", "nobody") is None, "who is not on the board has no place"


def answer_bytes(lab, players):
    """Return the bytes of the answer to a question for a place, and of what it stores."""
    redis = empty()
    for number in range(players):
        redis.execute(("ZADD", "board", number, f"p{number}"))
    return redis.work(command(lab, "rank", "p100")).bytes


def check_sums(lab):
    """Sum one board, and five with players who are on some of them only."""
    draw, redis = random.Random(lab.seed), empty()
    days = {f"day:{number}": {} for number in range(5)}
    for _ in range(60):
        day, player, points = draw.choice([*days]), f"p{draw.randrange(9)}", draw.randrange(1, 9)
        days[day][player] = points
        redis.execute(("ZADD", day, points, player))
    for chosen in ([*days], [*days][:1]):
        sent(lab, redis, "total", "sum", chosen)
        right = {}
        for day in chosen:
            for player, points in days[day].items():
                right[player] = right.get(player, 0) + points
        same(points_of(redis, "sum"), right)
