"""The desk of DynamoDB: tables, items, capacity, and a table as it was at a moment."""
