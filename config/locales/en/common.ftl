# Words that every face of the program uses.
lang-zh-Hant = 繁體中文
lang-zh-Hans = 简体中文
lang-en = English
flag-yes = yes
flag-no = no
value-null = none
value-unknown = (written by a newer version)
state-local = local
state-pending = pending
state-synced = synced
state-conflict = conflict
state-attention = attention
role-organizer = organizer
role-unit-lead = unit lead
role-hq = headquarters
role-hq-admin = headquarters administrator
role-auditor = auditor
