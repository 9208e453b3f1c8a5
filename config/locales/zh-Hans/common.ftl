# Words that every face of the program uses.
lang-zh-Hant = 繁體中文
lang-zh-Hans = 简体中文
lang-en = English
flag-yes = 是
flag-no = 否
value-null = 无
value-unknown = （新版本写入的内容）
state-local = 本机
state-pending = 待送出
state-synced = 已同步
state-conflict = 冲突
state-attention = 需处理
role-organizer = 组织员
role-unit-lead = 单位负责人
role-hq = 组织部
role-hq-admin = 组织部管理员
role-auditor = 查阅人员
