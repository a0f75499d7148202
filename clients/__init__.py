"""Those who ask, listen and audit. They know the promises (acuerdo.*), never the services."""
