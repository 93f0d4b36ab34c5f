/** Files of a message: a preview for plain pictures, a name and size to download for everything. */
import { useEffect, useState } from "preact/hooks";
import type { Attachment } from "../api/types";
import { size } from "../format";
import { t } from "../words";
import { Icon } from "./Icon";

// SVG is a document that can run code, so it is never shown, only offered for download.
const SHOWN_TYPES = new Set(["image/png", "image/jpeg", "image/gif", "image/webp"]);
const SHOWN_BYTES = 8_000_000;

export function isShown(attachment: Attachment): boolean {
  return SHOWN_TYPES.has(attachment.content_type) && attachment.size_bytes <= SHOWN_BYTES;
}

/** Read a picture through our own origin and give it the type we decided on, not the one it claims. */
export async function pictureUrl(attachment: Attachment): Promise<string> {
  const response = await fetch(attachment.url, { credentials: "same-origin" });
  if (!response.ok) throw new Error(`picture ${attachment.id}: ${response.status}`);
  const bytes = await response.arrayBuffer();
  return URL.createObjectURL(new Blob([bytes], { type: attachment.content_type }));
}

function Picture({ attachment, onGrown }: { attachment: Attachment; onGrown: () => void }) {
  const [url, setUrl] = useState("");
  useEffect(() => {
    let made = "";
    let isGone = false;
    pictureUrl(attachment).then(
      (created) => {
        made = created;
        if (isGone) URL.revokeObjectURL(created);
        else setUrl(created);
      },
      // The file line below stays, and downloading it will say what is wrong.
      () => setUrl(""),
    );
    return () => {
      isGone = true;
      if (made) URL.revokeObjectURL(made);
    };
  }, [attachment.id]);
  if (!url) return null;
  return <img class="picture" src={url} alt={attachment.name} onLoad={onGrown} />;
}

export function Attachments({ attachments, onGrown }: { attachments: Attachment[]; onGrown: () => void }) {
  if (attachments.length === 0) return null;
  return (
    <ul class="attachments" aria-label={t("attachments")}>
      {attachments.map((attachment) => (
        <li key={attachment.id}>
          {isShown(attachment) && <Picture attachment={attachment} onGrown={onGrown} />}
          <a class="attachment" href={attachment.url} download={attachment.name}>
            <Icon name="clip" size={15} />
            <span class="attachment-name">{attachment.name || t("attachment-unnamed")}</span>
            <span class="quiet">{size(attachment.size_bytes)}</span>
          </a>
        </li>
      ))}
    </ul>
  );
}
