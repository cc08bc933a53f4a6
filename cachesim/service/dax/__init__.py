"""The desk of DAX: clusters and their nodes, and what a node answers in front of DynamoDB."""
