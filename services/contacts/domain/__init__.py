"""The business of contacts: people, permits, messages. No technology."""
