"""The business of strategy: which table is in force, and where each case stands by it. No technology."""
