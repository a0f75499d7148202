"""What we owe the outside: read from our own log, done by one worker at a time, and told when it is done. Never inside a decision."""
