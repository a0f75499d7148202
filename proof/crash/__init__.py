"""Crash points: a service's ordinary process that kills itself at a named place, then what a restart makes of it."""
