"""Scenario file -> telemetry with labelled faults, for the demo, the tests and the benchmarks; never for production."""
