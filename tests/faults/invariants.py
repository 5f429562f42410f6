"""What must be true of the database once all is quiet, whatever happened before.

Each law is a sentence and a query for the rows that break it; a law is kept when it finds none.
They hold while nobody moves a response after its resolution.
"""

from tests.faults import cadences, grouped
from tests.faults.comparing import differ

_RESOLVED = "r.resolved_at IS NOT NULL"
_IN_A_LANE = "r.mode <> 'synchronous'"
_ACTIVE = "('Open - Not Contacted', 'Attempting Contact', 'Working', 'Qualified - New Opportunity')"
_PENDING = "('Pending - Scoring', 'Pending - TQR')"


_BY_STATUS_IN_EVENTS = """
    SELECT e.account_id, (c ->> 'campaign_id')::uuid AS campaign_id, s.key AS status,
           sum(s.value::bigint) AS n
      FROM events e, jsonb_array_elements(e.data -> 'campaigns') c,
           jsonb_each_text(c -> 'by_status') s
     WHERE e.type = 'responses.resolved' GROUP BY 1, 2, 3"""

# Chunks of files resolve rows themselves, synchronous ones and others; told under their run.
_IN_CHUNKS = """
    SELECT e.account_id, (c ->> 'campaign_id')::uuid AS campaign_id, s.key AS status,
           sum(s.value::bigint) AS n
      FROM events e JOIN runs r ON r.account_id = e.account_id AND r.kind = 'import'
       AND r.id::text = e.data ->> 'run_id',
           jsonb_array_elements(e.data -> 'campaigns') c, jsonb_each_text(c -> 'by_status') s
     WHERE e.type = 'responses.resolved' GROUP BY 1, 2, 3"""
# A chunk may score a row that is to wait for its grace; nothing counts those.
_WITHOUT_FILES = "r.account_id NOT IN (SELECT account_id FROM runs WHERE kind = 'import')"
# Of a run's attempts: how the last ended, and how many before it have used up a retry.
_ENDINGS = """
    SELECT count(*) FILTER (WHERE place <= r.attempt AND ending <> 'worker_stopped') AS used,
           max(ending) FILTER (WHERE place = r.attempt + 1) AS last
      FROM (SELECT said ->> 'ending' AS ending, place
              FROM jsonb_array_elements(r.details -> 'attempts')
                   WITH ORDINALITY AS a(said, place)) e"""

