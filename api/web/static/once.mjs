// Signs in without a click; whoever only looks at the address, such as the preview of a message, runs no script.
const form = document.getElementById("once");
if (form instanceof HTMLFormElement) form.requestSubmit();
