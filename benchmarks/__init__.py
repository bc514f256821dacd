"""What the product promises, in figures of the machine at hand. Each script runs alone: see docs/benchmarks.md."""
