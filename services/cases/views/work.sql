-- Who works the cases, and what is on hold: for worklists and for the rule that chooses an agent. {schema} is the service's name.

CREATE TABLE {schema}.agents (
    agent_id      uuid PRIMARY KEY,
    tenant_id     text NOT NULL,
    registered_at bigint NOT NULL,        -- position of AgentRegistered: the stable order of pages
    is_active     boolean NOT NULL,
    languages     text[] NOT NULL,
    cases         integer NOT NULL DEFAULT 0,  -- how many are in its hands
    given_at      integer NOT NULL DEFAULT 0   -- version of its stream when it was last given one: `cases` counts those up to it
);
CREATE UNIQUE INDEX agents_order ON {schema}.agents (tenant_id, registered_at);

CREATE TABLE {schema}.agent_skills (
    agent_id   uuid NOT NULL,
    skill      text NOT NULL,
    tenant_id  text NOT NULL,
    expires_on date,
    PRIMARY KEY (agent_id, skill)
);

CREATE TABLE {schema}.agent_teams (
    agent_id  uuid NOT NULL,
    team_id   uuid NOT NULL,
    tenant_id text NOT NULL,
    PRIMARY KEY (agent_id, team_id)
);
CREATE INDEX agent_teams_team ON {schema}.agent_teams (team_id);

-- Whose hands a case is in; no agent: it waits for one, or (not waiting) for nobody. `since`: position of the fact that made it so.
CREATE TABLE {schema}.case_hands (
    case_id     uuid PRIMARY KEY,
    tenant_id   text NOT NULL,
    since       bigint NOT NULL,
    agent_id    uuid,
    lease_until timestamptz,
    team_id     uuid,
    is_waiting  boolean NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX case_hands_agent ON {schema}.case_hands (agent_id, since) WHERE agent_id IS NOT NULL;
CREATE INDEX case_hands_waiting ON {schema}.case_hands (tenant_id, team_id, since) WHERE is_waiting;
CREATE INDEX case_hands_waiting_for_any ON {schema}.case_hands (tenant_id, since) WHERE is_waiting;

-- Who has ever worked a case: whom its people know.
CREATE TABLE {schema}.case_workers (
    case_id   uuid NOT NULL,
    agent_id  uuid NOT NULL,
    tenant_id text NOT NULL,
    PRIMARY KEY (case_id, agent_id)
);

-- Holds of whole cases that stop contact or treatment: from the first day through the last; none: open-ended.
CREATE TABLE {schema}.case_holds (
    case_id   uuid NOT NULL,
    hold_id   uuid NOT NULL,
    tenant_id text NOT NULL,
    from_day  date NOT NULL,
    last_day  date,
    PRIMARY KEY (case_id, hold_id)
);

DO $$
DECLARE
    table_name text;
BEGIN
    FOREACH table_name IN ARRAY ARRAY['agents', 'agent_skills', 'agent_teams', 'case_hands', 'case_workers', 'case_holds']
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

-- What was told before these tables were there is written into them, too.
INSERT INTO {schema}.rebuilds (follower)
SELECT DISTINCT follower FROM {schema}.positions WHERE follower = 'view:cases' AND position > 0
ON CONFLICT DO NOTHING;
