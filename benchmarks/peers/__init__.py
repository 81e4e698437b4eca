"""The same workload in other programs, each run in an environment of its own. Imports nothing of the project."""
