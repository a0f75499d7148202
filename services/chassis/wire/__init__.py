"""Wire: facts as protobuf bytes and back, by functions made from the descriptors when the service starts."""
