-- One page of sources in the order of their registration.
SELECT s.source_id, s.registered_at
FROM payments.source_list s
WHERE s.registered_at > %(after)s
  AND (%(client_ids)s::uuid[] IS NULL OR s.client_id = ANY (%(client_ids)s::uuid[]))
  AND (%(portfolio_id)s::uuid IS NULL OR s.portfolio_ids = '{}' OR %(portfolio_id)s::uuid = ANY (s.portfolio_ids))
ORDER BY s.registered_at
LIMIT %(size)s
