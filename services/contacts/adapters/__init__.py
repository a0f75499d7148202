"""The far side of contacts: how numbers and addresses are written, and the keyed look-up of what nobody may read."""
