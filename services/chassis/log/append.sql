-- append(): one batch of units, one call, one transaction. {schema} is the service's name.
--
-- Lock and check are separate statements: in one statement the snapshot would predate the lock. When a few quick looks find nothing
-- wrong with any unit, all are stored together. Else each is judged, and one that loses is dropped alone; units that touch the same
-- request, stream, claim or mark within the batch (`suspects`) are judged one after the other.
--
-- Status: 0 stored, 1 repeated, 2 request id reused, 3 conflict, 4 claimed by another, 5 heard already, 6 timer stale;
-- 7, alone: all are stored, `position` is that of the log before them, `recorded_at` that of the first.

-- A column without values is null.

CREATE FUNCTION {schema}.append(
    -- Units, numbered from 1: the command (null where none spoke; reply null: nothing is kept), events of it and all before it.
    u_request text[], u_tenant text[], u_principal text[], u_method text[], u_payload bytea[], u_reply bytea[],
    u_through integer[],
    -- Timers that fired, and positions of heard facts to be moved.
    f_unit integer[], f_stream uuid[], f_key text[], f_version integer[], f_due timestamptz[],
    h_unit integer[], h_follower text[], h_source text[], h_epoch integer[], h_partition integer[],
    h_from bigint[], h_to bigint[], h_hint bigint[],
    -- Writes: expected version and head hash, new version and head hash; whether the stream's timers are replaced.
    w_unit integer[], w_stream uuid[], w_tenant text[], w_version integer[], w_hash bytea[], w_new_version integer[], w_new_hash bytea[],
    w_timers boolean[],
    -- Events in log order.
    e_unit integer[], e_stream uuid[], e_tenant text[], e_version integer[], e_type text[], e_traceparent text[], e_event bytea[],
    t_unit integer[], t_stream uuid[], t_tenant text[], t_version integer[], t_key text[], t_due timestamptz[],
    c_unit integer[], c_tenant text[], c_kind text[], c_hmac bytea[], c_stream uuid[],
    r_unit integer[], r_tenant text[], r_kind text[], r_hmac bytea[], r_stream uuid[],
    suspects integer[],
    on_development_clock boolean,
    is_rerun boolean
) RETURNS TABLE (unit integer, status smallint, "position" bigint, recorded_at timestamptz, version integer, stream_id uuid, detail text, reply bytea)
LANGUAGE plpgsql SECURITY INVOKER AS $$
#variable_conflict use_column
DECLARE
    n_units  CONSTANT integer := cardinality(u_through);
    all_good boolean := suspects IS NULL AND NOT is_rerun;            -- all units are to be stored, number = place
    todo     integer[];                       -- otherwise: the units to be judged in this round
    everyone boolean;                         -- all of them
    bad      integer[];
    good     integer[];
    n_good   integer;
    failed   record;
    at       timestamptz;
    first_at timestamptz;
    last_pos bigint;
    epoch_n  integer;
    added    bigint;
    next_suspect integer := 0;
    no_hash  CONSTANT bytea := decode(repeat('00', 32), 'hex');
