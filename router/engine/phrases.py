"""The sentences of decision records, per language; a new language is one more entry of `PHRASES`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrases:
    """The phrases of one language; what stands in braces is filled in by `words`."""

    acts: Mapping[str, str]
    states: Mapping[str, str]
    blocked: Mapping[str, str]
    lacks: Mapping[str, str]
    units: tuple[tuple[float, str], ...]
    has: str
    needs: str
    load: str
    waited: str
    owed: str
    failed: str
    resting: str
    kept: str
    preferred: str
    without: str
    changes: Mapping[str, str]
    runner_up: str
    next_but: str
    tier: str
    held_back: str
    boosted: str
    due: str
    due_in: str
    due_ago: str
    metrics: Mapping[str, str]
    pauses: Mapping[str, str]
    because: str
    left: str
    missing: str
    that_needs: str
    comma: str
    gap: str

    def join(self, parts: Iterable[str]) -> str:
        """List some words or facts."""
        return self.comma.join(parts)

    def sentences(self, *parts: str) -> str:
        """Set sentences one after the other; empty ones vanish."""
        return self.gap.join(part for part in parts if part)

    def span(self, seconds: float) -> str:
        """Say a duration in the largest unit of which it has at least two."""
        size, unit = next((pair for pair in self.units if seconds >= 2 * pair[0]), self.units[-1])
        return f"{round(seconds / size)}{unit}"


_ENGLISH = Phrases(
    acts={
        "queued": "Waits in {queue} at place {place}{needs}.",
        "blocked": "Waits in {queue} at place {place}{needs}.",
        "offered": "Offered to {agent}: {facts}.",
        "accepting": "{agent} took it after {open}; it is being set up.",
        "accepted": "{agent} accepted after {open}.",
        "rejected": "{agent} declined after {open}{reason}; not asked again for now.",
        "expired": "{agent} did not answer within {open}; not asked again for now.",
        "rescinded": "The offer to {agent} was taken back{reason}.",
        "failed": "It could not be set up for {agent}{reason}; the next person is asked.",
        "cancelled": "It was not set up for {agent} in time; the next person is asked.",
        "memory_cleared": "Everybody who could serve it has declined; {people} may be asked again.",
        "memory_cleared_not_set_up": "{people} may be asked again after the set-up that failed.",
        "put_back": "{agent} put it back; it keeps its age.",
        "put_back_silent": "{agent} has not answered for {silent}; the work goes to the next person and keeps its age.",
        "put_back_absent": "{agent} is gone and owes an answer; the work goes to the next person and keeps its age.",
        "withdrawn": "Taken out of the queue{reason}.",
        "claimed": "{agent} took it without an offer; load now {load} of {of}.",
        "handed_over": "{agent} has it now instead of {before}; load now {load} of {of}.",
        "completed": "{agent} completed the work; load now {load} of {of}.",
        "completed_time": "{agent} is through with the after-call work; load now {load} of {of}.",
        "completed_told": "{agent} has finished the after-call work; load now {load} of {of}.",
        "wrapping": "{agent} solved it and is in after-call work for {span} at most; load now {load} of {of}.",
        "dormant": "The customer has his answer; {agent} keeps it, load now {load} of {of}.",
        "woken": "The customer wrote again and {agent} owes an answer; load now {load} of {of}.",
        "nudged": "{agent} has not answered for {silent} and was reminded.",
        "nudged_due": "{agent} has not answered for {silent} and was reminded that the answer is due.",
        "escalated": "{agent} has not answered for {silent}; the supervisors were told.",
        "escalated_due": "{agent} has not answered and the promised time is over; the supervisors were told.",
        "away": "{agent} was set away after {unanswered} unanswered offers in a row.",
        "reachability": "Nobody on shift can do work of {queue}{needs}{left}{missing}; {waiting} waiting.",
        "reachability_regained": "Work of {queue}{needs} can be done again, by {able}.",
        "reachability_closed": "Nobody is expected any more for work of {queue}{needs}: the hours are over.",
        "need_dropped_time": "After {span} the work does not insist on {needs} any more.",
        "need_dropped_nobody_on_shift": "Nobody on shift could serve the work with {needs}, so that is given up.",
        "need_dropped_thin_staff": "With so few people here the work does not insist on {needs}.",
        "need_dropped_incident": "During the incident the work does not insist on {needs}.",
        "need_dropped": "The work does not insist on {needs} any more.",
        "need_restored": "The work insists on {needs} again.",
        "moved": "Too much waits in {before}, so the work goes to {queue} and keeps its age.",
        "reprioritised": "Changed{reason}: {changes}. It keeps its age.",
        "overflow": "New work of {queue} stays there again; {waiting} wait in it.",
        "overflow_open": "New work of {queue} goes to {to} now; {waiting} wait in it.",
        "incident": "The incident {incident} is over{reason}; everything is as before it.",
        "incident_started": "The incident {incident} has begun and lasts {span}: {changes}.",
        "incident_prolonged": "The incident {incident} lasts {span} from now: {changes}.",
        "clock": "The promise of a {metric} has changed.",
        "clock_started": "A {metric} is promised within {target} ({policy}).",
        "clock_kept": "The promise of a {metric} was kept, with {left} left.",
        "clock_late": "The promise of a {metric} was broken: it was {late} overdue.",
        "clock_ended": "The promise of a {metric} fell away.",
        "clock_paused": "The promise of a {metric} stands still {pauses}{reason}; {left} left.",
        "clock_thawed": "The promise of a {metric} runs again; {left} left.",
        "clock_changed": "Another promise holds now: a {metric} within {target} ({policy}).",
        "promise_due": "{step} % of the time for the {metric} has passed ({policy}); {left} left.",
        "promise_over": "The {metric} is {late} overdue ({policy}).",
        "promise_now": "The time promised for the {metric} is over now ({policy}).",
        "other": "{act}.",
    },
    states={
        "offered": "Offered to {agent}, no answer yet.",
        "accepting": "{agent} took it; it is being set up.",
        "claimed": "{agent} has it.",
        "handed_back": "Handed back, about to be queued again.",
        "wrapping": "It is solved; {agent} is in after-call work for another {span} at most.",
        "gone": "It does not wait any more.",
    },
    blocked={
        "presence": "Nobody is available.",
        "channel_class": "Nobody available takes this channel.",
        "permission": "Nobody available serves this queue.",
        "skill": "Nobody available has every skill asked for.",
        "level": "Nobody available has the level asked for.",
        "forbid": "Everybody available who could serve it is excluded by a rule.",
        "declined": "Everybody available who could serve it has declined ({people}).",
        "cooldown": "Everybody available who could serve it rests for a moment ({people}).",
        "capacity": "Everybody available who could serve it is at the limit ({people}).",
        "reserve": "Everybody available who could serve it keeps the rest free for other queues ({people}).",
        "ramp": "Everybody available who could serve it has just had as much as may come at once ({people}).",
    },
    lacks={
        "channel_class": "does not take this channel",
        "permission": "does not serve this queue",
        "skill": "lacks {skill} level {needs}",
        "level": "lacks {skill} level {needs} (has {has})",
        "forbid": "is excluded for having {skill}",
        "declined": "has already declined",
        "declined_not_set_up": "could not be reached a moment ago",
        "cooldown": "rests for a moment",
        "capacity": "is at the limit ({load} of {of} units)",
        "wrapping": "{lack} and in after-call work for another {span}",
        "capacity_class": "has as many of this channel as allowed ({count} of {max})",
        "capacity_items": "has as many conversations as allowed ({items} of {max_claims})",
        "reserve": "keeps {reserved} units free for other queues ({load} of {of} in use)",
        "ramp": "has had {items} within {per}",
    },
    units=((86_400, " days"), (3_600, " h"), (60, " min"), (1, " s")),
    has="{skill} (level {level})",
    needs=", needs {needs}",
    load="load {load} of {of}",
    waited="Waited {span}.",
    owed="An answer is owed for {span}.",
    failed="Rules that failed on this message, and so did not match: {errors}.",
    resting="The customer has his answer.",
    kept="Kept for {agent}, who helped last time, for {span} at most.",
    preferred="{agent} helped last time.",
    without="somebody without {skill}",
    changes={
        "queue": "queue {after} instead of {before}",
        "place": "place {after} instead of {before}",
        "boost_s": "counts as {after} older instead of {before}",
        "due_at": "another time by which it is due",
        "needs": "other needs",
        "sla": "other promises",
        "channel_class": "another channel",
        "nothing": "what only shows later",
        "no_effect": "the rules change nothing for it",
        "overflow": "new work of {queues} goes elsewhere",
        "relax": "nobody insists on {skills}",
        "reserve": "{units} units more are kept free for {queue}",
        "time": ", its time has passed",
    },
    runner_up="{agent} was next.",
    next_but="{agent} was next, but {lack}.",
    tier="{queue} goes first: up to {part} of {whole} picks in a row, {picks} before this one.",
    held_back="{queue} has had its {part} of {whole} picks in a row, so another queue goes first.",
    boosted="Ahead of {passed} that came before it, because it counts as {span} older.",
    due="Ahead of {passed} that came before it, because its answer is due soon.",
    due_in="Ahead of {passed} that came before it, because its {metric} is due in {span}.",
    due_ago="Ahead of {passed} that came before it, because its {metric} is {span} overdue.",
    metrics={
        "first_response": "first answer",
        "next_response": "next answer",
        "resolution": "solution",
    },
    pauses={"customer": "while the customer is waited for", "declared": "as declared"},
    because=" ({reason})",
    left=" since {people} left",
    missing="; by the roster {people} should be here",
    that_needs=" that needs {needs}",
    comma=", ",
    gap=" ",
)

_CHINESE = Phrases(
    acts={
        "queued": "在“{queue}”队列中排第{place}位{needs}。",
        "blocked": "在“{queue}”队列中排第{place}位{needs}。",
        "offered": "已派给{agent}：{facts}。",
        "accepting": "{agent}在{open}后接单，正在接通。",
        "accepted": "{agent}在{open}后接受。",
        "rejected": "{agent}在{open}后拒绝{reason}，暂不再派给该客服。",
        "expired": "{agent}在{open}内未应答，暂不再派给该客服。",
        "rescinded": "派给{agent}的任务已收回{reason}。",
        "memory_cleared": "能处理的客服都已拒绝，现可再次派给{people}。",
        "failed": "未能接通{agent}{reason}，改派下一位客服。",
        "cancelled": "未能及时接通{agent}，改派下一位客服。",
        "memory_cleared_not_set_up": "接通失败后，现可再次派给{people}。",
        "put_back": "{agent}已退回，等待时间保留。",
        "put_back_silent": "{agent}已{silent}未回复，转给下一位客服，等待时间保留。",
        "put_back_absent": "{agent}已离开且尚未回复，转给下一位客服，等待时间保留。",
        "withdrawn": "已移出队列{reason}。",
        "claimed": "{agent}未经派单直接接手，当前负载{load}/{of}。",
        "handed_over": "已由{agent}接替{before}处理，当前负载{load}/{of}。",
        "completed": "{agent}已完成，当前负载{load}/{of}。",
        "completed_time": "{agent}的话后处理时间已到，当前负载{load}/{of}。",
        "completed_told": "{agent}已完成话后处理，当前负载{load}/{of}。",
        "wrapping": "{agent}已解决，话后处理最多{span}，当前负载{load}/{of}。",
        "dormant": "已回复客户，仍由{agent}跟进，当前负载{load}/{of}。",
        "woken": "客户再次来信，待{agent}回复，当前负载{load}/{of}。",
        "nudged": "{agent}已{silent}未回复，已提醒。",
        "nudged_due": "{agent}已{silent}未回复，承诺时限将到，已提醒。",
        "escalated": "{agent}已{silent}未回复，已通知主管。",
        "escalated_due": "{agent}尚未回复且已到承诺时限，已通知主管。",
        "away": "{agent}连续{unanswered}次未应答，已设为离开。",
        "reachability": "“{queue}”队列{needs}任务已无当班客服可处理{left}{missing}，{waiting}项正在等待。",
        "reachability_regained": "“{queue}”队列{needs}任务恢复可处理：{able}。",
        "reachability_closed": "“{queue}”队列{needs}任务已过服务时间，不再需要有人值守。",
        "need_dropped_time": "排队{span}后，不再强求{needs}。",
        "need_dropped_nobody_on_shift": "当班客服无人能满足{needs}，故不再强求。",
        "need_dropped_thin_staff": "当前人手不足，不再强求{needs}。",
        "need_dropped_incident": "应急期间不再强求{needs}。",
        "need_dropped": "不再强求{needs}。",
        "need_restored": "重新要求{needs}。",
        "moved": "“{before}”排队过长，已转入“{queue}”，等待时间保留。",
        "reprioritised": "已调整{reason}：{changes}，等待时间保留。",
        "overflow": "“{queue}”的新任务恢复留在本队列，现有{waiting}项等待。",
        "overflow_open": "“{queue}”现有{waiting}项等待，新任务转入“{to}”。",
        "incident": "应急“{incident}”已结束{reason}，一切恢复原状。",
        "incident_started": "应急“{incident}”已开始，持续{span}：{changes}。",
        "incident_prolonged": "应急“{incident}”从现在起持续{span}：{changes}。",
        "clock": "{metric}承诺有变。",
        "clock_started": "承诺在{target}内{metric}（{policy}）。",
        "clock_kept": "已按承诺{metric}，还剩{left}。",
        "clock_late": "未按承诺{metric}，超时{late}。",
        "clock_ended": "{metric}承诺已取消。",
        "clock_paused": "{metric}承诺暂停计时（{pauses}）{reason}，还剩{left}。",
        "clock_thawed": "{metric}承诺恢复计时，还剩{left}。",
        "clock_changed": "现改为承诺在{target}内{metric}（{policy}）。",
        "promise_due": "{metric}时限已过{step}%（{policy}），还剩{left}。",
        "promise_over": "{metric}已超时{late}（{policy}）。",
        "promise_now": "{metric}时限已到（{policy}）。",
        "other": "{act}。",
    },
    states={
        "offered": "已派给{agent}，尚未应答。",
        "accepting": "{agent}已接单，正在接通。",
        "claimed": "正由{agent}处理。",
        "handed_back": "已退回，即将重新排队。",
        "wrapping": "已解决，{agent}正在话后处理，最多还需{span}。",
        "gone": "已不在等待。",
    },
    blocked={
        "presence": "当前没有可接待的客服。",
        "channel_class": "在线客服都不接此渠道。",
        "permission": "在线客服都不负责此队列。",
        "skill": "在线客服都不具备全部所需技能。",
        "level": "在线客服的技能等级都不够。",
        "forbid": "能处理的在线客服都被规则排除。",
        "declined": "能处理的{people}位在线客服都已拒绝。",
        "cooldown": "能处理的{people}位在线客服都在短暂休息。",
        "capacity": "能处理的{people}位在线客服都已满负荷。",
        "reserve": "能处理的{people}位在线客服需为其他队列预留余量。",
        "ramp": "能处理的{people}位在线客服刚接够新任务，稍后再派。",
    },
    lacks={
        "channel_class": "不接此渠道",
        "permission": "不负责此队列",
        "skill": "缺少{skill}（需{needs}级）",
        "level": "{skill}等级不够（需{needs}级，现{has}级）",
        "forbid": "因具备{skill}而被排除",
        "declined": "已经拒绝过",
        "declined_not_set_up": "刚才未能接通",
        "cooldown": "正在短暂休息",
        "capacity": "已满负荷（{load}/{of}）",
        "wrapping": "{lack}，话后处理还需{span}",
        "capacity_class": "此渠道的任务已满（{count}/{max}）",
        "capacity_items": "任务数已满（{items}/{max_claims}）",
        "reserve": "需为其他队列预留{reserved}单位（已用{load}/{of}）",
        "ramp": "{per}内已接{items}项新任务",
    },
    units=((86_400, "天"), (3_600, "小时"), (60, "分钟"), (1, "秒")),
    has="{skill}（{level}级）",
    needs="，需要{needs}",
    load="负载{load}/{of}",
    waited="已等待{span}。",
    owed="待回复已{span}。",
    failed="处理此消息时出错、按不匹配处理的规则：{errors}。",
    resting="已回复客户。",
    kept="为上次接待的{agent}保留，最多再等{span}。",
    preferred="上次由{agent}接待。",
    without="不具备{skill}的客服",
    changes={
        "queue": "队列由“{before}”改为“{after}”",
        "place": "位次由第{before}位改为第{after}位",
        "boost_s": "提前量由{before}改为{after}",
        "due_at": "答复时限已改",
        "needs": "所需技能已改",
        "sla": "服务承诺已改",
        "channel_class": "渠道已改",
        "nothing": "日后才见变化",
        "no_effect": "规则没有为它规定任何变化",
        "overflow": "{queues}的新任务转入其他队列",
        "relax": "不再强求{skills}",
        "reserve": "为“{queue}”多预留{units}单位",
        "time": "（已到时间）",
    },
    runner_up="下一位是{agent}。",
    next_but="下一位本是{agent}，但{lack}。",
    tier="“{queue}”优先：每连续{whole}次派单中最多{part}次，此前已占{picks}次。",
    held_back="“{queue}”已用完连续{whole}次派单中的{part}次，先派其他队列。",
    boosted="因按早{span}计算，排在先到的{passed}项之前。",
    due="因即将到答复时限，排在先到的{passed}项之前。",
    due_in="因距{metric}时限还有{span}，排在先到的{passed}项之前。",
    due_ago="因{metric}已超时{span}，排在先到的{passed}项之前。",
    metrics={"first_response": "首次答复", "next_response": "下次答复", "resolution": "解决"},
    pauses={"customer": "等待客户回复", "declared": "已登记暂停"},
    because="（{reason}）",
    left="（{people}已离开）",
    missing="（按排班应到：{people}）",
    that_needs="中需要{needs}的",
    comma="、",
    gap="",
)

PHRASES: Mapping[str, Phrases] = MappingProxyType({"en": _ENGLISH, "zh": _CHINESE})
