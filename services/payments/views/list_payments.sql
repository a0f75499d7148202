-- One page of payments in the order in which they were recorded, with what of each is spread and what waits.
SELECT p.payment_id, p.source_id, p.provider_ref, p.currency_code, p.minor_units, p.value_date, p.recorded_at, p.recorded, p.case_id, p.reversed_on,
       COALESCE((SELECT sum(a.minor_units) FROM payments.allocation_list a
                 WHERE a.payment_id = p.payment_id AND a.reversed_on IS NULL), 0)::bigint AS allocated,
       COALESCE((SELECT sum(s.minor_units) FROM payments.suspense_list s WHERE s.payment_id = p.payment_id), 0)::bigint AS waiting
FROM payments.payment_list p
LEFT JOIN payments.source_list o USING (source_id)
LEFT JOIN payments.case_clients c ON c.case_id = p.case_id
WHERE p.recorded > %(after)s
  AND (%(client_ids)s::uuid[] IS NULL OR COALESCE(p.client_id, c.client_id, o.client_id) = ANY (%(client_ids)s::uuid[]))
  AND (%(source_id)s::uuid IS NULL OR p.source_id = %(source_id)s::uuid)
  AND (%(from_day)s::date IS NULL OR p.value_date >= %(from_day)s::date)
  AND (%(through_day)s::date IS NULL OR p.value_date <= %(through_day)s::date)
  AND (%(case_id)s::uuid IS NULL OR p.case_id = %(case_id)s::uuid OR p.payment_id IN (
        SELECT a.payment_id FROM payments.allocation_list a WHERE a.case_id = %(case_id)s::uuid))
ORDER BY p.recorded
LIMIT %(size)s
