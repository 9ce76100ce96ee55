"""Tables: a document a row."""
