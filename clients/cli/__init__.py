"""`acuerdo`: the command line for people who run, ask and audit. One file for each group of commands."""
