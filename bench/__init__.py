"""Side-by-side benchmarks: what Tollbook reaches against other ways to do the same, measured in one run."""
