"""What must be true of sequences once all is quiet, in sentences as those of `invariants`.

They hold where there is no mail server: then an e-mail that left is one in the mailbox.
"""

_NEXT = """
    SELECT a.participation_id, count(q.action_id) + count(u.action_id)
           + count(*) FILTER (WHERE a.show_on_today) AS n
      FROM participant_actions a
      LEFT JOIN pending_actions q ON q.account_id = a.account_id AND q.action_id = a.id
      LEFT JOIN pending_sends u ON u.account_id = a.account_id AND u.action_id = a.id
     GROUP BY 1"""

LAWS: dict[str, str] = {
    "an e-mail of a sequence left once if its action says so, else never": """
        SELECT a.id, a.status, m.n FROM (
               SELECT id, status FROM participant_actions
                WHERE is_automatic AND status = 'initiated') a
          FULL JOIN (SELECT cause_id AS id, count(*) AS n FROM messages
                      WHERE cause = 'participant_action' GROUP BY 1) m USING (id)
         WHERE a.id IS NULL OR m.n IS DISTINCT FROM 1""",
    "whoever is in a sequence has one action that comes next, and nobody else has any": f"""
        SELECT p.id, p.state, next.n FROM participations p
          LEFT JOIN ({_NEXT}) next ON next.participation_id = p.id
         WHERE coalesce(next.n, 0) <> CASE WHEN p.ended_at IS NULL THEN 1 ELSE 0 END""",
    "an e-mail is at work only where it is to be sent": """
        SELECT a.id, a.status, a.attempted_at FROM participant_actions a
          FULL JOIN pending_sends u ON u.account_id = a.account_id AND u.action_id = a.id
         WHERE (a.status = 'sending_soon') IS DISTINCT FROM (u.action_id IS NOT NULL)""",
    "every action that was skipped by itself says why": """
        SELECT id FROM participant_actions
         WHERE status = 'auto_skipped' AND deferral_reason IS NULL""",
    "the account of a batch's run adds up, and is that of its steps": """
        SELECT r.id, r.total, r.succeeded, r.failed, r.skipped, r.unprocessed, s.n
          FROM runs r LEFT JOIN LATERAL (
               SELECT sum(w.value::bigint) AS n
                 FROM jsonb_each(r.details -> 'steps') d, jsonb_each_text(d.value) w
                WHERE w.key <> 'sending_soon') s ON true
         WHERE r.kind = 'batch' AND r.state LIKE 'succeeded%'
           AND (r.total IS DISTINCT FROM r.succeeded + r.failed + r.skipped + r.unprocessed
                OR r.total IS DISTINCT FROM coalesce(s.n, 0))""",
}
