# %% [markdown] id="question"
# # 20 · Repair the broken cache
#
# The cache of a shop is up, and the alarms are silent. But the database does all the work. **What keeps the cache from helping?** You have nothing but AWS's own calls to find out.
#
# Write `repair(answers)`. The tests call it again and again:
#
# - `answers` holds what AWS answered so far: a list of trips, each a list with the answer to each call. At first it is `[]`. Dates are texts, and a refused call is answered by
#   `{"Error": {"Code": ..., "Message": ...}}`.
# - Return the next trip: a list of calls. A call is a list of a service, an operation and a request, such as `["elasticache", "DescribeCacheClusters", {"ShowCacheNodeInfo": True}]`.
# - Or return `[]`: you are done. You have 20 trips.
#
# This is what you know:
#
# - the cluster `shop` is a Redis, and only the hosts of the security group `application` ask it;
# - the application stores its rows without a TTL, and a row that is not used for long may go;
# - the cluster `jobs` is the queue of another team, and works as it should: leave it as it is;
# - nobody but the application may reach the port of `shop`;
# - a node keeps a quarter of its memory for itself, as AWS advises, and the rest is for keys.
#
# Services are `elasticache` and `ec2`. Useful operations are `DescribeCacheClusters`, `DescribeCacheParameters`, `ModifyCacheParameterGroup`, `DescribeSecurityGroups` and
# `AuthorizeSecurityGroupIngress`. Five minutes after your last trip the tests look at the cloud, and send requests for a minute. Ours took 23 lines.


# %% id="repair"
def repair(answers):
    """Return the next trip, a list of calls [service, operation, request]; [] ends."""
    # BEGIN SOLUTION
    if len(answers) == 0:
        clusters = {"CacheClusterId": "shop", "ShowCacheNodeInfo": True}
        groups = {"GroupNames": ["application"]}
        return [
            ["elasticache", "DescribeCacheClusters", clusters],
            ["ec2", "DescribeSecurityGroups", groups],
        ]
    if len(answers) > 1:
        return []
    cluster = answers[0][0]["CacheClusters"][0]
    application = answers[0][1]["SecurityGroups"][0]["GroupId"]
    port = cluster["CacheNodes"][0]["Endpoint"]["Port"]
    sources = [{"GroupId": application}]
    rule = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "UserIdGroupPairs": sources}
    group = cluster["SecurityGroups"][0]["SecurityGroupId"]
    values = {"maxmemory-policy": "allkeys-lru", "reserved-memory-percent": "25"}
    pairs = [{"ParameterName": name, "ParameterValue": value} for name, value in values.items()]
    name = cluster["CacheParameterGroup"]["CacheParameterGroupName"]
    change = {"CacheParameterGroupName": name, "ParameterNameValues": pairs}
    return [
        ["ec2", "AuthorizeSecurityGroupIngress", {"GroupId": group, "IpPermissions": [rule]}],
        ["elasticache", "ModifyCacheParameterGroup", change],
    ]
    # END SOLUTION


# %% id="parameters" tags=["parameters"]
def parameters(random):
    """Draw the parameters of one student."""
    return {"port": random(6380, 6999), "suffix": random(100, 999), "reserved": random(85, 90)}


# %% id="helpers" tags=["helpers"]
import json

import cachesim as cs
from cachesim.service.faults import ServiceFault

MOST_TRIPS = 20
SERVICES = ("elasticache", "ec2")
FAMILY = {"CacheParameterGroupFamily": "redis7", "Description": ""}


