/** What is to be done in this conversation, above everything said: whom to call, when, why, and what came of it. */
import { useState } from "preact/hooks";
import type { Task } from "../api/tasks";
import type { Conversation } from "../api/types";
import { now } from "../store/clock";
import { close, line, makeCall, mayAct, notReached, reached, tasksOf } from "../store/tasks";
import { clockTime, fullTime, span } from "../format";
import { t } from "../words";
import { Icon } from "./Icon";

function bestTime(task: Task): string {
  if (task.best_from && task.best_until) {
    return t("task-best-between", { from: fullTime(task.best_from), until: clockTime(task.best_until) });
  }
  if (task.best_from) return t("task-best-from", { at: fullTime(task.best_from) });
  return task.best_until ? t("task-best-until", { at: fullTime(task.best_until) }) : "";
}

function detailsOf(task: Task): string[] {
  const dueMs = Date.parse(task.due_at);
  const tried = task.attempts.filter((one) => one.state === "not_reached").length;
  const last = task.attempts.at(-1);
  return [
    task.counter > 1 ? t("task-counter", { n: task.counter }) : "",
    task.last_missed_at ? t("task-missed", { span: span((now.value - Date.parse(task.last_missed_at)) / 1_000) }) : "",
    !task.begun && dueMs > now.value ? t("task-due", { at: fullTime(task.due_at) }) : "",
    bestTime(task),
    task.attempt_limit ? t("task-tries-of", { n: tried, limit: task.attempt_limit }) : tried ? t("task-tries", { n: tried }) : "",
    last?.state === "calling" ? t("task-is-calling") : "",
    last?.state === "failed" ? t("task-call-failed", { detail: last.detail }) : "",
  ].filter(Boolean);
}

type Asked = "nothing" | "line" | "reason";

/** One line to fill in: the line that rings first, or why the task is closed. */
function Ask({ asked, task, onDone }: { asked: Exclude<Asked, "nothing">; task: Task; onDone: () => void }) {
  const [value, setValue] = useState(asked === "line" ? line.peek() : "");
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const run = asked === "line" ? makeCall : close;
    if (await run(task, value.trim())) onDone();
  };
  return (
    <form class="task-ask" onSubmit={submit}>
      <label>
        {t(`task-ask-${asked}`)}
        <input required maxLength={asked === "line" ? 100 : 500} value={value} autofocus onInput={(event) => setValue(event.currentTarget.value)} />
      </label>
      <button type="submit" class="button primary" disabled={!value.trim()}>
        {t(asked === "line" ? "task-call" : "task-close")}
      </button>
      <button type="button" class="button" onClick={onDone}>
        {t("cancel")}
      </button>
    </form>
  );
}

function Buttons({ task, ask }: { task: Task; ask: (asked: Asked) => void }) {
  const isCall = task.kind === "call_back";
  return (
    <div class="task-acts">
      {task.can_originate && (
        <button type="button" class="button primary" onClick={() => ask("line")}>
          <Icon name="phone" size={15} />
          {t("task-call")}
        </button>
      )}
      <button type="button" class="button" onClick={() => reached(task)}>
        {t(isCall ? "task-reached" : "task-finished")}
      </button>
      {isCall && (
        <button type="button" class="button" onClick={() => notReached(task)}>
          {t("task-not-reached")}
        </button>
      )}
      <button type="button" class="text-button" onClick={() => ask("reason")}>
        {t("task-close")}…
      </button>
    </div>
  );
}

function TaskCard({ task }: { task: Task }) {
  const [asked, setAsked] = useState<Asked>("nothing");
  return (
    <li class="task">
      <p class="task-head">
        <Icon name={task.kind === "call_back" ? "phone" : "check"} size={16} />
        <strong>{t(`task-${task.kind}`)}</strong>
        {task.number && (
          <a class="task-number" href={`tel:${task.number.replaceAll(" ", "")}`}>
            {task.number}
          </a>
        )}
        <span class="quiet">{detailsOf(task).join(" · ")}</span>
      </p>
      {task.reason && <p class="task-reason">{task.reason}</p>}
      {task.script && (
        <details class="task-script">
          <summary>{t("task-script")}</summary>
          <p>{task.script}</p>
        </details>
      )}
      {mayAct(task) && (asked === "nothing" ? <Buttons task={task} ask={setAsked} /> : <Ask asked={asked} task={task} onDone={() => setAsked("nothing")} />)}
    </li>
  );
}

export function TaskBanner({ conversation }: { conversation: Conversation }) {
  const open = tasksOf(conversation.id).value.filter((task) => task.state === "open");
  if (open.length === 0) return null;
  return (
    <section class="tasks" aria-label={t("tasks")}>
      <ul>
        {open.map((task) => (
          <TaskCard key={task.id} task={task} />
        ))}
      </ul>
    </section>
  );
}
