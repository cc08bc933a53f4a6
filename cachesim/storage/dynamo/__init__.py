"""What DynamoDB does with items: their values and sizes, expressions, and units of capacity. Nothing runs here."""
