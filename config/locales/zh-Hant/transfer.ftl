# 讀入、導出與錄入時的提示。

issue-forbidden-character = 含有不可存的字符（{ $character }），請刪去
issue-too-long = 太長，最多 { $max } 字
issue-not-a-number = 不是數字
issue-out-of-range = 應在 { $min } 至 { $max } 之間
issue-too-many-decimals = 最多一位小數
issue-not-a-flag = 請填「是」或「否」
issue-not-a-date = 不是日期，可填 2018-06-01、2018.06 或 2018年6月
issue-not-a-moment = 不是日期和時間，可填 2018-06-01 17:00
issue-not-a-phone = 不是電話號碼
issue-unknown-code = 代碼表中沒有「{ $value }」
issue-reference-unresolved = 找不到所指的記錄
