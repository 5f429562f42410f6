from app.runs.tally import Tally


def test_an_empty_account_adds_up_to_nothing() -> None:
    assert (Tally().total, Tally().details) == (0, {})


def test_total_is_the_sum_of_what_became_of_the_rows() -> None:
    tally = Tally().plus(succeeded=5, failed=1).plus(skipped=2).plus(succeeded=3)

    assert (tally.succeeded, tally.failed, tally.skipped) == (8, 1, 2)
    assert tally.total == 11


def test_each_stage_sums_its_chunks_rows_and_seconds() -> None:
    tally = Tally()
    for rows in (200, 50):
        tally = tally.plus(stage="scoring", rows=rows, seconds=0.25)
    tally = tally.plus(stage="resolution", rows=250, seconds=0.5)

    assert tally.details["scoring"] == {"chunks": 2, "rows": 250, "seconds": 0.5}
    assert tally.details["resolution"] == {"chunks": 1, "rows": 250, "seconds": 0.5}


def test_final_statuses_are_summed_by_their_words() -> None:
    tally = Tally().plus(by_status={"a": 1}).plus(by_status={"a": 2, "b": 3}).plus(by_status={})

    assert tally.details == {"by_status": {"a": 3, "b": 3}}


def test_the_account_before_is_left_as_it_was() -> None:
    before = Tally().plus(succeeded=1, stage="scoring", rows=1, by_status={"a": 1})

    before.plus(succeeded=1, stage="scoring", rows=1, by_status={"a": 1})

    assert before.succeeded == 1
    assert before.details["scoring"]["chunks"] == 1
    assert before.details["by_status"] == {"a": 1}
