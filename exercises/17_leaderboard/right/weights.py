# Every word of the sum is written out.
BOARD = "board"


def add(player, points):
    return ["ZINCRBY", BOARD, points, player]


def best(count):
    return ["ZRANGE", BOARD, "+inf", "-inf", "BYSCORE", "REV", "LIMIT", 0, count, "WITHSCORES"]


def rank(player):
    return ["ZREVRANK", BOARD, player]


def keep(count):
    return ["ZREMRANGEBYRANK", BOARD, 0, -1 - count]


def total(key, boards):
    weights = ["WEIGHTS"] + [1] * len(boards)
    return ["ZUNIONSTORE", key, len(boards), *boards, *weights, "AGGREGATE", "SUM"]