BEGIN
    PERFORM pg_advisory_xact_lock({lock_class}, 0);
    SELECT e.epoch INTO STRICT epoch_n FROM {schema}.epochs e ORDER BY e.epoch DESC LIMIT 1;
    IF on_development_clock THEN
        SELECT d.now INTO at FROM {schema}.development_clock d;
    END IF;
    at := coalesce(at, clock_timestamp());

    all_good := all_good
        AND NOT EXISTS (
            SELECT FROM unnest(w_stream, w_tenant, w_version, w_hash) w(stream, tenant, version, hash)
              LEFT JOIN {schema}.streams s ON s.stream_id = w.stream
             WHERE coalesce(s.version, 0) <> w.version OR s.tenant_id <> w.tenant OR coalesce(s.head_hash, no_hash) <> w.hash)
        AND NOT EXISTS (
            SELECT FROM unnest(u_request, u_tenant, u_principal, u_method) u(request, tenant, principal, method)
              JOIN {schema}.commands c ON c.request_id = u.request AND c.tenant_id = u.tenant
                   AND c.principal = u.principal AND c.method = u.method);
    IF all_good AND cardinality(c_unit) > 0 THEN
        all_good := NOT EXISTS (
            SELECT FROM unnest(c_tenant, c_kind, c_hmac) k(tenant, kind, hmac)
              JOIN {schema}.claims c ON c.hmac = k.hmac AND c.kind = k.kind AND c.tenant_id = k.tenant);
    END IF;
    IF all_good AND cardinality(h_unit) > 0 THEN
        all_good := NOT EXISTS (
            SELECT FROM unnest(h_follower, h_source, h_epoch, h_partition, h_from) h(follower, source, epoch, part, from_position)
              LEFT JOIN {schema}.positions p ON p.follower = h.follower AND p.source = h.source AND p.epoch = h.epoch AND p.partition = h.part
             WHERE coalesce(p.position, 0) <> h.from_position);
    END IF;
    IF all_good AND cardinality(f_unit) > 0 THEN
        all_good := NOT EXISTS (
            SELECT FROM unnest(f_stream, f_key, f_version, f_due) f(stream, key, version, due)
              LEFT JOIN {schema}.timers t ON t.stream_id = f.stream AND t.key = f.key
             WHERE (t.version, t.due) IS DISTINCT FROM (f.version, f.due));
    END IF;

    IF NOT all_good THEN
        everyone := suspects IS NULL;
        todo := ARRAY(SELECT n FROM generate_series(1, n_units) n WHERE everyone OR n <> ALL (suspects));
    END IF;
    LOOP
        IF all_good THEN
            n_good := n_units;
            added := coalesce(cardinality(e_unit), 0);
        ELSE
            bad := ARRAY[]::integer[];
            FOR failed IN
                SELECT DISTINCT ON (f.unit) f.* FROM (
                    SELECT u.n::integer AS unit, 1 AS rank, (CASE WHEN c.payload_hash = u.payload THEN 1 ELSE 2 END)::smallint AS status,
                           c.position, c.recorded_at, NULL::integer AS version, NULL::uuid AS stream_id, NULL::text AS detail, c.reply
                      FROM unnest(u_request, u_tenant, u_principal, u_method, u_payload)
                           WITH ORDINALITY u(request, tenant, principal, method, payload, n)
                      JOIN {schema}.commands c ON c.request_id = u.request AND c.tenant_id = u.tenant
                           AND c.principal = u.principal AND c.method = u.method
                     WHERE (everyone OR u.n = ANY (todo))
                    UNION ALL
                    -- Sent again because its answer was lost: the very bytes are there, so it is stored (status 1 without a reply).
                    SELECT e.unit, 1, 1::smallint, max(x.position), max(x.recorded_at), NULL, NULL, NULL, NULL
                      FROM unnest(e_unit, e_stream, e_version, e_event) e(unit, stream, version, event)
                      JOIN {schema}.events x ON x.stream_id = e.stream AND x.version = e.version AND x.event = e.event
                     WHERE is_rerun AND e.unit = ANY (todo) AND u_request[e.unit] IS NULL
                     GROUP BY e.unit
                    UNION ALL
                    SELECT h.unit, 2, 5::smallint, coalesce(p.position, 0), NULL, NULL, NULL, NULL, NULL
                      FROM unnest(h_unit, h_follower, h_source, h_epoch, h_partition, h_from) h(unit, follower, source, epoch, part, from_position)
                      LEFT JOIN {schema}.positions p ON p.follower = h.follower AND p.source = h.source
                           AND p.epoch = h.epoch AND p.partition = h.part
                     WHERE h.unit = ANY (todo) AND coalesce(p.position, 0) <> h.from_position
                    UNION ALL
                    SELECT f.unit, 2, 6::smallint, NULL, NULL, t.version, f.stream, NULL, NULL
                      FROM unnest(f_unit, f_stream, f_key, f_version, f_due) f(unit, stream, key, version, due)
                      LEFT JOIN {schema}.timers t ON t.stream_id = f.stream AND t.key = f.key
                     WHERE f.unit = ANY (todo) AND (t.version, t.due) IS DISTINCT FROM (f.version, f.due)
                    UNION ALL
                    SELECT w.unit, 3, 3::smallint, NULL, NULL,
                           CASE WHEN s.tenant_id = w.tenant THEN s.version ELSE 0 END, w.stream, NULL, NULL
                      FROM unnest(w_unit, w_stream, w_tenant, w_version, w_hash) w(unit, stream, tenant, version, hash)
                      LEFT JOIN {schema}.streams s ON s.stream_id = w.stream
                     WHERE (everyone OR w.unit = ANY (todo))
                       AND (coalesce(s.version, 0) <> w.version OR s.tenant_id <> w.tenant OR coalesce(s.head_hash, no_hash) <> w.hash)
                    UNION ALL
                    SELECT k.unit, 4, 4::smallint, NULL, NULL, NULL, c.stream_id, k.kind, NULL
                      FROM unnest(c_unit, c_tenant, c_kind, c_hmac, c_stream) k(unit, tenant, kind, hmac, stream)
                      JOIN {schema}.claims c ON c.hmac = k.hmac AND c.kind = k.kind AND c.tenant_id = k.tenant
                     WHERE (everyone OR k.unit = ANY (todo)) AND c.stream_id <> k.stream
                       AND NOT EXISTS (SELECT FROM unnest(r_unit, r_tenant, r_kind, r_hmac, r_stream) r(unit, tenant, kind, hmac, stream)
                                        WHERE r.unit = k.unit AND r.hmac = k.hmac AND r.kind = k.kind AND r.tenant = k.tenant
                                          AND r.stream = c.stream_id)
                ) f ORDER BY f.unit, f.rank
            LOOP
                bad := bad || failed.unit;
                unit := failed.unit; status := failed.status; "position" := failed.position; recorded_at := failed.recorded_at;
                version := failed.version; stream_id := failed.stream_id; detail := failed.detail; reply := failed.reply;
                RETURN NEXT;
            END LOOP;

            good := CASE WHEN cardinality(bad) = 0 THEN todo ELSE ARRAY(SELECT g FROM unnest(todo) g WHERE g <> ALL (bad)) END;
            n_good := cardinality(good);
            added := (SELECT coalesce(sum(u_through[g] - coalesce(u_through[g - 1], 0)), 0) FROM unnest(good) g);
        END IF;

        IF n_good > 0 THEN
            -- One microsecond for each unit, so that recorded_at is monotone with position and one for each unit.
            UPDATE {schema}.log_counter l
               SET position = l.position + added,
                   recorded_at = greatest(at, l.recorded_at + interval '1 microsecond') + (n_good - 1) * interval '1 microsecond'
             WHERE l.shard = 0
            RETURNING l.position - added, l.recorded_at - (n_good - 1) * interval '1 microsecond' INTO last_pos, first_at;

            IF added > 0 THEN
                IF all_good THEN
                    INSERT INTO {schema}.events (stream_id, position, recorded_at, version, epoch, tenant_id, type_name, traceparent, event)
                    SELECT e.stream, last_pos + e.n, first_at + (e.unit - 1) * interval '1 microsecond',
                           e.version, epoch_n, e.tenant, e.type, e.traceparent, e.event
                      FROM unnest(e_unit, e_stream, e_tenant, e_version, e_type, e_traceparent, e_event)
                           WITH ORDINALITY e(unit, stream, tenant, version, type, traceparent, event, n);
                ELSE
                    INSERT INTO {schema}.events (stream_id, position, recorded_at, version, epoch, tenant_id, type_name, traceparent, event)
                    SELECT e.stream, last_pos + row_number() OVER (ORDER BY e.n),
                           first_at + (array_position(good, e.unit) - 1) * interval '1 microsecond',
                           e.version, epoch_n, e.tenant, e.type, e.traceparent, e.event
                      FROM unnest(e_unit, e_stream, e_tenant, e_version, e_type, e_traceparent, e_event)
                           WITH ORDINALITY e(unit, stream, tenant, version, type, traceparent, event, n)
                     WHERE e.unit = ANY (good);
                END IF;
                UPDATE {schema}.streams s SET version = w.new_version, head_hash = w.new_hash
                  FROM unnest(w_unit, w_stream, w_version, w_new_version, w_new_hash) w(unit, stream, version, new_version, new_hash)
                 WHERE (all_good OR w.unit = ANY (good)) AND w.version > 0 AND w.new_version > w.version AND s.stream_id = w.stream;
                IF 0 = ANY (w_version) THEN
                    INSERT INTO {schema}.streams (stream_id, version, tenant_id, head_hash)
                    SELECT w.stream, w.new_version, w.tenant, w.new_hash
                      FROM unnest(w_unit, w_stream, w_tenant, w_version, w_new_version, w_new_hash) w(unit, stream, tenant, version, new_version, new_hash)
                     WHERE (all_good OR w.unit = ANY (good)) AND w.version = 0 AND w.new_version > 0;
                END IF;
                IF true = ANY (w_timers) THEN
                    DELETE FROM {schema}.timers t
                     USING unnest(w_unit, w_stream, w_version, w_timers) w(unit, stream, version, replaced)
                     WHERE (all_good OR w.unit = ANY (good)) AND w.replaced AND w.version > 0 AND t.stream_id = w.stream;
                END IF;
                IF cardinality(t_unit) > 0 THEN
                    INSERT INTO {schema}.timers (stream_id, key, tenant_id, version, due)
                    SELECT t.stream, t.key, t.tenant, t.version, t.due
                      FROM unnest(t_unit, t_stream, t_tenant, t_version, t_key, t_due) t(unit, stream, tenant, version, key, due)
                     WHERE (all_good OR t.unit = ANY (good));
                END IF;
                IF cardinality(r_unit) > 0 THEN
                    DELETE FROM {schema}.claims c
                     USING unnest(r_unit, r_tenant, r_kind, r_hmac, r_stream) r(unit, tenant, kind, hmac, stream)
                     WHERE (all_good OR r.unit = ANY (good)) AND c.hmac = r.hmac AND c.kind = r.kind AND c.tenant_id = r.tenant AND c.stream_id = r.stream;
                END IF;
                IF cardinality(c_unit) > 0 THEN
                    INSERT INTO {schema}.claims (hmac, kind, tenant_id, stream_id)
                    SELECT k.hmac, k.kind, k.tenant, k.stream
                      FROM unnest(c_unit, c_tenant, c_kind, c_hmac, c_stream) k(unit, tenant, kind, hmac, stream)
                     WHERE (all_good OR k.unit = ANY (good))
                       AND NOT EXISTS (SELECT FROM {schema}.claims c WHERE c.hmac = k.hmac AND c.kind = k.kind AND c.tenant_id = k.tenant);
                END IF;
            END IF;

            IF cardinality(h_unit) > 0 THEN
                INSERT INTO {schema}.positions (follower, source, epoch, partition, position, offset_hint)
                SELECT h.follower, h.source, h.epoch, h.part, h.to_position, h.hint
                  FROM unnest(h_unit, h_follower, h_source, h_epoch, h_partition, h_from, h_to, h_hint)
                       h(unit, follower, source, epoch, part, from_position, to_position, hint)
                 WHERE (all_good OR h.unit = ANY (good)) AND h.to_position > h.from_position
                ON CONFLICT (follower, source, epoch, partition)
                DO UPDATE SET position = excluded.position, offset_hint = excluded.offset_hint, progressed_at = clock_timestamp();
            END IF;

            version := NULL; stream_id := NULL; detail := NULL; reply := NULL;
            IF all_good THEN
                INSERT INTO {schema}.commands (request_id, tenant_id, principal, method, payload_hash, position, recorded_at, reply)
                SELECT u.request, u.tenant, u.principal, u.method, u.payload, last_pos + u.through,
                       first_at + (u.n - 1) * interval '1 microsecond', u.reply
                  FROM unnest(u_request, u_tenant, u_principal, u_method, u_payload, u_through, u_reply)
                       WITH ORDINALITY u(request, tenant, principal, method, payload, through, reply, n)
                 WHERE u.request IS NOT NULL AND u.reply IS NOT NULL;
                unit := 0; status := 7; "position" := last_pos; recorded_at := first_at;
                RETURN NEXT;
                RETURN;
            END IF;
            status := 0;
            FOR unit, "position", recorded_at IN
                SELECT g.unit, last_pos + sum(u_through[g.unit] - coalesce(u_through[g.unit - 1], 0)) OVER (ORDER BY g.unit),
                       first_at + (g.rank - 1) * interval '1 microsecond'
                  FROM unnest(good) WITH ORDINALITY g(unit, rank) ORDER BY g.unit
            LOOP
                RETURN NEXT;
                IF u_request[unit] IS NOT NULL AND u_reply[unit] IS NOT NULL THEN
                    INSERT INTO {schema}.commands (request_id, tenant_id, principal, method, payload_hash, position, recorded_at, reply)
                    VALUES (u_request[unit], u_tenant[unit], u_principal[unit], u_method[unit], u_payload[unit],
                            "position", recorded_at, u_reply[unit]);
                END IF;
            END LOOP;
        END IF;

        next_suspect := next_suspect + 1;
        EXIT WHEN next_suspect > coalesce(cardinality(suspects), 0);
        todo := ARRAY[suspects[next_suspect]];
        everyone := false;
    END LOOP;
END $$;

-- Where the log stands. Raises `last` to complete_through: nothing is recorded at or before it later.
CREATE FUNCTION {schema}.head(on_development_clock boolean)
RETURNS TABLE (epoch integer, "position" bigint, complete_through timestamptz)
LANGUAGE plpgsql SECURITY INVOKER AS $$
#variable_conflict use_column
DECLARE
    at timestamptz;
BEGIN
    PERFORM pg_advisory_xact_lock({lock_class}, 0);
    IF on_development_clock THEN
        SELECT d.now INTO at FROM {schema}.development_clock d;
    END IF;
    RETURN QUERY
    UPDATE {schema}.log_counter l SET recorded_at = greatest(coalesce(at, clock_timestamp()), l.recorded_at)
     WHERE l.shard = 0
    RETURNING (SELECT max(e.epoch) FROM {schema}.epochs e), l.position, l.recorded_at;
END $$;
