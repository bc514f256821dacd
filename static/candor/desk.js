// The desk's keys, and its list of keys. Whatever has data-key="j" is pressed by j, outside of text fields.

const typing = (element) =>
  element instanceof HTMLElement && (element.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(element.tagName));
const keys = document.getElementById("keys");

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.altKey) {
    return;
  }
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    const form = event.target instanceof Element ? event.target.closest("form[data-save]") : null;
    if (form) {
      event.preventDefault();
      form.requestSubmit();
    }
    return;
  }
  if (event.ctrlKey || event.metaKey || typing(event.target) || keys.open) {
    return;
  }
  if (event.key === "?") {
    keys.showModal();
    return;
  }
  const target = /^[a-z]$/.test(event.key) ? document.querySelector(`[data-key="${event.key}"]`) : null;
  if (target) {
    event.preventDefault();
    target.click();
    if (target.tagName === "SUMMARY") {
      target.focus();
    }
  }
});

document.addEventListener("click", (event) => {
  if (event.target instanceof Element && event.target.closest("[data-keys]")) {
    keys.showModal();
  }
});

// After a part of the page was exchanged: its title, and the place where one goes on reading.
document.addEventListener("htmx:afterSwap", (event) => {
  const heading = event.detail.target?.id === "panes" ? document.querySelector("#panes h1") : null;
  if (heading) {
    document.title = `${heading.textContent.trim().slice(0, 60)} | Candor`;
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
    document.querySelectorAll(".pane-talk, .pane-fix").forEach((pane) => pane.scrollTo(0, 0));
  }
});
document.addEventListener("htmx:responseError", () => {
  document.getElementById("desk-messages").textContent = "That did not work. Nothing was lost: try again.";
});
document.addEventListener("htmx:sendError", () => {
  document.getElementById("desk-messages").textContent = "The server does not answer. Nothing was lost: try again.";
});
