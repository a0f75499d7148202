-- Contacts with people, and messages that wait to be sent: built from our own log, emptied and built again at will. {schema} is the service's name.

-- One row for each interaction; listed in the order in which they began.
CREATE TABLE {schema}.interactions (
    interaction_id uuid PRIMARY KEY,
    tenant_id      text NOT NULL,
    began_at       bigint NOT NULL,       -- position of its first fact: the stable order of pages
    case_id        uuid NOT NULL,
    person_id      uuid NOT NULL
);
CREATE INDEX interactions_case ON {schema}.interactions (case_id, began_at);
CREATE INDEX interactions_person ON {schema}.interactions (person_id, began_at);

-- Attempts that have begun and are neither sent nor over.
CREATE TABLE {schema}.dispatches (
    interaction_id uuid PRIMARY KEY,
    tenant_id      text NOT NULL,
    began_at       bigint NOT NULL,
    send_before    timestamptz NOT NULL,
    waits_for_link boolean NOT NULL
);

-- What the sender itself knows and no fact tells: how often it has tried. Not a view: it outlives a rebuild.
CREATE TABLE {schema}.dispatch_tries (
    interaction_id uuid PRIMARY KEY,
    tries          integer NOT NULL,
    tried_at       timestamptz NOT NULL,
    retry_at       timestamptz,           -- real time; none: the try is in hand, or its process has died
    may_be_out     boolean NOT NULL       -- a try was handed over, and its answer is not known (yet)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON {schema}.dispatch_tries TO {schema}_follower;

DO $$
DECLARE
    table_name text;
BEGIN
    FOREACH table_name IN ARRAY ARRAY['interactions', 'dispatches']
    LOOP
        EXECUTE format('ALTER TABLE {schema}.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', table_name);
        EXECUTE format('CREATE POLICY written_by_followers ON {schema}.%I TO {schema}_follower USING (true) WITH CHECK (true)', table_name);
        EXECUTE format(
            'CREATE POLICY read_by_the_tenant ON {schema}.%I FOR SELECT TO {schema}_query USING (tenant_id = (SELECT current_setting(''acuerdo.tenant'', true)))',
            table_name);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON {schema}.%I TO {schema}_follower', table_name);
        EXECUTE format('GRANT SELECT ON {schema}.%I TO {schema}_query', table_name);
    END LOOP;
END
$$;

-- Up to where the read models know the log: what a question that must show a write waits for. Holds nothing of any tenant.
GRANT SELECT ON {schema}.positions TO {schema}_query;
