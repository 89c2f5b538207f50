from __future__ import annotations

from pathlib import Path

import pytest

from rlvr.config import Config, RunConfig, SFTConfig, load_config
from rlvr.errors import ConfigError

MINIMAL = 'name = "r"\nmodel = "m"\nsteps = 3\n[data]\nkind = "synthetic"\n'


@pytest.fixture
def config_file(tmp_path: Path) -> Path:
    path = tmp_path / "run.toml"
    path.write_text(MINIMAL)
    return path


def test_an_override_replaces_a_value_and_makes_missing_sections(config_file: Path) -> None:
    config = load_config(
        RunConfig, config_file, ["steps=7", "learner.learning_rate=1e-3", "engine.dtype=float32"]
    )
    assert (config.steps, config.learner.learning_rate, config.engine.dtype) == (7, 1e-3, "float32")


@pytest.mark.parametrize(
    ("override", "message"),
    [
        pytest.param("learner.learnig_rate=1", "learner.learning_rate", id="typo-names-the-nearest-key"),
        pytest.param("rollouts.group_size=8", "rollout.group_size|rollout", id="section-typo"),
        pytest.param("data.train_per_domian=8", "data.train_per_domain", id="typo-inside-the-data-section"),
        pytest.param("steps=0", "steps: Input should be greater than 0", id="out-of-range"),
        pytest.param(
            "rollout.max_new_tokens=256", "leaves no room for a prompt", id="lengths-that-cannot-fit"
        ),
        pytest.param("verifier.kind=url", "verifier.url goes with", id="url-without-address"),
        pytest.param("engine.transfer=ipc", "needs engine.device and learner.device", id="ipc-without-gpus"),
        pytest.param("steps", "--set takes key=value", id="no-equals-sign"),
        pytest.param("model.x=1", "'model' is a value, not a section", id="value-as-section"),
    ],
)
def test_a_bad_value_is_one_sentence_that_names_the_key(
    config_file: Path, override: str, message: str
) -> None:
    with pytest.raises(ConfigError, match=message) as found:
        load_config(RunConfig, config_file, [override])
    assert "\n" not in str(found.value)


def test_a_missing_file_and_broken_toml_are_config_errors(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot read the config .*absent\.toml"):
        load_config(RunConfig, tmp_path / "absent.toml")
    (tmp_path / "broken.toml").write_text("name = ")
    with pytest.raises(ConfigError, match="is not TOML"):
        load_config(RunConfig, tmp_path / "broken.toml")


@pytest.mark.parametrize("kind", [RunConfig, SFTConfig])
def test_every_key_of_a_config_is_explained(kind: type[Config]) -> None:
    schema = kind.model_json_schema()
    sections = {kind.__name__: schema, **schema.get("$defs", {})}
    unexplained = [
        f"{name}.{key}"
        for name, section in sections.items()
        for key, told in section.get("properties", {}).items()
        if not told.get("description")
    ]
    assert not unexplained
