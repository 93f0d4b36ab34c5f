/** A modal dialog: focus stays inside, Escape and a click beside it close it, focus returns afterwards. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { closeDialog } from "../store/screen";
import { t } from "../words";
import { Icon } from "./Icon";

interface DialogFrameProps {
  title: string;
  width?: "narrow" | "wide";
  isBare?: boolean;
  children: ComponentChildren;
}

export function DialogFrame({ title, width = "narrow", isBare = false, children }: DialogFrameProps) {
  const frame = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const opener = document.activeElement;
    frame.current?.showModal();
    return () => {
      if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
    };
  }, []);
  return (
    <dialog
      ref={frame}
      class={`dialog is-${width}`}
      aria-label={title}
      onClose={closeDialog}
      onClick={(event) => {
        if (event.target === frame.current) closeDialog();
      }}
    >
      <div class="dialog-body">
        {!isBare && (
          <header class="dialog-head">
            <h2>{title}</h2>
            <button type="button" class="icon-button" aria-label={t("close")} onClick={closeDialog}>
              <Icon name="close" />
            </button>
          </header>
        )}
        {children}
      </div>
    </dialog>
  );
}
