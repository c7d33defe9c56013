"""What goes over the log, which is Kafka, and how state is kept there.

kafka append            clients, and records written in order and acknowledged
bare record_batch unpack fetched
                        what a broker answered -> records as columns
topics positions        which topics there are; a time -> offsets
wire judgement_wire dead_letter
                        blocks, judgements and refused records -> records, and back
state formats narrowed manifest snapshot
                        state of a stage -> chunks and a manifest, and back, over versions
lost                    what a log had no more when it was to be read
tail                    what every worker reads of the whole service, without a group
record                  what `tidegate record` keeps
"""