LAWS: dict[str, str] = (
    {
        "a response is announced once if it was qualified, else never": differ(
            "account_id, response_id",
            f"""SELECT r.account_id, r.id::text AS response_id, 1 AS n FROM responses r
             WHERE {_RESOLVED} AND r.status IN {_ACTIVE}""",
            """SELECT account_id, data ->> 'response_id' AS response_id, count(*) AS n FROM events
            WHERE type = 'response.qualified' GROUP BY 1, 2""",
        ),
        "an event was delivered to each endpoint of its account": differ(
            "account_id, endpoint_id, event_id",
            """SELECT e.account_id, w.id AS endpoint_id, e.id AS event_id, 1 AS n
             FROM events e JOIN webhook_endpoints w
                  ON w.account_id = e.account_id AND w.enabled AND w.since_xid < e.xid""",
            """SELECT account_id, endpoint_id, event_id, count(*) AS n FROM deliveries
            WHERE state = 'succeeded' GROUP BY 1, 2, 3""",
        ),
        "every resolution was told once": differ(
            "account_id, campaign_id, status",
            f"""SELECT account_id, campaign_id, status, count(*) AS n FROM responses r
             WHERE {_RESOLVED} GROUP BY 1, 2, 3""",
            _BY_STATUS_IN_EVENTS,
        ),
        "the totals told are the sums of what they tell": """
        SELECT e.id FROM events e
         WHERE e.type = 'responses.resolved' AND (e.data ->> 'total')::bigint <> (
               SELECT sum(s.value::bigint) FROM jsonb_array_elements(e.data -> 'campaigns') c,
                      jsonb_each_text(c -> 'by_status') s)""",
        "a run's successes are the resolutions told under its name": differ(
            "account_id, run_id",
            """SELECT account_id, id::text AS run_id, succeeded AS n FROM runs
            WHERE kind = 'scoring'""",
            """SELECT account_id, data ->> 'run_id' AS run_id, sum((data ->> 'total')::bigint) AS n
             FROM events e WHERE type = 'responses.resolved' AND EXISTS (
                  SELECT FROM runs r WHERE r.account_id = e.account_id AND r.kind = 'scoring'
                     AND r.id::text = e.data ->> 'run_id')
            GROUP BY 1, 2""",
        ),
        "counters and what they have not folded yet are the number of responses": differ(
            "account_id, campaign_id, status",
            "SELECT account_id, campaign_id, status, count(*) AS n FROM responses GROUP BY 1, 2, 3",
            """SELECT account_id, campaign_id, status, sum(n) AS n FROM (
                  SELECT account_id, campaign_id, status, n FROM status_counts UNION ALL
                  SELECT account_id, campaign_id, status, n FROM status_deltas) c
            GROUP BY 1, 2, 3""",
        ),
        "the parts of a score add up": """
        SELECT id FROM responses
         WHERE (scored_at IS NULL) <> (score_total IS NULL)
            OR score_total <> score_person + score_campaign + score + score_rules
            OR (resolved_at IS NOT NULL AND scored_at IS NULL)""",
        "a run's account adds up": """
        SELECT id, total, processed, succeeded, failed, skipped, unprocessed FROM runs
         WHERE kind = 'scoring'
           AND (total IS DISTINCT FROM succeeded + failed + skipped + unprocessed
                OR processed IS DISTINCT FROM total)""",
        "the runs of a campaign resolved each response of its lane once": f"""
        WITH expected AS (
             SELECT account_id, campaign_id, status, count(*) AS n FROM responses r
              WHERE {_RESOLVED} AND {_IN_A_LANE} GROUP BY 1, 2, 3),
        lanes AS (
             SELECT account_id, subject_id AS campaign_id, s.key AS status,
                    sum(s.value::bigint) AS n
               FROM runs, jsonb_each_text(details -> 'by_status') s GROUP BY 1, 2, 3),
        chunks AS ({_IN_CHUNKS})
        SELECT account_id, campaign_id, status, expected.n, lanes.n AS lanes, chunks.n AS chunks
          FROM expected FULL JOIN lanes USING (account_id, campaign_id, status)
          FULL JOIN chunks USING (account_id, campaign_id, status)
         WHERE coalesce(expected.n, 0) NOT BETWEEN coalesce(lanes.n, 0)
               AND coalesce(lanes.n, 0) + coalesce(chunks.n, 0)""",
        "the runs of a campaign scored each response of its lane once": differ(
            "account_id, campaign_id",
            f"""SELECT account_id, campaign_id, count(*) AS n FROM responses r
             WHERE r.scored_at IS NOT NULL AND {_IN_A_LANE} AND {_WITHOUT_FILES} GROUP BY 1, 2""",
            f"""SELECT account_id, subject_id AS campaign_id,
                  sum((details #>> '{{scoring,rows}}')::bigint) AS n
             FROM runs r WHERE kind = 'scoring' AND {_WITHOUT_FILES} GROUP BY 1, 2""",
        ),
        "the runs of a campaign set each bad row aside once": differ(
            "account_id, campaign_id",
            "SELECT account_id, campaign_id, count(*) AS n FROM row_failures GROUP BY 1, 2",
            """SELECT account_id, subject_id AS campaign_id, sum(failed) AS n
             FROM runs WHERE kind = 'scoring' GROUP BY 1, 2""",
        ),
        "a person has one active response at most, and knows it": f"""
        SELECT j.* FROM (
               SELECT account_id, person_id, a.response_id AS engaged, r.response_id AS active
                 FROM active_responses a
                 FULL JOIN (SELECT account_id, person_id, id AS response_id FROM responses
                             WHERE status IN {_ACTIVE}) r USING (account_id, person_id)) j
          LEFT JOIN people p ON p.account_id = j.account_id AND p.id = j.person_id
         WHERE j.engaged IS DISTINCT FROM j.active
            OR p.active_response_id IS DISTINCT FROM j.active""",
        "owners took as many turns as responses were handed over": differ(
            "account_id",
            """SELECT account_id, count(*) AS n FROM events
            WHERE type = 'response.qualified' AND data ->> 'owner' IS NOT NULL GROUP BY 1""",
            "SELECT account_id, sum(taken) AS n FROM owner_turns GROUP BY 1",
        ),
        "a response is pending exactly where it waits or was set aside": f"""
        SELECT account_id, response_id, r.status, w.stage
          FROM (SELECT account_id, id AS response_id, status FROM responses
                 WHERE status IN {_PENDING}) r
          FULL JOIN (
               SELECT account_id, response_id, 'scoring' AS stage FROM pending_scoring UNION ALL
               SELECT account_id, response_id, 'resolution' FROM pending_resolution UNION ALL
               SELECT account_id, response_id, stage FROM row_failures) w
               USING (account_id, response_id)
         WHERE (r.status, w.stage) NOT IN
               (('Pending - Scoring', 'scoring'), ('Pending - TQR', 'resolution'))
            OR r.status IS NULL OR w.stage IS NULL""",
        "every record has the key of an item that made it": """
        SELECT r.account_id, r.id, r.external_id FROM responses r
         WHERE r.external_id IS NOT NULL AND NOT EXISTS (
               SELECT FROM intake_keys k WHERE k.account_id = r.account_id
                  AND k.external_id = r.external_id AND k.response_id = r.id)""",
        "every key leads to a record": """
        SELECT k.account_id, k.external_id FROM intake_keys k
          LEFT JOIN responses r ON r.account_id = k.account_id AND r.id = k.response_id
         WHERE r.id IS NULL""",
        "an import's account is that of its chunks": """
        SELECT r.id, r.state, r.total, r.processed, r.succeeded, r.failed, r.skipped,
               r.unprocessed, r.created, r.updated, c.*
          FROM runs r LEFT JOIN LATERAL (
               SELECT sum(rows) AS rows, coalesce(sum(done), 0) AS done,
                      coalesce(sum(succeeded), 0) AS s, coalesce(sum(failed), 0) AS f,
                      coalesce(sum(skipped), 0) AS k, coalesce(sum(created), 0) AS n,
                      coalesce(sum(updated), 0) AS u
                 FROM import_chunks i WHERE i.account_id = r.account_id AND i.run_id = r.id) c
               ON true
         WHERE r.kind = 'import' AND r.total IS NOT NULL
           AND ((r.total, r.processed, r.succeeded, r.failed, r.skipped, r.created, r.updated)
                <> (coalesce(c.rows, 0), c.done, c.s, c.f, c.k, c.n, c.u)
                OR r.total <> r.succeeded + r.failed + r.skipped + r.unprocessed)""",
        "an import that was not read has done nothing": """
        SELECT r.id FROM runs r JOIN import_chunks c ON c.account_id = r.account_id
           AND c.run_id = r.id WHERE r.total IS NULL AND (c.done > 0 OR r.processed > 0)""",
        "an import succeeds only with all of its rows": """
        SELECT id, state, total, failed, unprocessed FROM runs WHERE kind = 'import'
           AND state LIKE 'succeeded%' AND (total IS NULL OR unprocessed <> 0
               OR (failed > 0) <> (state = 'succeeded_with_warnings'))""",
        "an upload stands where its run does": """
        SELECT u.id, u.state, r.state AS run FROM uploads u
          LEFT JOIN runs r ON r.account_id = u.account_id AND r.id = u.run_id
         WHERE u.run_id IS NOT NULL AND (u.state, r.state) NOT IN (
               ('JobComplete', 'succeeded'), ('JobComplete', 'succeeded_with_warnings'),
               ('Failed', 'failed'), ('Aborted', 'cancelled'))
            OR (u.run_id IS NULL AND u.state NOT IN ('Open', 'Aborted'))""",
        "no lane of a file outlives it": """
        SELECT l.campaign_id, l.holder FROM lanes l LEFT JOIN campaigns c
            ON c.account_id = l.account_id AND c.id = l.campaign_id WHERE c.id IS NULL""",
        "each beginning and each end of a run was told once": differ(
            "account_id, run_id, is_end",
            """SELECT account_id, id::text AS run_id, is_end, 1 AS n
             FROM runs, unnest(ARRAY[false, true]) AS is_end
            WHERE kind IN ('import', 'export', 'code', 'group', 'batch')
              AND (is_end OR started_at IS NOT NULL)""",
            """SELECT account_id, data ->> 'run_id' AS run_id, type <> 'run.started' AS is_end,
                  count(*) AS n
             FROM events WHERE type LIKE 'run.%' GROUP BY 1, 2, 3""",
        ),
        "an export has left its file if it succeeded, else none": """
        SELECT r.id, r.state FROM runs r WHERE r.kind = 'export'
           AND (r.state = 'succeeded') <> EXISTS (SELECT FROM run_files f
                WHERE f.account_id = r.account_id AND f.run_id = r.id)""",
        "every answer kept for a repeat is whole": """
        SELECT path, key FROM idempotency_keys WHERE status IS NULL OR body IS NULL""",
        "a fire that ran has its run, and every scheduled run its fire": """
        SELECT f.owner_id, f.planned_at, r.id
          FROM (SELECT * FROM fires WHERE outcome = 'ran') f
          FULL JOIN (SELECT * FROM runs WHERE trigger = 'schedule') r
            ON r.account_id = f.account_id AND r.id = f.run_id
           AND coalesce(r.job_id, r.subject_id) = f.owner_id
           AND r.planned_at = f.planned_at
         WHERE f.owner_id IS NULL OR r.id IS NULL""",
        "a run of a job is counted as an execution of its day, once": differ(
            "account_id",
            """SELECT account_id, count(*) AS n FROM runs
            WHERE job_id IS NOT NULL AND (parent_run_id IS NULL OR trigger = 'group')
            GROUP BY 1""",
            "SELECT account_id, sum(executions) AS n FROM account_days GROUP BY 1",
        ),
        "a run of code has an end for each attempt, in their order": """
        SELECT id, state, attempt, details -> 'attempts' AS attempts FROM runs
         WHERE kind = 'code' AND (
               jsonb_array_length(details -> 'attempts') IS DISTINCT FROM attempt + 1
               OR EXISTS (SELECT FROM jsonb_array_elements(details -> 'attempts')
                                  WITH ORDINALITY AS a(said, place)
                           WHERE (said ->> 'attempt')::int <> place - 1
                              OR said ->> 'started_at' IS NULL))""",
        "a run of code is tried again as often as its job has retries": f"""
        SELECT r.id, r.state, j.retries, a.* FROM runs r
          JOIN jobs j ON j.account_id = r.account_id AND j.id = r.job_id
          JOIN LATERAL ({_ENDINGS}) a ON true
         WHERE r.kind = 'code' AND (
               used > retries OR (r.state LIKE 'succeeded%') <> (last = 'returned')
               OR r.state = 'failed' AND (used < retries OR r.error_code <> last
                                          OR retries > 0 AND last = 'worker_stopped')
               OR r.state NOT IN ('succeeded', 'failed'))""",
        "each attempt of code, and each other run of a job, is booked once": differ(
            "account_id, job_id",
            """SELECT r.account_id, r.job_id, sum(took) AS n FROM runs r, LATERAL (
                  SELECT (said ->> 'finished_at')::timestamptz
                         - (said ->> 'started_at')::timestamptz AS took
                    FROM jsonb_array_elements(details -> 'attempts') AS said
                   WHERE kind = 'code'
                   UNION ALL SELECT finished_at - started_at WHERE kind <> 'code') each
            WHERE r.job_id IS NOT NULL GROUP BY 1, 2""",
            "SELECT account_id, job_id, sum(booked) AS n FROM job_days GROUP BY 1, 2",
            nothing="interval '0'",
        ),
    }
    | grouped.LAWS
    | cadences.LAWS
)

