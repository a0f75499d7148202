"""Servers for development and tests, started as child processes: PostgreSQL, an embedded broker, real Kafka."""
