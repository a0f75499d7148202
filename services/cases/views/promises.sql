-- What lists of promises and kept rates are answered from: built from our own log, emptied and built again at will. {schema} is the service's name.

CREATE TABLE {schema}.promises (
    promise_id      uuid PRIMARY KEY,
    tenant_id       text NOT NULL,
    case_id         uuid NOT NULL,
    made_at         bigint NOT NULL,            -- position of PromiseMade: the stable order of pages
    taken_by        text NOT NULL,              -- the subject of a token, never a name
    state           text NOT NULL,
    is_suspended    boolean NOT NULL DEFAULT false,
    currency_code   text NOT NULL,
    promised        bigint NOT NULL,
    paid            bigint NOT NULL DEFAULT 0,  -- as it was last told
    grace_days      integer NOT NULL,
    last_day        date NOT NULL,              -- through which its last part may be paid
    published       text,                       -- what it was first judged to be; null: it has not been judged yet
    published_paid  bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 70);
CREATE INDEX promises_order ON {schema}.promises (tenant_id, made_at);
CREATE INDEX promises_case ON {schema}.promises (case_id);
CREATE INDEX promises_last_day ON {schema}.promises (last_day);

ALTER TABLE {schema}.promises ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY written_by_followers ON {schema}.promises TO {schema}_follower USING (true) WITH CHECK (true);
CREATE POLICY read_by_the_tenant ON {schema}.promises FOR SELECT TO {schema}_query
    USING (tenant_id = (SELECT current_setting('acuerdo.tenant', true)));
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON {schema}.promises TO {schema}_follower;
GRANT SELECT ON {schema}.promises TO {schema}_query;
