import numpy as np


def zipf(n, s):
    p = 1 / np.arange(1, n + 1) ** s
    return p / p.sum()
