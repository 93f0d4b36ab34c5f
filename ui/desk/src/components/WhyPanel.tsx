/** Why is this here, and why with me? The decision records in words, each with its raw record. */
import { api } from "../api/client";
import type { Conversation, Decision, Promised } from "../api/types";
import { clockTime, fullTime, queueName, span } from "../format";
import { hasWord, locale, t } from "../words";
import { PageState } from "./PageState";
import { useAnswer } from "./useAnswer";

interface ClockBody {
  step?: number;
  state?: string;
  change?: string;
  reason?: string;
  paused_by?: string[];
}

function DecisionEntry({ decision, isNow }: { decision: Decision; isNow: boolean }) {
  const act = `act-name-${decision.act.replaceAll("_", "-")}`;
  return (
    <li class="decision" data-now={isNow}>
      <p class="decision-head">
        <b>{isNow ? t("why-now") : hasWord(act) ? t(act) : decision.act}</b>
        {decision.agent && <span>{decision.agent.name}</span>}
        <time class="quiet" dateTime={decision.at} title={fullTime(decision.at)}>
          {clockTime(decision.at)}
        </time>
      </p>
      <p class="decision-text">{decision.text}</p>
      <details>
        <summary>{t("why-record")}</summary>
        <pre tabIndex={0}>{JSON.stringify(decision.body, null, 2)}</pre>
      </details>
    </li>
  );
}

/** Say how a promise stands: by when, paused with what was left, or how it ended. */
function promiseWords(promise: Promised): string {
  const { policy } = promise;
  if (promise.state === "running" && promise.due_at) return t("promise-by", { at: fullTime(promise.due_at), policy });
  if (promise.state === "paused") return t("promise-paused", { span: span(promise.remaining_s ?? 0), policy });
  return t(`promise-${promise.state}`, { policy });
}

/** A promise that goes as it should is told by the panel's head already. */
function isRoutine({ act, body }: Decision): boolean {
  const { step = 0, state, change, reason, paused_by = [] } = body as ClockBody;
  if (act === "promise_due") return step < 100;
  return act === "clock" && state !== "late" && change !== "changed" && !reason && !paused_by.includes("declared");
}

/** What the work item itself says: rules, skills asked, priority, promises. */
function Standing({ conversation }: { conversation: Conversation }) {
  const item = conversation.work_item;
  if (!item) return null;
  const needs = item.needs.map((need) => {
    const skill = need.require ?? need.prefer ?? need.forbid ?? "";
    const word = need.require ? "need-require" : need.prefer ? "need-prefer" : "need-forbid";
    return t(word, { skill, level: need.level ?? 0 });
  });
  return (
    <dl class="facts">
      <div>
        <dt>{t("fact-queue")}</dt>
        <dd>{queueName(item.queue)}</dd>
      </div>
      <div>
        <dt>{t("fact-rules")}</dt>
        <dd>{item.matched_rules.join(", ") || "–"}</dd>
      </div>
      {item.rule_errors.length > 0 && (
        <div class="problem">
          <dt>{t("fact-rule-errors")}</dt>
          <dd>{item.rule_errors.join("; ")}</dd>
        </div>
      )}
      <div>
        <dt>{t("fact-needs")}</dt>
        <dd>{needs.join(", ") || t("fact-needs-none")}</dd>
      </div>
      <div>
        <dt>{t("fact-boost")}</dt>
        <dd>{item.boost_s > 0 ? t("fact-boost-by", { span: span(item.boost_s) }) : "–"}</dd>
      </div>
      {item.promises.map((promise) => (
        <div key={promise.metric}>
          <dt>{t(`promise-${promise.metric.replace("_", "-")}`)}</dt>
          <dd>{promiseWords(promise)}</dd>
        </div>
      ))}
    </dl>
  );
}

export function WhyPanel({ conversation }: { conversation: Conversation }) {
  const lang = locale.value === "en" ? "en" : "zh";
  const item = conversation.work_item;
  const answer = useAnswer(
    () => api.decisions(conversation.id, lang),
    [conversation.id, lang, item?.state, item?.claimed_by?.id, item?.queue],
  );
  const decisions = (answer.value?.decisions ?? [])
    .filter((decision) => !isRoutine(decision))
    .toSorted((one, other) => Date.parse(other.at) - Date.parse(one.at));
  const current = answer.value?.now ?? null;
  return (
    <>
      <Standing conversation={conversation} />
      <h2>{t("why-decisions")}</h2>
      {answer.isLoading && <div class="row-ghost" aria-hidden="true" />}
      {answer.problem && (
        <PageState icon="warn" title={answer.problem}>
          <button type="button" class="button" onClick={answer.again}>
            {t("try-again")}
          </button>
        </PageState>
      )}
      {answer.value && decisions.length === 0 && !current && <p class="quiet">{t("why-none")}</p>}
      <ol class="decisions">
        {current && <DecisionEntry decision={current} isNow />}
        {decisions.map((decision) => (
          <DecisionEntry key={decision.id} decision={decision} isNow={false} />
        ))}
      </ol>
    </>
  );
}
