/** The mark of a conversation: its channel inside the ring of the time left. */
import type { Conversation } from "../api/types";
import { now } from "../store/clock";
import { Icon, channelIcon } from "./Icon";
import { Ring, timeLeftOf } from "./Ring";

export function ChannelRing({ conversation, size = 36 }: { conversation: Conversation; size?: number }) {
  const left = timeLeftOf(conversation, now.value);
  return (
    <Ring share={left?.share ?? 0} urgency={left?.urgency ?? "none"} size={size}>
      <Icon name={channelIcon(conversation.marketplace ? "marketplace" : conversation.channel)} size={Math.round(size * 0.47)} />
    </Ring>
  );
}
