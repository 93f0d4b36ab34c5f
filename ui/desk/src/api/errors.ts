/** What every call fails with. */
import type { Problem } from "./types";

/** The server refused (`code` says why), or could not be reached (`code` is `offline`). */
export class ApiError extends Error {
  readonly code: string;
  readonly status: number;
  readonly detail: string;
  readonly retryAfterS: number | null;

  constructor(problem: Problem, retryAfterS: number | null = null) {
    super(problem.title);
    this.code = problem.code;
    this.status = problem.status;
    // A place that only repeats what was said already says nothing new.
    const places = (problem.errors ?? []).filter((error) => error.message !== problem.detail);
    this.detail = [problem.detail, ...places.map((error) => `${error.at}: ${error.message}`)]
      .filter(Boolean)
      .join(" ");
    this.retryAfterS = retryAfterS;
  }
}
