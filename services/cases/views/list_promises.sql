-- One page of a portfolio's promises in the order in which they were made.
SELECT p.promise_id, p.case_id, p.made_at, p.taken_by, p.state, p.is_suspended, p.currency_code, p.promised, p.paid, p.last_day, p.published
FROM cases.promises p JOIN cases.case_list c USING (case_id)
WHERE c.portfolio_id = %(portfolio_id)s
  AND p.made_at > %(after)s
  AND (%(state)s::text IS NULL OR p.state = %(state)s::text)
  AND (%(last_day_from)s::date IS NULL OR p.last_day >= %(last_day_from)s::date)
  AND (%(last_day_through)s::date IS NULL OR p.last_day <= %(last_day_through)s::date)
ORDER BY p.made_at
LIMIT %(size)s
