"""The held-out set: names and sentences of people, Chinese and English, to measure the detector of names.

It was written by somebody who had not seen the detector nor the sentences of the older sets (of the last one only the
docstring and the first two lines of Latin given names were read, to copy the shape). It has not been used to mend the
detector. What it gives is reported as it is; whoever mends the detector after what is missed here writes another set
first. Names that the detector's lists or the older sets hold were taken out. The sentences are invented, in the manner
of real notes and letters: real ones will differ more.
"""

LATIN_GIVEN = (
    "Dwayne Siobhan Tariq Bogdan Chidinma Dilnoza Eluned Farrukh Giulia Hamish Ikaika "
    "Keisha Lubomir Makoto Nomvula Oisin Rafaela Snezana Thandiwe Umberto Wiremu Yevgenia Zeynep "
    "Birgitta Cormac Esperanza Fatoumata Gwendolyn Hyacinth Ingvild Kerstin Mahmoud "
    "Octavio Priyanka Rosalind Sigurd Tomasz Valentina Winston Yaroslav Zdenek Ayodele Blessing Carwyn "
    "Duygu Ewelina Florin Gulnara Hemant Kirsty Lakshmi Minh Neville Olumide Pascale Ruaridh Soledad"
)

LATIN_SURNAMES = (
    "Whitcombe Okonjo Featherstone Balasubramanian Castellanos Dragomirescu Eriksen Fitzpatrick Gunawardena "
    "Haddad Ivanchenko Jankowski Karimov Lindqvist Mbatha Nakagawa Ostrowski Papadakis Quispe Rosenthal Szymanski "
    "Tembo Uzunov Wojcik Yilmaz Zubiri Achebe Brathwaite Cadwallader Dlamini Esterhuizen Fofana Grgic "
    "Hollingsworth Iglesias Jovanovic Kaplan Llewellyn Macalister Ngata Onyango Pettersson Ramanathan Saarinen "
    "Ulloa Verhoeven Yakovlev Zimmermann Ansah Chaudhry Delacroix Eglitis Falzon "
    "Gebremariam Hruska Kealoha Lombardi Moynihan Nygaard Pham Rustamov Sutcliffe Vanags Wanjiru"
)

