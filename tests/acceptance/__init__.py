"""The whole house, asked through its doors. A package, so that what its tests share ends with its last test."""
