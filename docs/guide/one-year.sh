set -eu
export EJIA_PASSPHRASE_FILE="$PWD/passphrase"
echo '梧桐樹下三十張報名表，春分那天開班' > passphrase
chmod 600 passphrase
hq() { ejia --data hq "$@"; }
li() { ejia --data li "$@"; }
wang() { ejia --data wang "$@"; }
everybody() { hq sync; li sync; wang sync; hq sync; }
ids() { "$@" --columns id --format csv | tail -n +2 | tr -d '\r'; }
code() { sed -n 's/.*"code": *"\([^"]*\)".*/\1/p'; }

first=$(ejia admin init --name 明德大學 --admin 組織部 --database server.sqlite --format json | code)
mkfifo ready
ejia serve --listen "127.0.0.1:${PORT:-7420}" --database server.sqlite > ready &
trap 'kill %1' EXIT
read -r _ url < ready
[ -d hq ] || hq init --user 組織部
hq enrol --server "$url" --code "$first"
hq sync

hq add unit code=01 name=文學院黨委 short_name=文學院 type=committee parent=000000 \
  term_starts_on=2021-06-20 term_years=5
cat > 支部.csv <<'END'
党支部编码,党支部名称,所属分党委编码,支部类别,是否是专业教师党支部,本届任期开始时间,任期
0101,文學院教師第一黨支部,01,在职教工党支部,是,2022-06-15,3
0102,文學院教師第二黨支部,01,在职教工党支部,是,2024-05-20,3
0103,文學院本科生黨支部,01,本科生党支部,否,2023-10-10,3
END
hq import unit 支部.csv
hq add establishment unit=01 posts_approved=1 valid_from=2025-01-01 document_no=校編〔2025〕1號
hq add headcount counted_on=2025-01-01 staff=1200 students=15000 party_staff=170 source=人事處、學工部年初數
for line in teachers=1 students=12; do
  hq add development_plan unit=01 year=2025 line="${line%=*}" planned="${line#*=}"
done
hq add submission unit=01 name=年度培訓計劃 year=2025 due_on=2025-03-31
hq add submission unit=01 name=學時臺賬 year=2025 due_on=2025-12-20
hq sync
ejia admin user add 李文 --role organizer --unit 01 --database server.sqlite
ejia admin user add 王書平 --role unit-lead --unit 01 --database server.sqlite
[ -d li ] || li init --user 李文 --unit 01
[ -d wang ] || wang init --user 王書平 --unit 01
li enrol --server "$url" --code "$(ejia admin code 李文 --database server.sqlite --format json | code)"
wang enrol --server "$url" --code "$(ejia admin code 王書平 --database server.sqlite --format json | code)"
everybody

cat > 党员花名册.csv <<'END'
学工号,姓名,性别,出生年月,学历,学位,专业技术职务,聘任时间,政治面貌,入党时间,转正时间,手机号码,所在党支部编码,研究方向
20001,王書平,男,1970-03,研究生,文学博士,教授,2012-07,中共党员,1992-06-30,1993-06-30,13900010001,0102,中國古代史
20002,李文,女,1988-11,研究生,法学硕士,讲师,2018-09,中共党员,2008-05-12,2009-05-12,13900010002,0102,
20003,任春雨,女,1979-08,研究生,文学博士,副教授,2014-12,中共党员,2001-12-03,2002-12-03,13900010003,0101,漢語史
20004,歐陽若明,男,1982-02,研究生,文学博士,副教授,2017-12,中共党员,2004-06-18,2005-06-18,13900010004,0101,文藝學
20005,白曉嵐,女,1975-05,研究生,文学博士,教授,2016-12,中共党员,1996-06-20,1997-06-20,13900010005,0102,比較文學
20006,高遠,男,1990-10,研究生,文学硕士,讲师,2020-06,中共党员,2010-05-04,2011-05-04,13900010006,0102,
20240001,陳一諾,女,2003-04,大学本科,,,,中共党员,2022-06-10,2023-06-10,13900020001,0103,
20240002,宋知行,男,2003-09,大学本科,,,,中共党员,2022-12-02,2023-12-02,13900020002,0103,
20240003,方曉舟,男,2004-01,大学本科,,,,中共预备党员,2024-12-05,,13900020003,0103,
END
cat > 支委.csv <<'END'
学工号,姓名,所属党支部编码,职务,任职时间,任职文号
20003,任春雨,0101,书记,2022-06-15,文學院黨〔2022〕8號
20004,歐陽若明,0101,组织委员,2022-06-15,文學院黨〔2022〕8號
20005,白曉嵐,0102,书记,2024-05-20,文學院黨〔2024〕5號
20006,高遠,0102,宣传委员,2024-05-20,文學院黨〔2024〕5號
20240001,陳一諾,0103,书记,2024-10-10,文學院黨〔2024〕9號
20240002,宋知行,0103,组织委员,2024-10-10,文學院黨〔2024〕9號
20001,王書平,01,书记,2021-06-20,校黨〔2021〕12號
END
li import person 党员花名册.csv --dry-run
li import person 党员花名册.csv
li import post 支委.csv
li sync

