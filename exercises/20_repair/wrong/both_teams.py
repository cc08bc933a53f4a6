# score: 90
# Changes the parameters of the queue, too.
def repair(answers):
    if not answers:
        shown = {"CacheClusterId": "shop", "ShowCacheNodeInfo": True}
        return [
            ["elasticache", "DescribeCacheClusters", shown],
            ["ec2", "DescribeSecurityGroups", {}],
        ]
    if len(answers) > 1:
        return []
    shop = answers[0][0]["CacheClusters"][0]
    ids = {group["GroupName"]: group["GroupId"] for group in answers[0][1]["SecurityGroups"]}
    name = shop["CacheParameterGroup"]["CacheParameterGroupName"]
    port = shop["CacheNodes"][0]["Endpoint"]["Port"]
    rule = {
        "IpProtocol": "tcp",
        "FromPort": port,
        "ToPort": port,
        "UserIdGroupPairs": [{"GroupId": ids["application"]}],
    }
    values = {"maxmemory-policy": "allkeys-lru", "reserved-memory-percent": "25"}
    pairs = [{"ParameterName": key, "ParameterValue": value} for key, value in values.items()]
    change = {"CacheParameterGroupName": name, "ParameterNameValues": pairs}
    other = {**change, "CacheParameterGroupName": name.replace("shop", "jobs")}
    return [
        [
            "ec2",
            "AuthorizeSecurityGroupIngress",
            {"GroupId": ids["cache"], "IpPermissions": [rule]},
        ],
        ["elasticache", "ModifyCacheParameterGroup", change],
        ["elasticache", "ModifyCacheParameterGroup", other],
    ]
