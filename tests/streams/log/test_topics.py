from streams.log.topics import Topics


def test_every_name_has_the_prefix_and_none_comes_twice():
    topics = Topics("x.")
    names = [each.name for each in (*topics.declared(), *topics.sources())]
    assert len(set(names)) == len(names)
    assert all(name.startswith("x.") for name in names)
    assert topics.group("act") == "x.tidegate-act"


def test_what_everything_is_ordered_by_has_one_partition():
    topics = Topics()
    one = {each.name for each in topics.declared() if each.partitions == 1}
    assert {topics.windows, topics.anomalies, topics.decisions, topics.ledger, topics.control, topics.audit} <= one


def test_state_and_quotas_are_compacted_and_nothing_else_is():
    compacted = {each.name for each in Topics().declared() if each.config["cleanup.policy"] == "compact"}
    assert compacted == {"tidegate.state", "tidegate.quotas"}
