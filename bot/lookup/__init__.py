"""The use case: one task id in, one snapshot of the task out."""
