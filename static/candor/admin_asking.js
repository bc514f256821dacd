// The test box: Enter asks, Shift+Enter breaks the line, as in the chat.

document.querySelector("#ask-form textarea")?.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.keyCode !== 229) {
    event.preventDefault();
    event.target.form.requestSubmit();
  }
});
