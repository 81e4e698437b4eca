"""The outside world: one folder for each dialect that is spoken with a venue."""
