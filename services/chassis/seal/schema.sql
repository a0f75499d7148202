-- Keys of data subjects, apart from everything they seal: own schema, own role, own backup rule (backups of this schema expire
-- inside the promise of erasure). {schema} is the service's name. Change this file only together with a new migration.

DO $$
BEGIN
    CREATE ROLE {schema}_sealer NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;                                     -- roles belong to the server, schemas to the database: another database has made it
END
$$;

CREATE SCHEMA {schema}_keys;

CREATE TABLE {schema}_keys.keys (
    tenant_id      text NOT NULL,
    subject_id     uuid NOT NULL,
    key_version    integer NOT NULL CHECK (key_version > 0),
    kek_id         text NOT NULL,             -- which key-encryption key wraps it
    wrapped        bytea NOT NULL,
    seals_reserved bigint NOT NULL DEFAULT 0, -- upper bound of the values sealed with it: random nonces allow 2^32
    created_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant_id, subject_id, key_version)
);

-- What must stay destroyed: exported after each destruction, applied again after a restore.
CREATE TABLE {schema}_keys.destroyed (
    tenant_id    text NOT NULL,
    subject_id   uuid NOT NULL,
    key_version  integer NOT NULL,
    destroyed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant_id, subject_id, key_version)
);

-- No other role of the service comes near: not the writer, not a query role, not the schema's owner.
ALTER TABLE {schema}_keys.keys ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE {schema}_keys.destroyed ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY sealer_only ON {schema}_keys.keys TO {schema}_sealer USING (true) WITH CHECK (true);
CREATE POLICY sealer_only ON {schema}_keys.destroyed TO {schema}_sealer USING (true) WITH CHECK (true);

GRANT USAGE ON SCHEMA {schema}_keys TO {schema}_sealer;
GRANT SELECT, INSERT, DELETE ON {schema}_keys.keys TO {schema}_sealer;
GRANT UPDATE (kek_id, wrapped, seals_reserved) ON {schema}_keys.keys TO {schema}_sealer;
GRANT SELECT, INSERT ON {schema}_keys.destroyed TO {schema}_sealer;
