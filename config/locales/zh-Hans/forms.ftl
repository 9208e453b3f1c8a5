# Paper forms: their titles, and what `ejia form` says.

cli-about-form = 填写纸质表格：审批表、登记表、花名册、签到表
cli-arg-form-name = 表格名称
cli-arg-ids = 记录的编号；人员可用学工号，单位可用代码
cli-arg-form-output = 要写的文件（.docx 或 .xlsx）；多条记录时是文件夹
cli-arg-form-year = 学时、考核所属年度；不写就是今年
cli-arg-blank = 空白表格
cli-arg-template = 写出范本，供本单位修改
cli-form-written = 已填写 { $count } 份表格：{ $path }
cli-form-template = 范本已写入 { $path }。修改后放到 { $own }，以后就用它。
cli-col-format = 文件格式

error-not-found-form = 没有表格 { $id }。
hint-not-found-form = 用 ejia form --list 查看表格。
error-form-for-whom = 没有说为谁填写。
hint-form-for-whom = 请写出记录（{ $kind }）的编号，或用 --where 筛选，或用 --blank 出空白表格。
error-extension-form = 这张表格不能写成 .{ $extension } 文件。
hint-extension-form = 文件名请以 .{ $wanted } 结尾。
error-form-document = 范本不是可用的 .docx 文件：{ $cause }
hint-form-document = 用 ejia form 名称 --template -o 文件 取得原范本，或在文字处理软件中另存为 .docx。
error-form-too-large = 范本太大。
hint-form-too-large = 表格范本每个部分不超过 8 MB；请删去其中的图片。
error-form-unknown = 范本中的标记「{ $tag }」要的「{ $name }」并不存在。
hint-form-unknown = 请在范本中改成可用的名称。
error-form-tag = 范本中的标记「{ $tag }」看不懂，或者列表没有在同一行结束。
hint-form-tag = 写法见 docs/guide/forms.md。
error-form-definition = 花名册的定义读不懂：{ $cause }
hint-form-definition = 请按提示的行改正，或删去该文件，改用程序自带的定义。
error-form-workbook = 不能生成工作簿：{ $cause }
hint-form-workbook = 请减少行数或列数。

form-enrolment-summary = 报名汇总表
form-student-registration = 学员登记表
form-sign-in = 签到表（每半天一栏）
form-hours-register = 党员干部学习培训学时登记表
form-hours-summary = 学时登记汇总表
form-certificate = 结业证书
form-cultivation-nomination = 「双带头人」培育人选推荐表
form-cultivation-ledger = 「双带头人」培育台账
form-cultivation-review = 「双带头人」年度考核表
form-studio-application = 「双带头人」书记工作室申报书
form-staff-registration = 组织员登记表
form-staff-appointment = 组织员聘任审批表
form-staff-review = 组织员（述职）年度考核表
form-staff-roster = 组织员花名册
