/** Why a conversation is where it is, in a few short chips. */
import type { Conversation } from "../api/types";
import { span } from "../format";
import { t } from "../words";

const SHOWN = 3;

interface Chip {
  text: string;
  tone: "plain" | "rule" | "boost" | "skill" | "trouble" | "owner";
  title: string;
}

function chipsOf(conversation: Conversation, isOwnerShown: boolean): Chip[] {
  const item = conversation.work_item;
  const chips: Chip[] = [];
  if (conversation.failed_deliveries > 0) {
    chips.push({ text: t("chip-failed", { n: conversation.failed_deliveries }), tone: "trouble", title: "" });
  }
  if (!item) return chips;
  if (item.boost_s > 0) {
    chips.push({ text: t("chip-boost", { span: span(item.boost_s) }), tone: "boost", title: t("chip-boost-title") });
  }
  const rule = item.matched_rules[0];
  if (rule) chips.push({ text: rule, tone: "rule", title: t("chip-rule-title") });
  const owner = item.claimed_by ?? item.offered_to;
  if (isOwnerShown && owner) {
    chips.push({ text: t(item.claimed_by ? "chip-owner" : "chip-offered", { name: owner.name }), tone: "owner", title: "" });
  }
  for (const need of item.needs) {
    const skill = need.require ?? need.prefer;
    if (!skill) continue;
    const level = need.level ? ` ${need.level}` : "";
    chips.push({ text: skill + level, tone: "skill", title: t(need.require ? "chip-required" : "chip-preferred") });
  }
  return chips;
}

export function WhyChips({ conversation, isOwnerShown }: { conversation: Conversation; isOwnerShown: boolean }) {
  const chips = chipsOf(conversation, isOwnerShown);
  const rest = chips.slice(SHOWN);
  return (
    <span class="chips">
      {chips.slice(0, SHOWN).map((chip) => (
        <span key={chip.text} class={`chip is-${chip.tone}`} title={chip.title}>
          {chip.text}
        </span>
      ))}
      {rest.length > 0 && (
        <span class="chip" title={rest.map((chip) => chip.text).join(", ")}>
          +{rest.length}
        </span>
      )}
    </span>
  );
}
