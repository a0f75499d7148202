"""What can be asked, one group of commands for each file."""
