# 工作台用语，简体中文。顺序与英文文件一致。

## 登录
log-in-title = 欢迎来到工作台
log-in-lead = 所有渠道，一个队列。登录后开始接待。
log-in-again = 您已退出登录。请重新登录，草稿已保留。
log-in-login = 账号
log-in-password = 密码
log-in-go = 登录
log-in-busy = 正在登录…
unreachable = 无法连接服务器
unreachable-text = 请检查网络，您写的内容不会丢失。
connection-lost = 连接已断开，正在重试；当前内容可能不是最新。

## 侧栏
presence = 状态
presence-available = 在线
presence-busy = 忙碌
presence-away = 离开
presence-offline = 离线
presence-since = 已 { $span }
presence-all-channels = 全部渠道
presence-some-channels = { $n } 个渠道
presence-channels = 接待的渠道
presence-reason = 原因
presence-reason-none = 未说明原因
presence-reason-lunch = 用餐
presence-reason-meeting = 会议
presence-reason-training = 培训
presence-reason-paperwork = 处理单据
capacity-words = 已用 { $used } / { $units } 单位，{ $claims } 个会话
capacity-short = { $used } / { $units } 单位
absence = 计划离开…
absence-from = 离开时间
absence-to = 返回时间
absence-plan = 告知
absence-planned = { $since } 至 { $until } 离开
absence-open = { $since } 起离开
absence-from-time = { $since } 起离开
absence-cancel = 取消
class-chat = 在线聊天
class-email = 邮件
class-phone = 电话
class-marketplace = 平台店铺
views = 视图
view-mine = 我的
view-waiting = 等待中
view-open = 进行中
view-resolved = 已解决
view-all = 全部
queues = 队列
queue-oldest = 最长等待
queue-counters = 等待 { $waiting }，处理中 { $claimed }
watch-alarms = { $n ->
    [0] 一切正常
   *[other] { $n } 个告警
  }
watch-incident = 突发事件：{ $name }（{ $n }）
health-here = 在线 { $here } / { $all } 人
health-well = 全部正常
health-trouble = { $n } 个异常
health-next-try = { $span }后重试
health-starting = 启动中
health-ok = 正常
health-degraded = 不稳定
health-down = 中断
health-auth-needed = 登录被拒
health-paused = 已暂停
health-failed = 故障
tool-theme = 配色：{ $theme ->
    [light] 浅色
    [dark] 深色
   *[auto] 跟随系统
  }
tool-language = Switch to English
tool-sound = 新分配提示音
tool-keys = 快捷键
tool-leave = 退出登录
menu = 菜单

## 列表
conversations = 会话
list-count = { $more ->
    [0] { $n }
   *[other] { $n }+
  }
search = 搜索
filter-channel = 渠道
filter-all-channels = 全部渠道
clock-title = 剩余回复时间
clock-paused = 已暂停
clock-paused-title = 承诺计时已暂停
clock-late = 超时 { $span }
unread = { $n } 条未读
typing = 正在输入…
chip-failed = { $n } 条未送达
chip-boost = 提前 { $span }
chip-boost-title = 优先：在队列中提前这么多
chip-rule-title = 命中的规则
chip-owner = { $name }
chip-offered = 正分配给{ $name }
chip-required = 必需技能
chip-preferred = 优先技能
loading = 加载中
list-failed = 列表读取失败
try-again = 重试
empty-mine = 手上没有会话
empty-mine-text = 在线时，新的会话会分配到这里。
empty-waiting = 没有人在等待
empty-waiting-text = 每位顾客都有人接待。
empty-open = 没有进行中的会话
empty-open-text = 全部已解决。
empty-resolved = 还没有已解决的会话
empty-resolved-text = 已解决的会话保存在这里。
empty-all = 还没有会话
empty-all-text = 顾客的第一条消息会开启会话。
empty-search = 没有找到
empty-search-text = 换个词或换个渠道试试。

## 分配
offers = 新分配
offer-of = 新分配：{ $name }
offer-accept = 接受
offer-decline = 拒绝
offer-waited = 已等 { $span }
offer-gone = { $state ->
    [expired] { $name } 的分配已超时，转给下一位。
   *[other] { $name } 的分配已收回。
  }
title-offer = ● 新分配

