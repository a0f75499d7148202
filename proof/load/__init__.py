"""Load: concurrent callers over gRPC who keep to the documented rules, and write down all they ask and are told. `python -m proof.load`."""
