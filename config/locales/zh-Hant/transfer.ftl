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
issue-unknown-code-nearest = 代碼表中沒有「{ $value }」，最接近的是「{ $label }」（{ $nearest }）
issue-formula-error = 單元格裏的公式出錯，請改為值
issue-numeric-lossy = 數字已失真（超過 15 位或帶小數），請按文本填寫
issue-month-ambiguous = 數字 .1 可能是 1 月或 10 月，請按文本填寫
issue-q02-numeric-id = 身份證號以數字存放，末三位已失，請按文本重填
issue-q10-unknown-unit = 沒有這個黨組織：{ $unit }
issue-q10-ambiguous-unit = 有幾個黨組織叫「{ $unit }」，請填編碼
issue-staff-no-missing = 缺學工號，只憑姓名不能確定是誰
issue-q10-unknown-staff-no = 沒有學工號為 { $staff_no } 的人
issue-q10-ambiguous-staff-no = 學工號 { $staff_no } 對應多人
issue-name-mismatch = 姓名與學工號 { $staff_no } 的人不符
issue-q07-duplicate-in-sheet = 與第 { $row } 行重複
issue-unknown-id = 沒有這個編號的記錄
issue-ambiguous-record = 有 { $count } 條記錄符合這一行
issue-out-of-scope = 不在本單位管理範圍內
issue-unit-missing = 不知屬於哪個黨組織
issue-private-use = 含有其他系統自造的字，請核對
issue-unknown-column = 這一列不認識，未讀入：{ $column }
issue-numeric-column = 有 { $rows } 行的編碼或學工號以數字存放，開頭的零可能已失

import-error-empty = { $file } 是空的
import-error-too-large = { $file } 太大，最多讀 { $limit } MiB；請分成幾個文件
import-error-corrupt = { $file } 已損壞，讀不出來（{ $detail }）；請在 Excel 或 WPS 中打開，另存為 .xlsx
import-error-password = { $file } 有密碼保護；請去掉密碼後再讀入
import-error-html = { $file } 其實是網頁；請在 Excel 或 WPS 中打開，另存為 .xlsx
import-error-unsupported = { $file } 的格式不能讀入；請存為 .xlsx、.xls 或 .csv
import-error-no-sheet = { $file } 中沒有工作表「{ $sheet }」，只有：{ $sheets }
import-error-no-header = { $file } 前 30 行中找不到認識的表頭；請用 ejia template 種類 -o 文件.xlsx 寫出的表頭
import-error-ambiguous = { $file } 可能是幾種記錄（{ $kinds }），請指明是哪一種
import-error-other-kind = { $file } 的表頭是 { $found } 的，不是 { $asked } 的
import-error-missing-columns = { $file } 缺少 { $kind } 必需的列：{ $columns }

import-reject-row = 行號
import-reject-reason = 原因

import-owner-unit = 所在黨支部編碼
import-by-staff-no = 學工號
import-by-code = 編碼
import-required = 必填
issue-unknown-column-nearest = 這一列不認識，未讀入：{ $column }；最接近的列名是「{ $nearest }」
