// Finds, links to and labels the rollouts of the page. Everything can be read without it.
//
// Text of the run is only ever compared, put into attributes' values or written to the downloaded file; nothing
// here makes markup from it or runs it. A labelled case is one JSON object that the page carries per rollout,
// without its `expected`; it is completed as text, so that no number in it is rounded on the way.
"use strict";

const rollouts = [...document.querySelectorAll("article[data-row]")];
const finder = document.getElementById("finder");
const [words, domain, outcome] = ["words", "domain", "outcome"].map((name) => document.getElementById(`find-${name}`));
const labels = new Map(); // row -> one line of the file

function find() {
  const wanted = words.value.trim().toLowerCase();
  let found = 0;
  for (const rollout of rollouts) {
    const matches =
      (!domain.value || rollout.dataset.domain === domain.value) &&
      (!outcome.value || rollout.dataset.outcome === outcome.value) &&
      (!wanted || textOf(rollout).includes(wanted));
    rollout.hidden = !matches;
    found += matches;
  }
  const narrowed = Boolean(wanted || domain.value || outcome.value);
  for (const part of document.querySelectorAll("#gates .group, #samples .pair, #gates details, #samples details")) {
    const none = !part.querySelector("article[data-row]:not([hidden])");
    part.hidden = narrowed && none;
    if (narrowed && part.tagName === "DETAILS") part.open = !none;
  }
  document.getElementById("found").textContent = `${found} of ${rollouts.length} rollouts`;
}

function textOf(rollout) {
  const group = rollout.closest(".group");
  const asked = group ? group.querySelector("pre.prompt").textContent : "";
  return (rollout.textContent + " " + rollout.dataset.row + " " + asked).toLowerCase();
}

function choices(select, values) {
  for (const value of [...new Set(values)].sort()) select.add(new Option(value.replaceAll("_", " "), value));
}

function showTarget() {
  const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  if (target.closest("[hidden]")) {
    words.value = domain.value = outcome.value = "";
    find();
  }
  for (let part = target.closest("details"); part; part = part.parentElement.closest("details")) part.open = true;
  target.scrollIntoView({ block: "start" });
}

function label(row, expected) {
  const kept = labels.get(row);
  if (kept && kept.expected === expected) labels.delete(row);
  else labels.set(row, { expected });
  for (const rollout of rollouts.filter((one) => one.dataset.row === row)) {
    for (const button of rollout.querySelectorAll(".label button")) {
      const pressed = labels.has(row) && labels.get(row).expected === button.value;
      button.setAttribute("aria-pressed", String(pressed));
    }
  }
  const count = document.getElementById("labelled");
  count.textContent = `Download ${labels.size} ${labels.size === 1 ? "label" : "labels"}`;
  count.disabled = !labels.size;
}

function download() {
  const lines = [...labels].map(([row, { expected }]) => {
    const { dataset } = rollouts.find((one) => one.dataset.row === row);
    return `${dataset.case.slice(0, -1)},"expected":"${expected}"}\n`;
  });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(lines, { type: "application/jsonl" }));
  link.download = "labels.jsonl";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

function addLabels(rollout) {
  if (!rollout.dataset.case) return;
  const buttons = document.createElement("p");
  buttons.className = "label";
  buttons.append("should be ");
  for (const expected of ["right", "wrong"]) {
    const button = document.createElement("button");
    button.type = "button";
    button.value = button.textContent = expected;
    button.setAttribute("aria-pressed", "false");
    button.addEventListener("click", () => label(rollout.dataset.row, expected));
    buttons.append(button, " ");
  }
  rollout.append(buttons);
}

choices(domain, rollouts.map((one) => one.dataset.domain));
choices(outcome, rollouts.map((one) => one.dataset.outcome));
for (const control of [words, domain, outcome]) control.addEventListener("input", find);
document.getElementById("labelled").addEventListener("click", download);
rollouts.forEach(addLabels);
finder.hidden = rollouts.length === 0;
find();
addEventListener("hashchange", showTarget);
showTarget();
