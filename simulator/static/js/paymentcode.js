// The code a person shows to a cashier: bars, a square and digits, renewed as long as it is looked at.

import { el } from "./dom.js";
import { confirmWaiting } from "./paysheet.js";
import { payment } from "./server.js";
import { t } from "./words.js";

const ASK_MS = 1500;

const drawn = (svg, className) => el("img", { class: className, alt: "", src: `data:image/svg+xml,${encodeURIComponent(svg)}` });
const grouped = (digits) => digits.replace(/^(\d{4})(\d{4})(\d{4})/, "$1 $2 $3 ");

class CodeDialog {
  constructor(phone) {
    this.phone = phone;
    this.place = el("div", { class: "payment-code" });
    const close = el("button", { type: "button", class: "quiet", onclick: () => this.node.close() }, t("close"));
    this.node = el("dialog", { class: "scan", "aria-label": t("paymentCode") }, el("h2", {}, t("paymentCode")), this.place, el("div", { class: "buttons" }, close));
    this.node.addEventListener("close", () => this.end());
    document.body.append(this.node);
    this.node.showModal();
    this.asking = setInterval(() => this.ask(), ASK_MS);
    this.renew();
  }

  end() {
    clearInterval(this.asking);
    clearTimeout(this.renewing);
    this.node.remove();
  }

  async renew() {
    const { auth_code: digits, seconds, barcode, qrcode } = await payment("code", { person: this.phone.person });
    this.place.replaceChildren(drawn(barcode, "barcode"), el("p", { class: "digits" }, grouped(digits)), drawn(qrcode, "qrcode"), el("small", {}, t("paymentCodeHint", seconds)));
    this.renewing = setTimeout(() => this.renew(), seconds * 1000);
  }

  // The cashier's program may have charged the code meanwhile, and the platform waits for the password.
  async ask() {
    const waiting = await payment("waiting", { person: this.phone.person });
    if (!waiting.prepay || !this.node.open) return;
    this.node.close();
    confirmWaiting(this.phone, waiting);
  }
}

export function showPaymentCode(phone) {
  new CodeDialog(phone);
}
