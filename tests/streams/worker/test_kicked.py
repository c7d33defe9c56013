"""What is said when a group gives no telemetry any more: whose fault it is, as far as can be told."""

from streams.worker.kicked import GAP_S, Kicked


def test_another_worker_of_our_id_is_named_by_the_error_or_by_what_was_just_taken_away():
    kicked = Kicked()
    assert "another living worker has the id w1" in kicked.said(RuntimeError("UnknownError"), "w1", 100.0)
    assert "start the worker again" in kicked.said(RuntimeError("gone"), "w1", 100.0)
    kicked.lost(100.0)
    assert "another living worker has the id w1" in kicked.said(RuntimeError("gone"), "w1", 100.0 + GAP_S)
    assert "start the worker again" in kicked.said(RuntimeError("gone"), "w1", 101.0 + GAP_S)


def test_a_worker_without_an_id_has_no_double():
    assert (
        Kicked().said(RuntimeError("UnknownError"), None, 0.0)
        == "Kafka gives no telemetry any more: UnknownError; start the worker again"
    )
