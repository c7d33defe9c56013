"""What is done about it: judgements -> incidents -> decisions -> receipts -> audit.

The pure part, in the order of travel:

    policy/            what is abnormal, who hears of it, what is done about it: one YAML file, checked
    incidents          judgements -> incidents: anomalies of one cause (grouping, open_incident, titles)
    decide             incidents -> decisions: tell people (tell, routing, message), take remedies (remedy, rules/, targets),
                       keep throttles (throttling, leases)
    control            what a person asks for, with the first window that it governs

A decision is a function of telemetry, policy and control records alone. Each has a reason from the closed list of
`decision.Reason`, also when the answer is to do nothing; in rules/ each reason not to act is a file. Remedies are taken to succeed:
no decision depends on what became of another, nor on the mode. What the world allows is asked later, by the gates of the senders,
and stands in receipts.

The doing: ledger and outbox say what is due, gates what holds it back, senders do it, the audit remembers it.
"""
