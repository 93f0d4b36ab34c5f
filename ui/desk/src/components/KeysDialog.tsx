/** The key map, as a page. */
import { KEYS, type Key } from "../keys";
import { t } from "../words";
import { DialogFrame } from "./DialogFrame";

const GROUPS = ["move", "offer", "work", "write", "screen"] as const;
const SIGNS: Record<string, string> = { ArrowDown: "↓", ArrowUp: "↑", Escape: "Esc", Enter: "↵" };
const FIXED: readonly Pick<Key, "keys" | "word" | "group">[] = [
  { keys: ["Ctrl ↵"], word: "send", group: "write" },
  { keys: ["Ctrl K"], word: "palette-title", group: "screen" },
];

export function keySign(key: string): string {
  return SIGNS[key] ?? (key.length === 1 ? key.toUpperCase() : key);
}

export function KeysDialog() {
  return (
    <DialogFrame title={t("keys-title")} width="wide">
      <div class="keys">
        {GROUPS.map((group) => (
          <section key={group}>
            <h3>{t(`keys-${group}`)}</h3>
            <dl>
              {[...KEYS, ...FIXED]
                .filter((key) => key.group === group)
                .map((key) => (
                  <div key={key.word}>
                    <dt>{t(key.word)}</dt>
                    <dd>
                      {key.keys.map((one) => (
                        <kbd key={one}>{keySign(one)}</kbd>
                      ))}
                    </dd>
                  </div>
                ))}
            </dl>
          </section>
        ))}
      </div>
    </DialogFrame>
  );
}
