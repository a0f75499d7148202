-- Promises of a portfolio whose last day lies in between, by who took them and what came of them: as first published, and as known now.
-- What was published and is judged no more (it is due again) counts as published and not as restated.
WITH chosen AS (
    SELECT p.* FROM cases.promises p JOIN cases.case_list c USING (case_id)
    WHERE c.portfolio_id = %(portfolio_id)s AND p.last_day BETWEEN %(since)s AND %(through)s
)
SELECT taken_by, 'REPORTED' AS basis, published AS outcome, count(*)::bigint AS promises, sum(promised)::bigint AS promised,
       sum(least(published_paid, promised))::bigint AS paid
FROM chosen WHERE published IS NOT NULL GROUP BY taken_by, published
UNION ALL
SELECT taken_by, 'RESTATED', state, count(*)::bigint, sum(promised)::bigint, sum(least(paid, promised))::bigint
FROM chosen WHERE state IN ('KEPT', 'PARTLY_KEPT', 'BROKEN') GROUP BY taken_by, state
