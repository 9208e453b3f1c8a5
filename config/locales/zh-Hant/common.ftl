# Words that every face of the program uses.
lang-zh-Hant = 繁體中文
lang-zh-Hans = 简体中文
lang-en = English
flag-yes = 是
flag-no = 否
value-null = 無
value-unknown = （新版本寫入的內容）
state-local = 本機
state-pending = 待送出
state-synced = 已同步
state-conflict = 衝突
state-attention = 需處理
role-organizer = 組織員
role-unit-lead = 單位負責人
role-hq = 組織部
role-hq-admin = 組織部管理員
role-auditor = 查閱人員
