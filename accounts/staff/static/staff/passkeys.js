// The browser's dialog for passkeys: where there is none, its buttons stay hidden.

const token = () => document.querySelector("[name=csrfmiddlewaretoken]").value;

async function ask(address, body) {
  const headers = { "Content-Type": "application/json", "X-CSRFToken": token() };
  const response = await fetch(address, { method: "POST", headers, body: JSON.stringify(body) });
  const payload = await response.json();
  if (!response.ok) throw new Error(payload.error);
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
      // Whoever closes the dialog knows why.
      if (problem.name !== "NotAllowedError") error.textContent = problem.message;
    }
  });
}

if (window.PublicKeyCredential?.parseCreationOptionsFromJSON) {
  offer("add", add);
  offer("show", show);
}