## 会话
nothing-open = 未打开会话
nothing-open-text = 从列表中选择，或按 Ctrl+K 快速前往。
back = 返回列表
state-mine = 我在处理
state-claimed = { $name } 在处理
state-offered = 分配中
state-waiting = 等待中
state-resolved = 已解决
state-done = 已解决
due-in = { $span } 内回复
due-late = 回复已超时 { $span }
act-claim = 接手
act-pause = 暂停
act-thaw = 继续
paused-for = 已暂停：{ $reason }
nudge-nudged = 客户已等待你的回复{ $span }。
nudge-escalated = 客户已等待{ $span }。已通知主管，会话即将退回排队。
act-put-back = 放回队列
act-transfer = 转交
act-resolve = 解决
timeline = 消息
timeline-failed = 消息读取失败
to-end = 最新消息 ↓
new-message = { $name } 的新消息：{ $text }
typing-who = { $name } 正在输入
day-today = 今天
day-yesterday = 昨天
quoted = 引用内容
original = 下载原文
guest = 未证实是顾客本人
note-mark = 内部备注
automatic-reply = 自动回复
automatic-bulk = 群发邮件
automatic-report = 投递报告
role-customer = 顾客
role-agent = 客服
role-shop = 店铺
role-bot = 机器人
role-system = 系统
role-operator = 平台小二
role-mediator = 仲裁方
role-other = 其他人
block-image = 图片
block-file = 文件
block-audio = 语音
block-video = 视频
block-location = 位置
block-contact = 名片
block-order_card = 订单
block-product_card = 商品
block-coupon_card = 优惠券
block-choice = 选项
block-form = 表单
block-call = 通话
block-unsupported = 此类消息无法在这里显示
mail-of = { $name } 的邮件
mail-remote = 未加载 { $n } 张外部图片。
attachments = 附件
attachment-unnamed = 未命名文件
event-message = 消息
event-opened = 会话已开启
event-assigned = { $name } 接手
event-claimed = { $name } 接手
event-put-back = { $name } 放回队列
event-came-back = { $reason ->
    [absent] 已退回排队：{ $holder }已离开，客户已等待{ $silent }。
   *[other] 已退回排队：{ $holder }{ $silent }未回复。
  }
came-back-replied = 客户最后一次收到回复：{ $at }。
came-back-silent = 客户尚未得到回复。
event-prioritised = { $name }将其提前{ $boost }：{ $reason }
event-paused = { $name }暂停了处理：{ $reason }
event-thawed = { $name }恢复了处理
event-transferred = { $name } 转交
event-thread-state = 顾客结束了对话
event-resolved = { $name } 已解决
event-platform-state = 平台更改了此会话的状态
event-recall = 一条尚未到达的消息被撤回
event-edit = 一条尚未到达的消息被编辑
event-reaction = 有人对尚未到达的消息作出了回应
event-assignment = 平台分配了此会话
event-system = 平台通知
recalled = 已于 { $at } 撤回
recalled-show = 查看原文
edited = 已于 { $at } 编辑
edited-show = 查看之前的内容
sent-outside = 在其他地方发送
reactions = 回应
read-again = 重新读取
card-order_id = 订单
card-product_id = 商品
card-code = 代码
card-status = 状态
card-price = 价格
card-amount = 金额
card-quantity = 数量
thread-blocked = 无法发送：{ $reason }
thread-closes = { $span }后关闭
thread-closed = 已被平台关闭
turn-shop = 平台等待店铺回复
turn-customer = 平台等待顾客回复
turn-nobody = 平台不等待任何一方

## 通话与任务
call-inbound-answered = 已接来电
call-inbound-missed = 未接来电
call-inbound-abandoned = 来电者放弃等待
call-inbound-busy = 来电时占线
call-inbound-voicemail = 语音留言
call-inbound-failed = 来电失败
call-inbound-rejected = 来电被拒
call-outbound-answered = 已去电
call-outbound-missed = 去电无人接听
call-outbound-busy = 去电占线
call-outbound-voicemail = 去电转入留言
call-outbound-failed = 去电失败
call-outbound-rejected = 去电被拒
call-state-ringing = 正在响铃
call-state-queued = 正在排队
call-state-talking = 正在通话
call-comma = ，
call-talked = 通话{ $span }
call-rang = 响铃{ $span }
call-with = 坐席 { $agent }
call-offered = 曾呼 { $agents }
call-recording = 录音
call-recording-of = 录音 { $span }
call-recording-refused = 客户不同意录音
call-told-reason = 原因：
call-told-result = 结果：
call-told-note = 备注：
call-promised = 承诺期限 { $at }
tasks = 待办
task-call_back = 回电
task-follow_up = 跟进
task-new = 新建回电
task-number = 号码
task-reason = 事由
task-script = 话术
task-due-at = 何时处理
task-best-begin = 最佳时间从
task-best-end = 最佳时间到
task-limit = 尝试次数（0 为不限）
task-keep = 保存
task-kept = 已保存，到时提醒
task-counter = 来电 { $n } 次
task-missed = 最近一次在{ $span }前
task-due = { $at } 处理
task-best-between = 最佳时间 { $from } 至 { $until }
task-best-from = { $at } 之后为佳
task-best-until = { $at } 之前为佳
task-tries = 已试 { $n } 次
task-tries-of = 已试 { $n } / { $limit } 次
task-is-calling = 正在呼叫
task-call-failed = 无法呼叫：{ $detail }
task-call = 呼叫
task-calling = 您的话机将先响铃
task-reached = 已联系上
task-finished = 完成
task-not-reached = 未联系上
task-close = 说明原因并关闭
task-done = 已完成
task-tried = 已记录本次尝试
task-ask-line = 您的分机（先响铃）
task-ask-reason = 为何不再需要？
task-ended-answered = 已与客户通话
task-ended-reached = 已联系上客户
task-ended-attempts = 尝试次数已满
task-ended-too_late = 已过期限
task-ended-called_again = 客户再次来电
task-ended-corrected = 该来电无需回复
event-task-made = { $name } 将{ $task ->
    [follow_up] 跟进
   *[other] 回电
  }：{ $reason }
