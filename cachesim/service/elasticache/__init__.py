"""The desk of ElastiCache: replication groups, clusters, events; one file per kind of resource."""
