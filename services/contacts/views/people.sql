-- By what persons are found, and the cases they are in. {schema} is the service's name.

-- Keyed hashes only. A row goes with its person: what is erased is not written again when the table is rebuilt.
CREATE TABLE {schema}.person_index (
    tenant_id text NOT NULL,
    kind      text NOT NULL,             -- NATIONAL_ID, REFERENCE, PHONE, EMAIL, POSTAL, ACCOUNT, NAME or BIRTH_DATE
    hmac      bytea NOT NULL,
    item_id   uuid NOT NULL,             -- the contact point, the identifier, or the person for its name and birth date
    person_id uuid NOT NULL,             -- as it was recorded: whom that was merged into, the person itself says
    PRIMARY KEY (tenant_id, kind, hmac, item_id)
);
CREATE INDEX person_index_items ON {schema}.person_index (item_id);
CREATE INDEX person_index_persons ON {schema}.person_index (person_id);

CREATE TABLE {schema}.case_files (
    file_id      uuid PRIMARY KEY,
    tenant_id    text NOT NULL,
    case_id      uuid NOT NULL,
    client_id    uuid NOT NULL,
    portfolio_id uuid NOT NULL,
    external_ref text NOT NULL,
    is_closed    boolean NOT NULL
);

CREATE TABLE {schema}.case_file_parties (
    file_id   uuid NOT NULL,
    person_id uuid NOT NULL,
    tenant_id text NOT NULL,
    role      text NOT NULL,
    PRIMARY KEY (file_id, person_id)
);
CREATE INDEX case_file_parties_person ON {schema}.case_file_parties (person_id);

DO $$
DECLARE
    table_name text;
BEGIN
    FOREACH table_name IN ARRAY ARRAY['person_index', 'case_files', 'case_file_parties']
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
