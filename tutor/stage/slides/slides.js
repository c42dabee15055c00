"use strict";
// Draw the diagrams, give each output its least height, and begin. With #check in the address, say
// instead how much of each slide does not fit.

const WIDTH = 1280, HEIGHT = 720; // of a slide, in its own pixels, whatever the projector has
const LEAST = 110; // of an output that has to be scrolled
const SIZES = [1.25, 1.12, 1, 0.92, 0.85]; // of the letters, the first that fits
const OUTPUT = ".jp-Cell-outputWrapper";

async function draw() {
  mermaid.initialize({ startOnLoad: false, theme: "neutral", themeVariables: { fontSize: "18px" } });
  let number = 0;
  for (const source of document.querySelectorAll("pre.mermaid")) {
    const { svg } = await mermaid.render(`diagram-${++number}`, source.textContent);
    source.outerHTML = svg;
  }
}

function visibly(work) {
  document.body.classList.add("all-at-once");
  const done = work([...document.querySelectorAll(".board")]);
  document.body.classList.remove("all-at-once");
  return done;
}

// The letters are as large as fits. An output gives way to what stands around it, down to LEAST.
function makeRoom(boards) {
  for (const board of boards) {
    const outputs = [...board.querySelectorAll(OUTPUT)];
    for (const size of SIZES) {
      board.style.setProperty("--fit", size);
      outputs.forEach((output) => (output.style.minHeight = 0));
      const heights = outputs.map((output) => output.scrollHeight);
      const least = size > 1 ? Infinity : LEAST; // large letters only where nothing gives way to them
      outputs.forEach((output, i) => (output.style.minHeight = `${Math.min(heights[i], least)}px`));
      if (tooHigh(board) <= 1 && !(size > 1 && breaks(board))) break;
    }
  }
}

// Whether a line of code or output does not fit into one line.
function breaks(board) {
  const lines = [...board.querySelectorAll("pre")];
  lines.forEach((line) => (line.style.whiteSpace = "pre"));
  const found = lines.some((line) => line.scrollWidth > line.clientWidth);
  lines.forEach((line) => (line.style.whiteSpace = ""));
  return found;
}

const beyond = (board, parts, edge) => {
  const end = board.getBoundingClientRect()[edge] - parseFloat(getComputedStyle(board)[`padding-${edge}`]);
  return Math.max(0, ...parts.map((part) => Math.ceil(part.getBoundingClientRect()[edge] - end)));
};
const tooHigh = (board) =>
  beyond(board, [...board.querySelectorAll(".jp-Cell-inputWrapper, .jp-Cell-outputWrapper")], "bottom");
const tooWide = (board) =>
  beyond(board, [...board.querySelectorAll("pre, table, svg, img")].filter((it) => !it.closest(OUTPUT)), "right");
const folded = (board) =>
  [...board.querySelectorAll(OUTPUT)].reduce((sum, it) => sum + it.scrollHeight - it.clientHeight, 0);

function measure(boards) {
  return boards.map((board) => ({
    first: board.querySelector(".jp-Cell").innerText.trim().split("\n")[0].slice(0, 60),
    over: tooHigh(board), wide: tooWide(board), folded: folded(board),
    fit: Number(board.style.getPropertyValue("--fit")),
  }));
}

async function begin() {
  await draw();
  await document.fonts.ready;
  visibly(makeRoom);
  if (location.hash === "#check") {
    document.body.textContent = JSON.stringify(visibly(measure));
    return;
  }
  await Reveal.initialize({
    width: WIDTH, height: HEIGHT, margin: 0, center: false,
    hash: true, transition: "none", slideNumber: "c/t", navigationMode: "linear", plugins: [RevealNotes],
  });
}

begin();
