"""Throughput, latency, memory and detection quality: one command each, results printed as tables."""
