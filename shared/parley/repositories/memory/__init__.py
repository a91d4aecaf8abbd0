"""Every port as plain values, for tests and benchmarks."""
