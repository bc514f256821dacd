// The entry form: leaving with unsaved words asks first.

const form = document.getElementById("entry_form");

if (form) {
  const snapshot = () => {
    const fields = new FormData(form);
    fields.delete("csrfmiddlewaretoken");
    return JSON.stringify([...fields]);
  };
  // A form that came back with errors has typed words in it that are stored nowhere.
  const saved = document.querySelector(".errornote") ? "" : snapshot();
  let submitting = false;

  form.addEventListener("submit", () => {
    submitting = true;
  });
  window.addEventListener("beforeunload", (event) => {
    if (!submitting && snapshot() !== saved) {
      event.preventDefault();
    }
  });
}
