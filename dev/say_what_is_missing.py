"""Says, before the tests run, which of them need something this machine lacks."""

import os
import sys

from dev.kafka import is_available


def main() -> None:
    missing = is_available()
    if missing is None:
        return
    print("=" * 100, file=sys.stderr)
    print(f"NO REAL KAFKA ON THIS MACHINE: {missing}", file=sys.stderr)
    if os.environ.get("CI") == "true":
        print("CI=true: the tests that need it will FAIL.", file=sys.stderr)
    else:
        print("The contract tests of relay and followers WILL BE SKIPPED. Everything else runs.", file=sys.stderr)
    print("=" * 100, file=sys.stderr)


if __name__ == "__main__":
    main()
