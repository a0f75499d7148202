"""The far side of strategy's ports: decision tables."""
