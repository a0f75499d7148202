"""The auditor's verifier: a stream's history, taken away as a file, checked offline. It trusts none of our servers and none of our code."""
