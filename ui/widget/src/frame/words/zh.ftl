title = 联系客服
greeting = 您好！请问有什么可以帮您？
promise = 您可以随时关闭窗口再回来，对话会保留在这里。
close = 关闭聊天
end = 结束对话
message = 消息
placeholder = 输入消息…
send = 发送
log = 消息记录
customer = 您
shop = 店铺
today = 今天
yesterday = 昨天
sending = 发送中…
sent = 已发送
seen = 已读
failed = 未发送：{ $reason ->
    [too_long] 内容过长
    [rejected] 店铺无法接收
   *[other] 请重试
  }
typing = { $name } 正在输入…
typing-someone = 对方正在输入…
connecting = 正在连接…
offline = 网络已断开，恢复后会自动发送您写的内容。
waiting = 连接已断开，{ $seconds } 秒后重试…
try-now = 立即重试
elsewhere = 对话已在另一个窗口中继续。
use-here = 在此继续
refused = 无法在此打开聊天。
new-messages = 新消息
ended = 您已结束本次对话。如有需要，请随时继续留言。
rate = 您对本次服务满意吗？
score = { $score } 分（满分 5 分）
rate-comment = 有什么可以改进的？（选填）
rate-send = 提交评价
thanks = 感谢您的评价！
save-file = 保存 { $name }
file-failed = 暂时无法获取该文件。
