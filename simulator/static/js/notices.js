// The pop-up in which an account's page asks for leave to send notices.

import { decide } from "./dialogs.js";
import { toast } from "./dom.js";
import { notices } from "./server.js";
import { t } from "./words.js";

export async function askLeave(phone) {
  const offered = await notices(phone);
  if (!offered.length) return toast(t("noNotices"));
  const rows = offered.map(({ template_id: name, title, left }) => ({ name, label: title, hint: left ? t("noticesLeft", left) : "" }));
  const chosen = await decide(t("askLeave", phone.account), rows, [["reject", t("refuse")], ["accept", t("allow")]]);
  if (!chosen) return;
  const ticked = offered.filter((each) => each.template_id in chosen);
  if (!ticked.length) return;
  await phone.act({ type: "agree", choices: Object.fromEntries(ticked.map((each) => [each.template_id, chosen.choice])) });
}
