// Comfort only: every page works without this file.
"use strict";

// A key chooses what carries it in data-key: a radio button is checked, a button pressed.
document.addEventListener("keydown", (event) => {
  const writing = event.target.closest("textarea, input:not([type=radio]):not([type=checkbox]), select, button, summary, a");
  if (writing || event.ctrlKey || event.metaKey || event.altKey) return;
  const found = document.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
  if (!found) return;
  event.preventDefault();
  if (found.type === "radio") {
    found.checked = true;
    found.focus();
  } else {
    found.click();
  }
});

// A form is sent once; while its answer is awaited, the button says so.
document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (event.target.dataset.sent) {
    event.preventDefault();
    return;
  }
  event.target.dataset.sent = "yes";
  if (button && button.dataset.waiting) button.textContent = button.dataset.waiting;
});

// Back from the browser's history: the form may be sent again.
window.addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
});
