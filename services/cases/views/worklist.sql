-- One page of a worklist, in the order in which cases came there. Those of an agent whose lease still runs, or those that wait (the first condition).
-- Balances stand beside one another: whose word counts is said by the portfolio's terms.
SELECT h.case_id, h.since, h.agent_id, h.lease_until, c.portfolio_id, c.external_ref, c.currency_code, c.bucket, c.segment, c.version,
       cases.ledger_on(c.case_id, 'infinity', 'infinity') AS ledger,
       cases.reported_on(c.case_id, 'infinity', 'infinity') AS reported
FROM cases.case_hands h JOIN cases.case_list c USING (case_id)
WHERE {whose}
  AND h.since > %(after)s
  AND c.lifecycle = 'OPEN'
  AND (%(client_ids)s::uuid[] IS NULL OR c.client_id = ANY (%(client_ids)s::uuid[]))
ORDER BY h.since
LIMIT %(size)s
