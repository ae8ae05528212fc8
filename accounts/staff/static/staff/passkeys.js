// The browser's dialog for passkeys: where there is none, its buttons stay hidden.

// What the console itself says; what the browser says is in a language of its own.
class Refusal extends Error {}

const token = () => document.querySelector("[name=csrfmiddlewaretoken]").value;

async function ask(address, body) {
  const headers = { "Content-Type": "application/json", "X-CSRFToken": token() };
  const response = await fetch(address, { method: "POST", headers, body: JSON.stringify(body) });
  const payload = await response.json();
  if (!response.ok) throw new Refusal(payload.error);
  return payload;
}

async function add(address) {
  const { publicKey } = await ask(address, {});
  const made = await navigator.credentials.create({
    publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(publicKey),
  });
  await ask(address, { answer: made.toJSON() });
  // From the page of the app as well: back to one's own account.
  location.assign(location.pathname.replace(/app\/$/, ""));
}

async function show(address) {
  const { publicKey } = await ask(address, {});
  const shown = await navigator.credentials.get({
    publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(publicKey),
  });
  location.assign((await ask(address, { answer: shown.toJSON() })).next);
}

function inWords(problem, { known, elsewhere, failed }) {
  if (problem instanceof Refusal) return problem.message;
  // Whoever closes the dialog knows why.
  return { NotAllowedError: "", InvalidStateError: known, SecurityError: elsewhere }[problem.name] ?? failed;
}

function offer(name, act) {
  const button = document.querySelector(`[data-passkey-${name}]`);
  if (!button) return;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const error = document.querySelector("[data-passkey-error]");
    error.textContent = "";
    try {
      await act(button.getAttribute(`data-passkey-${name}`));
    } catch (problem) {
      error.textContent = inWords(problem, error.dataset);
    }
  });
}

if (window.PublicKeyCredential?.parseCreationOptionsFromJSON) {
  offer("add", add);
  offer("show", show);
}
