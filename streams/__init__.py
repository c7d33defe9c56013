"""What happens with a request record until it is a window of facts, and how it gets anywhere: the files in the order of travel.

pipeline                the whole way on one page

Stage 1, pure
source/                 files and recordings -> batches of a source partition
usage decode columns    bytes -> accepted usages as columns, or the reason why a record is refused
catalogue tariff charge price
                        usages -> nano-dollars
dedupe aside window     seen before? believable? in which window and chunk?
leaves measure cells incidence seal rollups
                        usages -> sums of the open chunk -> sums of every scope
block block_rows        a sealed chunk, and its bytes
partition tally         all of this for one source partition; its running totals

Stage 2 and 3, pure; detectors/ and actions/ do the judging and deciding
merge                   blocks -> complete windows
outputs labels spend    judged windows -> files, how well it was found, and the curves of the report
replay                  the three stages in one process

The shell
settings options topics metrics logs errors
kafka append positions wire judgement_wire state snapshot
                        what goes over the log, and how state is kept there
faust_app faust_role stateful
                        Faust: the worker that carries the stages
ingest owned idle dead_letter, detect, act performing
                        each stage over its topics; its parts are put together in ingest_role, detect_role, act_role
worker worker_parts     the roles in one process, with http, view, progress, observed, tail
end_of_run record       what `--until-end` writes; what `tidegate record` keeps
client ask controls     what the other commands ask of a running worker

commands/ cli           the command line
simulate/ demo/         telemetry with labelled faults, and a house for it to happen in
"""
