"""The checker: judges a finished run by the invariants of the house. It stands on SQL, Kafka records and the contracts alone."""
