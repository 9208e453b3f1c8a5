# 读入、导出与录入时的提示。

issue-forbidden-character = 含有不可存的字符（{ $character }），请删去
issue-too-long = 太长，最多 { $max } 字
issue-not-a-number = 不是数字
issue-out-of-range = 应在 { $min } 至 { $max } 之间
issue-too-many-decimals = 最多一位小数
issue-not-a-flag = 请填“是”或“否”
issue-not-a-date = 不是日期，可填 2018-06-01、2018.06 或 2018年6月
issue-not-a-moment = 不是日期和时间，可填 2018-06-01 17:00
issue-not-a-phone = 不是电话号码
issue-unknown-code = 代码表中没有“{ $value }”
issue-reference-unresolved = 找不到所指的记录
