// One message.
import { type FileActs, Files } from "./Files";
import { Tick, Ticks, Waiting } from "./icons";
import { answeredSeq, isOwn, type Message } from "./state";
import { say, timeOf } from "./words";

const ADDRESS = /(https?:\/\/[^\s<>"'，。；、）】]+[^\s<>"'，。；、）】.,;:!?)\]])/;

const Text = ({ text }: { text: string }) => (
  <>
    {text.split(ADDRESS).map((part, at) =>
      at % 2 ? (
        <a href={part} target="_blank" rel="noopener noreferrer nofollow">
          {part}
        </a>
      ) : (
        part
      ),
    )}
  </>
);

function Mark({ message }: { message: Message }) {
  if (message.progress === "failed") return <span class="failed">{say("failed", { reason: message.reason })}</span>;
  if (message.progress === "sending") return <Sign word="sending" icon={<Waiting />} />;
  const isSeen = (message.seq ?? Infinity) < answeredSeq.value;
  return isSeen ? <Sign word="seen" icon={<Ticks />} /> : <Sign word="sent" icon={<Tick />} />;
}

const Sign = ({ word, icon }: { word: string; icon: preact.JSX.Element }) => (
  <span title={say(word)}>
    {icon}
    <span class="hidden">{say(word)}</span>
  </span>
);

interface Place {
  message: Message;
  isFirst: boolean;
  isLast: boolean;
  files: FileActs;
}

export function Bubble({ message, isFirst, isLast, files }: Place) {
  const own = isOwn(message);
  if (message.role === "system") return <p class="day">{message.text}</p>;
  const isWorthAMark = isLast || message.progress !== "sent";
  return (
    <article class={`bubble ${own ? "own" : ""} ${isFirst ? "first" : ""} ${isLast ? "last" : ""}`}>
      <h2 class={own || !isFirst ? "hidden" : ""}>{own ? say("customer") : message.name || say("shop")}</h2>
      {message.text && (
        <p dir="auto">
          <Text text={message.text} />
        </p>
      )}
      {message.files.length > 0 && <Files files={message.files} acts={files} />}
      {isWorthAMark && (
        <footer>
          <time dateTime={message.at.toISOString()}>{timeOf(message.at)}</time>
          {own && <Mark message={message} />}
        </footer>
      )}
    </article>
  );
}
