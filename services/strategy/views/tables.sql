-- Where each case stands in its strategy: built from our own log, emptied and built again at will. {schema} is the service's name.

CREATE TABLE {schema}.treatment_list (
    stream_id        uuid PRIMARY KEY,
    tenant_id        text NOT NULL,
    case_id          uuid NOT NULL,
    is_treated       boolean NOT NULL,
    strategy_version integer NOT NULL,      -- 0: it has not begun
    step             text NOT NULL,         -- empty: it stands nowhere
    kind             text NOT NULL,
    is_out           boolean NOT NULL,      -- a message is under way
    version          bigint NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX treatment_list_waiting ON {schema}.treatment_list (tenant_id, strategy_version, stream_id) WHERE is_treated AND NOT is_out;

CREATE TABLE {schema}.strategies_in_force (
    tenant_id text PRIMARY KEY,
    version   integer NOT NULL,
    migration text NOT NULL
);

-- Followers write them; nobody else is shown them yet.
DO $$
DECLARE
    table_name text;
BEGIN
    FOREACH table_name IN ARRAY ARRAY['treatment_list', 'strategies_in_force']
    LOOP
        EXECUTE format('ALTER TABLE {schema}.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', table_name);
        EXECUTE format('CREATE POLICY written_by_followers ON {schema}.%I TO {schema}_follower USING (true) WITH CHECK (true)', table_name);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON {schema}.%I TO {schema}_follower', table_name);
    END LOOP;
END
$$;
