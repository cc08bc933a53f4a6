"""Record the 20 days of exercise 21: `python exercises/21_alarm/record.py` writes alarm_days.csv into the package.

One node of the simulated service, cache.t3.micro with a 400th of its memory, gets the reads and writes of a small shop.
Nothing is made up: each fault happens to the node or to its traffic, and CloudWatch says what it says. A run takes
some minutes, and gives the same bytes each time (seed 21).
"""

from collections.abc import Iterator
from pathlib import Path

import cachesim as cs

TABLE = Path(cs.__file__).parent / "data" / "alarm_days.csv"
DAYS, PERIOD = 20, 300  # PERIOD: seconds of one value, as CloudWatch keeps them for 63 days
METRICS = {
    "CacheHitRate": "Average",
    "CacheMisses": "Sum",
    "Evictions": "Sum",
    "CurrItems": "Average",
    "DatabaseMemoryUsagePercentage": "Average",
}
RATES = ((6, 0.12), (9, 0.3), (18, 0.5), (22, 0.6), (24, 0.2))  # until an hour: requests per second
USUAL = {
    "strategy": cs.LazyLoading(),
    "workload": cs.OpenLoop(reads=0.95, popularity=cs.popularity.Zipf(keys=4000, skew=1.1)),
}
CRAWLER = cs.popularity.Zipf(keys=50_000, skew=0.4)
ROBOTS = cs.popularity.Zipf(keys=4000, skew=0.8)  # at night they read more than customers do
LARGE = cs.distributions.Constant(value=12_000)
TRAFFIC = {  # what differs from the usual traffic
    "usual": {},
    "night": {"workload": USUAL["workload"].replace(popularity=ROBOTS)},
    "crawled": {"workload": USUAL["workload"].replace(popularity=CRAWLER)},
    "large": {"workload": USUAL["workload"].replace(size=LARGE)},
    "forgets": {"strategy": cs.LazyLoading(ttl=60)},
}
FAULTS = {  # (day, hour) -> the hours of a fault, each as pieces: minutes, what happens
    (3, 10): [[(1, "usual"), (59, "killed")]],
    (5, 14): [[(10, "usual"), (50, "gone")], [(60, "usual")]],
    (8, 20): [[(60, "crawled")], [(60, "crawled")]],
    (10, 16): [[(60, "large")]] * 3,
    (13, 11): [[(10, "crawled"), (5, "usual")] * 4] * 2,
    (16, 3): [[(60, "rebooted")], [(60, "usual")]],
    (19, 9): [[(60, "forgets")]] * 4,
}
BLIPS = [(1, 11), (4, 15), (6, 2), (7, 9), (9, 19), (12, 11), (15, 4), (17, 16), (18, 21), (20, 3)]
SALE = 11  # a day with three times the requests
NIGHT = 6  # the hour at which the night ends
OWN = {"CacheParameterGroupName": "lru"}


def pieces(day: int, hour: int) -> list[tuple[int, str]]:
    """List what happens in an hour: minutes, and what the traffic or the node does."""
    if (day, hour) in BLIPS:
        return [(20, "usual"), (5, "crawled"), (35, "usual")]
    for (faulty, begin), hours in FAULTS.items():
        if day == faulty and begin <= hour < begin + len(hours):
            return hours[hour - begin]
    return [(60, "night" if hour < NIGHT else "usual")]


def play(cloud: cs.Cloud, minutes: int, what: str, rate: float) -> None:
    """Let one piece of an hour happen."""
    desk, node = cloud.desk("elasticache"), {"CacheClusterId": "shop"}
    if what == "gone":
        desk.DeleteCacheCluster(node)
        cloud.advance(minutes=minutes - 15)
        desk.CreateCacheCluster({**node, **OWN})
        cloud.advance(minutes=15)
        return
    if what == "killed":
        cloud.kill("shop")
    if what == "rebooted":
        desk.RebootCacheCluster({**node, "CacheNodeIdsToReboot": ["0001"]})
    traffic = {**USUAL, **TRAFFIC.get(what, {})}
    traffic["workload"] = traffic["workload"].replace(rate=rate)
    cloud.run(cluster="shop", minutes=minutes, **traffic)


def recorded(cloud: cs.Cloud, begin: float) -> Iterator[str]:
    """Yield the lines of a day that began at these seconds of the calendar: day, minute, values."""
    clock, found = cloud.account.calendar, {}
    for metric, statistic in METRICS.items():
        answer = cloud.desk("cloudwatch").GetMetricStatistics(
            {
                "Namespace": "AWS/ElastiCache", "MetricName": metric, "Period": PERIOD,
                "Dimensions": [{"Name": "CacheClusterId", "Value": "shop"}],
                "StartTime": clock.date_at(begin), "EndTime": clock.date, "Statistics": [statistic],
            }
        )  # fmt: skip
        found[metric] = {each["Timestamp"]: each[statistic] for each in answer["Datapoints"]}
    for second in range(0, 86400, PERIOD):
        when = clock.date_at(begin + second)
        values = [f"{found[name][when]:.0f}" if when in found[name] else "" for name in METRICS]
        yield f"{second // 60},{','.join(values)}"


def days() -> Iterator[str]:
    """Play all days; yield the lines of the table."""
    cloud = cs.Cloud(seed=21, scale=1 / 400)
    desk, policy = cloud.desk("elasticache"), {"ParameterName": "maxmemory-policy"}
    desk.CreateCacheParameterGroup(
        {**OWN, "CacheParameterGroupFamily": "redis7", "Description": ""}
    )
    values = [{**policy, "ParameterValue": "allkeys-lru"}]
    desk.ModifyCacheParameterGroup({**OWN, "ParameterNameValues": values})
    desk.CreateCacheCluster({**OWN, "CacheClusterId": "shop"})
    cloud.advance(minutes=7 * 60)  # the calendar begins at 8:00, and the first day at midnight
    play(cloud, 9 * 60, "usual", 0.5)
    yield f"day,minute,{','.join(METRICS)}"
    for day in range(1, DAYS + 1):
        begin = cloud.account.calendar.now
        for hour in range(24):
            rate = next(rate for until, rate in RATES if hour < until)
            for minutes, what in pieces(day, hour):
                play(cloud, minutes, what, rate * (3 if day == SALE else 1))
        yield from (f"{day},{line}" for line in recorded(cloud, begin))


if __name__ == "__main__":
    TABLE.write_text("\n".join(days()) + "\n", "utf-8")
