# score: 0
# Finds everything, and changes nothing.
def repair(answers):
    if not answers:
        return [["elasticache", "DescribeCacheClusters", {}], ["ec2", "DescribeSecurityGroups", {}]]
    return []
