-- Who may be given a case: active agents with the skills, the language and the team it asks for; who knows its people first, then who has
-- least to do. Whether a certificate still counts, and whether there is room, is decided on the agents themselves.
WITH known AS (
    SELECT w.agent_id, count(DISTINCT w.case_id) AS cases
    FROM cases.case_parties mine
    JOIN cases.case_parties others USING (person_id)
    JOIN cases.case_workers w ON w.case_id = others.case_id
    WHERE mine.case_id = %(case_id)s
    GROUP BY w.agent_id
)
SELECT a.agent_id,
       COALESCE(k.cases, 0) AS cases_of_person,
       a.cases - CASE WHEN h.case_id IS NULL THEN 0 ELSE 1 END AS load,  -- this case itself is no other work
       a.given_at
FROM cases.agents a
LEFT JOIN known k USING (agent_id)
LEFT JOIN cases.case_hands h ON h.case_id = %(case_id)s AND h.agent_id = a.agent_id
WHERE CASE
    WHEN %(agent_id)s::uuid IS NOT NULL THEN a.agent_id = %(agent_id)s::uuid
    ELSE a.is_active
         AND (%(language)s::text = '' OR %(language)s::text = ANY (a.languages))
         AND (%(team_id)s::uuid IS NULL
              OR EXISTS (SELECT FROM cases.agent_teams t WHERE t.agent_id = a.agent_id AND t.team_id = %(team_id)s::uuid))
         AND (SELECT count(*) FROM cases.agent_skills s WHERE s.agent_id = a.agent_id AND s.skill = ANY (%(skills)s::text[]))
             = cardinality(%(skills)s::text[])
    END
ORDER BY cases_of_person DESC, load, a.agent_id
LIMIT %(size)s
