// From what was found in a policy file to its place in the text. Without this script the line is found by its number.

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-line]");
  if (!link) return;
  const field = document.querySelector(link.getAttribute("href"));
  const lines = field.value.split("\n");
  const line = Math.min(Number(link.dataset.line), lines.length) - 1;
  const begin = lines.slice(0, line).reduce((sum, text) => sum + text.length + 1, 0);
  event.preventDefault();
  field.focus();
  // The whole line: a place in it is easily overlooked.
  field.setSelectionRange(begin, begin + lines[line].length);
  field.scrollTop = (field.scrollHeight / lines.length) * Math.max(0, line - 4);
});
