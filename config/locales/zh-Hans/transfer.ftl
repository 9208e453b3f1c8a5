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
issue-unknown-code-nearest = 代码表中没有“{ $value }”，最接近的是“{ $label }”（{ $nearest }）
issue-formula-error = 单元格里的公式出错，请改为值
issue-numeric-lossy = 数字已失真（超过 15 位或带小数），请按文本填写
issue-month-ambiguous = 数字 .1 可能是 1 月或 10 月，请按文本填写
issue-q02-numeric-id = 身份证号以数字存放，末三位已失，请按文本重填
issue-q10-unknown-unit = 没有这个党组织：{ $unit }
issue-q10-ambiguous-unit = 有几个党组织叫“{ $unit }”，请填编码
issue-staff-no-missing = 缺学工号，只凭姓名不能确定是谁
issue-q10-unknown-staff-no = 没有学工号为 { $staff_no } 的人
issue-q10-ambiguous-staff-no = 学工号 { $staff_no } 对应多人
issue-name-mismatch = 姓名与学工号 { $staff_no } 的人不符
issue-q07-duplicate-in-sheet = 与第 { $row } 行重复
issue-unknown-id = 没有这个编号的记录
issue-ambiguous-record = 有 { $count } 条记录符合这一行
issue-out-of-scope = 不在本单位管理范围内
issue-unit-missing = 不知属于哪个党组织
issue-private-use = 含有其他系统自造的字，请核对
issue-unknown-column = 这一列不认识，未读入：{ $column }
issue-numeric-column = 有 { $rows } 行的编码或学工号以数字存放，开头的零可能已失

import-error-empty = { $file } 是空的
import-error-too-large = { $file } 太大，最多读 { $limit } MiB；请分成几个文件
import-error-corrupt = { $file } 已损坏，读不出来（{ $detail }）；请在 Excel 或 WPS 中打开，另存为 .xlsx
import-error-password = { $file } 有密码保护；请去掉密码后再读入
import-error-html = { $file } 其实是网页；请在 Excel 或 WPS 中打开，另存为 .xlsx
import-error-unsupported = { $file } 的格式不能读入；请存为 .xlsx、.xls 或 .csv
import-error-no-sheet = { $file } 中没有工作表“{ $sheet }”，只有：{ $sheets }
import-error-no-header = { $file } 前 30 行中找不到认识的表头；请用 ejia template 种类 -o 文件.xlsx 写出的表头
import-error-ambiguous = { $file } 可能是几种记录（{ $kinds }），请指明是哪一种
import-error-other-kind = { $file } 的表头是 { $found } 的，不是 { $asked } 的
import-error-missing-columns = { $file } 缺少 { $kind } 必需的列：{ $columns }

import-reject-row = 行号
import-reject-reason = 原因

import-owner-unit = 所在党支部编码
import-by-staff-no = 学工号
import-by-code = 编码
import-required = 必填
issue-unknown-column-nearest = 这一列不认识，未读入：{ $column }；最接近的列名是「{ $nearest }」
