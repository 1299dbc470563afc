//! Benchmarks of Leaktight beside their limits.