class World:
    """A cloud with two clusters and three security groups; one cluster is of no use."""

    def __init__(self, lab):
        self.lab, self.params = lab, lab.params
        self.cloud = cs.Cloud(seed=lab.seed, scale=1 / 500)
        self.desks = {name: self.cloud.desk(name) for name in SERVICES}
        self.groups = {name: self.group(name) for name in ("application", "cache", "queue")}
        self.open(6379, "cache", "application")
        self.open(self.params["port"] + 1, "queue", "application")
        self.cluster("shop", "cache", self.params["port"], self.params["reserved"])
        self.cluster("jobs", "queue", self.params["port"] + 1, 25)
        self.cloud.advance(minutes=30)
        self.before = self.rest()

    def group(self, name):
        """Make a security group; return its id."""
        made = self.desks["ec2"].CreateSecurityGroup({"GroupName": name, "Description": name})
        return made["GroupId"]

    def open(self, port, name, source):
        """Let hosts of a group in."""
        rule = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port}
        rule["UserIdGroupPairs"] = [{"GroupId": self.groups[source]}]
        request = {"GroupId": self.groups[name], "IpPermissions": [rule]}
        self.desks["ec2"].AuthorizeSecurityGroupIngress(request)

    def cluster(self, name, group, port, reserved):
        """Make a cluster that refuses writes when it is full."""
        own = {"CacheParameterGroupName": f"{name}-{self.params['suffix']}"}
        values = {"maxmemory-policy": "noeviction", "reserved-memory-percent": str(reserved)}
        pairs = [{"ParameterName": key, "ParameterValue": value} for key, value in values.items()]
        desk = self.desks["elasticache"]
        desk.CreateCacheParameterGroup({**own, **FAMILY})
        desk.ModifyCacheParameterGroup({**own, "ParameterNameValues": pairs})
        security = {"SecurityGroupIds": [self.groups[group]], "Port": port}
        desk.CreateCacheCluster({"CacheClusterId": name, **own, **security})

    def rest(self):
        """Describe what belongs to the other team."""
        ec2, desk = self.desks["ec2"], self.desks["elasticache"]
        name = {"CacheParameterGroupName": f"jobs-{self.params['suffix']}", "Source": "user"}
        return readable(
            [
                desk.DescribeCacheClusters({"CacheClusterId": "jobs"}),
                desk.DescribeCacheParameters(name),
                ec2.DescribeSecurityGroups({"GroupIds": [self.groups["queue"]]}),
            ]
        )

    def repaired(self):
        """Let your function work; return the world five minutes later."""
        answers = []
        while trip := calls(self.lab.call("repair", answers)):
            assert len(answers) < MOST_TRIPS, f"not done after {MOST_TRIPS} trips"
            answers.append([self.answer(*call) for call in trip])
        self.cloud.advance(minutes=5)
        return self

    def answer(self, service, operation, request):
        """Return AWS's answer to a call."""
        known = getattr(self.desks[service], operation, None) if operation[0].isupper() else None
        if known is None:
            return {
                "Error": {"Code": "NotImplemented", "Message": f"{operation} is not simulated."}
            }
        try:
            return readable(known(request))
        except ServiceFault as fault:
            return {"Error": {"Code": fault.shape, "Message": str(fault)}}
        except KeyError as missing:
            return {"Error": {"Code": "MissingParameter", "Message": f"{missing} is missing."}}

    def reaches(self, group, port):
        """Whether a host of a group gets to a port of the shop's cache."""
        shop = self.desks["elasticache"].clusters.find("shop").settings["SecurityGroupIds"]
        return self.cloud.account.vpc.reaches(group, shop, port)

    def run(self):
        """Send requests for a minute; return the Result."""
        patience = cs.Resilience().replace(cache__timeout=0.05)
        popular = cs.popularity.Zipf(keys=3000, skew=0.7)
        return self.cloud.run(
            cluster="shop",
            strategy=cs.LazyLoading(),
            workload=cs.OpenLoop(rate=150, reads=1.0, popularity=popular),
            minutes=1,
            client_group=self.groups["application"],
            resilience=patience,
        )


def readable(answer):
    """Return an answer with texts in place of dates."""
    return json.loads(json.dumps(answer, default=str))


def calls(given):
    """Return the calls of a trip. Raises AssertionError if they are none."""
    shown = f"repair() returned {given!r:.80}"
    assert isinstance(given, list), f"{shown}; right: a list of calls"
    for each in given:
        is_call = isinstance(each, list) and len(each) == 3 and isinstance(each[2], dict)
        assert is_call, f"{shown}; each call is a list of a service, an operation and a request"
        assert each[0] in SERVICES, f"{shown}; the service is elasticache or ec2"
        is_name = isinstance(each[1], str) and each[1][:1].isalpha()
        assert is_name, f"{shown}; an operation is a name"
    return given


def world(lab):
    """Return the world after your repair."""
    return lab.once("repaired", lambda: World(lab).repaired())


def result(lab):
    """Return the Result of a minute of requests after your repair."""
    return lab.once("result", lambda: world(lab).run())


def parameter(lab, name):
    """Return the value of a parameter of the shop's cache."""
    found = world(lab)
    shop = found.desks["elasticache"].clusters.find("shop")
    return shop.parameters.values(found.cloud.account.calendar.now)[name]


# %% id="visible" tags=["visible"]
def test_the_application_reaches_the_cache(lab):
    found, port = world(lab), lab.params["port"]
    assert found.reaches(found.groups["application"], port), (
        f"packets from the group application to port {port} of the cache are dropped"
    )


def test_the_cache_is_of_use(lab):
    hits = result(lab).metrics["hit_ratio"]
    assert hits > 0.5, f"only {hits:.0%} of the reads found their row in the cache"


# %% id="hidden" tags=["hidden"]
def test_the_cache_evicts(lab):
    check_policy(lab)


def test_the_memory_is_used(lab):
    check_memory(lab)


def test_nobody_else_gets_in(lab):
    check_closed(lab)


def test_the_queue_is_as_it_was(lab):
    check_queue(lab)
