-- One page of a portfolio's differences, oldest first. Listed until somebody resolves them or a newer snapshot takes their place.
SELECT d.case_id, c.external_ref, d.as_of, d.is_resolved, d.fact
FROM cases.case_balance_differences d
JOIN cases.case_list c ON c.case_id = d.case_id
WHERE c.portfolio_id = %(portfolio_id)s
  AND (d.as_of, d.case_id) > (%(after_day)s::date, %(after_case)s::uuid)
  AND (%(with_explained)s
       OR (d.unexplained <> 0 AND NOT d.is_resolved
           AND NOT EXISTS (SELECT FROM cases.case_balances_reported r
                           WHERE r.case_id = d.case_id AND r.as_of > d.as_of AND r.retracted_at IS NULL)))
ORDER BY d.as_of, d.case_id
LIMIT %(size)s
