"""`from helper import LS`, as the public template uses it."""

from tests.sandbox.running import Jobs
from workers.sandbox.lines import Level
from workers.sandbox.outcome import Ended

TEMPLATE = """
    import traceback
    from helper import LS

    def main():
        try:
            LS.log.info('Hello')
            LS.log.info('Hello', {"Support Email": "support@example.com"})
            LS.log.info(LS.settings.mykey)
            LS.log.debug('Debug Log Example')
        except TypeError as err:
            LS.log.fatal(type(err).__name__, traceback.format_exc())
        except Exception as err:
            LS.log.error(type(err).__name__, traceback.format_exc())
"""
THEIRS = """
    import os
    os.environ["THEIRS"] = "loaded"
    LS = None
"""


async def test_the_template_runs_as_it_is(jobs: Jobs) -> None:
    code = jobs.code(TEMPLATE, place="src/main.py", helper__py=THEIRS, log__py="raise SystemExit")
    ran = await jobs.run(code, variables={"mykey": "a value"})

    assert ran.outcome.ended is Ended.RETURNED
    assert [(line.level, line.text, line.fields) for line in ran.lines] == [
        (Level.INFO, "Hello", None),
        (Level.INFO, "Hello", {"Support Email": "support@example.com"}),
        (Level.INFO, "***", None),
        (Level.DEBUG, "Debug Log Example", None),
    ]


async def test_ours_wins_over_a_helper_of_their_own(jobs: Jobs) -> None:
    source = """
        import helper, os
        def main(): return [helper.__file__, os.environ.get("THEIRS"), helper.LS.settings.a.b]
    """
    found = await jobs.value(
        jobs.code(source, helper__py=THEIRS), variables={"a": {"b": 3}, "x": 1}
    )

    assert found == ["/penstock/inside/ls.py", None, 3]


async def test_lines_and_logs_keep_their_order(jobs: Jobs) -> None:
    source = """
        from helper import LS
        def main():
            for number in range(50):
                print(number, end="" if number % 3 == 0 else "\\n")
                LS.log.warn(f"w{number}", number)
    """
    ran = await jobs.run(source)

    numbers = [line.fields for line in ran.lines if line.level is Level.WARN]
    assert numbers == list(range(50))
    assert "".join(text.removeprefix("w") for text in ran.texts)[:8] == "00112233"


async def test_anything_can_be_logged(jobs: Jobs) -> None:
    source = """
        from helper import LS
        class Row:
            def __init__(self): self.id = 7
        def main():
            LS.log.info({"a": 1}); LS.log.error("row", Row()); LS.log.warn("text", "text")
            LS.log.info("set", {1, }); LS.log.info("\\ud800\\0x", {"\\0k": "\\udfff"})
            loop = []; loop.append(loop); LS.log.fatal("loop", loop)
            LS.log.info("l" * 100_000); LS.log.info("keys", {(1, 2): 3})
            LS.log.info("nan", [float("nan"), float("inf")])
    """
    ran = await jobs.run(source)

    assert ran.outcome.ended is Ended.RETURNED
    found = {line.text[:4]: line.fields for line in ran.lines}
    assert found['{"a"'] is None
    assert (found["row"], found["text"], found["set"]) == ({"id": 7}, "text", "{1}")
    assert found["?x"] == {"k": "?"}
    assert found["nan"] == [None, None]
    assert len(ran.lines) == 9


async def test_settings_tell_what_is_missing_and_never_values(jobs: Jobs) -> None:
    source = """
        from helper import LS
        def main():
            print(LS.settings, LS.settings["token"])
            return LS.settings.tokn
    """
    ran = await jobs.run(source, secrets={"token": "s3same"}, variables={"token": "shadowed"})

    assert ran.texts[0] == "Settings(token) ***"
    assert ran.outcome.error.endswith(
        "AttributeError: LS.settings has no 'tokn'; this job's variables: token"
    )


async def test_e_mails_are_asked_for_at_most_three_times(jobs: Jobs) -> None:
    source = """
        from helper import LS
        def main():
            open("rows.csv", "w").write("a,b")
            LS.email.send_email_notification("success", "s" * 300, "<b>all</b>", True, ["rows.csv"])
            LS.email.send_email_notification("Failure", "a\\nBcc: x@example.com", "t", isHTML=False)
            LS.email.send_email_notification(type="Success", subject="s", message="m", isHtml=False)
            try:
                LS.email.send_email_notification("Success", "s", "b")
            except Exception as error:
                return type(error).__name__
    """
    ran = await jobs.run(source)

    assert ran.outcome.value == "MXTooManyRequestsError"
    first, second, third = ran.emails
    assert (first.type, len(first.subject), first.is_html) == ("Success", 255, True)
    assert (first.attachments[0].name, first.attachments[0].content) == ("rows.csv", b"a,b")
    assert (second.type, second.subject) == ("Failure", "a Bcc: x@example.com")
    assert (third.body, third.is_html) == ("m", False)


async def test_the_database_is_not_there(jobs: Jobs) -> None:
    source = """
        from helper import LS
        def main(): LS.db.execute_DB_query("select 1", multi=True)
    """
    outcome = (await jobs.run(source)).outcome

    assert outcome.error.endswith("database_access_disabled")


async def test_requests_is_there_and_data_lies_near(jobs: Jobs) -> None:
    code = jobs.code(
        """
        import requests, rows
        def main(): return [open("data.csv").read(), rows.COUNT, requests.__name__]
        """,
        data__csv="a,b",
        rows__py="COUNT = 3",
    )
    assert await jobs.value(code) == ["a,b", 3, "requests"]


async def test_a_layer_goes_before_what_is_always_there(jobs: Jobs) -> None:
    layer = jobs.folder / "layer"
    (layer / "idna").mkdir(parents=True)
    (layer / "idna" / "__init__.py").write_text("WHOSE = 'the customer'")

    source = "import idna\ndef main(): return idna.WHOSE"
    assert await jobs.value(source, layer=layer) == "the customer"
