-- A portfolio's cases at two days, by bucket at the first and at the second, with balances at both.
-- `as_of_cut` and `since_cut` are the instants before which a fact must have been known: 'infinity' for what we know today.
WITH lives AS (
    SELECT c.case_id,
           COALESCE((SELECT l.lifecycle <> 'CLOSED' FROM cases.case_lives l
                     WHERE l.case_id = c.case_id AND l.occurred_at < %(as_of_end)s AND l.recorded_at < %(as_of_cut)s
                       AND l.lifecycle IN ('CLOSED', 'REOPENED')
                     ORDER BY l.occurred_at DESC, l.position DESC LIMIT 1), true)
               AND EXISTS (SELECT FROM cases.case_lives l
                           WHERE l.case_id = c.case_id AND l.lifecycle = 'OPEN' AND l.recorded_at < %(as_of_cut)s) AS is_in,
           %(since)s::date IS NOT NULL
               AND COALESCE((SELECT l.lifecycle <> 'CLOSED' FROM cases.case_lives l
                             WHERE l.case_id = c.case_id AND l.occurred_at < %(since_end)s AND l.recorded_at < %(since_cut)s
                               AND l.lifecycle IN ('CLOSED', 'REOPENED')
                             ORDER BY l.occurred_at DESC, l.position DESC LIMIT 1), true)
               AND EXISTS (SELECT FROM cases.case_lives l
                           WHERE l.case_id = c.case_id AND l.lifecycle = 'OPEN' AND l.recorded_at < %(since_cut)s) AS was_in
    FROM cases.case_list c
    WHERE c.portfolio_id = %(portfolio_id)s
), buckets AS (
    SELECT v.case_id, v.is_in, v.was_in,
           CASE WHEN %(as_reported)s
                THEN (SELECT t.bucket FROM cases.case_buckets_told t WHERE t.case_id = v.case_id AND t.recorded_at < %(as_of_cut)s
                      ORDER BY t.position DESC LIMIT 1)
                ELSE (SELECT r.bucket FROM cases.case_buckets_restated r
                      WHERE r.case_id = v.case_id AND r.from_day <= %(as_of)s AND (r.to_day IS NULL OR r.to_day > %(as_of)s))
           END AS bucket,
           CASE WHEN %(as_reported)s
                THEN (SELECT t.bucket FROM cases.case_buckets_told t WHERE t.case_id = v.case_id AND t.recorded_at < %(since_cut)s
                      ORDER BY t.position DESC LIMIT 1)
                ELSE (SELECT r.bucket FROM cases.case_buckets_restated r
                      WHERE r.case_id = v.case_id AND r.from_day <= %(since)s AND (r.to_day IS NULL OR r.to_day > %(since)s))
           END AS bucket_before
    FROM lives v
    WHERE v.is_in OR v.was_in
), balances AS (
    SELECT b.*,
           COALESCE(CASE WHEN %(creditor_says)s THEN cases.reported_on(b.case_id, %(as_of)s, %(as_of_cut)s) END,
                    cases.ledger_on(b.case_id, %(as_of)s, %(as_of_cut)s)) AS balance,
           CASE WHEN b.was_in
                THEN COALESCE(CASE WHEN %(creditor_said)s THEN cases.reported_on(b.case_id, %(since)s, %(since_cut)s) END,
                              cases.ledger_on(b.case_id, %(since)s, %(since_cut)s))
           END AS balance_before
    FROM buckets b
)
SELECT is_in, was_in, COALESCE(bucket, '') AS bucket, COALESCE(bucket_before, '') AS bucket_before,
       count(*) AS cases, sum(balance)::bigint AS balance, COALESCE(sum(balance_before), 0)::bigint AS balance_before
FROM balances
GROUP BY 1, 2, 3, 4
