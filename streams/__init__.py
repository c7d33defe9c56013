"""What happens with a request record until it is a window of facts, and how it gets anywhere: the files in the order of travel.

pipeline                the whole way on one page

Stage 1, pure
source/ batch           files and recordings -> batches of a source partition
usage decode scan plain columns
                        bytes -> accepted usages as columns, or the reason why a record is refused
catalogue tariff charge price
                        usages -> nano-dollars
dedupe id_table probe   seen before?
aside window            believable? in which window and chunk?
leaves measure cells incidence sparse rolled seal rollups
                        usages -> sums of the open chunk -> sums of every scope
block packed block_rows
                        a sealed chunk, and its bytes
open_chunk partition tally unchanging
                        all of this for one source partition; its running totals; what its snapshots need not write again

Stage 2 and 3, pure; detectors/ and actions/ do the judging and deciding
blind loss              source partitions that are not seen, and records that were lost unread
joined merge kept placed
                        blocks -> complete windows
outputs labels spend    judged windows -> files, how well it was found, and the curves of the report
replay                  the three stages in one process

The shell
settings options now metrics logs errors allocation
                        what everything outside the core uses
log/                    what goes over the log, and how state is kept there
worker/                 the roles in one process, each stage over its topics
client ask controls     what the other commands ask of a running worker
tables                  JSON -> tables for people

commands/ cli           the command line
simulate/ demo/         telemetry with labelled faults, and a house for it to happen in
"""
