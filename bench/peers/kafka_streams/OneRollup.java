/**
 * Kafka Streams: one tumbling event-time window by tenant, final results to a topic.
 *
 * <p>java -cp ... OneRollup BOOTSTRAP TOPIC OUT NAME FOLDER
 *
 * <p>Follows "Windowed aggregations" and "Window Final Results" of the developer guide of Kafka Streams: RocksDB under FOLDER, its
 * changelog, `suppress` until the window closes. Telemetry is keyed by tenant already, so that nothing is repartitioned. Tuned as
 * "Configuration" and "Memory management" say: a record cache of 64 MB, so that the store and the changelog see a window once a commit
 * and not once a record; a commit a second, since a closed window waits for it (30 s by default); one block cache and one write buffer for all RocksDB instances; larger fetches. One thread: what is compared
 * is work a CPU-second.
 */
import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.Suppressed;
import org.apache.kafka.streams.kstream.Suppressed.BufferConfig;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.state.RocksDBConfigSetter;
import org.apache.kafka.streams.state.WindowStore;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.LRUCache;
import org.rocksdb.Options;
import org.rocksdb.WriteBufferManager;

public final class OneRollup {
  private static final ObjectReader READER = new ObjectMapper().readerFor(Usage.class);

  /** The fields that the windows need; the rest of the record is ignored. */
  @JsonIgnoreProperties(ignoreUnknown = true)
  public static final class Usage {
    public long ts;
    public String tenant;
    public long input_tokens;
    public long output_tokens;
    public int attempt = 1;
  }

  /** The sums of one window. */
  private record Facts(long count, long tokens, long nanos, long retries) {
    Facts add(Usage usage) {
      long more = usage.input_tokens + usage.output_tokens;
      return new Facts(count + 1, tokens + more, nanos + more * 2_500, retries + (usage.attempt > 1 ? 1 : 0));
    }

    byte[] bytes() {
      return ByteBuffer.allocate(32).putLong(count).putLong(tokens).putLong(nanos).putLong(retries).array();
    }

    static Facts of(byte[] bytes) {
      ByteBuffer from = ByteBuffer.wrap(bytes);
      return new Facts(from.getLong(), from.getLong(), from.getLong(), from.getLong());
    }

    String json(String tenant, long start) {
      return "{\"tenant\":\"%s\",\"start\":%d,\"value\":[%d,%d,%d,%d]}".formatted(tenant, start, count, tokens, nanos, retries);
    }
  }

  /** Bounds the memory outside the heap, as "Memory management" shows it. */
  public static final class Bounded implements RocksDBConfigSetter {
    private static final LRUCache CACHE = new LRUCache(64L << 20);
    private static final WriteBufferManager BUFFERS = new WriteBufferManager(32L << 20, CACHE);

    @Override
    public void setConfig(String store, Options options, Map<String, Object> configs) {
      BlockBasedTableConfig table = (BlockBasedTableConfig) options.tableFormatConfig();
      table.setBlockCache(CACHE);
      table.setCacheIndexAndFilterBlocks(true);
      options.setWriteBufferManager(BUFFERS);
      options.setTableFormatConfig(table);
    }

    @Override
    public void close(String store, Options options) {}
  }

  private static Usage usage(byte[] value) {
    try {
      return READER.readValue(value);
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }

  private static <T> Serde<T> serde(
      org.apache.kafka.common.serialization.Serializer<T> to, org.apache.kafka.common.serialization.Deserializer<T> from) {
    return Serdes.serdeFrom(to, from);
  }

  private static Properties settings(String[] args) {
    Properties its = new Properties();
    its.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, args[0]);
    its.put(StreamsConfig.APPLICATION_ID_CONFIG, args[3]);
    its.put(StreamsConfig.STATE_DIR_CONFIG, args[4]);
    its.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
    its.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 64 << 20);
    its.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 1_000);
    its.put(StreamsConfig.ROCKSDB_CONFIG_SETTER_CLASS_CONFIG, Bounded.class);
    its.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
    its.put(StreamsConfig.consumerPrefix(ConsumerConfig.MAX_POLL_RECORDS_CONFIG), 5_000);
    its.put(StreamsConfig.consumerPrefix(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG), 4 << 20);
    return its;
  }

  public static void main(String[] args) {
    Serde<Usage> usages = serde((topic, usage) -> { throw new UnsupportedOperationException(); }, (topic, value) -> usage(value));
    Serde<Facts> facts = serde((topic, each) -> each == null ? null : each.bytes(), (topic, each) -> each == null ? null : Facts.of(each));
    StreamsBuilder builder = new StreamsBuilder();
    builder.stream(args[1], Consumed.with(Serdes.String(), usages).withTimestampExtractor((each, last) -> ((Usage) each.value()).ts))
        .groupByKey()
        .windowedBy(TimeWindows.ofSizeAndGrace(Duration.ofSeconds(10), Duration.ofSeconds(5)))
        .aggregate(
            () -> new Facts(0, 0, 0, 0),
            (tenant, usage, sums) -> sums.add(usage),
            Materialized.<String, Facts, WindowStore<org.apache.kafka.common.utils.Bytes, byte[]>>as("facts")
                .withKeySerde(Serdes.String()).withValueSerde(facts).withRetention(Duration.ofMinutes(5)))
        .suppress(Suppressed.untilWindowCloses(BufferConfig.unbounded()))
        .toStream((window, sums) -> window)
        .map((window, sums) -> KeyValue.pair(window.key(), sums.json(window.key(), window.window().start())))
        .to(args[2], Produced.with(Serdes.String(), Serdes.String()));
    KafkaStreams streams = new KafkaStreams(builder.build(), settings(args));
    Runtime.getRuntime().addShutdownHook(new Thread(streams::close));
    streams.start();
  }
}
