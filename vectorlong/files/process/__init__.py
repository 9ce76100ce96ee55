"""The process that reads what parsers of others read."""
