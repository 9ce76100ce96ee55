"""Fuzzing is started by `make fuzz`, and what it needs is not installed for the tests."""

collect_ignore = ["fuzz_reader.py"]
