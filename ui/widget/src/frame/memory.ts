// What survives a reload: the visitor's token and reading mark for all tabs, unsent messages for this one.

export interface Unsent {
  cid: string;
  text: string;
  at: string;
}

const guarded = <Value>(act: () => Value, otherwise: Value): Value => {
  try {
    return act();
  } catch {
    // storage may be blocked or full; the chat then lives as long as its page
    return otherwise;
  }
};

export class Memory {
  readonly #key: string;

  constructor(site: string) {
    this.#key = `omni:${site}`;
  }

  get token(): string | null {
    return guarded(() => localStorage.getItem(`${this.#key}:token`), null);
  }

  set token(token: string | null) {
    guarded(() => localStorage.setItem(`${this.#key}:token`, token ?? ""), undefined);
  }

  get readSeq(): number {
    return Number(guarded(() => localStorage.getItem(`${this.#key}:read`), null)) || 0;
  }

  set readSeq(seq: number) {
    guarded(() => localStorage.setItem(`${this.#key}:read`, `${seq}`), undefined);
  }

  get unsent(): Unsent[] {
    return guarded(() => JSON.parse(sessionStorage.getItem(`${this.#key}:unsent`) ?? "[]") as Unsent[], []);
  }

  set unsent(messages: Unsent[]) {
    guarded(() => sessionStorage.setItem(`${this.#key}:unsent`, JSON.stringify(messages)), undefined);
  }

  /** Call back when another tab changes the token or the reading mark. */
  watch(changed: (what: "token" | "read") => void): void {
    addEventListener("storage", (event) => {
      if (event.key === `${this.#key}:token`) changed("token");
      if (event.key === `${this.#key}:read`) changed("read");
    });
  }
}
