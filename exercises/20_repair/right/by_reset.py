def repair(answers):
    if not answers:
        return [
            [
                "elasticache",
                "DescribeCacheClusters",
                {"CacheClusterId": "shop", "ShowCacheNodeInfo": True},
            ]
        ]
    if len(answers) == 1:
        return [
            [
                "ec2",
                "DescribeSecurityGroups",
                {"Filters": [{"Name": "group-name", "Values": ["application"]}]},
            ]
        ]
    if len(answers) == 3:
        return []
    shop = answers[0][0]["CacheClusters"][0]
    application = answers[1][0]["SecurityGroups"][0]["GroupId"]
    port = shop["CacheNodes"][0]["Endpoint"]["Port"]
    own = {"CacheParameterGroupName": shop["CacheParameterGroup"]["CacheParameterGroupName"]}
    rule = {
        "IpProtocol": "tcp",
        "FromPort": port,
        "ToPort": port,
        "UserIdGroupPairs": [{"GroupId": application}],
    }
    return [
        [
            "ec2",
            "AuthorizeSecurityGroupIngress",
            {"GroupId": shop["SecurityGroups"][0]["SecurityGroupId"], "IpPermissions": [rule]},
        ],
        [
            "elasticache",
            "ResetCacheParameterGroup",
            {**own, "ParameterNameValues": [{"ParameterName": "reserved-memory-percent"}]},
        ],
        [
            "elasticache",
            "ModifyCacheParameterGroup",
            {
                **own,
                "ParameterNameValues": [
                    {"ParameterName": "maxmemory-policy", "ParameterValue": "allkeys-lru"}
                ],
            },
        ],
    ]