ENGLISH = (
    "Patient: {x}    DOB: 14/03/1958    Ward 7B",
    "PATIENT NAME {x} MRN 00482917 ADMITTED VIA ED",
    "{x} is a 67 year old retired bus driver who presents with a three day history of {term}.",
    "Thank you for referring {x}, whom I reviewed in clinic this morning regarding {term}.",
    "I had the pleasure of seeing {x} today for follow up of her {term}.",
    "Re: {x}, 22 Harbour Terrace",
    "Discharged home in the care of his sister, {x}, with written advice and a week of antibiotics.",
    "NOK: {x} (wife), contactable on mobile after 5 pm.",
    "02:15 {x} found out of bed, confused, cannula pulled out, obs stable, doctor informed.",
    "Night report bay 3: bed 1 {x}, slept well, pain 2/10, for bloods at six.",
    "Handover: {x} needs two to transfer, is nil by mouth from midnight and has a known allergy to penicillin.",
    "Consent was obtained from {x} after the risks of bleeding and perforation had been explained.",
    "The wound was redressed by {x} RN at 14:30 and looked clean.",
    "Dictated but not read. {x}, Consultant Physician",
    "Attending: {x}, MD. Diagnosis on admission: {term}.",
    "Electronically signed by {x} on 03/11/2021 at 16:42",
    "Surgeon - {x}; anaesthetic - general; estimated blood loss 150 ml.",
    "Family meeting held. Present were the daughter {x}, the ward manager and the social worker.",
    "Lives alone, independent with all ADLs. Neighbour {x} does the shopping on Fridays.",
    "Mother of the baby, {x}, is breastfeeding well and keen to go home.",
    "Spoke to {x} by phone, who says that Dad has not been eating since he was told about the {term}.",
    "On examination {x} looked tired but was afebrile, with a soft abdomen and no guarding.",
    "The patient's care coordinator is {x} and she visits fortnightly.",
    "Psychology: {x} tearful throughout the session, denies any plan to harm herself, sleep still poor.",
    "Please book {x} for an echo before the next appointment.",
    "Physio saw {x} this afternoon and managed ten metres with the frame.",
    "I certify that {x} has been unfit for work since 9 May on account of {term}.",
    "cc. {x}, Community Pharmacist",
    'Specimen received in formalin labelled "{x}, left breast core".',
    "Known to our service since 2014, {x} was last admitted for {term} in the spring.",
    "Dear {x},\n\nWe are writing about the overdraft on your current account.",
    "Account holder: {x} / Sort code 20-44-91 / Balance brought forward 1,204.77",
    "We regret to inform you that the application submitted by {x} for an unsecured loan has been declined.",
    "Borrower {x} has missed three consecutive instalments and has not answered our calls.",
    "The joint account in the name of {x} was closed on 30 June at the customer's request.",
    "Guarantor's full name: {x}",
    "According to the payslips provided, {x} earns 2,850 a month after tax and rents a flat with two others.",
    "Pay to the order of {x} the sum of four hundred and ten dollars only.",
    "Your relationship manager, {x}, will call you within two working days to discuss the mortgage.",
    "A default was registered against {x} in March 2019 and has since been satisfied.",
    "Beneficiary: {x}. Reference: rent October. Amount: EUR 730.00",
    "Customer states card was used without permission by former partner {x} at a petrol station.",
    "Yours sincerely,\n{x}\nLending Operations",
    "Income verified, employer confirmed, but {x} disclosed on the form that he is on sick leave for {term}.",
    "The policy was taken out by {x} in 2008 and the claim for {term} was lodged eleven years later.",
    "The claimant, {x}, was employed by the respondent as a warehouse operative from 2012.",
    "IN THE MATTER OF THE ESTATE OF {x}, DECEASED",
    'This Agreement is made between Northgate Lettings Ltd ("the Landlord") and {x} ("the Tenant").',
    "In her evidence {x} said that she had not seen the contract before the day she signed it.",
    "The court finds that {x} drove at no less than 80 km/h in a residential street.",
    "Signed as a deed by {x} in the presence of the witness named below.",
    "Counsel for the appellant submitted that the statement of {x} ought not to have been admitted.",
    "I, {x}, of 5 Mill Lane, make oath and say as follows:",
    "Judgment for the plaintiff against {x} in the amount of $18,400 plus costs.",
    "A psychiatric report concluded that {x} suffered from {term} at the time of the offence.",
    "The children shall live with their father and spend alternate weekends with {x}.",
    "Witness no. 4 - {x} - heard by video link",
    "It is ordered that the bail of {x} be extended until 12 September.",
    "Pupil: {x}   Class: 8C   Attendance: 91.4%",
    "{x} has made steady progress in mathematics this term but should check working more carefully.",
    "Hi all, just a reminder that {x} will be out on Monday for a hospital appointment ({term}).",
    "Form tutor's comment: a polite and thoughtful student, {x} is always willing to help others.",
    "Could you please give {x} the worksheet from yesterday? He left early with a headache.",
    "Lunch detention Thursday: {x} (phone in lesson)",
    "The following have not returned the trip slip: {x} and two children in Year 5.",
    "Prize for outstanding effort in Art: {x}",
    "Sorry to bother you on a Sunday. Is {x} all right? I noticed some bruises at PE on Friday.",
    "Individual education plan for {x}, reviewed after the diagnosis of {term}.",
    "I spoke with {x}'s mum at the gate and she is happy with the new seating plan.",
    "Kind regards, {x}, Year 4 teacher",
    "Mrs {x} rang to ask whether the blood results for {term} were back.",
    "Seen with Dr. {x} on the ward round; plan to continue IV fluids and repeat bloods tomorrow.",
)

