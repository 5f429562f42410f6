"""A run of code, from its upload to its log, its files and its counts."""

from sqlmodel import col, select

from app.models import RunMessage
from tests.code_runs.making import Site, error_of, published, uploaded, variables
from tests.mail.reading import mailbox_of
from workers.mail import settle_mail


async def test_code_is_told_of_its_run_and_its_answer_is_kept(site: Site) -> None:
    source = """
        def main(event):
            return [event["body"], event["query_string_parameters"], event["job_name"],
                    event["job_instance_id"], event["retry_attempt"], event["source"]]
    """
    job = await published(site.http, source)
    run = await site.run(job, body={"a": [1]}, day="monday")

    told = [{"a": [1]}, {"day": "monday"}, "nightly", run["id"], 0, "api"]
    assert run["details"]["returned"] == told
    assert "body" not in run["details"]


async def test_what_main_returns_may_be_counts(site: Site) -> None:
    job = await published(
        site.http, "def main(): return {'total': 10, 'succeeded': 6, 'failed': 1, 'skipped': 1}"
    )
    run = await site.run(job)

    assert error_of(run) == ("succeeded_with_warnings", None)
    counts = [run[name] for name in ("total", "processed", "succeeded", "failed", "skipped")]
    assert (counts, run["unprocessed"]) == ([10, 8, 6, 1, 1], 2)


async def test_files_that_it_leaves_are_kept(site: Site) -> None:
    source = """
        import os, pathlib
        def main():
            out = pathlib.Path(os.environ["OUTPUT_DIR"])
            (out / "deep er").mkdir()
            (out / "rows.csv").write_text("a,b")
            (out / "deep er" / "zürich.bin").write_bytes(b"\\0\\1")
            (out / "link").symlink_to("/etc/passwd")
    """
    job = await published(site.http, source)
    run = await site.run(job)

    items = (await site.http.get(f"/v1/runs/{run['id']}/files")).json()["items"]
    assert [(one["name"], one["media_type"], one["size_bytes"]) for one in items] == [
        ("deep er/zürich.bin", "application/octet-stream", 2),
        ("rows.csv", "text/csv", 3),
    ]
    deep, rows = [await site.http.get(one["href"]) for one in items]
    assert (deep.content, rows.text) == (b"\0\1", "a,b")
    assert deep.headers["Content-Disposition"].endswith("z%C3%BCrich.bin")
    assert error_of(run) == ("succeeded_with_warnings", None)
    assert run["details"]["warnings"][-1] == "link: it is a link"


async def test_secrets_are_covered_wherever_they_could_show(site: Site) -> None:
    source = """
        import os
        from helper import LS
        def main(event):
            print("printed", LS.settings.token)
            LS.log.warn("logged", {"deep": [LS.settings.token]})
            raise ValueError(f"it was {LS.settings.token}")
    """
    job = await published(site.http, source)
    await variables(site.http, job, secrets={"token": "s3cr3t-of-mine"})
    run = await site.run(job)

    assert error_of(run) == ("failed", "raised")
    assert run["error"]["detail"].endswith("ValueError: it was ***")
    whole = await site.http.get(f"/v1/runs/{run['id']}/log", headers={"Accept": "text/plain"})
    events = await site.http.get(f"/v1/runs/{run['id']}/events")
    for told in (whole.text, events.text, str(run)):
        assert "s3cr3t" not in told
        assert "***" in told


async def test_secrets_are_covered_in_names_too(site: Site) -> None:
    """Of files, those that are kept and others, of hosts, and where a long traceback begins."""
    source = """
        import os, pathlib, requests
        from helper import LS
        def main(event):
            out, token = pathlib.Path(os.environ["OUTPUT_DIR"]), LS.settings.token
            for name in ("a", "b"):
                (out / name).mkdir()
                (out / name / f"{token}.csv").write_text("a,b")
            (out / f"{token}.lnk").symlink_to("/etc/passwd")
            try:
                requests.get(f"http://{token}.test/", timeout=5)
            except requests.RequestException:
                pass
            if event["body"]:
                raise ValueError(token + "x" * 7_992)  # the last 8,000 are told
    """
    job = await published(site.http, source)
    await variables(site.http, job, secrets={"token": "s3cr3t-of-mine"})
    run, failed = await site.run(job), await site.run(job, body=1)

    files = (await site.http.get(f"/v1/runs/{run['id']}/files")).json()["items"]
    assert [file["name"] for file in files] == ["a/***.csv", "b/***.csv"]
    assert [(await site.http.get(file["href"])).text for file in files] == ["a,b"] * 2
    assert run["details"]["warnings"][-1] == "***.lnk: it is a link"
    assert [host["host"] for host in run["details"]["hosts"]] == ["***.test"]
    assert error_of(failed) == ("failed", "raised")
    assert failed["error"]["detail"].startswith("***xxx")
    for told in (str(run), str(failed), str(files)):
        assert "of-mine" not in told


async def test_a_run_stays_with_the_version_it_was_started_with(site: Site) -> None:
    job = await published(site.http, "def main(): return 'first'")
    run_id = await site.start(job)
    await uploaded(site.http, job, "def main(): return 'second'")
    first, second = await site.do(run_id), await site.run(job)

    assert (first["code_version"], first["details"]["returned"]) == (1, "first")
    assert (second["code_version"], second["details"]["returned"]) == (2, "second")
    back = await site.http.post(f"/v1/jobs/{job['id']}/versions/1/activate")
    assert back.status_code == 200
    assert (await site.run(job))["details"]["returned"] == "first"


async def test_messages_it_asks_for_are_sent_three_of_a_run(site: Site) -> None:
    source = """
        from helper import LS
        def main(event):
            open("rows.csv", "w").write("a,b")
            for n in range(2):
                LS.email.send_email_notification("Success", f"no. {n}", "b", False, ["rows.csv"])
            assert event["retry_attempt"], "once more"
    """
    alert = {"emails": ["ada@example.com", "grace@example.com"], "on": ["failure"]}
    job = await published(site.http, source, retries=1, alert=alert)
    run = await site.run(job)
    await settle_mail(site.work)

    assert error_of(run) == ("succeeded", None)
    mails = await mailbox_of(site.http)
    assert sorted((mail["to"], mail["subject"]) for mail in mails) == sorted(
        (to, subject) for to in alert["emails"] for subject in ("no. 0", "no. 1", "no. 0")
    )
    assert {(mail["cause"], mail["cause_id"]) for mail in mails} == {("run_message", run["id"])}
    assert mails[0]["attachments"] == [{"name": "rows.csv", "content": "YSxi"}]
    async with site.work.resources.unit_of_work(site.tenant.account_id) as session:
        kept = (await session.exec(select(RunMessage).order_by(col(RunMessage.id)))).all()
    assert [one.subject for one in kept] == ["no. 0", "no. 1", "no. 0"]
    assert kept[0].attachments == [{"name": "rows.csv", "content": "YSxi"}]
    assert None not in {one.sent_at for one in kept}
