"""The verbs of contacts, for all its doors: people, permits and messages."""
