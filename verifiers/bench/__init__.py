"""How good the verifiers are, measured: labelled cases go in, a datasheet comes out.

    cases/*.jsonl, or a person's own --grade--> verdicts --rates, speed, determinism, metamorphic--> Datasheet

`python -m verifiers bench` prints it. Start reading at `datasheet.py`.
"""
