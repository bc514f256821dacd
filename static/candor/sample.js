// The sample website: its buttons call the widget as any page can, and what the widget tells pages is written down.

const list = document.getElementById("heard");
const names = ["ready", "open", "close", "message", "answer", "feedback", "handoff"];
for (const name of names) {
  document.addEventListener(`candor:${name}`, ({ detail }) => {
    const line = document.createElement("li");
    line.textContent = `candor:${name} ${detail ? JSON.stringify(detail) : ""}`;
    list.prepend(line);
  });
}
document.addEventListener("click", ({ target }) => {
  const { call, value } = target.closest("[data-call]")?.dataset ?? {};
  if (call) window.Candor(call, value);
});
