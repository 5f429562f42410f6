"""What must be true of groups, launches and mail once all is quiet."""

from tests.faults.comparing import differ

LAWS: dict[str, str] = {
    "each run of a group that is over was told of once, and launched what it is to": differ(
        "account_id, run_id, launched",
        """SELECT r.account_id, r.id::text AS run_id, r.details -> 'launched' AS launched, 1 AS n
             FROM runs r WHERE r.kind = 'group'""",
        """SELECT account_id, data ->> 'run_id' AS run_id, data -> 'launched' AS launched,
                  count(*) AS n
             FROM events WHERE type = 'group.finished' GROUP BY 1, 2, 3""",
    ),
    "a campaign was told to be launched as often as it was, and by whom": differ(
        "account_id, campaign_id, cause",
        """SELECT account_id, campaign_id::text, cause, count(*) AS n FROM campaign_launches
            GROUP BY 1, 2, 3""",
        """SELECT account_id, data ->> 'campaign_id' AS campaign_id, data ->> 'cause' AS cause,
                  count(*) AS n
             FROM events WHERE type = 'campaign.launched' GROUP BY 1, 2, 3""",
    ),
    "a step of a group has its run, which is of its job and of no other step": """
        SELECT s.group_run_id, s.position, s.state, r.state AS run
          FROM group_steps s FULL JOIN (SELECT * FROM runs WHERE trigger = 'group') r
            ON r.account_id = s.account_id AND r.id = s.run_id AND r.job_id = s.job_id
           AND r.parent_run_id = s.group_run_id AND r.state = s.state
         WHERE s.position IS NULL OR (s.run_id IS NOT NULL AND r.id IS NULL)
            OR s.awaited_run_id IS NOT NULL OR s.state IN ('waiting', 'running')""",
    "an e-mail about a run or an end is written once": """
        SELECT cause, cause_id, subject, count(*) AS n FROM messages
         GROUP BY account_id, cause, cause_id, subject HAVING count(*) > 1""",
    "a copy is pending exactly while it waits": """
        SELECT c.id, c.state, p.copy_id
          FROM (SELECT * FROM message_copies WHERE state = 'waiting') c
          FULL JOIN pending_copies p ON p.account_id = c.account_id AND p.copy_id = c.id
         WHERE c.id IS NULL OR p.copy_id IS NULL""",
}
