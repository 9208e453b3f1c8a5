# Names of record kinds: kind-<kind>, kind-<kind>-plural for lists and menus.
kind-unit = 黨組織
kind-unit-plural = 黨組織名錄
kind-person = 人員
kind-person-plural = 人員名冊
kind-post = 任職
kind-post-plural = 支部委員會成員
kind-training_class = 培訓班
kind-training_class-plural = 培訓班
kind-session = 課次
kind-session-plural = 課程安排
kind-enrolment = 報名
kind-enrolment-plural = 培訓對象
kind-attendance = 簽到
kind-attendance-plural = 簽到表
kind-cultivation = 雙帶頭人培育
kind-cultivation-plural = 雙帶頭人培育臺賬
kind-cultivation_evidence = 培育佐證
kind-cultivation_evidence-plural = 培育佐證材料
kind-cultivation_measure = 培育措施
kind-cultivation_measure-plural = 培育計劃與措施
kind-cultivation_assessment = 培育年度考核
kind-cultivation_assessment-plural = 培育考核
kind-staff_file = 組織員檔案
kind-staff_file-plural = 組織員花名冊
kind-appointment = 組織員聘任
kind-appointment-plural = 組織員聘任記錄
kind-staff_review = 組織員年度考核
kind-staff_review-plural = 組織員考核
kind-establishment = 核定職數
kind-establishment-plural = 職數核定

# Areas of the menu.
area-org = 組織與人員
area-training = 培訓
area-cultivation = 雙帶頭人
area-staff = 組織員隊伍
