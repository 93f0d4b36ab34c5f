/** The whole desk: log-in, or rail, list, conversation and side panel with live updates. */
import { useEffect } from "preact/hooks";
import { accountState, start } from "../store/account";
import { conversationSignal } from "../store/conversations";
import { mineCount } from "../store/lists";
import { connect, connection, disconnect } from "../store/live";
import { place } from "../store/navigation";
import { offers } from "../store/offers";
import { isRailOpen, side } from "../store/screen";
import { t } from "../words";
import { ConversationList } from "./ConversationList";
import { ConversationPage } from "./ConversationPage";
import { Dialogs } from "./Dialogs";
import { LogIn } from "./LogIn";
import { PageState } from "./PageState";
import { Rail } from "./Rail";
import { SidePanel } from "./SidePanel";
import { Toasts } from "./Toasts";

function ConnectionBanner() {
  if (connection.value !== "lost") return null;
  return (
    <p class="banner" role="alert">
      <span class="banner-pulse" aria-hidden="true" /> {t("connection-lost")}
    </p>
  );
}

function Desk() {
  useEffect(() => {
    connect();
    return disconnect;
  }, []);
  useEffect(() => {
    document.title = offers.value.length > 0 ? t("title-offer") : `(${mineCount.value}) Omnirouter`;
  }, [offers.value.length, mineCount.value]);
  const id = place.value.conversationId;
  const conversation = id ? conversationSignal(id).value : null;
  return (
    <div class="desk" data-open={Boolean(id)} data-side={Boolean(conversation && side.value)}>
      <ConnectionBanner />
      <Rail />
      {isRailOpen.value && (
        <button type="button" class="rail-shade" aria-label={t("close")} onClick={() => (isRailOpen.value = false)} />
      )}
      <main class="stage">
        <ConversationList />
        <div class="page">
          {id ? (
            <ConversationPage key={id} id={id} />
          ) : (
            <PageState icon="webchat" title={t("nothing-open")} text={t("nothing-open-text")} />
          )}
        </div>
      </main>
      {conversation && <SidePanel conversation={conversation} />}
      <Dialogs />
    </div>
  );
}

export function App() {
  const state = accountState.value;
  return (
    <>
      {state === "logged_in" && <Desk />}
      {state === "logged_out" && <LogIn />}
      {state === "starting" && <main aria-busy="true" aria-label={t("loading")} />}
      {state === "unreachable" && (
        <main class="unreachable">
          <PageState icon="warn" title={t("unreachable")} text={t("unreachable-text")}>
            <button type="button" class="button primary" onClick={start}>
              {t("try-again")}
            </button>
          </PageState>
        </main>
      )}
      <Toasts />
    </>
  );
}
