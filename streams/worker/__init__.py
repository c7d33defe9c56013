"""The roles in one process: each stage over its topics, and what a worker knows of the whole service.

worker parts            the roles put together, from start to graceful stop
faust_app faust_role stateful
                        Faust: the agents that carry stages 2 and 3, and their state
ingest_role ingest assignments staggered owned gaps idle ahead kicked
                        stage 1: telemetry in batches, by source partition
detect_role detect watch
                        stage 2, and which source partitions it does not see
act_role act performing ledger_kafka audit_trail
                        stage 3: deciding, then performing under claims, then the audit
observed progress view http api_tokens
                        what a worker knows of the service, and tells over HTTP
ingest_metrics stage_metrics
                        figures of the stages
ends end_of_run leaving slack
                        where `--until-end` stops, what it writes, how a worker ends, and what memory it gives back
"""
