-- One page of cases in the order of their registration.
-- Balances stand beside one another: whose word counts is said by the portfolio's terms.
SELECT c.case_id, c.client_id, c.portfolio_id, c.external_ref, c.currency_code, c.lifecycle, c.bucket, c.segment, c.version, c.registered_at,
       cases.ledger_on(c.case_id, 'infinity', 'infinity') AS ledger,
       cases.reported_on(c.case_id, 'infinity', 'infinity') AS reported
FROM cases.case_list c
WHERE c.registered_at > %(after)s
  AND (%(client_ids)s::uuid[] IS NULL OR c.client_id = ANY (%(client_ids)s::uuid[]))
  AND (%(client_id)s::uuid IS NULL OR c.client_id = %(client_id)s::uuid)
  AND (%(portfolio_id)s::uuid IS NULL OR c.portfolio_id = %(portfolio_id)s::uuid)
  AND (%(batch_id)s::uuid IS NULL OR c.batch_id = %(batch_id)s::uuid)
  AND (%(external_ref)s::text IS NULL OR c.external_ref = %(external_ref)s::text)
  AND (%(bucket)s::text IS NULL OR c.bucket = %(bucket)s::text)
  AND (%(segment)s::text IS NULL OR c.segment = %(segment)s::text)
  AND (%(lifecycle)s::text IS NULL OR c.lifecycle = %(lifecycle)s::text)
  AND (%(person_id)s::uuid IS NULL
       OR EXISTS (SELECT FROM cases.case_parties p WHERE p.case_id = c.case_id AND p.person_id = %(person_id)s::uuid))
ORDER BY c.registered_at
LIMIT %(size)s
