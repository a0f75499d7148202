"""Alembic's environment: the schema of the service, over the connection it is given, or as a script."""

from alembic import context

schema = context.config.attributes["schema"]
connection = context.config.attributes.get("connection")
if connection is None:
    context.configure(dialect_name="postgresql", version_table_schema=schema, literal_binds=True)
else:
    context.configure(connection=connection, version_table_schema=schema)
with context.begin_transaction():
    context.run_migrations()
