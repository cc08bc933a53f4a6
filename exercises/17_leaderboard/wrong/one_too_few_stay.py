# score: 85
# -count is the last of those who should stay.
def add(player, points):
    return ["ZINCRBY", "board", str(points), player]


def best(count):
    return ["ZREVRANGEBYSCORE", "board", "+inf", "-inf", "WITHSCORES", "LIMIT", 0, count]


def rank(player):
    return ["zrevrank", "board", player]


def keep(count):
    return ["ZREMRANGEBYRANK", "board", 0, -count]


def total(key, boards):
    return ["ZUNIONSTORE", key, len(boards), *boards, "AGGREGATE", "SUM"]
