"""Writes the golden events that are missing: python -m tests.golden"""

from tests.golden.kept import add_missing

if __name__ == "__main__":
    added = add_missing()
    print("\n".join(added) or "nothing is missing")
