"""What Tidegate is measured against: the same task in other words, on the same broker, in the same run.

faust_table faust_take quix bytewax_flow kafka_streams/ flink_sql/
                        the peers
programs                how each is started, and where it writes
telemetry answer serve  what it reads; what it must say; running it until it has said it
python jvm              environments of their own: by uv from requirements.lock, by Maven from pom.xml
"""
