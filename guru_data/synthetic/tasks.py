"""The tasks there are: a name -> "module:Class", imported when a config asks for it."""

from __future__ import annotations

from importlib import import_module

from guru_data.config import TaskName
from guru_data.problem import Domain
from guru_data.synthetic.task import Task

TASKS: dict[TaskName, str] = {
    # math
    "addition": "guru_data.synthetic.math.addition:AdditionTask",
    "arithmetic": "guru_data.synthetic.math.arithmetic:ArithmeticTask",
    "fraction": "guru_data.synthetic.math.fraction:FractionTask",
    "divisibility": "guru_data.synthetic.math.divisibility:DivisibilityTask",
    "linear_equation": "guru_data.synthetic.math.linear_equation:LinearEquationTask",
    "linear_system": "guru_data.synthetic.math.linear_system:LinearSystemTask",
    "quadratic": "guru_data.synthetic.math.quadratic:QuadraticTask",
    "sequence": "guru_data.synthetic.math.sequence:SequenceTask",
    # code
    "expression": "guru_data.synthetic.code.expression:ExpressionTask",
    "list_function": "guru_data.synthetic.code.list_function:ListFunctionTask",
    "text_function": "guru_data.synthetic.code.text_function:TextFunctionTask",
    "stdin_program": "guru_data.synthetic.code.stdin_program:StdinProgramTask",
    # science
    "quantity": "guru_data.synthetic.science.quantity:QuantityTask",
    "conversion": "guru_data.synthetic.science.conversion:ConversionTask",
    "formula": "guru_data.synthetic.science.formula:FormulaTask",
    "multiple_choice": "guru_data.synthetic.science.multiple_choice:MultipleChoiceTask",
    # logic
    "ordering": "guru_data.synthetic.logic.ordering:OrderingTask",
    "arrangement": "guru_data.synthetic.logic.arrangement:ArrangementTask",
    "zebra": "guru_data.synthetic.logic.zebra:ZebraTask",
    "path": "guru_data.synthetic.logic.path:PathTask",
    "grid": "guru_data.synthetic.logic.grid:GridTask",
    # simulation
    "loop": "guru_data.synthetic.simulation.loop:LoopTask",
    "program_output": "guru_data.synthetic.simulation.program_output:ProgramOutputTask",
    "program_input": "guru_data.synthetic.simulation.program_input:ProgramInputTask",
    "return_value": "guru_data.synthetic.simulation.assertion:ReturnValueTask",
    "argument": "guru_data.synthetic.simulation.assertion:ArgumentTask",
    # table
    "lookup": "guru_data.synthetic.table.lookup:LookupTask",
    "table_sum": "guru_data.synthetic.table.table_sum:TableSumTask",
    "table_comparison": "guru_data.synthetic.table.table_comparison:TableComparisonTask",
    "table_percent": "guru_data.synthetic.table.table_percent:TablePercentTask",
}
USUAL_TASKS: dict[Domain, TaskName] = {
    "math": "addition",
    "logic": "ordering",
    "table": "lookup",
    "code": "expression",
    "simulation": "loop",
    "science": "quantity",
}
"""What a domain is where no task is named: short texts that models of a few million parameters learn."""


def open_task(name: TaskName) -> Task:
    """The task of a name."""
    module, _, cls = TASKS[name].partition(":")
    task: Task = getattr(import_module(module), cls)()
    return task
