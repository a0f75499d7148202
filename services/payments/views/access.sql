-- Who may do what with the read models: followers write them, questions read them within one tenant. {schema} is the service's name.
DO $$
DECLARE
    table_name text;
BEGIN
    FOREACH table_name IN ARRAY ARRAY['source_list', 'payment_list', 'allocation_list', 'suspense_list', 'case_clients']
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