event-task-due = 现在需要{ $task ->
    [follow_up] 跟进
   *[other] 回电
  }
event-task-closed = { $task ->
    [follow_up] 跟进
   *[other] 回电
  }已关闭：{ $reason }
entry-new = 手工登记通话
entry-account = 账号
entry-choose = 请选择
entry-keep = 保存
entry-kept = 已登记
entry-nowhere = 没有渠道支持手工登记。

## 投递
delivery-queued = 待发送
delivery-sending = 发送中
delivery-unknown = 可能未送达
delivery-held = 平台暂缓发送
delivery-accepted = 已发送
delivery-delivered = 已送达
delivery-read = 已读
delivery-failed = 未发出
delivery-bounced = 被退回
delivery-expired = 已放弃
delivery-attempts = 共尝试 { $n } 次
delivery-next-try = { $span } 后重试
refused-part = 被拒绝的部分：{ $part }
instead = 可改用：{ $ways }
instead-template = 已审核的模板
instead-call_back = 致电顾客
resend = 重新发送
resend-unknown = 对方可能已经收到；重发使用同一编号，多数系统只显示一次。
resend-failed = 以同一编号重新发送同一条消息。

## 编辑区
composer = 回复区
mode-reply = 回复
mode-note = 备注
reply-to = 发给 { $name }
reply-via = 经 { $channel } · { $account }
reply-field = 回复 { $name }
reply-placeholder = 写给顾客…
note-for = 仅同事可见
note-field = 内部备注
note-placeholder = 写给同事…
note-kept = 备注已保存
keep-note = 保存备注
send = 发送
send-now = 立即发送
send-hint = Ctrl+Enter
sending = 即将发送：
undo = 撤销
draft-clean = { "" }
draft-changed = …
draft-saved = 草稿已保存
draft-failed = 草稿尚未保存
blocked-resolved = 会话已解决。顾客再来消息时会重新开启。
blocked-colleague = { $name } 正在回复。您可以添加备注。
blocked-offered = 正在分配中。
blocked-waiting = 接手后才能回复。
readers = 谁会看到回复
read-by = { $readers }可见
also-to = 同时发给：{ $reader }
opens-again = { $at } 起恢复
open-until = { $at } 前可发送
sends-left = 还可发送 { $n } 条
templates = 已审核的模板（{ $n }）
templates-none = 平台在此没有可用的模板。
template-send = 发送此模板
done-resolved = 已解决
done-put-back = 已放回队列，等待时间保留
done-transferred = 已转交

## 对话框
cancel = 取消
close = 关闭
resolve-title = 解决会话
resolve-reason = 结果如何？
resolve-solved = 已解决
resolve-answered = 已答复
resolve-no-answer = 顾客不再回复
resolve-duplicate = 与其他会话重复
resolve-spam = 与业务无关
pause-title = 暂停处理
pause-text = 解决期限暂停计时，直到你选择继续；回复期限不受影响。
pause-reason = 在等待什么？
watch-title = 值守
alarms = 需要处理
alarms-none = 没有告警，每位客户都有人照应。
alarm-open = 打开会话
incidents = 突发事件
incidents-none = 规则中没有声明突发事件。
incident-look = 会有什么变化？
incident-start = 开启
incident-end = 结束
incident-left = 剩余{ $span }
incident-lasts = 持续时间
incident-lasts-rules = 按规则
incident-overflow = { $queue }的新会话转到{ $to }（当前 { $n } 个在排队）
incident-relax = 不再要求 { $skill }（当前 { $n } 个排队会话有此要求）
incident-reserve = 每人为{ $queue }预留 { $units } 单位
incident-until = { $at } 自动结束
put-back-title = 放回队列
put-back-text = 等待时间保留，排在原来的位置。
put-back-note = 给下一位同事的话（可不填）
transfer-title = 转交
transfer-to = 转给
transfer-choose = 选择队列或同事
transfer-queue = { $name }（等待 { $n }）
transfer-state = 目前情况
transfer-state-hint = 什么事，做了什么？
transfer-promised = 已承诺
transfer-promised-hint = 向顾客承诺了什么，到什么时候？
transfer-next = 下一步
transfer-next-hint = 接下来该做什么？
colleagues = 同事
channels = 渠道
house-title = 全局
keys-title = 快捷键
keys-move = 移动
keys-offer = 分配与状态
keys-work = 处理
keys-write = 书写
keys-screen = 界面
key-next = 下一个会话
key-previous = 上一个会话
key-search = 搜索
key-presence = 在线或离开
key-reply = 回复
key-note = 备注
key-undo = 撤销发送
key-leave = 关闭或返回
palette-title = 快速前往
palette-hint = 顾客、队列或操作…
palette-queue = 等待 { $n }
palette-none = 没有找到
palette-theme = 切换深浅配色

