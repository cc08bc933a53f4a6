"""The rows of the database: real SQL behind a small contract."""
