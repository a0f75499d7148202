"""The verbs of payments, for all its doors: receipts, ledgers and links."""
