// Talk with the shop's page around the frame; both sides name the other's exact origin.

export interface ShopEvents {
  opened(): void;
  closed(): void;
  page(page: { url?: string; title?: string; referrer?: string }): void;
  context(facts: object): void;
}

export class Shop {
  constructor(
    private readonly origin: string,
    events: ShopEvents,
  ) {
    addEventListener("message", (event) => {
      const message = event.data as { omni?: number; type?: string; fields?: object } | null;
      if (!origin || event.origin !== origin || event.source !== parent || message?.omni !== 1) return;
      if (message.type === "open") events.opened();
      if (message.type === "close") events.closed();
      if (message.type === "page") events.page(message.fields ?? {});
      if (message.type === "context") events.context(message.fields ?? {});
    });
  }

  /** Whether there is a page around us that listens. */
  get isThere(): boolean {
    return parent !== window && Boolean(this.origin);
  }

  tell(type: "ready" | "close" | "started" | "unread", count?: number): void {
    if (this.isThere) parent.postMessage({ omni: 1, type, count }, this.origin);
  }
}
