"""Files in Guru's real schemas, which differ file by file: what the tests and the benchmark read.

    write_guru(folder, {"train/table__hitab_4.3k.parquet": 200}) -> the files

Nested references are numpy object arrays, as pandas would write them; pass rates are sometimes null
or NaN; `extra_info` and `reward_model` have other fields in each file. References are right.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tests.guru_data.guru_texts import NAMES, WORDS, function_task, stdin_task, sum_question, table_question

Row = dict[str, Any]
BOX = "Please output the final answer within \\boxed{}."
PUZZLE = "You are a world-class puzzle solver with exceptional pattern recognition skills."


def row(data_source: str, ability: str, text: str, truth: Any, info: Row | None) -> Row:
    return {
        "data_source": data_source,
        "prompt": [{"content": text, "role": "user"}],
        "ability": ability,
        "apply_chat_template": True,
        "reward_model": {"ground_truth": truth, "style": "rule"},
        "extra_info": info,
    }


def math_row(rng: Random, index: int) -> Row:
    question, answer = sum_question(rng)
    source = "math__deepscaler_preview" if index % 3 == 0 else "math__merged_deduped_dapo_or1_dataset"
    info = {"split": "train", "index": index, "reward_metric": "default", "original_question": question}
    extras = {"is_unique": True, "source": None, "domain": None, "llama8b_solve_rate": None, "solution": None}
    return row(source, "math", f"{question} {BOX}", answer, info) | extras


def leetcode_row(rng: Random, index: int) -> Row:
    text, name, solution, pairs = function_task(rng)
    asserts = "\n".join(f"    assert candidate(x = {x}) == {y}" for x, y in pairs)
    tests = {"functional": f"def check(candidate):\n{asserts}\n\n\ncheck({name})"}
    info = {
        "split": "train",
        "index": index,
        "reference": solution,
        "original_prompt": text,
        "prefix": "from typing import *\nfrom collections import *\n",
        "dataset": "LeetCodeDataset",
        "question_title": name,
        "difficulty": rng.choice(["Easy", "Medium", "Hard"]),
    }
    prompt = f"You are an expert Python programmer.\n### Question:\n{text} Write {name}(x)."
    return row("codegen__leetcode2k", "codegen", prompt, json.dumps(tests), info)


def stdin_row(data_source: str, dataset: str, *, solved: bool) -> Callable[[Random, int], Row]:
    """Rows of LiveCodeBench come without a solution and with long tests."""

    def make(rng: Random, index: int) -> Row:
        text, program, tests = stdin_task(rng, stress_chars=0 if solved else 20_000)
        info = {
            "split": "train",
            "index": index,
            "reference": program if solved else "",
            "original_prompt": text,
            "dataset": dataset,
            "function_name": "",
        }
        prompt = f"Solve the following coding problem using the programming language python:\n\n{text}"
        return row(data_source, "codegen", prompt, tests, info)

    return make


def taco_row(rng: Random, index: int) -> Row:
    text, name, solution, pairs = function_task(rng)
    tests = {
        "functional": f"_inputs = {[[x] for x, _ in pairs]}\n_outputs = {[[y] for _, y in pairs]}\n"
        f"for i, o in zip(_inputs, _outputs):\n    assert {name}(*i) == o[0]"
    }
    info = {
        "split": "train",
        "index": index,
        "reference": solution,
        "original_prompt": text,
        "dataset": "likaixin/TACO-verified",
        "source": "codewars",
    }
    prompt = f"Solve the programming task below in a Python markdown code block.\n{text} Write {name}(x)."
    return row("codegen__taco", "codegen", prompt, json.dumps(tests), info)


def grid_row(data_source: str) -> Callable[[Random, int], Row]:
    def make(rng: Random, index: int) -> Row:
        grids = [[[rng.randrange(10) for _ in range(5)] for _ in range(5)] for _ in range(3)]
        shown = "\n".join(f"Input: {grid}\nOutput: {grid[::-1]}" for grid in grids[:2])
        truth = np.empty(5, dtype=object)
        for at, line in enumerate(grids[2][::-1]):
            truth[at] = np.array(line)
        text = f"{PUZZLE}\n{shown}\nNow solve:\n{grids[2]}\nPlease put your answer within <answer> tags."
        return row(data_source, "reasoning", text, truth, {"split": "train", "index": index})

    return make


def graph_row(rng: Random, index: int) -> Row:
    first, second, third = rng.sample(WORDS, 3)
    name = rng.choice(NAMES)
    text = (
        f"Given the following list of predicates: If {name} is {first}, then {name} is {second}. "
        f"Given {name} is {second} then {name} is {third}. \n\nIf {name} is {first}, what is the next "
        f"step to prove that {name} is {third}? Please put your answer within <answer> and </answer> tags."
    )
    info = {"id": str(index), "lookahead": 2, "split": "train"}
    return row("logic__graph_logical_dataset", "logical_reasoning", text, second, info)


def ordering_row(rng: Random, index: int) -> Row:
    order = rng.sample(WORDS, 5)
    clues = [f"The {a} is to the left of the {b}." for a, b in pairwise(order)]
    rng.shuffle(clues)
    text = (
        f"Solve the following puzzle to determine the order of the things from left to right. "
        f"The things are {', '.join(sorted(order))}. The constraints are: {clues}. "
        "Please put your answer within <answer> and </answer> tags."
    )
    info = {
        "id": str(index),
        "raw_instruction": "Solve ...",
        "raw_input": clues,
        "num_objects": 5,
        "split": "train",
    }
    return row(
        "logic__ordering_puzzle_dataset", "logical_reasoning", text, np.array(order, dtype=object), info
    )


def zebra_row(rng: Random, index: int) -> Row:
    people, jobs = rng.sample(NAMES, 3), rng.sample(WORDS, 3)
    rows = np.empty(3, dtype=object)
    for at in range(3):
        rows[at] = np.array([str(at + 1), people[at].lower(), jobs[at]], dtype=object)
    clues = [
        f"The {p} is at {at + 1}, beside the {j}." for at, (p, j) in enumerate(zip(people, jobs, strict=True))
    ]
    puzzle = "Solve the following puzzle where you are given 3 objects."
    text = f"{puzzle} The clues are: {' '.join(clues)}. Output the grid."
    truth = {"header": np.array(["Position", "Name", "Job"], dtype=object), "rows": rows}
    info = {
        "id": str(index),
        "grid_size": "3x2",
        "raw_instruction": "...",
        "raw_input": clues,
        "split": "train",
    }
    return row("logic__zebra_puzzle_dataset", "logical_reasoning", text, truth, info)


def codeio_row(rng: Random, index: int) -> Row:
    text, _, solution, pairs = function_task(rng)
    x, y = pairs[0]
    prompt = (
        f"You are given a question that requires some input and output variables as follows:\n{text}\n"
        f'Given the following input: \n{{"x": {x}}}\nCan you predict the output without writing any code?\n'
        f"{solution}\n\nPlease output the final answer within ```json```"
    )
    info = {"split": "train", "index": index}
    return row("simulation__codeio", "coding-inference", prompt, f'"output": {{"y": {y}}}', info)


def table_row(data_source: str) -> Callable[[Random, int], Row]:
    def make(rng: Random, index: int) -> Row:
        question, cell = table_question(rng)
        text = (
            f"You are given one or more tables.\n{question}\nPlease output the final answer in \\boxed{{}}."
        )
        return row(data_source, "table", text, cell, {"split": "train", "index": index})

    return make


def stem_row(rng: Random, index: int) -> Row:
    question, answer = sum_question(rng)
    info = {
        "idx": index,
        "question": question,
        "category": "Physics",
        "difficulty": "University",
        "answer_type": "Float",
        "token_length": 4,
    }
    made = row("stem_web", "QA", f"You are a knowledgeable assistant. {question}", f"{answer} N", info)
    made["reward_model"] = {"ground_truth": f"{answer} N"}
    return made | {"raw_prompt": question, "response": f"{answer} N"}


def choice_row(rng: Random, index: int) -> Row:
    question, answer = sum_question(rng)
    text = f"{question}\nA) {int(answer) + 1}\nB) {answer}\nC) {int(answer) + 2}\n{BOX}"
    info = {"split": "test", "index": index, "original_prompt": question, "dataset": "Idavidrein/gpqa"}
    return row("stem__gpqa_diamond", "stem", text, "B", info)


def finqa_row(rng: Random, index: int) -> Row:
    question, cell = table_question(rng)
    made = row("table__finqa", "table", f"You are given some text and tables. {question}", float(cell), None)
    del made["extra_info"]
    return made


TRAIN_FILES: dict[str, tuple[int, Callable[[Random, int], Row]]] = {
    "train/math__combined_54.4k.parquet": (54_400, math_row),
    "train/codegen__leetcode2k_1.3k.parquet": (1_300, leetcode_row),
    "train/codegen__livecodebench_440.parquet": (
        440,
        stdin_row("codegen__livecodebench", "LiveCodeBench", solved=False),
    ),
    "train/codegen__primeintellect_7.5k.parquet": (
        7_500,
        stdin_row("codegen__primeintellect", "PrimeIntellect", solved=True),
    ),
    "train/codegen__taco_8.8k.parquet": (8_800, taco_row),
    "train/logic__arcagi1_111.parquet": (111, grid_row("simulation__arcagi1")),
    "train/logic__arcagi2_190.parquet": (190, grid_row("simulation__arcagi2")),
    "train/logic__barc_1.6k.parquet": (1_600, grid_row("simulation__barc")),
    "train/logic__graph_logical_1.2k.parquet": (1_200, graph_row),
    "train/logic__ordering_puzzle_1.9k.parquet": (1_900, ordering_row),
    "train/logic__zebra_puzzle_1.3k.parquet": (1_300, zebra_row),
    "train/simulation__codeio_3.7k.parquet": (3_700, codeio_row),
    "train/table__hitab_4.3k.parquet": (4_300, table_row("table__hitab")),
    "train/table__multihier_1.5k.parquet": (1_500, table_row("table__multihier")),
    "train/stem__web_3.6k.parquet": (3_600, stem_row),
}
"""The 15 training files with the row counts of the real ones."""
EVAL_FILES: dict[str, tuple[int, Callable[[Random, int], Row]]] = {
    "offline_eval/stem__gpqa_diamond_198.parquet": (198, choice_row),
    "offline_eval/table__finqa_1.1k.parquet": (1_101, finqa_row),
}


def write_guru(folder: Path, counts: Mapping[str, int], *, seed: int = 0) -> None:
    """Write the named files with so many rows each."""
    for file, count in counts.items():
        _, make = (TRAIN_FILES | EVAL_FILES)[file]
        rng = Random(f"{seed}/{file}")
        rows = [make(rng, index) for index in range(count)]
        if file.startswith("train/"):
            rows = [made | pass_rates(rng) for made in rows]
        write_rows(folder / file, rows)


def pass_rates(rng: Random) -> Row:
    """The two measured columns: mostly in the band that Guru kept, sometimes null or NaN."""
    weak = rng.choice([None, math.nan, *(at / 16 for at in range(15))])
    return {"qwen2.5_7b_pass_rate": weak, "qwen3_30b_pass_rate": rng.randint(1, 16) / 16}


def write_rows(path: Path, rows: list[Row], *, row_group_size: int = 10_000) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = {name: pa.array([made[name] for made in rows], from_pandas=False) for name in rows[0]}
    pq.write_table(pa.table(columns), path, row_group_size=row_group_size)
