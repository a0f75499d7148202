"""The business of payments: receipts, ledgers, sources. No technology."""
