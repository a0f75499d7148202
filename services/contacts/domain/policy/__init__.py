"""The policy engine: may this person be contacted so, now, and why. The same pack, facts and instant give the same answer for ever."""
