// Files of one message: pictures as they are, everything else as a button that saves it.
import { useEffect, useState } from "preact/hooks";
import type { ChatFile } from "./protocol";
import { say, sizeOf } from "./words";

/** How bytes are fetched, and who is told that a picture has taken room. */
export interface FileActs {
  fetchFile: (file: ChatFile) => Promise<Blob>;
  onGrown: () => void;
}

const SHOWN_TYPES = ["image/png", "image/jpeg", "image/gif", "image/webp"];

/** Save bytes under a name; a link to the router would come without the visitor's token. */
function save(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

function Picture({ file, fetchFile, onGrown }: { file: ChatFile } & FileActs) {
  const [url, setUrl] = useState("");
  useEffect(() => {
    let made = "";
    let isGone = false;
    fetchFile(file).then(
      (blob) => {
        if (isGone) return;
        made = URL.createObjectURL(blob);
        setUrl(made);
      },
      // the button below stays, and says what is wrong when it is used
      () => setUrl(""),
    );
    return () => {
      isGone = true;
      if (made) URL.revokeObjectURL(made);
    };
  }, [file.id]);
  return url ? <img src={url} alt={file.name} onLoad={onGrown} /> : null;
}

function SavedFile({ file, fetchFile }: { file: ChatFile; fetchFile: FileActs["fetchFile"] }) {
  const [isFailed, setFailed] = useState(false);
  const fetchAndSave = async () => {
    setFailed(false);
    try {
      save(await fetchFile(file), file.name);
    } catch {
      setFailed(true);
    }
  };
  return (
    <>
      <button type="button" class="file" onClick={fetchAndSave} title={say("save-file", { name: file.name })}>
        <span dir="auto">{file.name}</span> <small>{sizeOf(file.size_bytes)}</small>
      </button>
      {isFailed && <small class="failed" role="alert">{say("file-failed")}</small>}
    </>
  );
}

export function Files({ files, acts }: { files: ChatFile[]; acts: FileActs }) {
  return (
    <div class="files">
      {files.map((file) => (
        <div key={file.id}>
          {SHOWN_TYPES.includes(file.content_type) && <Picture file={file} {...acts} />}
          <SavedFile file={file} fetchFile={acts.fetchFile} />
        </div>
      ))}
    </div>
  );
}