old=$(li add term unit=0101 number=4 starts_on=2022-06-15 ends_on=2025-06-14)
li todo --as-of 2025-01-05
li set "$old" reminded_on=2024-12-13

class=$(hq add training_class year=2025 name=第四屆黨支部書記論壇 category=forum organiser_level=university \
  organiser=黨委組織部 starts_on=2025-04-08 ends_on=2025-04-10 planned_hours=24 capacity=20 counts=true \
  delivery=offline teaching=classroom content=theory place=黨校一號教室 substitutes=true min_attendance=75 \
  pass_mark=60 lecturers='馬立;周敏' unit=000000)
for day in 08 09 10; do
  hq add session class="$class" name="專題（$day 日上午）" starts_at="2025-04-$day 08:30" ends_at="2025-04-$day 12:00" hours=4
  hq add session class="$class" name="專題（$day 日下午）" starts_at="2025-04-$day 14:00" ends_at="2025-04-$day 17:30" hours=4
done
hq add class_quota class="$class" unit=01 places=3 substitutes=1
hq act "$class" publish
hq set "$(ids hq list submission --where name=年度培訓計劃)" received_on=2025-03-28
everybody

ren=$(li add enrolment class="$class" person=20003 attends_as=teacher_secretary source=unit)
li act "$ren" submit
cat > 報名.csv <<'END'
工号,姓名,时任单位及职务,时任职务属性,参训人身份
20005,白曉嵐,文學院教師第二黨支部書記,党支部书记,教工支部书记
20006,高遠,文學院教師第二黨支部宣傳委員,党支部委员,支委
END
li import enrolment 報名.csv --class "$class"
bai=$(ids li list enrolment --where class="$class" --where person=20005)
gao=$(ids li list enrolment --where class="$class" --where person=20006)
for one in $bai $gao; do li act "$one" submit; done
li sync; wang sync
for one in $ren $bai $gao; do wang act "$one" review; done
wang sync; hq sync
hq act "$ren" confirm
hq act "$bai" confirm
hq act "$gao" return --reason 名額已滿，秋季班優先安排
chen=$(hq add enrolment class="$class" person=20240001 attends_as=student_secretary source=headquarters)
hq act "$chen" submit
hq act "$chen" confirm
everybody
li act "$gao" withdraw --reason 改報秋季班

mkdir 表格
hq form sign-in "$class" -o 表格/簽到表.xlsx
hq act "$class" start
hq act "$bai" excuse --reason 赴外地開會
set -- $(ids hq list session --where class="$class" --sort starts_at)
cat > 簽到.csv <<'END'
学工号,姓名,签到时间
20003,任春雨,2025-04-08 08:21
20240001,陳一諾,2025-04-08 08:25
END
hq import attendance 簽到.csv --session "$1"
hq checkin --session "$2" rcy
hq checkin --session "$2" 陳一諾
for session in $3 $4 $5 $6; do
  hq add attendance session="$session" person=20003 state=present marked_by=manual
done
hq add attendance session="$3" person=20240001 state=present
hq add attendance session="$4" person=20240001 state=present
hq add attendance session="$5" person=20240001 state=present
late=$(hq add attendance session="$6" person=20240001 state=leave note=校慶值班)
hq set "$late" state=made_up note=四月十七日補課

hq set "$ren" mark=92 result=優秀
hq set "$chen" mark=85 result=良好
hq results "$class"
hq results "$class" --complete
hq numbers --year 2025 --lease 20
hq sync
hq certify "$ren" "$chen" --on 2025-04-18
hq act "$class" finish
everybody

autumn=$(hq add training_class year=2025 name=秋季黨支部書記培訓班 category=rotation organiser_level=university \
  organiser=黨委組織部 starts_on=2025-09-16 ends_on=2025-09-17 planned_hours=16 capacity=20 counts=true \
  delivery=offline teaching=classroom content=practice unit=000000)
hq add session class="$autumn" starts_at="2025-09-16 08:30" ends_at="2025-09-16 12:00" hours=4
hq add session class="$autumn" starts_at="2025-09-16 14:00" ends_at="2025-09-16 17:30" hours=4
hq add session class="$autumn" starts_at="2025-09-17 08:30" ends_at="2025-09-17 12:00" hours=4
hq add session class="$autumn" starts_at="2025-09-17 14:00" ends_at="2025-09-17 17:30" hours=4
hq act "$autumn" publish
online=$(hq add training_class year=2025 name=省委黨校支部書記網絡培訓 category=topic organiser_level=provincial \
  organiser=省委黨校 starts_on=2025-05-06 ends_on=2025-05-30 planned_hours=32 online_hours=32 counts=true \
  delivery=online teaching=self_study content=theory unit=000000)
