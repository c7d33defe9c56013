"""The law of docs/law.md, as tests: the same log gives the same answer, and totals are those of a recount.

world weather           one seeded stream with everything in it
log                     messages -> the order in which they reach the log, and the partitions that they fall into
answers                 a run -> all that is compared of it; two of them -> where they differ
recount                 the totals and budgets again, with json and Decimal alone
matrix                  partition counts, keys, orders and repeats, in one process
relay                   the stages put away and taken up again at random points
topic crowd disturbed   a real Apache Kafka, with workers that come, go and are killed; its tests are in tests/kafka
board __main__          the long programme, `make law`
"""
