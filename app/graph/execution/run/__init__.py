"""The executor of plans: the parts that plans consist of, and the reads that they make."""
