# What a person must fix: issue-<code>. Each says what is wrong and what to do.
issue-required = 必填項未填寫，請補充。
issue-wrong-type = 數據類型與該項不符，請重新填寫。
issue-root-has-parent = 學校黨委不能有上級黨組織，請清空。
issue-branches-only = 只有黨支部填寫此項，請核對黨組織類型。
issue-same-person = 更換人員不能是本人，請另選。
issue-not-genuine = 材料核實為不屬實，不能記為達標。
issue-poor-grade = 述職等次為「差」，請核對是否認定。
issue-q01-format = 身份證號應為 18 位（末位可為 X），請核對原件。
issue-q01-check-digit = 身份證號校驗位不符，有數字填錯，請核對原件。
issue-q02-numeric-cell = 身份證號存成了數字，後幾位已丟失，請按文本重新填寫。
issue-q02-rounded-tail = 身份證號末三位為 000，可能是表格存成數字後丟失的，請核對原件。
issue-q03-no-such-date = 身份證號中的出生日期不存在，請核對原件。
issue-q03-birth-date = 出生年月與身份證號（{ $born }）不一致，請核對。
issue-q04-sex = 性別與身份證號不一致，請核對。
issue-q04-fifteen-digits = 這是 15 位舊身份證號，請換填 18 位號碼。
issue-q05-order = 日期順序不對，請核對前後日期。
issue-q05-under-age = 當時未滿 { $age } 歲，請核對日期。
issue-q05-probation = 預備期不足一年，請核對入黨時間與轉正時間。
issue-q05-deadline = 報名截止時間晚於培訓結束日期，請核對。
issue-q06-standing = 任書記時黨齡不足一年，請核對轉正時間與任職時間。
issue-q06-long-term = 任期超過 { $years } 年，請填寫批覆文號或核對。
issue-q06-appointment-date = 書記的任職時間未填寫，請補充。
issue-q07-duplicate = 已有一條記錄用了這個值，請核對後修改或合併。
issue-q07-same-person = 已有同名且出生日期相同的人員，請確認是否同一人。
issue-q08-twice = 此人已在其中，不能重複登記。
issue-q08-overlap = 與此人另一培訓的時間重疊，請核對。
issue-q08-sign-out = 簽退早於簽到，請核對時間。
issue-q09-hours-cap = 學時超過上限（{ $hours }），半天最多 4 學時，全天最多 8 學時。
issue-q09-hours-plan = 學時超過計劃學時，請核對。
issue-q10-no-such-record = 所引用的記錄不存在或不可見，請重新選擇。
issue-q10-other-kind = 所引用的記錄類型不對，請重新選擇。
issue-q11-empty = 此項通常應填寫，請補充。
issue-q11-placeholder = 填的是「無」「不詳」一類的佔位詞，請補充或清空。
issue-q12-sum = 分項大於總數，請核對數字。
issue-q14-over-capacity = 已確認人數超出名額 { $over } 人，請增加名額或與單位協商處理。
issue-q13-snapshot = 與人員檔案現有內容不同；這裡保留當時的內容，請確認。
issue-step-wrong-state = 當前狀態不能進行此操作。
issue-step-other-office = 此操作由{ $office ->
    [headquarters] 組織部
    [unit-lead] 單位書記或副書記
    [server] 服務器
   *[organizer] 組織員
  }辦理。
issue-step-needs-field = 請先填寫此項，再進行操作。
issue-step-unknown-state = 沒有這種狀態，請從列表選擇。
issue-step-needs-reason = 請填寫原因。
issue-policy-columns = 此類規定缺少必填的數值列。
issue-term-shift = 換屆提前或延期最多一年。
issue-q06-second-secretary = 該支部已有一名現任書記，請核對任期。
issue-q13-report-grade = 與該年度述職評議的等次不一致，請核對。
issue-q15-mark = 考試分數低於本班合格分數（{ $least } 分）。
issue-q15-attendance = 到課率低於本班要求（{ $least }%）。
issue-q15-absences = 無故缺勤 { $absent } 次，超過本班允許的次數。
issue-publicity-short = 公示應滿 { $days } 個工作日（至 { $last }）。
issue-archived = 已歸檔的記錄不能再改；更正請另建補錄並寫明原因。
issue-work-after-deadline = 晚於截止日期，請核對。
issue-award-who = 個人表彰填寫人員，集體表彰填寫黨組織，只填其一。
issue-award-publicity = 公示應滿規定的工作日（至 { $last }），請核對日期。
issue-work-over-quota = 超過本單位名額，請核對。
issue-election-present = 到會人數不足應到會人數的五分之四，請核對選舉是否有效。
issue-election-candidates = 候選人差額不足應選人數的五分之一，請核對。
issue-talks-date-only = 談心談話只記日期，不記主題和內容，請清空。
