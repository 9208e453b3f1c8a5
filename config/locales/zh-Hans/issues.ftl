# What a person must fix: issue-<code>. Each says what is wrong and what to do.
issue-required = 必填项未填写，请补充。
issue-wrong-type = 数据类型与该项不符，请重新填写。
issue-root-has-parent = 学校党委不能有上级党组织，请清空。
issue-branches-only = 只有党支部填写此项，请核对党组织类型。
issue-same-person = 更换人员不能是本人，请另选。
issue-not-genuine = 材料核实为不属实，不能记为达标。
issue-poor-grade = 述职等次为「差」，请核对是否认定。
issue-q01-format = 身份证号应为 18 位（末位可为 X），请核对原件。
issue-q01-check-digit = 身份证号校验位不符，有数字填错，请核对原件。
issue-q02-numeric-cell = 身份证号存成了数字，后几位已丢失，请按文本重新填写。
issue-q02-rounded-tail = 身份证号末三位为 000，可能是表格存成数字后丢失的，请核对原件。
issue-q03-no-such-date = 身份证号中的出生日期不存在，请核对原件。
issue-q03-birth-date = 出生年月与身份证号（{ $born }）不一致，请核对。
issue-q04-sex = 性别与身份证号不一致，请核对。
issue-q04-fifteen-digits = 这是 15 位旧身份证号，请换填 18 位号码。
issue-q05-order = 日期顺序不对，请核对前后日期。
issue-q05-under-age = 当时未满 { $age } 岁，请核对日期。
issue-q05-probation = 预备期不足一年，请核对入党时间与转正时间。
issue-q05-deadline = 报名截止时间晚于培训结束日期，请核对。
issue-q06-standing = 任书记时党龄不足一年，请核对转正时间与任职时间。
issue-q06-long-term = 任期超过 { $years } 年，请填写批复文号或核对。
issue-q06-appointment-date = 书记的任职时间未填写，请补充。
issue-q07-duplicate = 已有一条记录用了这个值，请核对后修改或合并。
issue-q07-same-person = 已有同名且出生日期相同的人员，请确认是否同一人。
issue-q08-twice = 此人已在其中，不能重复登记。
issue-q08-overlap = 与此人另一培训的时间重叠，请核对。
issue-q08-sign-out = 签退早于签到，请核对时间。
issue-q09-hours-cap = 学时超过上限（{ $hours }），半天最多 4 学时，全天最多 8 学时。
issue-q09-hours-plan = 学时超过计划学时，请核对。
issue-q10-no-such-record = 所引用的记录不存在或不可见，请重新选择。
issue-q10-other-kind = 所引用的记录类型不对，请重新选择。
issue-q11-empty = 此项通常应填写，请补充。
issue-q11-placeholder = 填的是「无」「不详」一类的占位词，请补充或清空。
issue-q12-sum = 分项大于总数，请核对数字。
issue-q14-over-capacity = 已确认人数超出名额 { $over } 人，请增加名额或与单位协商处理。
issue-q13-snapshot = 与人员档案现有内容不同；这里保留当时的内容，请确认。
issue-step-wrong-state = 当前状态不能进行此操作。
issue-step-other-office = 此操作由{ $office ->
    [headquarters] 组织部
    [unit-lead] 单位书记或副书记
    [server] 服务器
   *[organizer] 组织员
  }办理。
issue-step-needs-field = 请先填写此项，再进行操作。
issue-step-unknown-state = 没有这种状态，请从列表选择。
issue-step-needs-reason = 请填写原因。
issue-policy-columns = 此类规定缺少必填的数值列。
issue-term-shift = 换届提前或延期最多一年。
issue-q06-second-secretary = 该支部已有一名现任书记，请核对任期。
issue-q13-report-grade = 与该年度述职评议的等次不一致，请核对。
issue-q15-mark = 考试分数低于本班合格分数（{ $least } 分）。
issue-q15-attendance = 到课率低于本班要求（{ $least }%）。
issue-q15-absences = 无故缺勤 { $absent } 次，超过本班允许的次数。
issue-publicity-short = 公示应满 { $days } 个工作日（至 { $last }）。
issue-archived = 已归档的记录不能再改；更正请另建补录并写明原因。
issue-work-after-deadline = 晚于截止日期，请核对。
issue-award-who = 个人表彰填写人员，集体表彰填写党组织，只填其一。
issue-award-publicity = 公示应满规定的工作日（至 { $last }），请核对日期。
issue-work-over-quota = 超过本单位名额，请核对。
issue-election-present = 到会人数不足应到会人数的五分之四，请核对选举是否有效。
issue-election-candidates = 候选人差额不足应选人数的五分之一，请核对。
issue-talks-date-only = 谈心谈话只记日期，不记主题和内容，请清空。
