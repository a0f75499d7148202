-- One page of agents in the order of their registration.
SELECT a.agent_id, a.registered_at
FROM cases.agents a
WHERE a.registered_at > %(after)s
  AND (%(team_id)s::uuid IS NULL
       OR EXISTS (SELECT FROM cases.agent_teams t WHERE t.agent_id = a.agent_id AND t.team_id = %(team_id)s::uuid))
  AND (%(skill)s::text = '' OR EXISTS (SELECT FROM cases.agent_skills s WHERE s.agent_id = a.agent_id AND s.skill = %(skill)s::text))
ORDER BY a.registered_at
LIMIT %(size)s
