set -eu
export EJIA_PASSPHRASE_FILE="$PWD/passphrase"
echo '四塊展板掛在走廊，樹標桿的那一塊最亮' > passphrase
chmod 600 passphrase
hq() { ejia --data hq "$@"; }
ji() { ejia --data ji "$@"; }
cai() { ejia --data cai "$@"; }
everybody() { hq sync; ji sync; cai sync; hq sync; ji sync; cai sync; }
ids() { "$@" --columns id --format csv | tail -n +2 | tr -d '\r'; }
code() { sed -n 's/.*"code": *"\([^"]*\)".*/\1/p'; }

first=$(ejia admin init --name 同舟大學 --admin 組織部 --database server.sqlite --format json | code)
mkfifo ready
ejia serve --listen "127.0.0.1:${PORT:-7420}" --database server.sqlite > ready &
trap 'kill %1' EXIT
read -r _ url < ready
[ -d hq ] || hq init --user 組織部
hq enrol --server "$url" --code "$first"
hq sync
for sheet in 基层党组织 党支部 党员花名册 支部委员会成员 组织员信息 双带头人培育台账; do
  hq import "$CAMPUS/$sheet.xlsx"
done
hq sync
for who in 機械學院:unit-lead:020100:ji 材料學院:organizer:030100:cai; do
  IFS=: read -r user role unit folder <<END
$who
END
  ejia admin user add "$user" --role "$role" --unit "$unit" --database server.sqlite
  [ -d "$folder" ] || ejia --data "$folder" init --user "$user" --unit "$unit"
  ejia --data "$folder" enrol --server "$url" \
    --code "$(ejia admin code "$user" --database server.sqlite --format json | code)"
done
everybody

task() {
  name=$1; series=$2; sent=$3; due=$4; shift 4
  hq add deployment name="$name" series="$series" year=2026 sent_on="$sent" due_on="$due" "$@"
}
plan=$(task 系列活動實施方案 striving 2026-03-02 2026-03-31 document_no=校組〔2026〕5號)
mend=$(task 補短板清單 shortfalls 2026-03-02 2026-04-30)
models=$(task 標桿支部推薦材料 models 2026-03-02 2026-06-15 for_units='020100;030100')
behind=$(task 不掉隊自查報告 nobody_behind 2026-09-01 2026-11-20)
for one in $plan $mend $models $behind; do hq deploy "$one"; done
notice=$(hq add notice title=關於開展系列活動的通知 document_no=校組〔2026〕5號 topic=work reply_by=2026-03-10 \
  body=各單位按四個板塊開展工作，按期報送，每季度通報一次。)
hq act "$notice" issue issued_on=2026-03-02
everybody
ji sign "$notice"
cai sign "$notice"
everybody

owed() { ids "$1" list submission --where unit="$2" --where deployment="$3"; }
handed() {
  one=$(owed "$1" "$2" "$3")
  "$1" act "$one" hand_in handed_in_on="$4"
}
handed ji 020100 "$plan" 2026-03-28
handed ji 020100 "$mend" 2026-05-06
handed ji 020100 "$models" 2026-06-15
handed cai 030100 "$plan" 2026-03-31
handed cai 030100 "$models" 2026-06-10
handed cai 030100 "$behind" 2026-11-18
everybody
back=$(owed hq 030100 "$models")
hq act "$back" return --reason 缺支部大會記錄
for one in "$(owed hq 020100 "$plan")" "$(owed hq 020100 "$mend")" "$(owed hq 030100 "$plan")"; do
  hq act "$one" accept received_on=2026-05-08
done
everybody
handed cai 030100 "$models" 2026-06-18

visit=$(hq add survey_visit unit=020100 branch=020100010 visited_on=2026-04-14 name=三會一課督查 \
  visitors='馬立;周敏' checklist='會議記錄：符合;主題黨日：不符合' problems=2 feed_back_by=2026-04-24)
