-- Cases that nothing wakes: they have not begun although a strategy is in force (they were opened before it, or are of before our first
-- deployment), or another version has taken over and lets them move at once. None while the history of any source is still being heard.
SELECT t.stream_id, t.tenant_id, t.case_id, t.version, f.version AS in_force
FROM treatment_list t
JOIN strategies_in_force f USING (tenant_id)
WHERE t.is_treated AND NOT t.is_out
  AND (t.step = '' OR (t.strategy_version <> f.version AND (f.migration <> 'FINISH_STEP' OR t.kind = 'END')))
  AND NOT EXISTS (
      SELECT FROM listens l
      JOIN positions p ON (p.follower, p.source, p.epoch) = (l.follower, l.source, l.epoch)
      LEFT JOIN watermarks w ON (w.follower, w.source, w.epoch, w.partition) = (p.follower, p.source, p.epoch, p.partition)
      WHERE p.position < l.muted_until AND (w.head_position IS NULL OR p.position < w.head_position))
ORDER BY t.stream_id
LIMIT %s