## 顾客
customer-title = 顾客
customer-unnamed = 未留姓名的顾客
visitor = 访客 { $id }
proof-verified = 已证实
proof-verified-text = 顾客已在店铺登录或经过核实。
proof-channel = 渠道可信
proof-channel-text = 该地址由渠道担保。
proof-unverified = 未证实
proof-unverified-text = 任何人都可能用这个名字来信。提及订单前请先核实。
fact-channel = 渠道
fact-language = 语言
fact-first = 首条消息
fact-messages = 消息数
related = 其他会话
related-none = 暂无。
link-guest = 以访客身份来信
link-hint = 可能相关
link-continued = 在此继续
link-same-contact = 同一顾客
conversation-open = 进行中
conversation-resolved = 已解决

## 原因
why-title = 为何是我
why-decisions = 决策记录
why-now = 此刻
why-none = 这里还没有决策。
why-record = 原始记录
act-name-queued = 进入队列
act-name-enqueued = 进入队列
act-name-offered = 已分配
act-name-accepted = 已接受
act-name-rejected = 已拒绝
act-name-expired = 分配超时
act-name-rescinded = 分配收回
act-name-claimed = 接手
act-name-put-back = 放回队列
act-name-transferred = 转交
act-name-resolved = 解决
act-name-blocked = 等待
act-name-accepting = 接通中
act-name-cancelled = 接通超时
act-name-failed = 接通失败
act-name-completed = 已完成
act-name-withdrawn = 已撤回
act-name-away = 设为离开
act-name-memory-cleared = 可再次询问所有人
act-name-reprioritised = 优先级已调整
act-name-need-dropped = 放宽技能要求
act-name-need-restored = 恢复技能要求
act-name-moved = 溢出转队
act-name-nudged = 已提醒
act-name-escalated = 已通知主管
act-name-dormant = 等待客户
act-name-woken = 再次待回复
act-name-clock = 承诺
act-name-promise-due = 承诺将到期
act-name-overflow = 溢出
act-name-incident = 突发事件
act-name-reachability = 当班无人可接
fact-queue = 队列
fact-rules = 规则
fact-rule-errors = 未能判断的规则
fact-needs = 技能
fact-needs-none = 无要求
fact-boost = 优先
fact-boost-by = 提前 { $span }
promise-first-response = 首次回复
promise-next-response = 下次回复
promise-resolution = 解决
promise-first-response-by = 首次回复期限 { $at }
promise-next-response-by = 下次回复期限 { $at }
promise-resolution-by = 解决期限 { $at }
promise-by = { $at } 之前（{ $policy }）
promise-paused = 已暂停，剩余{ $span }（{ $policy }）
promise-kept = 已兑现（{ $policy }）
promise-late = 超时兑现（{ $policy }）
promise-ended = 已取消（{ $policy }）
promise-running = 计时中（{ $policy }）
need-require = { $level ->
    [0] { $skill }
   *[other] { $skill }（{ $level } 级以上）
  }
need-prefer = 优先 { $skill }
need-forbid = 排除 { $skill }

## 时间
span-s = { $n }秒
span-m = { $n }分
span-h = { $n }时
span-d = { $n }天
ago-now = 刚刚

## 错误
error-unexpected = 工作台出现意外错误
error-offline = 无法连接服务器，没有任何改动。
error-bad-request = 服务器无法理解这个请求
error-not-logged-in = 账号或密码错误
error-forbidden = 您没有权限
error-not-found = 内容不存在，或您无权查看
error-offer-expired = 此分配已失效
error-stale-version = 会话已不在您手上，您的文字已保留
error-capacity-exceeded = 您的接待量已满
error-content-rejected = 渠道拒绝此内容
error-too-large = 内容过大
error-rate-limited = 尝试过多，请等待 { $seconds } 秒
error-provider-unavailable = 服务商未能执行
error-store-unavailable = 服务器暂时无法保存，{ $seconds } 秒后再试
