// After the end: thanks, and a score if the visitor likes to give one.
import { useSignal } from "@preact/signals";
import type { Conversation } from "./conversation";
import { Star } from "./icons";
import { isRated } from "./state";
import { say } from "./words";

export function Rating({ conversation }: { conversation: Conversation }) {
  const score = useSignal(0);
  const comment = useSignal("");
  if (isRated.value) {
    return (
      <section class="rating" role="status">
        <p>{say("thanks")}</p>
      </section>
    );
  }
  return (
    <form
      class="rating"
      onSubmit={(event) => {
        event.preventDefault();
        if (score.value) conversation.rate(score.value, comment.value.slice(0, 1000));
      }}
    >
      <p role="status">{say("ended")}</p>
      <fieldset>
        <legend>{say("rate")}</legend>
        {[1, 2, 3, 4, 5].map((value) => (
          <label class={value <= score.value ? "on" : ""} title={say("score", { score: value })}>
            <input
              type="radio"
              name="score"
              aria-label={say("score", { score: value })}
              checked={value === score.value}
              onChange={() => (score.value = value)}
            />
            <Star />
          </label>
        ))}
      </fieldset>
      {score.value > 0 && (
        <>
          <input
            class="comment"
            dir="auto"
            placeholder={say("rate-comment")}
            aria-label={say("rate-comment")}
            value={comment.value}
            onInput={(event) => (comment.value = event.currentTarget.value)}
          />
          <button type="submit">{say("rate-send")}</button>
        </>
      )}
    </form>
  );
}
