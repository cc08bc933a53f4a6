# %% [markdown] id="question"
# # 17 · A leaderboard
#
# A game has a million players, and each of them wants to see the ten best and the own place, now. **Why not ask the database?** It must sort all players, or count all who
# are better, again for each who asks. A *sorted set* of Redis keeps its members in order, so a place costs some steps only: they grow as log(n).
#
# Write five functions. Each returns **one command** for Redis as a list, such as `["GET", "name"]`; the tests send it to an engine. The board is one sorted set under the key
# `board`.
#
# - `add(player, points)`: the player wins so many points more. Points may be negative, or have a fraction. A new player begins with 0.
# - `best(count)`: ask for the best players, the best of all first, with their points.
# - `rank(player)`: ask for the place of a player; the best of all has the place 0. The answer must be small, however many players there are.
# - `keep(count)`: remove all players but the best ones.
# - `total(key, boards)`: store the sum of some boards (a list of keys, such as `["monday", "tuesday"]`) under another key.
#
# Ours took 5 lines.


# %% id="add"
def add(player, points):
    """Return the command that gives a player so many points more."""
    # BEGIN SOLUTION
    return ["ZINCRBY", "board", points, player]
    # END SOLUTION


# %% id="best"
def best(count):
    """Return the command that asks for the best players, and for their points."""
    # BEGIN SOLUTION
    return ["ZREVRANGE", "board", 0, count - 1, "WITHSCORES"]
    # END SOLUTION


# %% id="rank"
def rank(player):
    """Return the command that asks for the place of a player, 0 for the best of all."""
    # BEGIN SOLUTION
    return ["ZREVRANK", "board", player]
    # END SOLUTION


# %% id="keep"
def keep(count):
    """Return the command that removes all players but the best ones."""
    # BEGIN SOLUTION
    return ["ZREMRANGEBYRANK", "board", 0, -count - 1]
    # END SOLUTION


# %% id="total"
def total(key, boards):
    """Return the command that stores the sum of some boards under a key."""
    # BEGIN SOLUTION
    return ["ZUNIONSTORE", key, len(boards), *boards]
    # END SOLUTION


# %% id="parameters" tags=["parameters"]
def parameters(random):
    """Draw the parameters of one student."""
    return {"ada": random(200, 300), "bob": random(100, 180), "eve": random(20, 90)}


# %% id="helpers" tags=["helpers"]
import cachesim as cs
from cachesim.grading.trips import reply_of


def empty():
    """Return a Redis without any key."""
    return cs.Redis().build(cs.ManualClock(), lambda: 0.5)


def command(lab, name, *arguments):
    """Return the command that your function gives."""
    given = lab.call(name, *arguments)
    shown = f"{name}({', '.join(map(repr, arguments))}) returned {given!r:.80}"
    assert isinstance(given, list | tuple) and given, f"{shown}; right: a list, one command"
    assert all(type(part) in (str, int, float) for part in given), (
        f"{shown}; each part must be a text or a number"
    )
    return tuple(given)


def sent(lab, redis, name, *arguments):
    """Send the command of your function; return the reply."""
    return reply_of(redis, command(lab, name, *arguments))


def board(lab, scores):
    """Return a Redis with a board that your function filled."""
    redis = empty()
    for player, points in scores.items():
        sent(lab, redis, "add", player, points)
    return redis


def points_of(redis, key="board"):
    """Return who has how many points."""
    assert redis.execute(("TYPE", key)) in ("zset", "none", b"zset", b"none"), (
        f"{key} is no sorted set"
    )
    rows = redis.execute(("ZRANGE", key, 0, -1, "WITHSCORES"))
    return {member.decode(): score for member, score in rows}


def same(found, right):
    """Check a board. Raises AssertionError."""
    assert found == right, f"the board is {found!r:.200}; right: {right!r:.200}"


# %% id="visible" tags=["visible"]
def test_points_add_up(lab):
    redis = board(lab, lab.params)
    sent(lab, redis, "add", "eve", 7)
    same(points_of(redis), {**lab.params, "eve": lab.params["eve"] + 7})


def test_the_best_come_first(lab):
    redis = board(lab, lab.params)
    rows = [[name.decode(), points] for name, points in sent(lab, redis, "best", 2)]
    right = [["ada", lab.params["ada"]], ["bob", lab.params["bob"]]]
    assert rows == right, f"the two best are {rows!r:.200}; right: {right}"


def test_a_place(lab):
    redis = board(lab, lab.params)
    for place, player in enumerate(("ada", "bob", "eve")):
        found = sent(lab, redis, "rank", player)
        assert found == place, f"{player} has the place {found!r:.60}; right: {place}"


def test_only_the_best_stay(lab):
    redis = board(lab, lab.params)
    sent(lab, redis, "keep", 2)
    same(points_of(redis), {name: lab.params[name] for name in ("ada", "bob")})


def test_a_sum_of_two_days(lab):
    redis = empty()
    for day in ("monday", "tuesday"):
        redis.execute(("ZADD", day, lab.params["ada"], "ada"))
    redis.execute(("ZADD", "tuesday", lab.params["eve"], "eve"))
    sent(lab, redis, "total", "week", ["monday", "tuesday"])
    same(points_of(redis, "week"), {"ada": 2 * lab.params["ada"], "eve": lab.params["eve"]})


# %% id="hidden" tags=["hidden"]
def test_many_players(lab):
    redis = empty()
    scores = {}
    for player, points in games(lab.seed):
        sent(lab, redis, "add", player, points)
        scores[player] = scores.get(player, 0) + points
    same(points_of(redis), scores)
    check_order(lab, redis, scores)


def test_a_place_is_cheap(lab):
    few, many = (answer_bytes(lab, players) for players in (200, 3200))
    assert many < 2 * few + 16, (
        f"a place among 200 players takes an answer of {few} bytes, among 3,200 one of {many}; it must not grow"
    )


def test_fewer_players_than_stay(lab):
    redis = board(lab, lab.params)
    sent(lab, redis, "keep", 10)
    same(points_of(redis), lab.params)


def test_a_sum_of_many_boards(lab):
    check_sums(lab)
