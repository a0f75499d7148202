"""Because: what an answer rests on: the facts of the case, each with what it adds, and the versions of the rules that were in force."""
