def repair(answers):
    if len(answers) == 0:
        return [
            ["elasticache", "DescribeCacheClusters", {"CacheClusterId": "shop"}],
            ["elasticache", "DescribeCacheClusters", {"ShowCacheNodeInfo": True}],
            ["ec2", "DescribeSecurityGroups", {}],
            ["elasticache", "DescribeCacheParameterGroups", {}],
        ]
    if len(answers) > 1:
        return []
    _, every, groups, parameters = answers[0]
    by_name = {each["GroupName"]: each["GroupId"] for each in groups["SecurityGroups"]}
    names = [each["CacheParameterGroupName"] for each in parameters["CacheParameterGroups"]]
    port = next(
        c["CacheNodes"][0]["Endpoint"]["Port"]
        for c in every["CacheClusters"]
        if c["CacheClusterId"] == "shop"
    )
    permission = {
        "IpProtocol": "tcp",
        "FromPort": port,
        "ToPort": port,
        "UserIdGroupPairs": [{"GroupId": by_name["application"]}],
    }
    return [
        [
            "ec2",
            "AuthorizeSecurityGroupIngress",
            {"GroupId": by_name["cache"], "IpPermissions": [permission]},
        ],
        [
            "elasticache",
            "ModifyCacheParameterGroup",
            {
                "CacheParameterGroupName": next(name for name in names if name.startswith("shop-")),
                "ParameterNameValues": [
                    {"ParameterName": "maxmemory-policy", "ParameterValue": "allkeys-random"},
                    {"ParameterName": "reserved-memory-percent", "ParameterValue": "25"},
                ],
            },
        ],
    ]
