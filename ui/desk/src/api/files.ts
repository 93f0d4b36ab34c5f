/** Bring a file up with its progress; `fetch` tells nothing of how far a body has come. */
import type { OutgoingFile, Problem } from "./types";
import { ApiError } from "./errors";

export interface Upload {
  done: Promise<OutgoingFile>;
  stop: () => void;
}

function problemOf(request: XMLHttpRequest): ApiError {
  const fallback: Problem = { title: request.statusText, status: request.status, code: `http_${request.status}` };
  try {
    return new ApiError({ ...fallback, ...(JSON.parse(request.responseText) as Partial<Problem>) });
  } catch {
    return new ApiError(fallback);
  }
}

export function upload(url: string, file: Blob, onProgress: (share: number) => void): Upload {
  const request = new XMLHttpRequest();
  const done = new Promise<OutgoingFile>((resolve, reject) => {
    request.upload.onprogress = ({ loaded, total }) => onProgress(total ? loaded / total : 0);
    request.onload = () =>
      request.status === 201 ? resolve(JSON.parse(request.responseText) as OutgoingFile) : reject(problemOf(request));
    request.onerror = () => reject(new ApiError({ title: "offline", status: 0, code: "offline" }));
    request.onabort = () => reject(new ApiError({ title: "stopped", status: 0, code: "stopped" }));
  });
  request.open("POST", url);
  request.setRequestHeader("Content-Type", "application/octet-stream");
  request.send(file);
  return { done, stop: () => request.abort() };
}