everybody
again=$(li add enrolment class="$autumn" person=20005 attends_as=teacher_secretary source=unit makes_up="$bai")
li act "$again" submit
added=$(li add enrolment class="$online" person=20003 attends_as=teacher_secretary source=self \
  late_record=true late_reason=省委黨校九月才發學時證明 hours=32 online_hours=32)
li act "$added" submit
li sync; wang sync
wang act "$again" review
wang act "$added" review
wang sync; hq sync
hq act "$again" confirm
hq act "$added" admit_late
hq act "$autumn" start
for session in $(ids hq list session --where class="$autumn"); do
  hq add attendance session="$session" person=20005 state=present marked_by=manual
done
hq results "$autumn" --complete
hq certify "$again" --on 2025-09-17
hq act "$autumn" finish
everybody

rec=$(li add cultivation person=20003 branch=0101 direction=secretary_to_academic secretary_since=2022-06-15 \
  title_then=副教授 mentor=白曉嵐 starts_on=2025-03 target_on=2025-12 \
  achievements=國家社科基金青年項目（22CYY001）；省教學成果二等獎（2023） research_areas='漢語史;訓詁學')
proof() { li add cultivation_evidence cultivation="$rec" trait="$1" document_type="$2" document="$3" dated_on="$4" met=true; }
proof political committee_decision 文學院黨委會紀要〔2025〕2號 2025-02-24
proof basics title_certificate 副教授資格證書 2014-12-20
proof party_work appointment 文學院黨〔2022〕8號任職文件 2022-06-15
academic=$(proof academic project 國家社科基金青年項目立項書 2022-09-30)
proof service recommendation_totals 支部大會推薦結果（應到18人、實到17人、同意16票） 2025-02-20
proof standing committee_decision 文學院黨委審定意見 2025-02-24
li add cultivation_measure cultivation="$rec" type=training year=2025 planned_on=2025-04 done_on=2025-04-10 \
  subject=第四屆黨支部書記論壇 class="$class" evidence=結業證書
li add cultivation_measure cultivation="$rec" type=mentor year=2025 planned_on=2025-03 done_on=2025-03-15 \
  subject=與白曉嵐教授結對 evidence=結對協議
li add cultivation_measure cultivation="$rec" type=project year=2025 planned_on=2025-06 done_on=2025-06-30 \
  subject=申報國家社科基金一般項目 evidence=項目申報書
li sync; wang sync
wang act "$rec" review unit_meeting_on=2025-02-24
wang sync; hq sync
hq set "$academic" verification=genuine verified_by=科研處
hq act "$rec" accept
hq act "$rec" cultivate decision_no=校黨〔2025〕9號
li sync
grade=$(li add cultivation_assessment cultivation="$rec" year=2025 grade=good conclusion=recognise decided_on=2025-12-12 \
  own_report=完成培訓24學時、網絡培訓32學時；獲批國家社科基金一般項目一項 unit_opinion=同意認定)
li sync; hq sync
hq set "$grade" headquarters_opinion=同意認定
hq act "$rec" recognise recognised_on=2025-12-18 document_no=校黨〔2025〕31號
everybody

file=$(li add staff_file unit=01 status=vacant post_name=專職組織員 employment=full_time establishment_type=established \
  duties=發展黨員談話與材料審核、黨員教育管理、支部指導、換屆、黨費、信息系統維護)
li act "$file" select
post=$(li add appointment staff_file="$file" post=專職組織員 from_on=2025-03-20 stage=selection selected_on=2025-02-17)
li set "$post" stage=inspection qualified_on=2025-02-21 inspected_on=2025-02-28
li sync; hq sync
hq set "$file" person=20002 branches=文學院各黨支部 party_work_since=2018-09
hq act "$file" publicise
hq set "$post" stage=publicity decided_on=2025-03-05 publicised_on=2025-03-10
hq todo --as-of 2025-03-17
hq form publicity-notice "$post" -o 表格/公示.docx
hq act "$file" appoint appointed_on=2025-03-20 rank=section_chief rank_since=2022-03-20 document_no=校黨組〔2025〕6號
hq set "$post" stage=appointed rank=section_chief document_no=校黨組〔2025〕6號 change=11
hq set 20002 rank=section_chief
everybody
review=$(li add staff_review staff_file="$file" year=2025 grade=excellent branches_guided=3 members_developed=1 \
  without_rework=1 reelected_on_time=1 training_rate=100)
li sync; hq sync
hq set "$review" headquarters_opinion=同意

