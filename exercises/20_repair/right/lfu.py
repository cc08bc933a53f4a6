def repair(answers):
    if not answers:
        return [
            ["elasticache", "DescribeCacheClusters", {"ShowCacheNodeInfo": True}],
            ["ec2", "DescribeSecurityGroups", {}],
        ]
    shop = next(c for c in answers[0][0]["CacheClusters"] if c["CacheClusterId"] == "shop")
    ids = {group["GroupName"]: group["GroupId"] for group in answers[0][1]["SecurityGroups"]}
    name = shop["CacheParameterGroup"]["CacheParameterGroupName"]
    port = shop["CacheNodes"][0]["Endpoint"]["Port"]
    if len(answers) == 1:
        rule = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port}
        rule["UserIdGroupPairs"] = [{"GroupId": ids["application"]}]
        request = {"GroupId": ids["cache"], "IpPermissions": [rule]}
        return [["ec2", "AuthorizeSecurityGroupIngress", request]]
    left = [("maxmemory-policy", "allkeys-lfu"), ("reserved-memory-percent", "25")]
    if len(answers) - 2 < len(left):
        parameter, value = left[len(answers) - 2]
        pairs = [{"ParameterName": parameter, "ParameterValue": value}]
        request = {"CacheParameterGroupName": name, "ParameterNameValues": pairs}
        return [["elasticache", "ModifyCacheParameterGroup", request]]
    return []
