"""Our verifiers as the reward of other trainers.

trl        `reward_function(client)` for TRL's `reward_funcs`
verl       `compute_score` for verl's `custom_reward_function`
openrlhf   the bodies of OpenRLHF's remote reward protocol; the service answers `POST /get_reward`
nemo_gym   the bodies of a NeMo-Gym resources server; the service answers `POST /verify`

None of them loads the trainer it serves, torch or fastapi. What a trainer is told when there is no verdict is
the business of each adapter, and never a silent zero.
"""