hq act "$visit" visit
hq sync; ji sync
ji act "$visit" feed_back fed_back_on=2026-04-22
mended() {
  ji add rectification unit=020100 branch=020100010 visit="$visit" problem="$1" due_on="$2" charge=組織委員
}
a=$(mended 主題黨日記錄不全 2026-05-31)
b=$(mended 黨員大會缺簽到 2026-11-30)
c=$(mended 支委會記錄過簡 2026-12-20)
ji act "$a" report measure=補齊記錄並復查 done_on=2026-05-20
ji act "$b" report measure=補簽並說明 done_on=2026-11-29
lag=$(ji add lagging_branch branch=020100011 entered_on=2026-03-20 reason=term_overdue mend_by=2026-09-30)
ji act "$lag" help helper=學院副書記 measures='每月到支部一次;指導換屆'
ji sync; hq sync
hq act "$a" close closed_on=2026-06-02
hq act "$b" close closed_on=2026-12-03
hq act "$lag" review reviewed_on=2026-09-25
hq act "$lag" take_off left_on=2026-10-08 leave_no=校組〔2026〕31號
hq add lagging_branch branch=030100010 entered_on=2026-05-10 reason=weak_work mend_by=2026-12-31

cat > 換屆.csv <<'END'
党支部编码,届次,本届任期开始时间,应换届时间,实际换届时间,结果文号
020100010,4,2023-03-10,2026-03-09,2026-03-06,机械党〔2026〕3号
020100011,3,2023-05-20,2026-05-19,2026-08-30,机械党〔2026〕9号
020100012,2,2023-06-15,2026-06-14,,
020100013,2,2023-12-11,2026-12-10,,
030100010,5,2023-10-01,2026-09-30,2026-09-28,材料党〔2026〕7号
END
hq import term 換屆.csv
cat > 機械學院組織生活.csv <<'END'
党支部编码,活动类别,召开日期
020100010,黨員大會,2026-03-12
020100010,黨員大會,2026-06-11
020100010,黨員大會,2026-09-10
020100010,黨員大會,2026-12-10
020100010,主題黨日,2026-01-15
020100010,主題黨日,2026-02-12
020100010,主題黨日,2026-03-12
020100010,主題黨日,2026-04-16
020100010,主題黨日,2026-05-14
020100010,主題黨日,2026-06-11
020100010,主題黨日,2026-07-01
020100010,主題黨日,2026-08-20
020100010,主題黨日,2026-09-17
020100010,主題黨日,2026-10-15
020100010,主題黨日,2026-11-12
020100010,主題黨日,2026-12-17
020100010,黨課,2026-03-26
020100010,黨課,2026-07-01
020100011,黨員大會,2026-03-25
020100011,黨員大會,2026-07-02
END
ji import branch_meeting 機械學院組織生活.csv
cat > 材料學院組織生活.csv <<'END'
党支部编码,活动类别,召开日期
030100010,組織生活會,2026-12-28
030100010,支委會,2026-01-08
030100010,支委會,2026-02-05
030100010,支委會,2026-02-26
030100010,支委會,2026-12-03
END
cai import branch_meeting 材料學院組織生活.csv
everybody

class=$(hq add training_class year=2026 name=教工黨支部書記輪訓班 category=rotation organiser_level=university \
  organiser=黨委組織部 starts_on=2026-05-11 ends_on=2026-05-17 planned_hours=56 capacity=200 counts=true \
  delivery=offline teaching=classroom content=theory unit=000000)
late=$(hq add training_class year=2026 name=學生黨支部書記訓練營 category=rotation organiser_level=university \
  organiser=黨委組織部 starts_on=2026-12-07 ends_on=2026-12-09 planned_hours=24 capacity=200 counts=true \
  delivery=offline teaching=classroom content=theory unit=000000)
for who in 10004 10006 10001; do
  one=$(hq add enrolment class="$class" person="$who" attends_as=teacher_secretary source=headquarters)
  hq act "$one" submit
  hq act "$one" confirm
