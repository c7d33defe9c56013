from detectors.setup import Setup


def test_the_defaults_are_those_of_the_design():
    setup = Setup()
    assert (setup.window_ms, setup.warm_after_ms, setup.warm_after_operations) == (10_000, 3_600_000, 50)
    assert (setup.money_floor_nanos, setup.calm_ms, setup.policy_version) == (10**9, 600_000, "0" * 12)
    assert not setup.detectors
    assert setup.budgets == ()
