// The whole frame: heading, messages, what is going on with the line, composer.
import { Banner } from "./Banner";
import { Composer } from "./Composer";
import type { Conversation } from "./conversation";
import { Close } from "./icons";
import { Log } from "./Log";
import { Rating } from "./Rating";
import type { Shop } from "./shop";
import type { Site } from "./site";
import { isEnded, messages } from "./state";
import { say } from "./words";

export interface Parts {
  site: Site;
  conversation: Conversation;
  shop: Shop;
}

export function App({ site, conversation, shop }: Parts) {
  const leave = (event: KeyboardEvent) => {
    if (event.key === "Escape" && !event.isComposing) shop.tell("close");
  };
  const canEnd = messages.value.some((message) => message.seq !== null) && !isEnded.value;
  return (
    <main class="frame" onKeyDown={leave}>
      <header>
        <h1 dir="auto">{site.title || say("title")}</h1>
        {canEnd && (
          <button type="button" class="quiet" onClick={() => conversation.end()}>
            {say("end")}
          </button>
        )}
        {shop.isThere && (
          <button type="button" class="quiet round" onClick={() => shop.tell("close")} title={say("close")}>
            <Close />
            <span class="hidden">{say("close")}</span>
          </button>
        )}
      </header>
      <Banner conversation={conversation} />
      <Log greeting={site.greeting} fetchFile={conversation.fetchFile} />
      {isEnded.value && <Rating conversation={conversation} />}
      <Composer conversation={conversation} />
    </main>
  );
}
