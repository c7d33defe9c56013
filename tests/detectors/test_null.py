from detectors.null import Null
from tests.detectors.streams import House, faulty


def test_it_never_says_anything():
    detector = Null()
    assert all(detector.judge(facts) == [] for facts in House().windows(faulty(3, begins_at=1)))
