-- Who may do what in the schema of one service. {schema} is the service's name. Roles belong to the cluster: made once, safe to make again.

DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['{schema}_writer', '{schema}_follower', '{schema}_sweeper', '{schema}_query'] LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;                             -- another database of this server has made it, perhaps a moment ago
        END;
    END LOOP;
END $$;

GRANT USAGE ON SCHEMA {schema} TO {schema}_writer, {schema}_follower, {schema}_sweeper, {schema}_query;

-- The writer appends; it cannot change what is stored. UPDATE only where a row is a counter or a head.
GRANT SELECT, INSERT ON {schema}.events, {schema}.commands TO {schema}_writer;
GRANT SELECT, INSERT, UPDATE ON {schema}.streams TO {schema}_writer;
GRANT SELECT, UPDATE ON {schema}.log_counter TO {schema}_writer;
GRANT SELECT, INSERT, DELETE ON {schema}.claims, {schema}.timers TO {schema}_writer;
GRANT SELECT, INSERT, UPDATE ON {schema}.positions TO {schema}_writer;
GRANT SELECT, INSERT ON {schema}.epochs TO {schema}_writer;
GRANT SELECT, INSERT, UPDATE ON {schema}.development_clock TO {schema}_writer;

GRANT SELECT ON {schema}.events, {schema}.streams, {schema}.log_counter, {schema}.epochs, {schema}.timers, {schema}.development_clock
    TO {schema}_follower;
GRANT SELECT, INSERT, UPDATE, DELETE ON {schema}.positions TO {schema}_follower;

GRANT SELECT, DELETE ON {schema}.commands TO {schema}_sweeper;
GRANT SELECT ON {schema}.log_counter TO {schema}_sweeper;

GRANT SELECT ON {schema}.events, {schema}.streams TO {schema}_query;

-- Nobody changes history, the owner and the superuser included.
CREATE FUNCTION {schema}.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'history is append-only: % on %.% is refused', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {schema}.events
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse_change();

-- Row-level security binds every role that is not the service itself. Unset tenant: no rows.
-- The writer's policy is `true`: the function checks the tenant of every stream it writes, and a lookup for each row costs half the throughput.
ALTER TABLE {schema}.events ENABLE ROW LEVEL SECURITY;
ALTER TABLE {schema}.events FORCE ROW LEVEL SECURITY;
ALTER TABLE {schema}.streams ENABLE ROW LEVEL SECURITY;
ALTER TABLE {schema}.streams FORCE ROW LEVEL SECURITY;
ALTER TABLE {schema}.commands ENABLE ROW LEVEL SECURITY;
ALTER TABLE {schema}.commands FORCE ROW LEVEL SECURITY;
ALTER TABLE {schema}.claims ENABLE ROW LEVEL SECURITY;
ALTER TABLE {schema}.claims FORCE ROW LEVEL SECURITY;
ALTER TABLE {schema}.timers ENABLE ROW LEVEL SECURITY;
ALTER TABLE {schema}.timers FORCE ROW LEVEL SECURITY;

CREATE POLICY service ON {schema}.events TO {schema}_writer, {schema}_follower USING (true) WITH CHECK (true);
CREATE POLICY service ON {schema}.streams TO {schema}_writer, {schema}_follower USING (true) WITH CHECK (true);
CREATE POLICY service ON {schema}.commands TO {schema}_writer, {schema}_sweeper USING (true) WITH CHECK (true);
CREATE POLICY service ON {schema}.claims TO {schema}_writer USING (true) WITH CHECK (true);
CREATE POLICY service ON {schema}.timers TO {schema}_writer, {schema}_follower USING (true) WITH CHECK (true);
CREATE POLICY tenant ON {schema}.events TO {schema}_query
    USING (tenant_id = (SELECT current_setting('acuerdo.tenant', true))) WITH CHECK (tenant_id = (SELECT current_setting('acuerdo.tenant', true)));
CREATE POLICY tenant ON {schema}.streams TO {schema}_query
    USING (tenant_id = (SELECT current_setting('acuerdo.tenant', true))) WITH CHECK (tenant_id = (SELECT current_setting('acuerdo.tenant', true)));
