# score: 75
# Forgets the points.
def add(player, points):
    return ["ZINCRBY", "board", str(points), player]


def best(count):
    return ["ZREVRANGEBYSCORE", "board", "+inf", "-inf", "LIMIT", 0, count]


def rank(player):
    return ["zrevrank", "board", player]


def keep(count):
    return ["ZREMRANGEBYRANK", "board", 0, -(count + 1)]


def total(key, boards):
    return ["ZUNIONSTORE", key, len(boards), *boards, "AGGREGATE", "SUM"]
