# Paper forms: their titles, and what `ejia form` says.

cli-about-form = 填寫紙質表格：審批表、登記表、花名冊、簽到表
cli-arg-form-name = 表格名稱
cli-arg-ids = 記錄的編號；人員可用學工號，單位可用代碼
cli-arg-form-output = 要寫的文件（.docx 或 .xlsx）；多條記錄時是文件夾
cli-arg-form-year = 學時、考核所屬年度；不寫就是今年
cli-arg-blank = 空白表格
cli-arg-template = 寫出範本，供本單位修改
cli-form-written = 已填寫 { $count } 份表格：{ $path }
cli-form-template = 範本已寫入 { $path }。修改後放到 { $own }，以後就用它。
cli-col-format = 文件格式

error-not-found-form = 沒有表格 { $id }。
hint-not-found-form = 用 ejia form --list 查看表格。
error-form-for-whom = 沒有說為誰填寫。
hint-form-for-whom = 請寫出記錄（{ $kind }）的編號，或用 --where 篩選，或用 --blank 出空白表格。
error-extension-form = 這張表格不能寫成 .{ $extension } 文件。
hint-extension-form = 文件名請以 .{ $wanted } 結尾。
error-form-document = 範本不是可用的 .docx 文件：{ $cause }
hint-form-document = 用 ejia form 名稱 --template -o 文件 取得原範本，或在文字處理軟件中另存為 .docx。
error-form-too-large = 範本太大。
hint-form-too-large = 表格範本每個部分不超過 8 MB；請刪去其中的圖片。
error-form-unknown = 範本中的標記「{ $tag }」要的「{ $name }」並不存在。
hint-form-unknown = 請在範本中改成可用的名稱。
error-form-tag = 範本中的標記「{ $tag }」看不懂，或者列表沒有在同一行結束。
hint-form-tag = 寫法見 docs/guide/forms.md。
error-form-definition = 花名冊的定義讀不懂：{ $cause }
hint-form-definition = 請按提示的行改正，或刪去該文件，改用程序自帶的定義。
error-form-workbook = 不能生成工作簿：{ $cause }
hint-form-workbook = 請減少行數或列數。

form-enrolment-summary = 報名匯總表
form-student-registration = 學員登記表
form-sign-in = 簽到表（每半天一欄）
form-hours-register = 黨員幹部學習培訓學時登記表
form-hours-summary = 學時登記匯總表
form-certificate = 結業證書
form-cultivation-nomination = 「雙帶頭人」培育人選推薦表
form-cultivation-ledger = 「雙帶頭人」培育臺賬
form-cultivation-review = 「雙帶頭人」年度考核表
form-studio-application = 「雙帶頭人」書記工作室申報書
form-staff-registration = 組織員登記表
form-staff-appointment = 組織員聘任審批表
form-staff-review = 組織員（述職）年度考核表
form-staff-roster = 組織員花名冊
