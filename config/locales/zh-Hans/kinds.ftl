# Names of record kinds: kind-<kind>, kind-<kind>-plural for lists and menus.
kind-unit = 党组织
kind-unit-plural = 党组织名录
kind-person = 人员
kind-person-plural = 人员名册
kind-post = 任职
kind-post-plural = 支部委员会成员
kind-training_class = 培训班
kind-training_class-plural = 培训班
kind-session = 课次
kind-session-plural = 课程安排
kind-enrolment = 报名
kind-enrolment-plural = 培训对象
kind-attendance = 签到
kind-attendance-plural = 签到表
kind-cultivation = 双带头人培育
kind-cultivation-plural = 双带头人培育台账
kind-cultivation_evidence = 培育佐证
kind-cultivation_evidence-plural = 培育佐证材料
kind-cultivation_measure = 培育措施
kind-cultivation_measure-plural = 培育计划与措施
kind-cultivation_assessment = 培育年度考核
kind-cultivation_assessment-plural = 培育考核
kind-staff_file = 组织员档案
kind-staff_file-plural = 组织员花名册
kind-appointment = 组织员聘任
kind-appointment-plural = 组织员聘任记录
kind-staff_review = 组织员年度考核
kind-staff_review-plural = 组织员考核
kind-establishment = 核定职数
kind-establishment-plural = 职数核定

# Areas of the menu.
area-org = 组织与人员
area-training = 培训
area-cultivation = 双带头人
area-staff = 组织员队伍