done
student=$(hq add enrolment class="$late" person=20180000050 attends_as=student_secretary source=headquarters)
hq act "$student" submit
hq act "$student" confirm
hq act "$class" publish
hq act "$class" start
hq act "$late" publish
hq act "$late" start
hq results "$class"
for one in $(ids hq list enrolment --where class="$class" --sort person); do hq act "$one" complete hours=56; done
hq act "$student" complete hours=20
hq act "$class" finish
hq act "$late" finish
everybody

growing=$(ids ji list cultivation --where branch=020100011)
measure() { ji add cultivation_measure cultivation="$growing" year=2026 "$@"; }
measure type=training planned_on=2026-05 subject=教工黨支部書記輪訓班 class="$class"
measure type=mentor planned_on=2026-04 done_on=2026-04-20 subject=結對 evidence=結對協議
measure type=project planned_on=2026-12 subject=申報課題
for line in 020100=teachers=2 020100=students=20 030100=students=10; do
  IFS== read -r unit whose count <<END
$line
END
  hq add development_plan unit="$unit" year=2026 line="$whose" planned="$count"
done
cat > 新黨員.csv <<'END'
学工号,姓名,性别,出生年月,党籍状态,入党时间,所在党支部编码
20260001,秦朗,男,2005-08,中共预备党员,2026-06-18,020100016
20260002,杜若,女,2005-03,中共预备党员,2026-12-02,020100017
20260003,程遠,男,1991-07,中共预备党员,2026-06-25,020100010
20260004,沈知意,女,2004-11,中共预备党员,2026-12-10,030100010
END
hq import person 新黨員.csv
everybody

for quota in 020100=member=2 020100=organization=1 030100=worker=1; do
  IFS== read -r unit category places <<END
$quota
END
  hq add award_quota year=2026 unit="$unit" category="$category" places="$places"
done
everybody
named() {
  device=$1; unit=$2; shift 2
  "$device" add award year=2026 level=school unit="$unit" nominated_on=2026-05-20 "$@"
}
good=$(named ji 020100 category=member person=10003)
best=$(named ji 020100 category=organization organization=020100010)
work=$(named cai 030100 category=worker person="$(hq list person --where unit=030100010 --sort staff_no --limit 1 \
  --columns staff_no --format csv | tail -n +2 | cut -d, -f1 | tr -d '\r')")
ji act "$good" review unit_meeting_on=2026-05-28
ji act "$best" review unit_meeting_on=2026-05-28
ji sync; cai sync; hq sync
for one in $good $best; do
  hq act "$one" accept reviewed_on=2026-06-08
  hq act "$one" publicise publicised_on=2026-06-10 publicised_until=2026-06-17
  hq act "$one" grant decided_on=2026-06-28 document_no=校黨〔2026〕18號
done
hq set "$good" certificate_no=同舟優2026001
hq set "$best" certificate_no=同舟先2026001
model=$(ji add model_branch branch=020100010 year=2026 level=school applied_on=2026-03-20)
ji act "$model" review unit_meeting_on=2026-03-25
cai add model_branch branch=030100010 year=2026 level=school applied_on=2026-03-22
ji sync; cai sync; hq sync
hq act "$model" take_up starts_on=2026-04-01 ends_on=2026-12-01
hq act "$model" check midterm_on=2026-09-01 midterm_result=pass
hq act "$model" accept accepted_on=2026-12-08 acceptance_no=校黨〔2026〕40號
everybody
hq boards --as-of 2026-12-31
hq boards --as-of 2026-12-31 -o 四大板塊.xlsx
ji boards --as-of 2026-12-31 -o 機械學院四大板塊.xlsx
hq report deployments --as-of 2026-12-31 --behind
hq report all --as-of 2026-12-31 -o 系列活動總結.xlsx
hq calendar --from 2026-01-01 --until 2026-12-31 -o 日程.ics
echo 系列活動完成
