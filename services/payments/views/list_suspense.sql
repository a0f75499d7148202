-- One page of what waits, the oldest first.
SELECT s.item_id, s.payment_id, s.currency_code, s.minor_units, s.value_date, s.reason, s.candidate_case_ids, s.portfolio_ids, s.client_id,
       s.external_ref, s.since, s.opened, p.source_id, p.provider_ref
FROM payments.suspense_list s
JOIN payments.payment_list p USING (payment_id)
LEFT JOIN payments.source_list o USING (source_id)
WHERE s.opened > %(after)s
  AND (%(client_ids)s::uuid[] IS NULL OR COALESCE(p.client_id, o.client_id) = ANY (%(client_ids)s::uuid[]))
  AND (%(portfolio_id)s::uuid IS NULL OR s.portfolio_ids = '{}' OR %(portfolio_id)s::uuid = ANY (s.portfolio_ids))
  AND (%(reason)s::text IS NULL OR s.reason = %(reason)s::text)
ORDER BY s.opened
LIMIT %(size)s