# Once these find nothing, nothing happens any more.
UNDONE: dict[str, str] = {
    "a delivery to be attempted": "SELECT delivery_id, attempts, due_at FROM pending_deliveries",
    "an event on its way to an endpoint": """
        SELECT e.type, e.xid FROM events e JOIN webhook_cursors c ON c.account_id = e.account_id
         WHERE (e.xid, e.id) > (c.xid, c.event_id) AND EXISTS (
               SELECT FROM webhook_endpoints w
                WHERE w.account_id = e.account_id AND w.enabled AND w.since_xid < e.xid)""",
    "rows of files to be done": "SELECT run_id, number, deaths FROM pending_imports",
    "a moment that nobody has fired": """
        SELECT owner_id, next_at FROM timetables WHERE next_at <= business_now()""",
    "a definition that nobody has looked after": """
        SELECT owner_id, due_at FROM pending_expiries WHERE due_at <= business_now()""",
    "a success that nobody has looked for": """
        SELECT owner_id, look_at FROM watches WHERE look_at <= business_now()""",
    "an e-mail to be sent": "SELECT copy_id, attempts FROM pending_copies",
    "a run for some worker": "SELECT run_id, kind, token, holder FROM pending_runs",
    "a group that somebody calls for": "SELECT group_run_id, due_at FROM pending_groups",
    "an upload at work": """
        SELECT id, state FROM uploads WHERE state IN ('UploadComplete', 'InProgress')""",
    "waits to be scored": "SELECT response_id, due_at, window_id FROM pending_scoring",
    "waits to be resolved": "SELECT response_id, due_at, has_grace FROM pending_resolution",
    "a lane at work": """
        SELECT campaign_id, holder, run_id, leased_until FROM lanes
         WHERE run_id IS NOT NULL OR leased_until > clock_timestamp()""",
    "a run that has not ended": "SELECT id, kind FROM runs WHERE state IN ('queued', 'running')",
    "a clock on its way": "SELECT target, run_id FROM business_clock WHERE run_id IS NOT NULL",
}
