"""The schema of the cases service, step by step; raw SQL."""
