/** HTML mail in a sandboxed frame: no scripts, no forms, nothing loaded from elsewhere. */
import { useEffect, useMemo, useRef } from "preact/hooks";
import type { Attachment } from "../api/types";
import { dressMail, prepareMail } from "../mail";
import { t } from "../words";
import { isShown, pictureUrl } from "./Attachments";

interface HtmlMailProps {
  html: string;
  attachments: Attachment[];
  author: string;
  onGrown: () => void;
}

async function showInlinePictures(frame: HTMLIFrameElement, attachments: Attachment[], made: string[]): Promise<void> {
  for (const image of frame.contentDocument?.querySelectorAll<HTMLImageElement>("img[data-cid]") ?? []) {
    const wanted = image.dataset.cid ?? "";
    const attachment = attachments.find((one) => one.content_id.replace(/^<|>$/g, "") === wanted);
    if (!attachment || !isShown(attachment)) continue;
    const url = await pictureUrl(attachment);
    made.push(url);
    image.src = url;
  }
}

export function HtmlMail({ html, attachments, author, onGrown }: HtmlMailProps) {
  const frame = useRef<HTMLIFrameElement>(null);
  const mail = useMemo(() => prepareMail(html), [html]);
  const cleanUp = useRef<() => void>(() => {});
  useEffect(() => () => cleanUp.current(), []);

  const onLoad = () => {
    const shown = frame.current;
    const body = shown?.contentDocument?.body;
    if (!shown || !body) return;
    dressMail(shown);
    const made: string[] = [];
    const observer = new ResizeObserver(() => {
      shown.style.height = `${body.scrollHeight}px`;
      onGrown();
    });
    observer.observe(body);
    // A picture that cannot be read stays away; its file is in the list below the mail.
    showInlinePictures(shown, attachments, made).catch(() => undefined);
    cleanUp.current = () => {
      observer.disconnect();
      for (const url of made) URL.revokeObjectURL(url);
    };
  };
  // Same origin so that the desk can measure and dress the mail; without `allow-scripts` nothing in it runs.
  return (
    <>
      <iframe
        ref={frame}
        class="mail-frame"
        title={t("mail-of", { name: author })}
        sandbox="allow-same-origin allow-popups allow-popups-to-escape-sandbox"
        referrerpolicy="no-referrer"
        srcdoc={mail.html}
        onLoad={onLoad}
      />
      {mail.remoteCount > 0 && <p class="mail-remote quiet">{t("mail-remote", { n: mail.remoteCount })}</p>}
    </>
  );
}
