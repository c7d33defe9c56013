/**
 * Flink SQL: one tumbling event-time window by tenant, results to a topic, in one process.
 *
 * <p>java -cp ... OneRollup BOOTSTRAP TOPIC OUT NAME FOLDER
 *
 * <p>Follows "Windowing table-valued functions", "Window Aggregation" and "Apache Kafka SQL Connector" of Flink's documentation. Parallelism 1,
 * state in the heap (the default, the fastest), a checkpoint every 10 s into FOLDER. Tuned as "Execution Configuration" and
 * "Network memory tuning" advise: objects are reused; the columns that are not needed are not declared, so that the JSON decoder skips
 * them. The watermark is pushed into the source, so each partition has its own. Splitting the aggregation in two phases is what
 * the planner does by itself.
 */
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;

public final class OneRollup {
  private static final String SOURCE =
      """
      CREATE TABLE telemetry (
        ts BIGINT, tenant STRING, input_tokens BIGINT, output_tokens BIGINT, attempt INT,
        event_time AS TO_TIMESTAMP_LTZ(ts, 3), WATERMARK FOR event_time AS event_time - INTERVAL '5' SECOND
      ) WITH ('connector' = 'kafka', 'topic' = '%s', 'properties.bootstrap.servers' = '%s', 'properties.group.id' = '%s',
        'scan.startup.mode' = 'earliest-offset', 'format' = 'json')""";
  private static final String SINK =
      """
      CREATE TABLE facts (tenant STRING, `start` BIGINT, `value` ARRAY<BIGINT>)
      WITH ('connector' = 'kafka', 'topic' = '%s', 'properties.bootstrap.servers' = '%s', 'format' = 'json')""";
  private static final String ROLLUP =
      """
      INSERT INTO facts
      SELECT tenant, UNIX_TIMESTAMP(CAST(window_start AS STRING)) * 1000,
        ARRAY[COUNT(*), SUM(input_tokens + output_tokens), SUM((input_tokens + output_tokens) * 2500),
          SUM(CASE WHEN attempt > 1 THEN CAST(1 AS BIGINT) ELSE CAST(0 AS BIGINT) END)]
      FROM TABLE(TUMBLE(TABLE telemetry, DESCRIPTOR(event_time), INTERVAL '10' SECOND))
      GROUP BY tenant, window_start, window_end""";

  private static Configuration settings(String folder) {
    Configuration its = new Configuration();
    its.setString("parallelism.default", "1");
    its.setString("execution.checkpointing.interval", "10 s");
    its.setString("execution.checkpointing.storage", "filesystem");
    its.setString("execution.checkpointing.dir", "file://" + folder);
    its.setString("pipeline.object-reuse", "true");
    its.setString("jobmanager.bind-host", "127.0.0.1");
    its.setString("taskmanager.bind-host", "127.0.0.1");
    its.setString("taskmanager.host", "127.0.0.1");
    its.setString("rest.bind-address", "127.0.0.1");
    its.setString("io.tmp.dirs", folder);
    its.setString("table.local-time-zone", "UTC");
    return its;
  }

  public static void main(String[] args) throws Exception {
    StreamExecutionEnvironment local = StreamExecutionEnvironment.createLocalEnvironment(settings(args[4]));
    StreamTableEnvironment tables = StreamTableEnvironment.create(local);
    tables.executeSql(SOURCE.formatted(args[1], args[0], args[3]));
    tables.executeSql(SINK.formatted(args[2], args[0]));
    tables.executeSql(ROLLUP).await();
  }
}
