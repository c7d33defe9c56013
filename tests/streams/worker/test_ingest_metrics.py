from streams.metrics import Metrics
from streams.now import Now
from streams.worker.ingest_metrics import IngestMetrics
from tests.streams.records import T0, fed, partition, record


def counted(metrics):
    lines = metrics.page()[0].decode().splitlines()
    return {
        line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if line.startswith(("tidegate_", "inference"))
    }


def test_each_increase_is_counted_once():
    metrics, source = Metrics(), partition()
    counting = IngestMetrics(metrics, Now())
    fed(source, [(record("a"), T0), (record("a"), T0), (b"{", T0)])
    counting.take(0, source.tally)
    counting.take(0, source.tally)
    seen = counted(metrics)
    assert seen["tidegate_records_total"] == 1
    assert seen["tidegate_duplicates_total"] == 1
    assert seen['tidegate_dead_letters_total{reason="not_json"}'] == 1
    assert seen['tidegate_tokens_total{direction="input",model="small"}'] == 100


def test_what_a_snapshot_brought_back_was_counted_before():
    metrics, source = Metrics(), partition()
    counting = IngestMetrics(metrics, Now())
    fed(source, [(record("a"), T0)])
    counting.restored(0, source.tally)
    counting.take(0, source.tally)
    assert counted(metrics)["tidegate_records_total"] == 0


def test_the_cost_of_a_thousand_tokens_is_that_of_the_last_minutes():
    metrics, source = Metrics(), partition()
    counting = IngestMetrics(metrics, Now())
    fed(source, [(record("a", input_tokens=1000, output_tokens=1000), T0)])
    counting.take(0, source.tally)
    counting.refresh()
    assert counted(metrics)['inference_cost_per_1k_usd{model="small"}'] == 0.000375
