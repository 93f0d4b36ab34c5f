/** The files of the answer being written: chosen, dropped or pasted; each with its size, its progress and a way out. */
import { useRef } from "preact/hooks";
import { type AttachedFile, attach, drawerOf, removeFile } from "../store/files";
import { size } from "../format";
import { t } from "../words";
import { Icon } from "./Icon";

function FileLine({ id, file }: { id: string; file: AttachedFile }) {
  const isMoving = !file.id && !file.problem;
  return (
    <li class="drawer-file" data-problem={Boolean(file.problem)}>
      <Icon name={file.problem ? "warn" : "clip"} size={15} />
      <span class="attachment-name">{file.name}</span>
      <span class="quiet">{size(file.sizeBytes)}</span>
      {isMoving && <progress max={1} value={file.share} aria-label={t("attach-uploading", { name: file.name })} />}
      {file.problem && (
        <span class="drawer-problem" role="alert">
          {file.problem}
        </span>
      )}
      <button
        type="button"
        class="icon-button"
        aria-label={t("attach-remove", { name: file.name })}
        title={t("attach-remove", { name: file.name })}
        onClick={() => removeFile(id, file)}
      >
        <Icon name="close" size={14} />
      </button>
    </li>
  );
}

export function FileDrawer({ id }: { id: string }) {
  const files = drawerOf(id).files.value;
  if (files.length === 0) return null;
  return (
    <ul class="drawer" aria-label={t("attached")}>
      {files.map((file) => (
        <FileLine key={file.key} id={id} file={file} />
      ))}
    </ul>
  );
}

export function AttachButton({ id, answers }: { id: string; answers: string | null }) {
  const field = useRef<HTMLInputElement>(null);
  const takes = drawerOf(id).takes.value;
  const takesNone = takes !== null && takes.kinds.length === 0;
  const choose = () => {
    const input = field.current;
    if (!input?.files) return;
    void attach(id, [...input.files], answers);
    // The same file may be chosen again.
    input.value = "";
  };
  return (
    <>
      <input ref={field} type="file" multiple hidden onChange={choose} data-attach={id} />
      <button
        type="button"
        class="icon-button"
        disabled={takes === null || takesNone}
        aria-label={t("attach")}
        title={takesNone ? t("attach-none") : t("attach")}
        onClick={() => field.current?.click()}
      >
        <Icon name="clip" size={18} />
      </button>
    </>
  );
}

/** What a section does with files that are dragged over it; anything else that is dragged is left alone. */
export function dropsInto(id: string, answers: string | null, isOpen: boolean) {
  const isFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
  const mark = (event: DragEvent, isOver: boolean) => {
    (event.currentTarget as HTMLElement).toggleAttribute("data-drop", isOver);
  };
  return {
    onDragOver: (event: DragEvent) => {
      if (!isFiles(event)) return;
      // Also where nothing can be attached: a browser left to itself opens the file in place of the desk.
      event.preventDefault();
      mark(event, isOpen);
    },
    onDragLeave: (event: DragEvent) => mark(event, false),
    onDrop: (event: DragEvent) => {
      if (!isFiles(event)) return;
      event.preventDefault();
      mark(event, false);
      if (isOpen) void attach(id, [...(event.dataTransfer?.files ?? [])], answers);
    },
  };
}
