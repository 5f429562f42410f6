import httpx

from tests.responses.conftest import Settle


async def test_an_asynchronous_response_is_resolved_by_a_drain(
    http: httpx.AsyncClient, settle: Settle
) -> None:
    await http.post("/v1/campaigns", json={"code": "spring", "name": "Spring", "score": 100})
    await http.put(
        "/v1/scoring/settings",
        json={"evaluate_score_immediately": False, "evaluate_score_asynchronously": True},
    )
    taken = await http.post(
        "/v1/responses", json={"campaign": "spring", "person": {"email": "ada@example.com"}}
    )
    await settle()
    read = await http.get(taken.headers["Location"])

    assert taken.status_code == 202
    assert taken.json()["status"] == "Pending - Scoring"
    assert read.json()["status"] == "Open - Not Contacted"
