/** What a message said before it was edited, or at all before it was recalled: shown when somebody asks. */
import { useState } from "preact/hooks";
import { api } from "../api/client";
import type { Message, Version } from "../api/types";
import { showError } from "../store/toasts";
import { clockTime } from "../format";
import { t } from "../words";

export function EarlierTexts({ message, onGrown }: { message: Message; onGrown: () => void }) {
  const [versions, setVersions] = useState<readonly Version[] | null>(null);
  const isRecalled = message.recalled_at !== null;
  const at = clockTime(message.recalled_at ?? message.edited_at ?? message.created_at);
  const show = async () => {
    try {
      const read = (await api.versions(message.id)).versions;
      // the last version of a message that still stands is the one shown above
      setVersions(isRecalled ? read : read.slice(0, -1));
      onGrown();
    } catch (error) {
      showError(error);
    }
  };
  return (
    <div class="earlier">
      <span class="earlier-mark">{isRecalled ? t("recalled", { at }) : t("edited", { at })}</span>
      {versions === null ? (
        <button type="button" class="text-button" onClick={show}>
          {isRecalled ? t("recalled-show") : t("edited-show")}
        </button>
      ) : (
        versions.map((version) => (
          <p key={version.at} class="message-text">
            <del>{version.blocks.map((block) => block.text).join("\n")}</del>
          </p>
        ))
      )}
    </div>
  );
}