CHINESE_GIVEN = (
    "建国 援朝 秀兰 桂英 淑珍 玉梅 德福 振华 长贵 凤英 国庆 卫东 红卫 爱民 文革 跃进 素芬 春花 金凤 "
    "志强 丽娟 海燕 永红 立新 晓东 建平 美玲 小红 红梅 伟 敏 静 军 磊 洋 艳 勇 杰 涛 "
    "婷婷 雪梅 丹丹 浩然 宇航 思远 佳怡 雨桐 梓涵 子轩 欣妍 一诺 沐宸 若曦 俊熙 语嫣 可馨 铭泽 "
    "嘉懿 书瑶 昊天 晨曦 翠萍 水生 阿妹 来娣 招弟 满堂 庚寅 蕴华 楚翘 鹤年 霁 颀 珩 旻 "
    "钰莹 世杰 文博 琳 鑫 斌 倩 昕 亚楠 盼盼 冬梅 保田 广才 胜利 向阳 安然 乐"
)

CHINESE_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢"
    "姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常汤康"
)

CHINESE = (
    "姓名：{x}  性别：男  年龄：62岁  科室：心内科  床号：18",
    "患者{x}，女，54岁，因“反复上腹部隐痛2月余，加重3天”入院。",
    "{x}于2019年6月在我院确诊为{term}，此后规律服药，病情平稳。",
    "病史陈述者：{x}（患者之女），可靠程度：基本可靠。",
    "主治医师：{x}    记录时间：2021-08-14 09:30",
    "今日随{x}主任医师查房，患者诉夜间仍有胸闷，双肺呼吸音稍粗。",
    "{x}副主任医师查房后指出：结合病史及影像学检查，考虑{term}可能性大。",
    "患者家属{x}已被告知手术风险及术后并发症，表示理解并签字。",
    "术者：{x}　麻醉方式：全麻　术中出血约200ml",
    "联系人{x}，与患者关系：夫妻，电话同前。",
    "23:40 巡视病房，3床{x}诉切口疼痛，遵医嘱予止痛药口服，半小时后缓解。",
    "夜班交班：今日新入院1人，12床{x}，诊断{term}，一级护理，低盐饮食。",
    "责任护士{x}协助患者翻身拍背，皮肤完整，无压红。",
    "护士签名：{x}",
    "查对腕带，确认为{x}本人后予静脉输液，滴速40滴/分。",
    "老人由邻居{x}送来急诊，当时意识模糊，呼之能应。",
    "出院小结 {x} 住院号0037216 住院天数9天 出院诊断：{term}",
    "兹证明{x}因{term}在我院住院治疗，建议休息两周。",
    "请神经内科会诊：我科病人{x}昨晚突发言语不清，左侧肢体无力，请协助诊治。",
    "经电话随访，{x}自述服药后头晕减轻，血压控制在130/80左右。",
    "昨天给{x}做了胃镜，病理结果要下周三才能出来。",
    "委托人{x}因本人行动不便，特委托其子代为办理出院手续。",
    "其母{x}患有{term}，父亲体健，否认家族遗传病史。",
    "产妇{x}于今晨5时12分顺产一活女婴，体重3150克。",
    "患儿{x}，5岁，发热伴咳嗽4天，精神尚可，胃纳差。",
    "送检医生 {x}  标本类型 静脉血  采集时间 07:05",
    "床号 姓名 诊断 护理级别\n26 {x} {term} 二级",
    "康复师反映{x}近一周步态较前平稳，可独立行走约五十米。",
    "心理咨询记录：来访者{x}情绪低落，反复提到工作压力大，无自伤念头。",
    "我是{x}的儿子，我爸前天出院，想问一下药要吃到什么时候？",
    "社区家庭医生{x}上门为签约居民测量血压、血糖。",
    "死者{x}生前患有{term}，家属对死因无异议。",
    "既往由{x}医生长期随诊，一年前自行停药。",
    "原告：{x}，男，汉族，1971年5月2日出生，住本市城东区。",
    "被告{x}经本院传票传唤，无正当理由拒不到庭，本院依法缺席审理。",
    "被告人{x}犯盗窃罪，判处有期徒刑八个月，并处罚金人民币三千元。",
    "上诉人{x}因民间借贷纠纷一案，不服一审判决，向本院提起上诉。",
    "本院认为，{x}作为完全民事行为能力人，应当知晓签字的法律后果。",
    "审 判 长　{x}",
    "书记员：{x}",
    "法定代表人：{x}，该公司总经理。",
    "委托诉讼代理人：{x}，江苏某某律师事务所律师。",
    "证人{x}当庭陈述，事发时其正在马路对面的小卖部门口。",
    "判令{x}于本判决生效之日起十日内偿还借款本金五万元及利息。",
    "驳回{x}的其他诉讼请求。",
    "婚生子由{x}抚养，另一方每月支付抚养费八百元。",
    "申请人与{x}系同村村民，双方因宅基地边界发生争执。",
    "调解过程中{x}情绪激动，称对方多次在深夜敲门。",
    "经调解员耐心劝说，{x}同意一次性赔偿医药费及误工费共计六千八百元。",
    "调解员（签名）：{x}    记录人（签名）：同上",
    "经司法鉴定，{x}案发时患有{term}，具有限定刑事责任能力。",
    "交警部门认定{x}负事故主要责任，行人负次要责任。",
    "被继承人{x}于2016年冬病故，未留遗嘱。",
    "本院查封了登记在{x}名下的位于解放路的房产一套。",
    "甲方（出租方）：{x}",
    "乙方：{x}  身份证号码：见附件  联系地址：见附件",
    "今借到{x}人民币叁万元整，约定年底前还清。",
    "立据人：{x}，二〇一八年三月六日",
    "本合同由{x}与本公司于2020年11月1日签订，一式两份。",
    "若{x}未按期交付房屋，应按日支付违约金。",
    "担保人{x}自愿对上述债务承担连带保证责任。",
    "兹授权{x}先生全权处理本人名下车辆过户事宜。",
    "劳动者{x}因{term}医疗期满后不能从事原工作，双方协商解除劳动合同。",
    "尊敬的{x}女士：您尾号4417的信用卡本期账单已出，请按时还款。",
    "户名：{x}　开户行：城南支行　账户类型：个人活期",
    "借款人{x}申请个人经营性贷款二十万元，期限三年，用于进货周转。",
    "客户经理{x}于上周三上门实地调查，店铺经营正常，存货充足。",
    "经查询征信，{x}近两年累计逾期三次，目前无不良余额。",
    "共同借款人为其配偶{x}，在镇中心小学任教，收入稳定。",
    "收款人 {x} 金额 2,600.00 用途 货款",
    "催收记录：3月9日拨打{x}手机，无人接听；3月11日短信通知。",
    "据了解，{x}因{term}住院，家中收入减少，申请延期还款。",
    "调查人：{x}  审查意见：同意上报",
    "您好，我行已收到{x}提交的提前还款申请，将在五个工作日内答复。",
    "被保险人{x}于投保前已患{term}，未如实告知，本公司不予赔付。",
    "学生姓名 {x} 班级 初二（3）班 学号 27",
    "{x}同学本学期学习态度端正，成绩进步明显，望继续努力。",
    "班主任评语：{x}性格开朗，乐于助人，但上课有时走神。",
    "各位家长，{x}今天把水杯落在教室了，放学时请到门卫处领取。",
    "@{x}妈妈 孩子下午有点发烧，麻烦您方便的时候来接一下。",
    "老师您好，我家{x}昨晚肚子疼，今天请假一天，作业我晚点补上。",
    "今天值日的是{x}，请记得关好门窗、倒垃圾。",
    "表扬名单：数学单元测试满分的有{x}等五位同学。",
    "数学老师{x}反映，班里最近作业上交不及时。",
    "请{x}爸爸尽快把体检表交上来，全班就差这一份了。",
    "经家访得知，{x}父母常年在外务工，平时跟奶奶一起生活。",
    "因{term}休学一年的{x}将于九月复学，请任课老师多加关照。",
    "课间{x}跑得太快，在楼梯口摔了一跤，膝盖擦破了皮，已送医务室处理。",
    "祝贺我班{x}在区作文比赛中获得二等奖！",
    "校医{x}检查后认为只是普通感冒，让孩子多喝热水、注意休息。",
    "下午三点半到四点，{x}的家长约了在办公室谈话。",
    "教务处 {x} 2022年1月10日",
    "把座位表调了一下，{x}坐第二排靠窗，个子高的往后。",
    "听说{x}住院了，大家周末要不要一起去看看？",
)