li form term-reminder "$old" -o 表格/換屆提醒函.docx
li set "$old" reelected_on=2025-06-12 result_no=文學院黨〔2025〕11號
new=$(li add term unit=0101 number=5 starts_on=2025-06-12)
for one in $(ids li list post --where unit=0101); do li set "$one" to_on=2025-06-11; done
li add post person=20003 unit=0101 role=secretary from_on=2025-06-12 document_no=文學院黨〔2025〕11號 by_scheme=true
li add post person=20004 unit=0101 role=organization from_on=2025-06-12 document_no=文學院黨〔2025〕11號
li sync; hq sync
hq set 0101 term_starts_on=2025-06-12
li add person staff_no=20240004 name=秦朗 sex=1 born_on=2004-08 party_status=02 applied_on=2023-03-01 \
  activist_on=2023-11-20 candidate_on=2024-12-10 joined_on=2025-06-20 unit=0103
li set 20240003 party_status=01 full_on=2025-12-05
everybody

for one in 20003:0101:good 20005:0102:good 20240001:0103:fairly_good 20001:01:good; do
  IFS=: read -r who where how <<END
$one
END
  li add work_report person="$who" unit="$where" year=2025 reported_on=2025-12-16 grade="$how" graded_on=2025-12-19 \
    document_no=文學院黨〔2025〕20號
done
item=$(li add rectification unit=01 problem=學生黨支部主題黨日記錄不全 found_in=支部書記述職評議 cause=交接時未移交 \
  charge=文學院組織員 due_on=2025-12-31)
li act "$item" report measure=補齊九至十一月記錄，建立交接清單 done_on=2025-12-24 evidence=文學院黨〔2025〕21號
for plan in $(ids li list development_plan --where year=2025 --where line=students); do
  li set "$plan" forms_issued=12 forms_used=1 forms_void=0 forms_lost=0 forms_unused=11
done
li sync; hq sync
hq act "$item" close closed_on=2025-12-29
hq set "$(ids hq list submission --where name=學時臺賬)" received_on=2025-12-19
hq act "$chen" archive
everybody
li report all --as-of 2025-12-31 --year 2025 -o 文學院報表.xlsx
hq report all --as-of 2025-12-31 --year 2025 -o 全校報表.xlsx
hq report hours-attained --as-of 2025-12-31 --year 2025
hq report training-coverage --as-of 2025-12-31 --year 2025
hq report double-leader-ratio --as-of 2025-12-31 --year 2025

paper() { name=$1; sheet=$2; shift 2; hq form "$name" "$@" --year 2025 -o "表格/$sheet"; }
paper enrolment-summary 報名匯總表.docx "$class"
paper quota-sheet 名額分配表.xlsx "$class"
paper class-roster 學員名冊.xlsx "$class"
paper student-registration 學員登記表.docx "$ren"
paper certificate 結業證書.docx "$ren"
paper leave-request 請假審批表.docx "$bai"
paper late-record 補錄審批表.docx "$added"
paper hours-register 學時登記表.docx 20003
paper hours-proof 學時證明.docx 20003
paper personal-record 個人信息.docx 20003
paper hours-summary 學時登記匯總表.docx 01
paper hours-ledger 學時臺賬.xlsx 01
paper cultivation-nomination 推薦表.docx "$rec"
paper cultivation-plan 培育計劃.docx "$rec"
paper measure-ledger 培育措施.xlsx "$rec"
paper cultivation-review 培育年度考核表.docx "$grade"
paper studio-application 工作室申報書.docx "$rec"
paper cultivation-ledger 培育臺賬.xlsx 01
paper staff-registration 組織員登記表.docx "$file"
paper staff-appointment 聘任審批表.docx "$post"
paper staff-review 組織員年度考核表.docx "$review"
paper handover 交接清單.docx "$file"
paper staff-roster 組織員花名冊.xlsx 01
paper member-roster 黨員花名冊.xlsx 01
paper committee-roster 支委名冊.xlsx 01
paper term-ledger 換屆臺賬.xlsx 01
paper rectification-list 整改清單.xlsx 01
paper work-report-summary 述職結果匯總表.xlsx 01
paper development-ledger 發展計劃.xlsx 01
paper submission-ledger 報送登記表.xlsx 01
hq form certificate --where class="$class" --where status=certified -o 證書
hq list person --where unit=0103 -o 學生黨員.xlsx --columns staff_no,name,party_status,joined_on,full_on \
  --purpose 核對黨員人數 --receiver 文學院

for one in $ren $again $added; do hq act "$one" archive; done
hq act "$class" archive
hq act "$autumn" archive
everybody
hq show "$class"
hq backup 組織部備份.ejia
hq doctor
ejia admin verify --database server.sqlite
ejia admin backup 服務器備份 --database server.sqlite
echo 年度工作完成
