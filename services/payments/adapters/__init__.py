"""The far side of the ports of payments: documents of waterfalls, columns of creditors' files."""
